"""An EV that draws more than the pilot offers.

IEC 61851-1 Annex A gives the EV 5 s to follow a new duty cycle (Table A.6, sequence 6), and the
offer is a maximum: whoever exceeds it for longer gets nothing until the plug was out. The fuse
protects the cable in a short; this protects a fuse that is smaller than the EV's charger. Beyond
1.25 of what the board may carry nobody waits for the EV.
"""

from micropython import const

from ticks import Deadline

_TRIP_MS = const(7000)
_HARD_MS = const(500)
_MARGIN_MA = const(500)


class Overcurrent:
    """Watches one connector. rating_ma: what the board may carry."""

    def __init__(self, rating_ma):
        self._hard_ma = rating_ma * 5 // 4
        self._over, self._hard = Deadline(), Deadline()

    def tick(self, now, offer_ma, current_ma):
        """Return True while the EV has drawn too much for 7 s, or far too much for 0.5 s.

        offer_ma: what the pilot offers, 0 = nothing, then the contactor opens by other rules.
        current_ma: per phase, the last reading of the meter; None or empty where it has none.
        """
        # 10 % and 0.5 A: the errors of meter, duty and EV together.
        limit_ma = (offer_ma + _MARGIN_MA) * 11 // 10
        most_ma = 0
        for phase_ma in current_ma:
            if phase_ma is not None and phase_ma > most_ma:
                most_ma = phase_ma
        _keep(self._over, now, offer_ma and most_ma > limit_ma, _TRIP_MS)
        _keep(self._hard, now, most_ma > self._hard_ma, _HARD_MS)
        return self._over.expired(now) or self._hard.expired(now)


def _keep(deadline, now, is_true, time_ms):
    if not is_true:
        deadline.stop()
    elif not deadline.running:
        deadline.start(now, time_ms)
