"""What the scripts share: the board, the gaps of a timer, one JSON line at the end."""

import json
import sys
import time

from boards._esp32.board import Esp32Board
from machine import ADC, Pin

_GUARD_MS = 10


def description():
    """Return what /board.json says."""
    with open("/board.json") as file:
        return json.load(file)


def board():
    """Build the board of /board.json; contactors stay open."""
    return Esp32Board(description())


def pilot_read_uv(number=1):
    """Return what reads the pilot's ADC pin of a connector, in uV."""
    row = description()["connectors"][number - 1]["pilot"]
    return ADC(Pin(row["adc"]), atten=(0, 2, 6, 11).index(row.get("db", 11))).read_uv


def report(name, **figures):
    """Print the figures as one line, with what they were measured on."""
    figures["test"] = name
    figures["python"] = ".".join(str(part) for part in sys.implementation[1][:3])
    figures["machine"] = getattr(sys.implementation, "_machine", "?")
    print(json.dumps(figures))


class Gaps:
    """A timer of 10 ms, as the guard's, and the longest time between two of its calls."""

    def __init__(self, box):
        self.longest_us = 0
        self.calls = 0
        self._last = time.ticks_us()
        box.every(_GUARD_MS, self._called)

    def _called(self, _now):
        now = time.ticks_us()
        self.longest_us = max(self.longest_us, time.ticks_diff(now, self._last))
        self._last = now
        self.calls += 1

    def begin(self):
        """Measure anew, from the next call on."""
        time.sleep_ms(3 * _GUARD_MS)
        self.longest_us = 0

    def end(self):
        """Return the longest gap in ms since `begin`; the stalled call comes first."""
        time.sleep_ms(3 * _GUARD_MS)
        return self.longest_us // 1000


def timed_us(action):
    """Return how long a call takes."""
    began = time.ticks_us()
    action()
    return time.ticks_diff(time.ticks_us(), began)
