"""How long the contactor takes from its pin to its mirror contact, and how often that bounces.

SWITCHES THE CONTACTOR. Take the mains off first, then set MAINS_IS_OFF = True.
Holds: open within 40 ms, so that the guard's 40 ms before it make less than 100 ms.
"""

import probe
import time

_ROUNDS = 5
_LIMIT_US = 500_000
_SETTLE_MS = 200


def travel(port, close):
    """Drive the coil; returns (us until the mirror contact follows, changes afterwards)."""
    port.contactor(close)
    began = time.ticks_us()
    while port.mirror() is not close:
        if time.ticks_diff(time.ticks_us(), began) > _LIMIT_US:
            return None, 0
    took_us = time.ticks_diff(time.ticks_us(), began)
    bounces, last = 0, close
    began = time.ticks_us()
    while time.ticks_diff(time.ticks_us(), began) < _SETTLE_MS * 1000:
        level = port.mirror()
        bounces += level is not last
        last = level
    return took_us, bounces


def measure(port):
    """Close and open some times; the coil is off at the end, whatever happens."""
    found = {"close_us": [], "open_us": [], "bounces": 0}
    try:
        for _ in range(_ROUNDS):
            for close, name in ((True, "close_us"), (False, "open_us")):
                took_us, bounces = travel(port, close)
                found[name].append(took_us)
                found["bounces"] += bounces
    finally:
        port.contactor(False)
    return found


if not globals().get("MAINS_IS_OFF"):
    probe.report("relay_timing", error="take the mains off, then set MAINS_IS_OFF = True")
else:
    box = probe.board()
    port = box.connectors[0]
    if port.mirror() is None:
        probe.report("relay_timing", error="this board has no mirror contact: use a scope")
    else:
        figures = measure(port)
        opened = figures["open_us"]
        probe.report("relay_timing", holds=None not in opened and max(opened) <= 40_000, **figures)
