"""When to offer current, when to ask for the contactor, how to stop: one connector's power.

The order of a stop is IEC 61851-1 Table A.6, sequences 10.1 and 10.2: the pilot goes to X1 first,
the EV has 3 s to open S2, and after 6 s the contactor opens under load. Only the guard switches;
what is decided here is a request.
"""

from micropython import const

from firmware.evse import pilot as pilots
from ticks import Deadline

# States.
OFF = const(0)  # X1, contactor open.
OFFER = const(1)  # PWM; the contactor follows the EV.
STOPPING = const(2)  # X1, waiting for the EV to open S2.

_FORCE_OPEN_MS = const(6000)
_REOFFER_MS = const(5000)
_PULSE_MS = const(4000)
# The self-test: a level is there after so long; one that has failed is repeated after so long.
_LEVEL_MS = const(100)
_AGAIN_MS = const(60_000)
_LOW_MV = const(-10300)
_HIGH_MV = const(10500)
_X1 = const(65535)
# 1 << row of faults.TABLE
_CP_GENERATOR = const(1 << 7)


class Power:
    """Turns "may charge with so much" into the two wishes that the guard gets."""

    def __init__(self):
        self.state = OFF
        self.offer_ma = 0
        self.wants_contactor = False
        self.forced_opens = 0
        self._force = Deadline()
        self.rest = Deadline()  # while it runs, nothing new is offered

    def tick(self, now, offer_ma, ev_ready, closed):
        """One step.

        offer_ma: what may be offered now, 0 = nothing. ev_ready: pilot stable in C (or D) and the
        diode seen. closed: the contactor's fact.
        """
        if self.rest.expired(now):
            self.rest.stop()
        if self.state == OFFER:
            self._offering(now, offer_ma, ev_ready, closed)
        elif self.state == STOPPING:
            self._stopping(now, offer_ma, ev_ready, closed)
        elif offer_ma and not self.rest.running:
            self.state = OFFER
            self._offering(now, offer_ma, ev_ready, closed)

    def _offering(self, now, offer_ma, ev_ready, closed):
        if not offer_ma:
            self.offer_ma = 0
            if not closed:
                self._off(now)
                return
            self.state = STOPPING
            self._force.start(now, _FORCE_OPEN_MS)
            self._stopping(now, offer_ma, ev_ready, closed)
            return
        self.offer_ma = offer_ma
        self.wants_contactor = ev_ready

    def _stopping(self, now, offer_ma, ev_ready, closed):
        is_due = self._force.left(now) <= _FORCE_OPEN_MS - _REOFFER_MS
        if closed and ev_ready and offer_ma and is_due:
            # The offer is back, and the EV has not reacted in the 5 s that it has for a new duty
            # (sequence 6): go on without switching.
            self.state = OFFER
            self.offer_ma = offer_ma
            return
        if self._force.expired(now):
            self.forced_opens += 1 if closed and ev_ready else 0
            self._off(now)
        elif not ev_ready or not closed:
            self._off(now)

    def _off(self, now):
        self.state = OFF
        self.offer_ma = 0
        self.wants_contactor = False
        self._force.stop()
        self.hold(now, _REOFFER_MS)

    def hold(self, now, time_ms):
        """Offer nothing new for so long; a longer wait that runs already stays."""
        left_ms = self.rest.left(now)
        if left_ms is None or left_ms < time_ms:
            self.rest.start(now, time_ms)

    def cut(self, now):
        """Withdraw everything at once: a fault, or the EV is gone."""
        if self.state != OFF:
            self._off(now)


class WakeUp:
    """Wakes an EV that sleeps although current is offered (IEC 61851-1 A.5.3, informative).

    Some EVs fall asleep in a long pause and ask for nothing when it ends. They wake when the pilot
    is broken for some seconds, as if somebody had unplugged; where the board has no switch for
    that, X1 instead of the offer wakes a few. State F would wake most, but some hybrids take it
    for a defect of the charger until they are replugged. Once after each time that the EV has
    asked, not oftener: a car that is full stays in B, too.

    delay_s: so long an EV may stay in B with an offer; 0 = it is never woken.

    The same switch lets the pilot's generator be tested, after the boot and while `passed` is
    False: steady low has to be -12 V, and X1 +12 V, whoever is plugged in. Without a switch it
    waits until nobody is. duty: what the test needs on the pilot; None when there is none.
    """

    def __init__(self, port):
        self.delay_s = 0
        self.passed = False
        self.duty = None
        self._due = Deadline()
        self._switch = port.cp_switch
        self._wait, self._pulse = Deadline(), Deadline()
        self._is_done = False

    def tick(self, now, connector):
        """Return True while what the pilot shows is our own doing."""
        if self.duty is not None:
            self._test(now, connector)
            return True
        if self._pulse.running:
            if not self._pulse.expired(now):
                return self._switch is not None
            self._pulse.stop()
            self._connect(1)
        state = connector.pilot.state
        # While it is due nothing is offered: nothing was yet, or the fault forbids it.
        if not (self.passed or connector.offering or self._due.left(now)):
            if self._switch is not None or (connector.pilot_known and state == pilots.A):
                self._connect(0)
                self.duty = 0
                self._due.start(now, _LEVEL_MS)
                return True
        sleeps = connector.offering and state == pilots.B and not connector.guard.closed
        if state != pilots.B:
            self._is_done = False
        if not sleeps or self._is_done or not self.delay_s:
            self._wait.stop()
        elif not self._wait.running:
            self._wait.start(now, self.delay_s * 1000)
        elif self._wait.expired(now):
            self._wait.stop()
            self._is_done = True
            self.start(now, _PULSE_MS)
            return self._switch is not None
        return False

    def _test(self, now, connector):
        guard = connector.guard
        if self._due.left(now) or guard.duty != self.duty:
            return
        if self.duty:
            self.passed = guard.high_mv >= _HIGH_MV
        elif guard.low_mv <= _LOW_MV:
            self.duty = _X1
            self._due.start(now, _LEVEL_MS)
            return
        self.duty = None
        self._connect(1)
        self._due.start(now, _AGAIN_MS)
        connector.found &= ~_CP_GENERATOR
        if not self.passed:
            connector.found |= _CP_GENERATOR

    def start(self, now, time_ms):
        """Let the EV see nothing, or X1, for so long."""
        self._pulse.start(now, time_ms)
        self._connect(0)

    @property
    def wants_x1(self):
        """True while X1 has to stand for the switch that the board lacks."""
        return self._pulse.running and self._switch is None

    def _connect(self, level):
        if self._switch is not None:
            self._switch.value(level)
