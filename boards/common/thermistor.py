"""Temperature from an NTC of 10 kOhm (B = 3950) to ground behind 10 kOhm from the ADC's supply."""

from micropython import const

# What the ADC reads, in 1/256 of full scale, at -30, -20 ... 130 degrees Celsius.
_TABLE = b"\xf4\xea\xda\xc5\xab\x8e\x72\x59\x44\x33\x26\x1d\x16\x11\x0d\x0a\x08"
_FIRST = const(-300)
_READS = const(4)


class Thermistor:
    """adc: read_u16(), ratiometric: full scale is the supply of the divider."""

    def __init__(self, adc):
        """Only remembers."""
        self._adc = adc

    def read(self):
        """Return the temperature in 0.1 degrees Celsius, -300 .. 1300, within 2 degrees from 0 to
        90; None for a sensor that is open, shorted or beyond."""
        total = 0
        for _ in range(_READS):
            total += self._adc.read_u16()
        level = total // _READS
        for row in range(len(_TABLE) - 1):
            high, low = _TABLE[row] << 8, _TABLE[row + 1] << 8
            if low <= level <= high:
                return _FIRST + 100 * row + 100 * (high - level) // (high - low)
        return None
