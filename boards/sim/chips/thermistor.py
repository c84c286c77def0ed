"""An NTC of 10 kOhm (B = 3950) to ground behind 10 kOhm from the ADC's supply.

Computed from the resistance, on purpose not from the driver's table: one checks the other.
"""

_KELVIN = 273.15
_B = 3950


class ThermistorChip:
    """The world sets `temperature_c`. Faults: `hot` (the box burns), `is_open` (a wire is off)."""

    def __init__(self):
        self.temperature_c = 25
        self.hot = False
        self.is_open = False

    def read_u16(self):
        """One conversion."""
        if self.is_open:
            return 65535
        kelvin = (85 if self.hot else self.temperature_c) + _KELVIN
        ratio = 2.718281828 ** (_B * (1 / kelvin - 1 / (25 + _KELVIN)))
        return int(65535 * ratio / (ratio + 1))
