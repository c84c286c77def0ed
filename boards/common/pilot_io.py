"""Control pilot hardware: plateaus out of unsynchronised ADC reads, and the duty.

One-shot conversions fall anywhere in the 1 ms period. A burst of them catches both halves; its
extremes are the plateaus, and what lies between them (edges) is left out. The chance to miss the
shorter half, p of the period, with N reads is (1 - p)**N: 3e-5 at 6 A (10 %) with 100 reads, and
the guard's filter of three steps makes 2e-14 of it. Between 25 and 75 % 40 reads give 1e-5.

A burst is taken in three parts, so that the interpreter's own `max` and `min` find three extremes:
a loop over the samples would cost as much time as taking them.
"""

from array import array

from micropython import const

_X1 = const(65535)
_STEADY_READS = const(12)
_QUARTER = const(16384)
_HIGH_MV = const(12000)
_SPAN_MV = const(24000)


class PilotIo:
    """The pilot line of one connector over an ADC and a PWM object of `machine`.

    adc: read_u16(). pwm: duty_u16(duty), running at 1 kHz.
    calibration: (u16 at +12 V, u16 at -12 V) of the line, measured on the board.
    samples: reads per burst at the shortest pulses, at least 30; fewer are taken between
    25 and 75 % duty, and 12 when it is steady.
    shift: 0, or the ADC is read in uV (read_uv), and the calibration is that of uV >> shift: no
    two chips give the same u16, the uV are corrected by what the factory burned into the chip.
    """

    def __init__(self, adc, pwm, calibration, samples=100, shift=0):
        """Raises ValueError for a calibration or a number of samples that cannot be."""
        high_u16, low_u16 = calibration
        if high_u16 - low_u16 < 1024 or samples < 30:
            raise ValueError("calibration")
        self._read = adc.read_uv if shift else adc.read_u16  # bound once: binding allocates
        self._shift = shift
        self._pwm = pwm
        # A quarter of the u16 keeps the product with 24000 below 2**30.
        self._low = low_u16 >> 2
        self._span = (high_u16 >> 2) - self._low
        self._cluster_u16 = (high_u16 - low_u16) // 24  # 1 V: a plateau is not wider
        self._steady = _parts(_STEADY_READS)
        self._medium = _parts(samples * 2 // 5)
        self._short = _parts(samples)
        self._burst = self._steady

    def set_duty_u16(self, duty):
        """Drive the pilot: 65535 = X1, 0 = F, else PWM in 65536ths of the period."""
        self._pwm.duty_u16(duty)
        if not 0 < duty < _X1:
            self._burst = self._steady
        elif _QUARTER <= duty <= 3 * _QUARTER:
            self._burst = self._medium
        else:
            self._burst = self._short

    def read(self, buffer):
        """Fill `buffer` with [high_mv, low_mv]; equal but for noise when the duty is steady.

        Allocates nothing if the ADC does not.
        """
        burst = self._burst
        read = self._read
        shift = self._shift
        for part in burst:
            for index in range(len(part)):
                part[index] = read() >> shift
        one, two, three = burst
        buffer[0] = self._plateau_mv(max(one), max(two), max(three), 1)
        buffer[1] = self._plateau_mv(min(one), min(two), min(three), -1)

    def _plateau_mv(self, one, two, three, sign):
        """Mean of the three extremes, without those of parts that missed the plateau.

        sign: 1 for the upper plateau, -1 for the lower.
        """
        edge = max(one, two, three) if sign > 0 else min(one, two, three)
        inner = edge - sign * self._cluster_u16
        total = count = 0
        if (one - inner) * sign > 0:
            total += one
            count += 1
        if (two - inner) * sign > 0:
            total += two
            count += 1
        if (three - inner) * sign > 0:
            total += three
            count += 1
        return (total // (4 * count) - self._low) * _SPAN_MV // self._span - _HIGH_MV


def _parts(reads):
    """Three arrays for `reads` samples together, rounded up."""
    size = (reads + 2) // 3
    return tuple(array("H", bytearray(2 * size)) for _ in range(3))
