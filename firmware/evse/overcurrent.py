"""An EV that draws more than the pilot offers.

IEC 61851-1 Annex A gives the EV 5 s to follow a new duty cycle (Table A.6, sequence 6), and the
offer is a maximum: whoever exceeds it for longer gets nothing until the plug was out. The fuse
protects the cable in a short; this protects a fuse that is smaller than the EV's charger.
"""

from micropython import const

from ticks import Deadline

_TRIP_MS = const(7000)
_MARGIN_MA = const(500)


class Overcurrent:
    """Watches one connector."""

    def __init__(self):
        self._over = Deadline()

    def tick(self, now, offer_ma, current_ma):
        """Return True while the EV has drawn too much for 7 s.

        offer_ma: what the pilot offers, 0 = nothing, then the contactor opens by other rules.
        current_ma: per phase, the last reading of the meter.
        """
        # 10 % and 0.5 A: the errors of meter, duty and EV together.
        limit_ma = (offer_ma + _MARGIN_MA) * 11 // 10
        if not offer_ma or max(current_ma) <= limit_ma:
            self._over.stop()
        elif not self._over.running:
            self._over.start(now, _TRIP_MS)
        return self._over.expired(now)
