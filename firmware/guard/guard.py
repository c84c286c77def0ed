"""The guard: the only code that may close a contactor. One Guard per connector.

Every step turns what was measured into condition bits, walks the ordered table of its state (the
first row that matches decides) and says what to drive. It allocates nothing, formats nothing,
raises nothing and knows no clock, no hardware and no OCPP; `loop.py` reads and drives for it.
Everybody else only requests: the request attributes are written by the application and refreshed
at least once a second.

Critical for safety: a change here needs a second reader.
Follows IEC 61851-1:2017 Annex A (pilot) and 6.3 (what the supply equipment verifies).
"""

from micropython import const

# States.
OPEN = const(0)
CLOSED = const(1)
LATCHED = const(2)

# Trips: hardware inputs, application, or found here. Each latches. As condition bits they keep
# their value; any other bit at an input counts as an emergency stop.
TRIP_RCD = const(1)
TRIP_EMERGENCY = const(2)
TRIP_WELD = const(4)
TRIP_OVERCURRENT = const(8)
TRIP_NOT_CLOSING = const(16)
_TRIPS = const(31)

# The other conditions.
_CP_BAD = const(32)  # E, F or out of range
_REQUEST = const(64)  # the application wants the contactor closed
_STALE = const(128)  # the application has not refreshed its request
_CP_CD = const(256)  # D only where it is allowed
_NO_DIODE = const(512)  # the EV's diode was not seen since it was plugged in, or is missing now
_NOT_READY = const(1024)  # no PWM on the pilot, or the contactor has not dropped out yet
_CLEAR = const(2048)  # the application wants the latch undone

# Per state: (all of these set, all of these clear) -> next. First match wins; order is priority.
# One row = one reason; rows of OPEN and CLOSED with the same number have the same reason.
# The contactor is closed only by the row that proves everything anew in every step. What stands
# before it names reasons and latches; what stands after it always matches and opens.
TABLE = (
    (  # OPEN
        (TRIP_RCD, 0, LATCHED),
        (TRIP_EMERGENCY, 0, LATCHED),
        (TRIP_WELD, 0, LATCHED),
        (TRIP_OVERCURRENT, 0, LATCHED),
        (TRIP_NOT_CLOSING, 0, LATCHED),
        (_CP_BAD, 0, OPEN),
        (0, _REQUEST, OPEN),
        (_STALE, 0, OPEN),
        (0, _CP_CD, OPEN),
        (_NO_DIODE, 0, OPEN),
        (_NOT_READY, 0, OPEN),
        (_REQUEST | _CP_CD, _CP_BAD | _STALE | _NO_DIODE | _NOT_READY, CLOSED),
        (0, 0, OPEN),
    ),
    (  # CLOSED
        (TRIP_RCD, 0, LATCHED),
        (TRIP_EMERGENCY, 0, LATCHED),
        (TRIP_WELD, 0, LATCHED),
        (TRIP_OVERCURRENT, 0, LATCHED),
        (TRIP_NOT_CLOSING, 0, LATCHED),
        (_CP_BAD, 0, OPEN),
        (0, _REQUEST, OPEN),
        (_STALE, 0, OPEN),
        (0, _CP_CD, OPEN),
        (_NO_DIODE, 0, OPEN),
        (_NOT_READY, 0, OPEN),
        (_REQUEST | _CP_CD, _CP_BAD | _STALE | _NO_DIODE | _NOT_READY, CLOSED),
        (0, 0, OPEN),
    ),
    (  # LATCHED
        (TRIP_RCD, 0, LATCHED),
        (TRIP_EMERGENCY, 0, LATCHED),
        (TRIP_WELD, 0, LATCHED),
        (TRIP_OVERCURRENT, 0, LATCHED),
        (TRIP_NOT_CLOSING, 0, LATCHED),
        (_CLEAR, _TRIPS, OPEN),
        (0, 0, LATCHED),
    ),
)

_TICKS_MASK = const(0x3FFFFFFF)
# A request that has been older for so many steps is stale: 1 s of an application that is not run.
# After a stall of the VM, which was one for the application too, it has the steps to speak again.
_STALE_MS = const(900)
_STALE_STEPS = const(11)
_STALL_MS = const(4000)  # a request older than that is stale at once
_OUT_STEPS = const(3)  # leaving C/D: 30 ms of the 100 ms of sequences 2.2 and 8.1
_IN_STEPS = const(25)  # entering: 250 ms, so that a level on the threshold cannot chatter
_DIODE_STEPS = const(25)
_NO_DIODE_STEPS = const(21)  # 200 ms from the first to the last, 230 of 250 with the relay
_CLOSE_MS = const(250)
_WELD_MS = const(1000)
_X1_MS = const(6500)  # sequence 10.2: the EV has 3 s to open S2, we open by force after 6 s
# After a new duty cycle some EVs look like B for 500 ms and mean C, and a contactor that closes
# disturbs the measurement for 40. Not oftener, so that no stream of duties can hide state B; A,
# E and F are never hidden.
_BLANK_MS = const(550)
_BLANK_SWITCH_MS = const(510)  # of them are left out after closing
_BLANK_AGAIN_MS = const(4500)
_RANGE_MV = const(15000)  # above it the measurement is broken: the generator gives 12.6 V at most
_EVENTS = const(16)  # a power of two
_OFFER_MIN = const(5243)  # 8 % of 65536: below it the EV must not draw (Table A.8) ...
_OFFER_MAX = const(62915)  # ... nor above 96 %, which says 80 A

DUTY_X1 = const(65535)  # steady +12 V: connected, no energy offered
DUTY_F = const(0)  # steady -12 V


def match(state, conditions):
    """Return the number of the first row of `state` that holds under the bit set `conditions`."""
    row = 0
    for all_set, all_clear, _ in TABLE[state]:
        if conditions & all_set == all_set and not conditions & all_clear:
            break
        row += 1
    return row


def next_state(state, conditions):
    """Return the state that follows `state` under `conditions`. Allocates nothing."""
    return TABLE[state][match(state, conditions)][2]


class Guard:
    """Decides over one contactor and its pilot.

    Written by the application (the request block):
      request_close    bool, the contactor is wanted closed
      request_duty     0..65535: 65535 = X1, 0 = steady low (F), else PWM
      request_trips    TRIP_ bits the application has found (overcurrent; a weld kept over a reset)
      requested_at     ticks of the last refresh, None = never
      is_d_allowed     bool, the installation ventilates (state D may close)
    Read by the loop: close, duty. Facts for everybody: closed (mirror contact), state, high_mv,
    low_mv (the pilot as last measured), reason (state and row, see names.py), conditions,
    trips_latched, events_lost, blanked (B is not believed for a moment), forgotten (how often a
    request became stale).
    """

    def __init__(self, a_b_mv=10500, b_c_mv=7500, c_d_mv=4500, d_e_mv=1500, diode_mv=-10300):
        """Take the pilot thresholds: midpoints between the levels of Table A.3, in mV."""
        self._a_b_mv = a_b_mv
        self._b_c_mv = b_c_mv
        self._c_d_mv = c_d_mv
        self._d_e_mv = d_e_mv
        self._diode_mv = diode_mv
        self.request_close = False
        self.request_duty = DUTY_X1
        self.request_trips = 0
        self.requested_at = None
        self.is_d_allowed = False
        self.close = False
        self.duty = DUTY_X1
        self.closed = False
        self.high_mv = 0
        self.low_mv = 0
        self.state = OPEN
        self.reason = 0
        self.conditions = 0
        self.trips_latched = 0
        self.events_lost = 0
        self.forgotten = 0
        self.event_moment = 0
        self.blanked = False
        self._blank_at = None
        self._cp = 0
        self._in_steps = 0
        self._out_steps = 0
        self._bad_steps = 0
        self._a_steps = 0
        self._diode_steps = 0
        self._no_diode_steps = 0
        self._stale_steps = 0
        self._x1_at = None
        self._mismatch_at = None
        self._clear = 0  # 1: requested, 2: requested by service
        self._codes = bytearray(_EVENTS)
        self._moments = [0] * _EVENTS
        self._written = 0
        self._read = 0

    def step(self, now, high_mv, low_mv, mirror_closed, trips):
        """One cycle, every 10 ms: decide anew whether the contactor may be closed.

        now: ticks. high_mv, low_mv: plateaus of the pilot since `duty` was driven.
        mirror_closed: bool, or None where the board has no mirror contact.
        trips: TRIP_ bits of the hardware inputs. Allocates nothing, raises nothing.
        """
        self.high_mv = high_mv
        self.low_mv = low_mv
        self._blank(now)
        conditions = (
            self._pilot(high_mv)
            | self._diode(low_mv)
            | self._request(now)
            | self._contactor(now, mirror_closed)
            | self._trips(trips | self.request_trips)
        )
        row = match(self.state, conditions)
        new_state = TABLE[self.state][row][2]
        self.conditions = conditions
        self.reason = self.state << 4 | row
        if new_state != self.state or self._clear:
            self._record(now)
        self.state = new_state
        if new_state == LATCHED:
            self.trips_latched |= conditions & _TRIPS
        else:
            self.trips_latched = 0
        self._clear = 0
        self._drive(now)

    def clear(self, now, service=False):
        """Request that the latch be undone in the next step; a weld needs `service`.

        Returns False when a cause is still there: the request will then be refused.
        """
        self._clear = 2 if service else 1
        causes = self.conditions & _TRIPS
        if service and self._mismatch_at is None and not self.request_trips & TRIP_WELD:
            causes &= ~TRIP_WELD
        return causes == 0

    def take_event(self):
        """Return the code of the oldest event (a reason) and forget it; -1 when there is none.

        Its moment (ticks) is in `event_moment` afterwards.
        """
        if self._read == self._written:
            return -1
        at = self._read & (_EVENTS - 1)
        code = self._codes[at]
        self.event_moment = self._moments[at]
        self._read = (self._read + 1) & _TICKS_MASK
        return code

    def _blank(self, now):
        """Is state B to be believed?"""
        self.blanked = False
        if self._blank_at is not None:
            age_ms = (now - self._blank_at) & _TICKS_MASK
            self.blanked = self.close and age_ms < _BLANK_MS and DUTY_F < self.duty < DUTY_X1
            if age_ms >= _BLANK_AGAIN_MS:
                self._blank_at = None

    def _pilot(self, high_mv):
        """Conditions of the high half, filtered: three steps to open, 25 to close."""
        floor_mv = self._d_e_mv if self.is_d_allowed else self._c_d_mv
        if self.duty == DUTY_F:
            # The line says nothing about the EV, and we know why it is low. Behind it there may
            # be another one when it ends.
            is_cd = is_bad = False
            self._diode_steps = 0
        else:
            is_cd = floor_mv < high_mv < (self._a_b_mv if self.blanked else self._b_c_mv)
            is_bad = high_mv <= self._d_e_mv or high_mv > _RANGE_MV
        self._a_steps = self._a_steps + 1 if self._a_b_mv < high_mv <= _RANGE_MV else 0
        if self._a_steps >= _OUT_STEPS:
            # Unplugged: the next EV has to show its diode again.
            self._a_steps = _OUT_STEPS
            self._diode_steps = 0
        if is_cd:
            self._out_steps = 0
            self._in_steps += 1
            if self._in_steps >= _IN_STEPS:
                self._in_steps = _IN_STEPS
                self._cp |= _CP_CD
        else:
            self._in_steps = 0
            self._out_steps += 1
            # One sample may be noise to what is closed; nothing is closed upon it.
            if self._out_steps >= _OUT_STEPS or not self.close:
                self._out_steps = _OUT_STEPS
                self._cp &= ~_CP_CD
        self._bad_steps = self._bad_steps + 1 if is_bad else 0
        if self._bad_steps >= _OUT_STEPS:
            self._bad_steps = _OUT_STEPS
            self._diode_steps = 0
            self._cp |= _CP_BAD
        elif not is_bad:
            self._cp &= ~_CP_BAD
        return self._cp

    def _diode(self, low_mv):
        """_NO_DIODE unless the low half was seen under PWM since the plug-in and is still there.

        Table A.4: a missing diode pulls the low half up to -8.8 V in B and -5.6 V in C. Steps are
        counted, not time: without PWM there is no low half, so nothing is added in X1, and
        nothing forgiven.
        """
        if DUTY_F < self.duty < DUTY_X1:
            if low_mv <= self._diode_mv:
                self._no_diode_steps = 0
                if self._diode_steps < _DIODE_STEPS:
                    self._diode_steps += 1
            else:
                self._no_diode_steps += 1
                if self._diode_steps < _DIODE_STEPS or self._no_diode_steps >= _NO_DIODE_STEPS:
                    self._no_diode_steps = self._diode_steps = 0
        # One low half may be missed by what is closed; nothing is closed upon that.
        if self._diode_steps < _DIODE_STEPS or (self._no_diode_steps and not self.close):
            return _NO_DIODE
        return 0

    def _request(self, now):
        """Conditions of the request block: wanted, and how fresh."""
        conditions = _REQUEST if self.request_close else 0
        if self._clear:
            conditions |= _CLEAR
        if self.requested_at is None:
            return conditions | _STALE
        age_ms = (now - self.requested_at) & _TICKS_MASK
        if not _STALE_MS < age_ms <= _TICKS_MASK - _STALE_MS:
            self._stale_steps = 0
            return conditions
        self._stale_steps += 1
        if self._stale_steps < _STALE_STEPS and age_ms <= _STALL_MS:
            # What is closed stays so, but nothing is closed upon what was asked for then.
            return conditions if self.close else conditions | _NOT_READY
        # Forgotten for good: otherwise it would look fresh when the counter comes round.
        self.requested_at = None
        self.forgotten = (self.forgotten + 1) & _TICKS_MASK
        # Whoever speaks again in this very moment gets the 250 ms before closing, like all.
        self._in_steps = 0
        self._cp &= ~_CP_CD
        return conditions | _STALE

    def _contactor(self, now, mirror_closed):
        """Conditions of the mirror contact against the command, and of what is offered."""
        self.closed = self.close if mirror_closed is None else mirror_closed
        if self.closed == self.close:
            self._mismatch_at = None
            age_ms = 0
        else:
            if self._mismatch_at is None:
                self._mismatch_at = now
            age_ms = (now - self._mismatch_at) & _TICKS_MASK
        conditions = 0
        duty = self.request_duty
        is_offer = _OFFER_MIN <= duty <= _OFFER_MAX
        if self.close:
            if age_ms >= _CLOSE_MS:
                conditions = TRIP_NOT_CLOSING
            if duty == DUTY_X1:
                # Sequence 10: the EV gets its time to open S2 without load.
                is_offer = self._x1_at is None or (now - self._x1_at) & _TICKS_MASK < _X1_MS
        else:
            if age_ms >= _WELD_MS:
                conditions = TRIP_WELD
            # The pilot must have offered before; and a contactor is closed only from open.
            is_offer = is_offer and _OFFER_MIN <= self.duty <= _OFFER_MAX and not self.closed
        return conditions if is_offer else conditions | _NOT_READY

    def _trips(self, trips):
        """Conditions of the trip inputs; a weld stays until service clears it."""
        conditions = trips & _TRIPS
        if trips & ~_TRIPS:
            conditions |= TRIP_EMERGENCY
        if self._clear != 2:
            conditions |= self.trips_latched & TRIP_WELD
        return conditions

    def _drive(self, now):
        """Set the outputs of the state; what the application asks for is overridden if need be."""
        duty = self.request_duty
        if self.conditions & _STALE or not 0 <= duty <= DUTY_X1:
            duty = DUTY_X1
        elif self.state == LATCHED and duty != DUTY_F:
            duty = DUTY_X1
        if self._blank_at is None and self.state == CLOSED:
            if not self.close:
                self._blank_at = (now - _BLANK_SWITCH_MS) & _TICKS_MASK
            elif duty != self.duty and not self._out_steps:
                # B that was there before is not the new duty's doing.
                self._blank_at = now
        self.close = self.state == CLOSED
        self.duty = duty
        if not self.close or duty != DUTY_X1:
            self._x1_at = None
        elif self._x1_at is None:
            self._x1_at = now

    def _record(self, now):
        """Put the reason into the ring; when it is full the older ones are worth more."""
        if (self._written - self._read) & _TICKS_MASK >= _EVENTS:
            self.events_lost = (self.events_lost + 1) & _TICKS_MASK
            return
        at = self._written & (_EVENTS - 1)
        self._codes[at] = self.reason
        self._moments[at] = now
        self._written = (self._written + 1) & _TICKS_MASK
