"""The current that one connector may offer: the minimum of all limits, and how it may change.

IEC 61851-1 Annex A: 6 A is the least that the pilot can offer, so anything below is a pause (0).
An EV needs up to 5 s to follow a new duty cycle (Table A.6, sequence 6): the offer falls at once,
but rises at most every 5 s.
"""

from micropython import const
from ticks import Deadline

# Who limits. The order is the order of `why`: the hardware first, wishes last.
BOARD = const(0)
CABLE = const(1)
TEMPERATURE = const(2)
INSTALLATION = const(3)
PROFILE = const(4)
NAMES = ("board", "cable", "temperature", "installation", "charging profile")

CURRENT_MA_MIN = const(6000)
_RISE_MS = const(5000)


class Limiter:
    """Keeps one limit per source (mA, None = no limit from there) and the offer made of them."""

    def __init__(self, board_ma):
        self.offer_ma = 0
        self._limits_ma = [None] * len(NAMES)
        self._limits_ma[BOARD] = board_ma
        self._hold = Deadline()

    def set(self, source, limit_ma):
        """Set the limit of `source` (mA, 0 pauses, None lifts it)."""
        self._limits_ma[source] = limit_ma

    def limit(self, source):
        """Return what `source` allows, in mA, or None."""
        return self._limits_ma[source]

    def minimum_ma(self):
        """Return the smallest limit in mA; 0 when it is below what the pilot can offer."""
        least_ma = self.least_ma()
        return least_ma if least_ma >= CURRENT_MA_MIN else 0

    def least_ma(self, ignored=()):
        """Return the smallest limit in mA as it is; the sources `ignored` count as lifted."""
        least_ma = self._limits_ma[BOARD]
        for source, limit_ma in enumerate(self._limits_ma):
            if limit_ma is not None and limit_ma < least_ma and source not in ignored:
                least_ma = limit_ma
        return least_ma

    def tightest(self):
        """Return the source whose limit is the smallest; of equals the first."""
        tightest = BOARD
        for source, limit_ma in enumerate(self._limits_ma):
            if limit_ma is not None and limit_ma < self._limits_ma[tightest]:
                tightest = source
        return tightest

    def hold(self, now):
        """The pilot has begun to offer: the EV has its time from now on, not from the wish."""
        self._hold.start(now, _RISE_MS)

    def tick(self, now):
        """Bring the offer towards the minimum. Returns True if it changed."""
        target_ma = self.minimum_ma()
        if target_ma == self.offer_ma:
            return False
        if target_ma > self.offer_ma and self._hold.running and not self._hold.expired(now):
            return False
        self.offer_ma = target_ma
        self._hold.start(now, _RISE_MS)
        return True
