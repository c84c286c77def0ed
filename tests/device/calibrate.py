"""Measure the two points of the pilot's front end and keep them in the NVS: +12 V and -12 V.

Nobody may be plugged in: the line is driven to steady -12 V for a moment. Set CONNECTOR = 2 for
the second one. Refuses what differs from the drawing by more than a tenth of its span.
"""

import probe
import time

_READS = 200

number = globals().get("CONNECTOR", 1)
drawn = probe.description()["connectors"][number - 1]["pilot"]
box = probe.board()
port = box.connectors[number - 1]
read = probe.pilot_read_uv(number)


def level_uv(duty):
    """Return the mean level at a steady duty, in uV."""
    port.set_duty(duty)
    time.sleep_ms(50)
    return sum(read() // 8 for _ in range(_READS)) // _READS * 8


plus_uv = level_uv(65535)
minus_uv = level_uv(0)
port.set_duty(65535)
tenth_uv = (drawn["plus_mv"] - drawn["minus_mv"]) * 100
fits = (abs(plus_uv - drawn["plus_mv"] * 1000) <= tenth_uv
        and abs(minus_uv - drawn["minus_mv"] * 1000) <= tenth_uv)
if fits:
    box.set_flag("cp%d_plus" % number, plus_uv)
    box.set_flag("cp%d_minus" % number, minus_uv)
probe.report("calibrate", connector=number, plus_mv=plus_uv // 1000, minus_mv=minus_uv // 1000,
             drawn_mv=[drawn["plus_mv"], drawn["minus_mv"]], holds=fits)
