"""Proximity pilot of a socket: which cable is plugged in, from the resistor in its plug.

IEC 61851-1 Annex B: 13, 20, 32 and 63 A cables have 1500, 680, 220 and 100 Ohm between PP and PE.
Between the windows of the table the smaller cable is believed: contacts only add resistance. What
is below all windows is a short, what lies between the largest and "no plug" is a broken cable:
faults, neither is a cable. The control pilot cannot tell a cable without an EV from an empty
socket; this can.
"""

from micropython import const

from ticks import Deadline

# Readings beside the ratings in mA.
NONE_MA = const(0)  # nothing in the socket, as far as the resistor tells
BROKEN = const(-1)  # a resistor that no plug has, open or damaged
SHORT = const(-2)

# From so many Ohm on: what it is. Lower bounds of IEC 61851-1 Table B.2, the gaps as said above.
WINDOWS = (
    (4500, NONE_MA),
    (2460, BROKEN),
    (936, 13000),
    (308, 20000),
    (140, 32000),
    (75, 63000),
    (0, SHORT),
)

_STEADY_MS = const(500)
_OHM_MAX = const(1_000_000)


def classify(ohm):
    """Return the rating in mA of a cable with that resistor, or NONE_MA, BROKEN, SHORT."""
    for least_ohm, reading in WINDOWS:
        if ohm > least_ohm:
            return reading
    return SHORT


def resistance_ohm(pp_mv, supply_mv, pull_ohm):
    """Return the resistance between PP and PE that divides `supply_mv` to `pp_mv`.

    pull_ohm: between the supply and PP. 0 for anything below ground, a million for no load.
    """
    if pp_mv <= 0:
        return 0
    rest_mv = supply_mv - pp_mv
    if rest_mv * (_OHM_MAX // pull_ohm) <= pp_mv:
        return _OHM_MAX
    return pull_ohm * pp_mv // rest_mv


class Proximity:
    """`reading`: what has been in the socket for half a second; None before that is known."""

    def __init__(self, supply_mv, pull_ohm):
        """supply_mv, pull_ohm: the board's divider."""
        self.reading = None
        self._supply_mv = supply_mv
        self._pull_ohm = pull_ohm
        self._raw = None
        self._steady = Deadline()

    @property
    def cable_ma(self):
        """What the cable carries in mA; 0 while none is known."""
        return max(self.reading or 0, 0)

    @property
    def present(self):
        """True while something is in the socket."""
        return self.reading is not None and self.reading != NONE_MA

    def update(self, now, pp_mv):
        """Take one measurement of the PP contact in mV."""
        raw = classify(resistance_ohm(pp_mv, self._supply_mv, self._pull_ohm))
        if raw != self._raw:
            self._raw = raw
            self._steady.start(now, _STEADY_MS)
        elif self._steady.expired(now):
            self._steady.stop()
            self.reading = raw
