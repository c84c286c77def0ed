"""`python -m tools.tidy [--house] [DIR]`: house rules, linter, types.

Exit status 1 on findings.
"""

import argparse
import sys

from tools import tidy
from tools.tidy import external


def main(arguments=None):
    """Check the tree; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.tidy", description=tidy.__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--house", action="store_true", help="the house rules only")
    parser.add_argument("root", nargs="?", default=str(external.ROOT))
    options = parser.parse_args(arguments)
    findings = tidy.check(options.root)
    for finding in findings:
        print(finding)
    errors = len([finding for finding in findings if not finding.warning])
    print("house rules: %d findings, %d warnings" % (errors, len(findings) - errors))
    if not options.house:
        for name, run in (("ruff", external.lint), ("mypy", external.types)):
            errors += _report(name, run)
    return 1 if errors else 0


def _report(name, run):
    try:
        lines, found = run()
    except RuntimeError as error:
        lines, found = [str(error)], 1
    print("\n".join([*lines, "%s: %d findings" % (name, found)]))
    return found


if __name__ == "__main__":
    sys.exit(main())
