"""The real guard for half a minute while the interpreter works: how regular are its steps?

SECONDS may be set before. Holds: no gap over 50 ms, and no error of the hardware layer.
"""

import json
import probe
import ticks
import time

from firmware.guard.guard import Guard
from firmware.guard.loop import GuardLoop

box = probe.board()
box.watch()
guards = [Guard() for _ in box.connectors]
loop = GuardLoop(box.connectors, guards, box, ticks)
longest_us = 0


def step(now):
    """A step of the guard, timed."""
    global longest_us
    longest_us = max(longest_us, probe.timed_us(lambda: loop.step(now)))


box.every(10, step)
time.sleep_ms(100)
loop.reset_gaps()
seconds = globals().get("SECONDS", 30)
text = json.dumps([{"value": "%d" % number, "measurand": "Power"} for number in range(40)])
began = time.ticks_ms()
rounds = 0
while time.ticks_diff(time.ticks_ms(), began) < seconds * 1000:
    json.loads(text)  # garbage, as a frame makes it
    rounds += 1
    time.sleep_ms(1)
probe.report(
    "guard_gap", seconds=seconds, rounds=rounds, gap_ms_max=loop.gap_ms_max,
    step_us_max=longest_us, hal_errors=loop.hal_errors,
    holds=loop.gap_ms_max <= 50 and not loop.hal_errors,
)  # fmt: skip
