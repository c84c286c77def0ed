"""Where every frame of every test goes to be validated against the schemas of OCPP 1.6.

On CPython the schemas of the `ocpp` package judge at once, and a frame that breaks them fails the
test. MicroPython has no such package: there the frames go to the file that the runner names in
PILOTWIRE_FRAMES, and the runner judges when the test file is done.
"""

import json
import os
import sys

_MICROPYTHON = sys.implementation.name == "micropython"


def note(direction, text):
    """Take one frame; direction "out" is from the charge point. Raises AssertionError if bad."""
    if not _MICROPYTHON:
        from tests.sim import frames_cpython

        problems = frames_cpython.problems(direction, text)
        assert not problems, "%s: %s" % (problems[0], text)
        return
    path = os.getenv("PILOTWIRE_FRAMES")
    if path:
        with open(path, "a") as file:
            file.write(json.dumps([direction, text]) + "\n")
