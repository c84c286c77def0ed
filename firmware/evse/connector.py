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
from firmware.evse.faults import find as find_faults
from firmware.evse.limiter import NAMES, Limiter
from firmware.evse.overcurrent import Overcurrent
from firmware.evse.power import Power
from firmware.evse.session import Session
from ticks import Deadline, diff

_STEADY_HIGH = const(65535)
# The final register is read after the contactor has opened; a silent meter must not hold the user.
_FINAL_READING_MS = const(1500)
# After a boot the pilot's reading is believed when it has not changed for so long.
_PILOT_MS = const(300)
_DIODE_MS = const(1000)
_METER_SILENT_MS = const(11000)
# firmware.guard.guard: TRIP_WELD, TRIP_OVERCURRENT
_TRIP_WELD = const(4)
_TRIP_OVERCURRENT = const(8)


class Connector:
    """Everything about connector `number` (1, 2). `tick` is called every 50 ms by the station."""

    def __init__(self, number, guard, meter, current_ma_max, phases):
        self.id = number
        self.guard = guard
        self.meter = meter
        self.phases = phases
        self.pilot = pilots.PilotReader()
        self.session = Session()
        self.power = Power()
        self.limiter = Limiter(current_ma_max)
        self.energy = EnergyRegister()
        self.transaction = None
        self.operative = True
        self.scheduled_operative = None
        self.reserved = False
        self.socket = None  # a socket_side.SocketSide where the cable is detachable
        self.paused = False
        # The register at which an id token that was refused later has had its share.
        self.energy_cap_wh = None
        self.faults = ()
        self.warnings = ()
        self.interrupted = None
        self.plugged = False  # An EV is on the pilot (B to D); E and F say nothing about it.
        self.weld_kept = False
        self.pilot_known = False
        self.diode_missing = False
        self.meter_silent = False
        self.storage_lost = False
        self.plug_number = 0
        self.status = statuses.AVAILABLE
        self.status_at = None
        self.error_code, self.vendor_error_code, self.info = "NoError", "", ""
        self.connect, self.recover = Deadline(), Deadline()
        self._grace, self._diode, self._final = Deadline(), Deadline(), Deadline()
        self._overcurrent = Overcurrent()
        self._opened_at = None
        self._reading_id = meter.reading_id

    # Facts.

    @property
    def locked(self):
        """True while a detachable cable is proven to be locked."""
        return self.socket is not None and self.socket.lock.confirmed

    @property
    def ev_asks(self):
        """True while the EV has S2 closed and its diode was seen."""
        return self.pilot.state == pilots.C and self.pilot.diode_ok

    @property
    def offering(self):
        """True while the pilot offers current."""
        return self.power.state == powers.OFFER

    @property
    def charging(self):
        """True while energy can flow: contactor closed, EV in C, current offered."""
        return self.guard.closed and self.pilot.state == pilots.C and self.offering

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
        pwm = 0 < self.guard.duty < _STEADY_HIGH
        self.pilot.update(now, self.guard.high_mv, self.guard.low_mv, pwm)
        if self.pilot.state not in (pilots.E, pilots.F):
            self.plugged = self.pilot.state != pilots.A
        if not self.pilot_known:
            pilot = self.pilot
            self.pilot_known = pilot.raw == pilot.state and pilot.since(now) >= _PILOT_MS
        self._meter(now)
        self._watch_diode(now, pwm)
        if self.socket is not None:
            self.socket.tick(now, self)
        self.faults, self.warnings = find_faults(self, (self.faults, self.warnings))
        if self._grace.expired(now) or self.charging:
            self._grace.stop()
        self._power(now)
        if self._grace.running and self.power.holding:
            # The EV has its time from the offer on, and there is none yet.
            self._grace.start(now, statuses.START_GRACE_MS)

    def _meter(self, now):
        self.meter.tick(now)
        if self.meter.reading_id != self._reading_id:
            self._reading_id = self.meter.reading_id
            self.energy.reading(self.meter.energy_wh)

        silent_ms = self.meter.silent_ms(now)
        self.meter_silent = silent_ms is not None and silent_ms > _METER_SILENT_MS

    def _watch_diode(self, now, pwm):
        """The diode must show itself soon after the PWM begins (IEC 61851-1 Table A.4); the fault
        stays until the EV is gone."""
        if not self.plugged:
            self.diode_missing = False
        if not pwm or not self.plugged or self.pilot.diode_ok:
            self._diode.stop()
        elif not self._diode.running:
            self._diode.start(now, _DIODE_MS)
        elif self._diode.expired(now):
            self.diode_missing = True

    def _power(self, now):
        self.limiter.tick(now)
        held = self.socket is None or self.socket.ready
        running = self.session.state == sessions.RUNNING
        may = running and held and not self.faults and not self.paused
        guard = self.guard
        before_ma = self.power.offer_ma
        if not self.plugged:
            self.power.cut(now)
        else:
            offer_ma = self.limiter.offer_ma if may else 0
            self.power.tick(now, offer_ma, self.ev_asks, guard.closed)
        offer_ma = self.power.offer_ma
        if offer_ma and not before_ma:
            self.limiter.hold(now)
        guard.request_duty = pilots.duty_u16(offer_ma) if offer_ma else _STEADY_HIGH
        # A plug that is not held could be pulled under load: it opens at once, not softly.
        guard.request_close = self.power.wants_contactor and held
        guard.requested_at = now
        guard.request_trips &= ~_TRIP_OVERCURRENT
        # A silent meter says nothing, and one that was never heard has no currents.
        judged_ma = offer_ma if self.meter.online else 0
        if self._overcurrent.tick(now, judged_ma, self.meter.current_ma):
            guard.request_trips |= _TRIP_OVERCURRENT

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
            self._final.start(now, _FINAL_READING_MS)
            self.meter.poll_now(now)
        return self.read_since(self._opened_at) or self._final.expired(now)

    def read_since(self, moment):
        """Return True if the meter was read after `moment`."""
        sampled_at = self.meter.sampled_at
        return sampled_at is not None and diff(sampled_at, moment) >= 0

    def ended(self):
        """The stop record is complete."""
        self.transaction = None
        self._opened_at = None
        self._final.stop()
        self.session.handle(sessions.ENDED)
        self.session.forget()

    def why(self):
        """Return what keeps energy from flowing, worst first, as short texts."""
        reasons = []
        state = self.session.state
        if not self.operative:
            reasons.append("connector is inoperative (ChangeAvailability)")
        if not self.plugged:
            reasons.append("no EV plugged in")
        if state in (sessions.IDLE, sessions.PLUGGED):
            reasons.append("not authorised: no card shown, no remote start")
        elif state == sessions.STARTING:
            reasons.append("the plug is being locked")
        elif state in (sessions.STOPPING, sessions.FINISHING):
            reasons.append("session is over: unplug, or show a card again")
        if state == sessions.RUNNING and not self.charging:
            self._why_running(reasons)
        return [fault.text for fault in self.faults] + reasons

    def _why_running(self, reasons):
        if self.paused:
            reasons.append("id token was refused by the central system")
        if self.socket is not None and not self.socket.ready:
            reasons.append("plug is not locked")
        if not self.limiter.minimum_ma():
            source = self.limiter.tightest()
            reasons.append("limit below 6 A: " + NAMES[source])
        elif self.power.holding:
            reasons.append("waiting before current is offered again")
        elif self.offering and self.plugged and self.pilot.state == pilots.B:
            reasons.append("EV does not ask for energy (pilot B)")
        elif self.offering and not self.pilot.diode_ok:
            reasons.append("EV diode not seen yet")
