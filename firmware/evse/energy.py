"""The energy register of one connector: whole Wh that never fall, whatever the meter does.

OCPP 1.6 bills differences of this register (7.33 MeterValues, "absolute, monotonic"), so a meter
that was reset, swapped or rolled over must not take energy back. Knows no bus and no flash: the
caller feeds readings and stores `offset_wh` and `register_wh` when they matter.
"""

from micropython import const

# A register that falls is believed after so many readings in a row: one bad frame is no new meter.
_FALLS_BELIEVED = const(3)


class EnergyRegister:
    """Meter readings in, a register that only grows out."""

    def __init__(self, register_wh=0, offset_wh=0):
        self.register_wh = register_wh
        self.offset_wh = offset_wh
        self.known = False
        self.falls = 0
        self._falling = 0

    def reading(self, meter_wh):
        """Take in the meter's own register (Wh, 0 or more). Returns True if ours moved."""
        value_wh = meter_wh + self.offset_wh
        if value_wh < self.register_wh:
            self._falling += 1
            if self._falling < _FALLS_BELIEVED:
                return False
            # Another meter or another count: go on from where the old one stood.
            self.offset_wh = self.register_wh - meter_wh
            self.falls += 1
            value_wh = self.register_wh
        self._falling = 0
        self.known = True
        moved = value_wh != self.register_wh
        self.register_wh = value_wh
        return moved
