"""One connector: pilot, session, power, limits, energy and faults, brought together tick by tick.

Owns every fact about its connector that the rest of the firmware asks for. It switches nothing:
`guard` (passed in) gets wishes and gives back facts.
"""

from micropython import const

from firmware.evse import pilot as pilots
from firmware.evse import power as powers
from firmware.evse import session as sessions
from firmware.evse import status as statuses
from firmware.evse.energy import EnergyRegister
from firmware.evse.faults import HARD, Faults
from firmware.evse.limiter import TEMPERATURE, Limiter
from firmware.evse.power import Power, WakeUp
from firmware.evse.protection import Protection
from firmware.evse.session import Session
from firmware.evse.why import reasons
from ticks import Deadline, diff

_STEADY_HIGH = const(65535)
# The final register is read after the contactor has opened; a silent meter must not hold the user.
# In ticks of 50 ms: what stalls the VM is no time for the meter.
_FINAL_TICKS = const(30)
# After a boot the pilot's reading is believed when it has not changed for so long.
_PILOT_MS = const(300)
_DIODE_MS = const(1000)
_MIRROR_MV = const(1500)
_METER_SILENT_MS = const(11000)
# Table A.6, 12 and 13, and the peers' 30 s: so long after D, E or F nothing is offered again.
_REOFFER_MS = const(30_000)
# An EV that is in C from the start has X1 for so long first (1.2; it may open S2 after all).
_X1_MS = const(3000)
# So long an EV that asks and stops too often is left alone, before it gets its 6 A.
_CALM_MS = const(60_000)
# The pilot stays broken so long after a change of phases: some EVs take less for a defect.
_PHASES_MS = const(60_000)
# State F after a fault that opens at once (Table A.5: 300 ms at least), with two ticks to spare.
_F_MS = const(400)
# firmware.guard.guard: TRIP_WELD, TRIP_OVERCURRENT, TRIP_NOT_CLOSING
_TRIP_WELD = const(4)
_TRIP_OVERCURRENT = const(8)
_TRIP_NOT_CLOSING = const(16)
# 1 << row of faults.TABLE
_CP_GENERATOR = const(1 << 7)
_DIODE = const(1 << 8)
_MAINS = const(1 << 9 | 1 << 13 | 1 << 14 | 1 << 15)
_METER_SILENT = const(1 << 25)
_CP_TOGGLING = const(1 << 28)
_SIMPLIFIED = const(1 << 29)


class Connector:
    """Everything about connector `number` (1, 2). `tick` is called every 50 ms by the station.

    board: hal.Board, for its ratings, and for the meter and the port with this number.
    """

    def __init__(self, number, guard, board):
        self.id = number
        self.guard = guard
        self.meter = board.meters[number - 1]
        port = board.connectors[number - 1]
        guard.is_d_allowed = board.ventilated
        self.phases = self.phases_wanted = self.phases_allowed = board.phases
        self._phases_on = self._forgotten = self._final = 0
        self.pilot = pilots.PilotReader()
        self.session = Session()
        self.power = Power()
        self.limiter = Limiter(board.current_ma_max)
        self.energy = EnergyRegister()
        self.transaction = None
        self.operative = True
        self.scheduled_operative = None
        self.reserved = False
        self.socket = None  # a socket_side.SocketSide where the cable is detachable
        self.paused = False
        # The register at which an id token that was refused later has had its share.
        self.energy_cap_wh = None
        self.overlay = Faults()
        self.faults = self.warnings = ()  # as in Faults: what blocks, and what does not
        self.protection = Protection(port, board.current_ma_max)
        self.wake_up = WakeUp(port)
        self.interrupted = None
        self.plugged = False  # An EV is on the pilot (B to D); E and F say nothing about it.
        self._was_closed = False
        self.kept = self.closings = 0  # Trips that are kept over a reboot; closed how often.
        self.held_off = False  # The VM is about to be blocked.
        self.pilot_known = False
        self.found = 0  # Bits of faults.py: what is found here, or by the application.
        self.plug_number = 0
        self.status = statuses.AVAILABLE
        self.status_at = None
        self.error_code, self.vendor_error_code, self.info = "NoError", "", ""
        self.connect, self.recover, self._f = Deadline(), Deadline(), Deadline()
        self._grace, self._diode = Deadline(), Deadline()
        self._tick = self._opened_at = None
        self._reading_id = self.meter.reading_id

    # Facts.

    @property
    def locked(self):
        """True while a detachable cable is proven to be locked."""
        return self.socket is not None and self.socket.lock.confirmed

    @property
    def ev_asks(self):
        """True while the EV has S2 closed and its diode was seen."""
        state = self.pilot.state
        is_asked = state == pilots.C or (state == pilots.D and self.guard.is_d_allowed)
        return is_asked and self.pilot.diode_ok

    @property
    def offering(self):
        """True while the pilot offers current."""
        return self.power.state == powers.OFFER

    @property
    def charging(self):
        """True while energy can flow: contactor closed, EV in C (or D), current offered."""
        return self.guard.closed and self.ev_asks and self.offering

    @property
    def starting_up(self):
        """True in the first seconds of a transaction, before the EV can have reacted."""
        return self._grace.running

    @property
    def limit_ma(self):
        """The current that the pilot offers now, in mA; 0 when it offers none."""
        return self.power.offer_ma

    @property
    def cp_name(self):
        """The pilot state as the standard writes it: A1, B2, C2 ... E, F."""
        name = pilots.NAMES[self.pilot.state]
        if name in ("E", "F"):
            return name
        return name + ("2" if 0 < self.guard.duty < _STEADY_HIGH else "1")

    # The tick.

    def tick(self, now):
        """Take in the pilot and the meter, decide about power, hand the wishes to the guard."""
        guard = self.guard
        pwm = 0 < guard.duty < _STEADY_HIGH
        if not self.wake_up.tick(now, self) and guard.duty:
            # What is measured while the pilot is broken, or F, says nothing about the EV.
            self.pilot.update(now, guard.high_mv, guard.low_mv, pwm, guard.blanked)
        if not guard.duty:
            # Behind it there may be another one, whose diode was not seen.
            self.pilot.diode_ok = False
        if self.pilot.state not in (pilots.E, pilots.F):
            self.plugged = self.pilot.state != pilots.A
        if not self.pilot_known:
            pilot = self.pilot
            self.pilot_known = pilot.raw == pilot.state and pilot.since(now) >= _PILOT_MS
        self.closings += guard.closed and not self._was_closed
        self._was_closed = guard.closed
        self._meter(now)
        self._watch_diode(now, pwm)
        if self.socket is not None:
            self.socket.tick(now, self)
        self._find_faults(now)
        if self._grace.expired(now) or self.charging:
            self._grace.stop()
        self._power(now)
        if self._grace.running and self.power.rest.running:
            # The EV has its time from the offer on, and there is none yet.
            self._grace.start(now, statuses.START_GRACE_MS)

    def _meter(self, now):
        self.meter.tick(now)
        if self.meter.reading_id != self._reading_id:
            self._reading_id = self.meter.reading_id
            self.energy.reading(self.meter.energy_wh)

        silent_ms = self.meter.silent_ms(now)
        self.found &= ~_METER_SILENT
        if silent_ms is not None and silent_ms > _METER_SILENT_MS:
            self.found |= _METER_SILENT

    def _watch_diode(self, now, pwm):
        """The diode must show itself soon after the PWM begins (IEC 61851-1 Table A.4); the fault
        stays until the EV is gone."""
        if not self.plugged:
            self.found &= ~_DIODE
        if not pwm or not self.plugged or self.pilot.diode_ok:
            self._diode.stop()
        elif not self._diode.running:
            self._diode.start(now, _DIODE_MS)
        elif self._diode.expired(now):
            # Without a diode the low half mirrors the high one; any other is the generator's.
            if abs(self.guard.high_mv + self.guard.low_mv) < _MIRROR_MV:
                self.found |= _DIODE
            else:
                self.found |= _CP_GENERATOR
                self.wake_up.passed = False

    def _find_faults(self, now):
        """Bring the overlay up to date, and carry out what a new fault asks for."""
        before = self.overlay.bits
        elapsed_ms = 0 if self._tick is None else diff(now, self._tick)
        self._tick = now
        protection = self.protection
        protection.tick(now, self)
        self.overlay.tick(self, elapsed_ms)
        self.faults, self.warnings = self.overlay.blocking, self.overlay.warnings
        if self.overlay.bits & _MAINS:
            protection.mains_at = now
        limit_ma = min(self.overlay.limit_ma, protection.limit_ma, protection.ramp_ma)
        self.limiter.set(TEMPERATURE, limit_ma)
        new = self.overlay.bits & ~before
        if not self.plugged:
            return
        if new & HARD or (self._f.running and self.guard.closed):
            # Its time begins when the contacts are apart.
            self._f.start(now, _F_MS)
        if self.pilot.state >= pilots.D and not self.ev_asks:
            self.power.hold(now, _REOFFER_MS)
        if new & _SIMPLIFIED:
            self.power.hold(now, _X1_MS)
        if new & _CP_TOGGLING:
            self.power.cut(now)
            self.power.hold(now, _CALM_MS)

    def _power(self, now):
        self.limiter.tick(now)
        held = self.socket is None or self.socket.ready
        running = self.session.state == sessions.RUNNING
        is_free = not (self.faults or self.paused or self.held_off or self._switches_phases(now))
        may = running and held and is_free
        guard = self.guard
        before_ma = self.power.offer_ma
        # The guard has withdrawn the offer, as when we were not run for a second: the next is new.
        given_up = guard.forgotten != self._forgotten
        self._forgotten += given_up
        is_lost = before_ma and (given_up or guard.duty == _STEADY_HIGH != guard.request_duty)
        if is_lost or not self.plugged or self.overlay.bits & HARD:
            self.power.cut(now)
        else:
            offer_ma = self.limiter.offer_ma if may else 0
            self.power.tick(now, offer_ma, self.ev_asks, guard.closed)
        offer_ma = self.power.offer_ma
        if offer_ma and not before_ma:
            self.limiter.hold(now)
        is_offer = offer_ma and not self.wake_up.wants_x1
        duty = pilots.duty_u16(offer_ma) if is_offer else _STEADY_HIGH
        if self._f.expired(now):
            self._f.stop()
        # A weld shows F as long as it is latched, but not before the EV is known after a boot.
        welded = self.pilot_known and guard.trips_latched & _TRIP_WELD
        if welded or (self._f.running and not guard.closed):
            duty = 0
        test = self.wake_up.duty
        guard.request_duty = duty if test is None else test
        # A plug that is not held could be pulled under load: it opens at once, not softly.
        tested = self.protection.rcd_ok or guard.close
        guard.request_close = self.power.wants_contactor and held and tested
        guard.request_trips &= ~(_TRIP_OVERCURRENT | _TRIP_NOT_CLOSING)
        # A silent meter says nothing, and one that was never heard has no currents.
        current_ma = self.meter.current_ma if self.meter.online else ()
        if self.protection.overcurrent(now, offer_ma, current_ma):
            guard.request_trips |= _TRIP_OVERCURRENT
        if self.protection.carries_nothing(now, self.charging):
            guard.request_trips |= _TRIP_NOT_CLOSING

    def _switches_phases(self, now):
        """Return True while the contactor has to be open for a change of phases; carry it out when
        it is. An EV that is there sees itself unplugged for a minute."""
        port = self.protection.port
        wanted = self.phases_wanted
        if port.phase_switch is None or wanted == self._phases_on:
            return False
        if self.guard.closed or self.guard.close or self.offering:
            return True
        port.phase_switch.value(wanted > 1)
        if self._phases_on and self.plugged:
            self.wake_up.start(now, _PHASES_MS)
            self.power.hold(now, _PHASES_MS)
        self.phases = self._phases_on = wanted
        return False

    # The ends of a transaction.

    def begin(self, now, transaction):
        """The start record is complete: the transaction runs."""
        self.transaction = transaction
        self.session.handle(sessions.BEGUN)
        self.paused = False
        self.energy_cap_wh = None
        self._grace.start(now, statuses.START_GRACE_MS)

    def final_reading(self, now):
        """Return True once the register holds all that flowed: asked while the session stops."""
        # A welded contactor never opens: the bill must not wait for it.
        opens = not self.guard.trips_latched & _TRIP_WELD
        if (self.guard.closed and opens) or self.power.state != powers.OFF:
            self._opened_at = None
            return False
        if self._opened_at is None:
            self._opened_at = now
            self._final = _FINAL_TICKS
            self.meter.poll_now(now)
        self._final -= 1
        return self.read_since(self._opened_at) or self._final < 0

    def read_since(self, moment):
        """Return True if the meter was read after `moment`."""
        sampled_at = self.meter.sampled_at
        return sampled_at is not None and diff(sampled_at, moment) >= 0

    def ended(self):
        """The stop record is complete."""
        self.transaction = None
        self._opened_at = None
        self.session.handle(sessions.ENDED)
        self.session.forget()

    def why(self):
        """Return what keeps energy from flowing, worst first, as short texts."""
        return reasons(self)
