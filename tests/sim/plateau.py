"""The control pilot as a perfect front end would read it: ten times faster than ADC bursts.

Stands where boards/common/pilot_io.py stands, which has tests of its own; noise moves the extremes
outwards, as it does there.
"""

_X1 = 65535
# The front end gives 102 mV per volt, and a burst finds nearly the whole amplitude.
_NOISE_GAIN = 9


class Plateau:
    """The pilot line of one circuit."""

    def __init__(self, circuit):
        self._circuit = circuit

    def set_duty_u16(self, duty):
        """Drive the pilot, 0..65535."""
        self._circuit.duty = duty

    def read(self, levels):
        """Fill `levels` with the high and low plateau in mV."""
        circuit = self._circuit
        noise_mv = circuit.noise_mv * _NOISE_GAIN
        duty = circuit.duty
        levels[0] = (circuit.high_mv() if duty > 0 else circuit.low_mv()) + noise_mv
        levels[1] = (circuit.low_mv() if duty < _X1 else circuit.high_mv()) - noise_mv
