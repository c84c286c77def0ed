"""The judge of frames on CPython: the central system's own checks.

`python -m tests.sim.frames_cpython FILE` judges the frames that a MicroPython run left in FILE;
each line is ["out" or "in", text]. Exit status 1 if one breaks a schema.
"""

import json
import sys

from tools.csms.conversation import Conversation
from tools.csms.frames import CENTRAL_SYSTEM, CHARGE_POINT

_conversation = Conversation(flow=False)


def problems(direction, text):
    """Return what is wrong with a frame, a list of sentences."""
    sender = CHARGE_POINT if direction == "out" else CENTRAL_SYSTEM
    return _conversation.add(sender, text, 0.0).problems


def judge(path):
    """Return (number of frames, list of problems) of a file."""
    count = 0
    found = []
    conversation = Conversation(flow=False)
    with open(path, encoding="utf-8") as file:
        for line in file:
            direction, text = json.loads(line)
            sender = CHARGE_POINT if direction == "out" else CENTRAL_SYSTEM
            count += 1
            found += [f"{p}: {text}" for p in conversation.add(sender, text, 0.0).problems]
    return count, found


if __name__ == "__main__":
    _count, _found = judge(sys.argv[1])
    for _line in _found:
        print(_line)
    print(f"{_count} frames, {len(_found)} problems")
    sys.exit(1 if _found or not _count else 0)
