"""A CSE7766 (or HLW8032) that sends its 24 bytes every 50 ms over a line at 4800 baud 8E1."""

import ticks
from boards.sim.chips.line import Line
from micropython import const

_PERIOD_MS = const(60)  # 24 bytes take 55 ms
_U_COEFFICIENT = const(191_200)
_I_COEFFICIENT = const(16_140)


class Cse7766Chip:
    """The world sets `voltage_mv`, `current_ma`, `power_w` and lets `pulses` grow.

    Faults: `silent`, `state` (first byte), `flags` (byte 20), `spoil` (callable(frame) -> what is
    sent instead). `frames`: how many were sent.
    """

    def __init__(self, clock_ms, p_coefficient=5_364_000, seed=1):
        self.voltage_mv = 230_000
        self.current_ma = 0
        self.power_w = 0
        self.pulses = 0
        self.silent = False
        self.state = 0x55
        self.flags = 0x71
        self.spoil = None
        self.frames = 0
        self._p_coefficient = p_coefficient
        self._clock_ms = clock_ms
        self._next = clock_ms()
        self.uart = Line(clock_ms, 4364, None, seed=seed)  # 11 bits a byte instead of 10

    def step(self):
        """Send a frame when it is time; call it every ms to 20 ms."""
        now = self._clock_ms()
        if ticks.diff(now, self._next) < 0:
            return
        self._next = ticks.add(now, _PERIOD_MS)
        if not self.silent:
            self.frames += 1
            frame = self.frame()
            self.uart.inject(self.spoil(frame) if self.spoil else frame)

    def frame(self):
        """Return the 24 bytes of this moment."""
        state = self.state
        if not self.power_w and state == 0x55:
            state = 0xF2  # the power's period is beyond the counter
        values = bytearray((state, 0x5A))
        for coefficient, measured in (
            (_U_COEFFICIENT, self.voltage_mv / 1000),
            (_I_COEFFICIENT, self.current_ma / 1000),
            (self._p_coefficient, self.power_w),
        ):
            period = min(0xFFFFFF, round(coefficient / measured)) if measured else 0xFFFFFF
            for number in (coefficient, period):
                values += bytes((number >> 16, number >> 8 & 0xFF, number & 0xFF))
        values += bytes((self.flags, self.pulses >> 8 & 0xFF, self.pulses & 0xFF))
        values.append(sum(values[2:]) & 0xFF)
        return bytes(values)
