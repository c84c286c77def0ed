"""The car: a resistance on the pilot, and a current behind the contactor that follows the duty.

One model for all; a named car is a row of figures (cars.py). IEC 61851-1 Annex A gives the
behaviour (duty to current, S2, reaction times), the rows what real cars make of it. Knows no
firmware: it sees the pilot at its inlet and whether its contactor side is live, nothing else.
"""

from micropython import const

from boards.sim.cars import ORDINARY, figure

_START_PERMILLE = const(400)
_STEP_MS = const(10)
# Below this the charger on board gives up the taper and finishes.
_TAPER_MA_MIN = const(1000)
# A break of the pilot that wakes a sleeping car, and the cold that a cycling one charges away.
_WAKE_MS = const(3000)
_WARM_MS = const(20_000)
_F_MS = const(50)


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
    """One car. `step` moves it 10 ms on; everything it shows is in its attributes, and `load`.

    overdraws: the fault of a charger on board that takes half as much again as is offered.
    """

    def __init__(self):
        self.plugged = False
        self.wants = True
        self.overdraws = False
        self.soc_permille = _START_PERMILLE
        self._charged_mwh = 0
        self.become("ordinary")
        self._rest()

    def become(self, name):
        """Take the figures of a named car. Raises ValueError if nobody knows it."""
        for key in ORDINARY:
            setattr(self, key, figure(name, key))
        self.name = name

    def plug(self, name):
        """Plug a named car in: the same as before as full as it was, another one as it comes."""
        if name != self.name:
            self.soc_permille = _START_PERMILLE
        self.become(name)
        self.plugged = True
        self.wants = True
        if self.soc is not None:
            self.soc_permille = self.soc
        self._rest()

    def unplug(self):
        """Pull the plug, whatever flows."""
        self.plugged = False
        self._rest()

    def _rest(self):
        self.s2 = False
        self.current_ma = 0
        self.asleep = False
        self.confused = False  # Does not charge again before the next plug.
        self._offer_ma = 0
        self._duty = 0
        self._live_phases = None
        self._waited_ms = 0
        self._live_ms = 0
        self._idle_ms = 0
        self._cut_ms = 0
        self._f_ms = 0
        self._since_plug_ms = 0
        self._look_ms = 0
        self._look = None
        self._cycle_ms = 0
        self._warm_ms = 0

    def charged(self, energy_mwh):
        """Energy went into the battery."""
        self._charged_mwh += energy_mwh
        step_mwh = self.capacity_wh  # One permille of the capacity, in mWh.
        while self._charged_mwh >= step_mwh and self.soc_permille < 1000:
            self._charged_mwh -= step_mwh
            self.soc_permille += 1

    @property
    def load(self):
        """What the car puts between CP and PE, as its pilot state would be called."""
        if not self.plugged:
            return "A"
        if self._look_ms:
            return self._look
        if not self.s2:
            return "B"
        return "D" if self.ventilation else "C"

    def step(self, duty, live, connected=True, phases=3):
        """Live through 10 ms.

        duty: 0..65535 on the pilot, if it is `connected`. live: the contactor is closed, with so
        many `phases` behind it.
        """
        if not self.plugged:
            return
        self._since_plug_ms += _STEP_MS
        self._look_ms = max(0, self._look_ms - _STEP_MS)
        self._see_pilot(duty if connected else None)
        self._see_phases(phases)
        offer_ma = self._offered()
        willing = self._is_willing(offer_ma)
        self._switch(willing, offer_ma)
        self._draw(self._target_ma(willing, offer_ma), live)
        if offer_ma:
            self._offer_ma = offer_ma

    def _see_pilot(self, duty):
        """Breaks, steps and steady lows of the pilot, and what the car makes of them."""
        if duty is None:
            self._cut_ms += _STEP_MS
            if self._cut_ms >= _WAKE_MS:
                self.asleep = False
                self._idle_ms = 0
            self._duty = 0
            return
        self._f_ms = self._f_ms + _STEP_MS if duty == 0 else 0
        if self._f_ms >= _F_MS and not self.likes_f:
            self.confused = True
        if self.glitch_ms and duty != self._duty and offered_ma(duty) and offered_ma(self._duty):
            self._look, self._look_ms = "B", self.glitch_ms
        self._duty = duty

    def _see_phases(self, phases):
        """More or fewer phases than before; noticed when the pilot is there (again)."""
        if not self._duty:
            return
        if self._live_phases not in (None, phases):
            if self.pulse_ms:
                self._look, self._look_ms = "C", self.pulse_ms
            if self._cut_ms < self.replug_ms:
                self.confused = True
        self._live_phases = phases
        self._cut_ms = 0

    def _offered(self):
        if self.follows_pilot:
            return offered_ma(self._duty)
        return self.max_ma

    def _is_willing(self, offer_ma):
        """Does the car want energy now?"""
        if not offer_ma:
            self._idle_ms += _STEP_MS
            if self.sleep_ms and self._idle_ms >= self.sleep_ms:
                self.asleep = True
            if self._offer_ma and self._live_ms and not self.resumes:
                self.confused = True
            return False
        self._idle_ms = 0
        if self.asleep or self.confused or not self.wants or offer_ma < self.min_ma:
            return False
        if self.soc_permille >= 1000 and not self.end_ma:
            return False
        return self._is_warm(offer_ma)

    def _is_warm(self, offer_ma):
        """A cold car that stumbles over a large offer takes a small one, and is warm after it."""
        if not self.cycle_ms or self._warm_ms >= _WARM_MS:
            return True
        if offer_ma <= 6000:
            self._warm_ms += _STEP_MS
            return True
        self._cycle_ms = (self._cycle_ms + _STEP_MS) % (2 * self.cycle_ms)
        return self._cycle_ms < self.cycle_ms

    def _switch(self, willing, offer_ma):
        """Close or open S2."""
        if not self.has_s2 or self._since_plug_ms <= self.jump_ms:
            self.s2 = True
            return
        if willing == self.s2:
            self._waited_ms = 0
            return
        wait_ms = self.wake_ms
        if self.s2:
            if not self.heeds_x1 and not offer_ma and self._live_ms:
                return
            if self.current_ma:
                return
            wait_ms = self.stop_ms
        self._waited_ms += _STEP_MS
        if self._waited_ms >= wait_ms:
            self.s2 = willing
            self._waited_ms = 0

    def _target_ma(self, willing, offer_ma):
        """What the charger on board goes for now."""
        if not self.s2:
            return 0
        if not willing:
            if self._idle_ms and (not self.heeds_x1 or self._idle_ms < self.linger_ms):
                offer_ma = self._offer_ma
            else:
                return 0
        limit_ma = self.max_ma
        left = 1000 - self.soc_permille
        if left <= 0:
            limit_ma = self.end_ma
        elif self.soc_permille > self.taper_permille:
            limit_ma = max(limit_ma * left // (1000 - self.taper_permille), _TAPER_MA_MIN)
        if self.overdraws:
            return min(limit_ma, offer_ma) * 3 // 2
        return min(limit_ma, offer_ma) * self.gain_permille // 1000

    def _draw(self, target_ma, live):
        if not live:
            self.current_ma = 0
            self._live_ms = 0
            return
        self._live_ms += _STEP_MS
        if self._live_ms < self.start_ms:
            return
        if self.current_ma < target_ma:
            self.current_ma = min(target_ma, self.current_ma + self.ramp_ma)
        else:
            # A charger stops much faster than it starts.
            self.current_ma = max(target_ma, self.current_ma - 10 * self.ramp_ma)
