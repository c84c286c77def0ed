"""Generated sets of charging profiles with a question, and the answers of firmware and oracle.

A set comes from any source with between(low, high), choice(items) and chance(permille): a Prng, so
that a seed is the same set on both interpreters, or hypothesis.
"""

import crc
import rfc3339
import ticks
from firmware.clock import Clock
from firmware.evse.limiter import Limiter
from firmware.evse.smart_charging import SmartCharging
from ocpp16 import charging_profile
from tests.sim.prng import Prng
from tests.sim.ram_store import RamStore
from tests.sim.schedule_oracle import Oracle

_DAY = 86_400
# Moments near a border: leap day from both sides, year's end, the end of February without a leap
# day, a Monday; all 00:00:00Z.
BORDERS = (
    "2028-02-29T00:00:00Z",
    "2028-03-01T00:00:00Z",
    "2027-01-01T00:00:00Z",
    "2027-03-01T00:00:00Z",
    "2026-11-23T00:00:00Z",
)
PURPOSES = ("ChargePointMaxProfile", "TxDefaultProfile", "TxProfile")
_LEAD = 1000  # the station has been up for so long
_LIMITS_A = (0, 5.9, 6, 6.0, 7.5, 8, 10, 16.1, 31.9, 40)
_LIMITS_W = (0, 1380, 4140, 5520.5, 6900, 11040, 22080, 50000)
_TICKS = 0x3FFFFFFF - 500_000


class PlainTransaction:
    """Its number is what counts."""

    def __init__(self, number):
        self.number = number
        self.id_tag = "04A1B2C3"
        self.transaction_id = 100 + number


class PlainConnector:
    """What the firmware's side of smart charging needs of a connector."""

    def __init__(self, number, phases, hardware_ma):
        self.id = number
        self.phases = phases
        self.limiter = Limiter(hardware_ma)
        self.phases_allowed = 3
        self.transaction = None
        self.interrupted = None


class PlainConfig:
    """Values by name."""

    def __init__(self, **values):
        self.values = values

    def get(self, name, default=None):
        """Return a value."""
        return self.values.get(name, default)


class Rig:
    """The firmware's smart charging with a clock that tells `second`."""

    def __init__(self, second, connectors=1, phases=3, hardware_ma=32_000, records=None, **config):
        self.now = _TICKS
        self.clock = Clock(1)
        self.clock.tick(self.now)
        self.config = PlainConfig(**config)
        if second is not None:
            self.clock.set(self.now, second)
        self.connectors = [PlainConnector(n + 1, phases, hardware_ma) for n in range(connectors)]
        self.records = RamStore() if records is None else records
        self.smart = SmartCharging(self.connectors, self, self.records)
        self.smart.tick(self.now)

    def run(self, seconds):
        """Let time pass; long spans in steps that the tick counter can tell."""
        while seconds > 0:
            step = min(seconds, 100_000)
            self.now = ticks.add(self.now, step * 1000)
            self.clock.tick(self.now)
            seconds -= step
        self.smart.tick(self.now)

    def set(self, connector, payload, transaction=0):
        """Install a profile; returns whether it was accepted."""
        data = charging_profile.encode(payload, 30)
        done = self.smart.install(self.now, data, connector, transaction)
        self.smart.tick(self.now)
        return done

    def begin(self, number, connector=1):
        """A transaction begins."""
        self.connectors[connector - 1].transaction = PlainTransaction(number)
        self.smart.tick(self.now)

    def limit_ma(self, connector=1):
        """Return the limit that the connector's limiter has from profiles."""
        return self.connectors[connector - 1].limiter.limit(4)

    def composite(self, connector, duration, unit=None):
        """Return (moment, Composite); unit "A", "W" or None."""
        number = None if unit is None else charging_profile.UNITS.index(unit)
        return self.smart.composite(self.now, connector, duration, number)


class Question:
    """A rig with profiles in it, an oracle with the same ones, and what to ask both."""

    def __init__(self, source):
        self.second = rfc3339.parse(source.choice(BORDERS))[0] + source.between(-900, 900)
        count = source.between(1, 2)
        phases = source.choice((1, 3))
        after_tx = not source.chance(300)
        self.rig = Rig(
            self.second - _LEAD, count, phases, 32_000,
            NominalVoltage=230, TxDefaultAfterTxProfile=after_tx,
        )  # fmt: skip
        self.oracle = Oracle(phases, 230, [32_000] * count, after_tx)
        before = source.between(0, 900)
        runs = source.chance(600)
        profiles = [_profile(source, self.second, count) for _ in range(source.between(1, 7))]
        for connector, payload in profiles:
            if payload["chargingProfilePurpose"] != "TxProfile":
                self._set(connector, payload, self.second - _LEAD, 0)
        self.rig.run(_LEAD - before)
        if runs:
            self.rig.begin(7)
            self.oracle.begins[1] = self.second - before
            for _, payload in profiles:
                if payload["chargingProfilePurpose"] == "TxProfile":
                    self._set(1, payload, self.second - before, 7)
        self.rig.run(before)
        self.connector = source.between(0, count)
        days = source.chance(150)
        self.duration = source.between(1, 9) * _DAY if days else source.between(0, 600)
        self.unit = source.choice(("A", "W"))
        self.extra = [source.between(0, max(self.duration - 1, 0)) for _ in range(8)]
        # A second contactor can leave out two of three phases.
        self.switches = phases == 3 and source.chance(500)

    def _set(self, connector, payload, second, transaction):
        if self.rig.set(connector, payload, transaction):
            self.oracle.install(connector, payload, second)

    def answer(self):
        """Return the firmware's (start, tenths, phases) rows."""
        begin, composite = self.rig.composite(self.connector, self.duration, self.unit)
        assert begin == self.second, (begin, self.second)
        assert composite.duration_s == self.duration or len(composite.periods) >= 100
        return composite.periods

    def disagreement(self, every_second):
        """Return the first (second, firmware, oracle) on which the two differ, or None.

        Looks at each second, or only around the firmware's changes and at some others.
        """
        periods = self.answer()
        _check_form(periods)
        if every_second and self.duration <= 600:
            seconds = range(max(self.duration, 1))
        else:
            seconds = list(self.extra)
            for start, _, _ in periods:
                seconds += [start, max(start - 1, 0)]
        for second in seconds:
            ours = _at(periods, second)
            theirs = self.oracle.limit(
                self.connector, self.second + second, self.second, self.unit
            )
            if ours != theirs:
                return second, ours, theirs
        return None

    def disagreement_live(self, steps_s):
        """Like `disagreement`, for the phases and the current in mA that are offered while time
        passes, and None only if they exceed no schedule.

        steps_s: how far to go each time. A second connector would share; then there is no answer.
        """
        second = self.second
        connector = self.rig.connectors[0]
        if self.switches:
            # What was switched until now is not asked.
            connector.phases = connector.phases_allowed
        for step_s in (0,) + steps_s if len(self.rig.connectors) == 1 else ():
            self.rig.run(step_s)
            second += step_s
            if self.switches:
                before = connector.phases
                self.oracle.phases = self.oracle.phases_allowed(1, second, before)
                connector.phases = connector.phases_allowed
                if connector.phases != self.oracle.phases:
                    return second - self.second, connector.phases, self.oracle.phases
                self.rig.smart.tick(self.rig.now)
            ours = connector.limiter.least_ma()
            # Tenths of A are what the oracle says for the hardware; the limiter has mA.
            theirs = self.oracle.current_ma(1, second)
            if ours != theirs:
                return second - self.second, ours, theirs
            for limit in self.oracle.limits(1, second):
                if self._exceeds(ours, connector.phases, limit):
                    return second - self.second, ours, limit
        return None

    def _exceeds(self, ma, phases, limit):
        """Is it more than a profile allows: in total, per phase, or on more phases?"""
        tenths, unit, number = limit
        number = number or 3
        if self.switches and ma and phases > number:
            return True
        if unit == "A":
            return ma > tenths * 100
        # OCPP 1.6 7.12: current per phase = power / (voltage * numberPhases), the power in total.
        return ma * 230 * max(phases, number) > tenths * 100


def digest(sets):
    """Return a checksum over the composite schedules of the sets with seeds 1 .. `sets`."""
    total = 0
    for seed in range(1, sets + 1):
        total = crc.crc32(repr(Question(Prng(seed)).answer()).encode(), total)
    return total


def _check_form(periods):
    assert periods and periods[0][0] == 0, periods
    for before, after in zip(periods, periods[1:]):
        assert before[0] < after[0], periods
        assert before[1:] != after[1:], periods


def _at(periods, second):
    found = None
    for start, tenths, phases in periods:
        if start <= second:
            found = (tenths, phases)
    return found


def _profile(source, second, connectors):
    purpose = source.choice(PURPOSES)
    connector = 0 if purpose == "ChargePointMaxProfile" else source.between(0, connectors)
    unit = source.choice(("A", "A", "W"))
    schedule = {"chargingRateUnit": unit, "chargingSchedulePeriod": _periods(source, unit)}
    payload = {
        "chargingProfileId": source.between(0, 9),
        "stackLevel": source.between(0, 3),
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": source.choice(("Absolute", "Recurring", "Relative")),
        "chargingSchedule": schedule,
    }
    if source.chance(600):
        schedule["duration"] = source.choice((1, 60, 400, 900, 3600, _DAY, 2 * _DAY))
    if payload["chargingProfileKind"] == "Recurring":
        payload["recurrencyKind"] = source.choice(("Daily", "Weekly"))
        first = second - source.between(-1, 15) * _DAY + source.between(-900, 900)
        schedule["startSchedule"] = rfc3339.format(first, 0)
    elif source.chance(700):
        schedule["startSchedule"] = rfc3339.format(second + source.between(-900, 900), 0)
    if source.chance(250):
        payload["validFrom"] = rfc3339.format(second + source.between(-900, 600), 0)
    if source.chance(250):
        payload["validTo"] = rfc3339.format(second + source.between(601, 1500), 0)
    return connector, payload


def _periods(source, unit):
    periods = []
    start = 0
    for _ in range(source.between(1, 6)):
        limits = _LIMITS_A if unit == "A" else _LIMITS_W
        period = {"startPeriod": start, "limit": source.choice(limits)}
        if source.chance(300):
            period["numberPhases"] = source.choice((1, 2, 3))
        periods.append(period)
        start += source.choice((1, 50, 100, 333, 3600, _DAY // 2))
    return periods
