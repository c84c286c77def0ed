"""Behind the Makefile: list the verbs, or start the part behind one of them.

`python tools/verb.py help` prints the verbs from the `##` comments of the Makefile (any Python).
`python -m tools.verb MODULE [arguments]` runs the module like `python -m`; a part that does not
exist yet is named, with exit status 2.
"""

import importlib.util
import os
import re
import runpy
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def verbs():
    """Return the (verb, explanation) pairs of the Makefile, in its order."""
    with open(os.path.join(ROOT, "Makefile")) as file:
        return re.findall(r"^([a-z]+):[^\n]*?## (.+)$", file.read(), re.M)


def main(arguments):
    """Do what the Makefile asks for; returns the exit status."""
    if arguments[:1] in ([], ["help"]):
        print("make VERB, where VERB is one of\n")
        for verb, explanation in verbs():
            print("  %-10s %s" % (verb, explanation))
        return 0
    module = arguments[0]
    if not _exists(module):
        path = module.replace(".", "/")
        print("not built yet: there is no %s.py in this tree" % path, file=sys.stderr)
        return 2
    sys.argv = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    return 0


def _exists(module):
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
