"""The car: a resistance on the pilot, and a current behind the contactor that follows the duty.

One model for all; a named car is a row of figures. IEC 61851-1 Annex A gives the behaviour (duty
to current, S2, reaction times), the rows what real cars make of it. Knows no firmware: it sees
the duty cycle on the pilot and whether its contactor side is live, nothing else.
"""

from micropython import const

# name: (current per phase in mA, phases, S2 closes after the offer in ms, current begins after the
# mains in ms, ramp in mA per 10 ms, S2 opens after the current is gone in ms)
CARS = (
    ("ordinary", 32000, 3, 800, 600, 80, 400),
    ("one-phase", 32000, 1, 800, 600, 80, 400),
    ("small", 16000, 1, 1500, 2000, 30, 800),
)

_CAPACITY_WH = const(60000)
_START_PERMILLE = const(400)
_STEP_MS = const(10)


def offered_ma(duty):
    """Return the current that a duty cycle (0..65535) offers in mA; 0 where it offers none.

    Source: IEC 61851-1 Annex A, the EV's side of the table: 8..10 % is 6 A, 96..97 % is 80 A.
    """
    permille = (duty * 1000 + 32768) // 65536
    if permille < 80 or permille > 970:
        return 0
    if permille <= 100:
        return 6000
    if permille <= 850:
        return duty * 1875 // 2048
    if permille <= 960:
        return (permille - 640) * 250
    return 80000


class Ev:
    """One car. `step` moves it 10 ms on; everything it shows is in its attributes."""

    def __init__(self):
        self.plugged = False
        self.name = CARS[0][0]
        self.wants = True
        self.ventilation = False
        self.follows_pilot = True
        self.s2 = False
        self.current_ma = 0
        self.max_ma = 0
        self.phases = 3
        self.soc_permille = _START_PERMILLE
        self._s2_delay_ms = 0
        self._start_ms = 0
        self._ramp_ma = 0
        self._open_ms = 0
        self._waited_ms = 0
        self._live_ms = 0
        self._charged_mwh = 0
        self.become(CARS[0][0])

    def become(self, name):
        """Take the figures of a named car. Raises ValueError if nobody knows it."""
        for row in CARS:
            if row[0] == name:
                self.name, self.max_ma, self.phases = row[0], row[1], row[2]
                self._s2_delay_ms, self._start_ms, self._ramp_ma, self._open_ms = row[3:]
                return
        raise ValueError("no car named %s; there are: %s" % (name, ", ".join(names())))

    def plug(self, name):
        """Plug a named car in, as full as it came."""
        self.become(name)
        self.plugged = True
        self.wants = True
        self.ventilation = False
        self.follows_pilot = True
        self._rest()

    def unplug(self):
        """Pull the plug, whatever flows."""
        self.plugged = False
        self._rest()

    def _rest(self):
        self.s2 = False
        self.current_ma = 0
        self._waited_ms = 0
        self._live_ms = 0

    def charged(self, energy_mwh):
        """Energy went into the battery."""
        self._charged_mwh += energy_mwh
        step_mwh = _CAPACITY_WH  # One permille of the capacity, in mWh.
        while self._charged_mwh >= step_mwh and self.soc_permille < 1000:
            self._charged_mwh -= step_mwh
            self.soc_permille += 1

    def step(self, duty, live):
        """Live through 10 ms with `duty` on the pilot and the contactor's side `live` or not."""
        if not self.plugged:
            return
        offer_ma = offered_ma(duty) if self.follows_pilot else self.max_ma
        willing = self.wants and offer_ma > 0 and self.soc_permille < 1000
        if willing and not self.s2:
            self._waited_ms += _STEP_MS
            if self._waited_ms >= self._s2_delay_ms:
                self.s2 = True
                self._waited_ms = 0
        self._draw(min(offer_ma, self.max_ma) if willing and self.s2 else 0, live)
        if self.s2 and not willing and not self.current_ma:
            self._waited_ms += _STEP_MS
            if self._waited_ms >= self._open_ms:
                self.s2 = False
                self._waited_ms = 0

    def _draw(self, target_ma, live):
        if not live:
            self.current_ma = 0
            self._live_ms = 0
            return
        self._live_ms += _STEP_MS
        if self._live_ms < self._start_ms:
            return
        if self.current_ma < target_ma:
            self.current_ma = min(target_ma, self.current_ma + self._ramp_ma)
        else:
            # A charger stops much faster than it starts.
            self.current_ma = max(target_ma, self.current_ma - 10 * self._ramp_ma)


def names():
    """Return the names of all cars."""
    return [row[0] for row in CARS]
