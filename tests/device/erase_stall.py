"""How long the guard's timer stands still while the flash is written: appends, replaced records,
a large file. Writes to /probe.tmp and removes it.

Holds: 100 ms at most; above it no write may happen while a contactor is closed.
"""

import os
import probe

box = probe.board()
gaps = probe.Gaps(box)
path = globals().get("FILE", "/probe.tmp")


def append():
    with open(path, "ab") as file:
        file.write(bytes(200))


def replace():
    with open(path, "wb") as file:
        file.write(bytes(100))


def large():
    with open(path, "wb") as file:
        for _ in range(16):
            file.write(bytes(4096))


figures = {}
longest_ms = 0
for name, action, count in (("replace", replace, 20), ("append", append, 40), ("large", large, 1)):
    gaps.begin()
    figures[name + "_us_max"] = max([probe.timed_us(action) for _ in range(count)])
    figures[name + "_gap_ms"] = gaps.end()
    longest_ms = max(longest_ms, figures[name + "_gap_ms"])
os.remove(path)
probe.report("erase_stall", holds=longest_ms <= 100, **figures)
