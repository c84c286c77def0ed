"""A DS18B20 alone on its one-wire line, read step by step: no step takes 10 ms of the bus."""

import ticks
from micropython import const

_CONVERT_MS = const(800)  # data sheet: 750 ms at 12 bits
_SKIP_ROM = const(0xCC)
_CONVERT = const(0x44)
_READ = const(0xBE)
_POWER_ON = b"\x50\x05"  # 85 degrees: it has not converted anything yet


class Ds18b20:
    """In the shape of boards.common.thermistor: `read()` at any rate.

    line: onewire.OneWire. ticks_ms(): the millisecond counter.
    """

    def __init__(self, line, ticks_ms):
        """Only remembers."""
        self._line = line
        self._ticks_ms = ticks_ms
        self._scratch = bytearray(9)
        self._asked = ticks.Deadline()
        self._last = None

    def read(self):
        """Return the last temperature in 0.1 degrees Celsius, or None."""
        now = self._ticks_ms()
        if not self._asked.running:
            if self._command(_CONVERT):
                self._asked.start(now, _CONVERT_MS)
            else:
                self._last = None
        elif self._asked.expired(now):
            self._asked.stop()
            self._last = self._decode() if self._command(_READ) else None
        return self._last

    def _command(self, code):
        """Send a command; False if nobody is there."""
        line = self._line
        if not line.reset():
            return False
        line.writebyte(_SKIP_ROM)
        line.writebyte(code)
        return True

    def _decode(self):
        scratch = self._scratch
        self._line.readinto(scratch)
        # All zeros, of a line that is shorted, would pass the checksum too.
        if self._line.crc8(scratch) or not any(scratch) or scratch[:2] == _POWER_ON:
            return None
        sixteenths = scratch[1] << 8 | scratch[0]
        if sixteenths & 0x8000:
            sixteenths -= 0x10000
        return sixteenths * 10 // 16
