"""An RDM6300 with a tag in front of it: 14 characters every 65 ms."""

import ticks
from boards.sim.chips.line import Line
from micropython import const

_PERIOD_MS = const(65)


class Rdm6300Chip:
    """`tag`: 5 bytes or None, set by the world. `spoil`: None or callable(frame) -> what is sent
    instead. `silent`: the plug is out."""

    def __init__(self, clock_ms, seed=1):
        self.tag = None
        self.spoil = None
        self.silent = False
        self._clock_ms = clock_ms
        self._next = clock_ms()
        self.uart = Line(clock_ms, 9600, None, seed=seed)

    def step(self):
        """Send when it is time; call it every ms to 20 ms."""
        now = self._clock_ms()
        if ticks.diff(now, self._next) < 0:
            return
        self._next = ticks.add(now, _PERIOD_MS)
        if self.tag is not None and not self.silent:
            frame = self.frame()
            self.uart.inject(self.spoil(frame) if self.spoil else frame)

    def frame(self):
        """Return the 14 characters of the tag."""
        check = 0
        for byte in self.tag:
            check ^= byte
        text = "".join(["%02X" % byte for byte in self.tag]) + "%02X" % check
        return b"\x02" + text.encode() + b"\x03"
