"""What charging profiles allow, asked for each single second: slow, obvious, nothing cached.

Written from OCPP 1.6 edition 2 (3.13, 5.16, 7.8, 7.13, 7.14) and from the rules that Pilotwire has
chosen where it leaves a choice, not from the firmware: no records, no segments, no stepping from
change to change. It reads the JSON payloads themselves. Moments are whole seconds since 2000.
"""

import rfc3339

_LENGTHS = {"Daily": 24 * 3600, "Weekly": 7 * 24 * 3600}


class Oracle:
    """`install` profiles as the central system does, then ask `limit` for any second."""

    def __init__(self, phases, voltage, hardware_ma, after_tx=True):
        """hardware_ma: list, one per connector; after_tx: default profiles count after the end of
        a TxProfile's schedule."""
        self.phases = phases
        self.voltage = voltage
        self.hardware_ma = hardware_ma
        self.after_tx = after_tx
        self.profiles = []  # [connector, payload, second of reception]
        self.begins = {}  # connector: when its transaction began

    def install(self, connector, payload, received):
        """Add a profile; what it replaces goes."""
        self.profiles = [
            old for old in self.profiles if not self._replaces(connector, payload, old[0], old[1])
        ]
        self.profiles.append([connector, payload, received])

    def _replaces(self, connector, new, old_connector, old):
        same_id = new["chargingProfileId"] == old["chargingProfileId"]
        if new["chargingProfilePurpose"] != old["chargingProfilePurpose"]:
            return same_id
        if connector == old_connector:
            return same_id or new["stackLevel"] == old["stackLevel"]
        return same_id and (connector == 0 or old_connector == 0)

    def limit(self, connector, second, begin_now, unit):
        """Return (tenths of `unit`, numberPhases or 0) at a second; connector 0 is the station.

        begin_now: when charging begins on a connector without a transaction.
        """
        maximum = self._purpose("ChargePointMaxProfile", (0,), second, None)
        if connector:
            found = self._one(connector, second, begin_now, maximum)
            return self._in_unit(found, unit), found[2]
        total = 0
        for number in range(1, len(self.hardware_ma) + 1):
            found = self._capped(self._own(number, second, begin_now), number)
            total += self._in_unit(found, unit)
        if len(self.hardware_ma) == 1:
            return self.limit(1, second, begin_now, unit)
        if maximum:
            total = min(total, self._in_unit(maximum, unit))
        return total, 0

    def current_ma(self, connector, second):
        """Return the mA per phase that a connector may have if it need not share."""
        maximum = self._purpose("ChargePointMaxProfile", (0,), second, None)
        return self._ma(self._one(connector, second, second, maximum))

    def limits(self, connector, second):
        """Return what counts for a running connector, (tenths, unit, numberPhases or 0) each: of
        its own profiles and of those for the station, at most one."""
        own = self._own(connector, second, second)
        maximum = self._purpose("ChargePointMaxProfile", (0,), second, None)
        return [found for found in (own, maximum) if found]

    def phases_allowed(self, connector, second, before):
        """Return the phases that a station which can do 1 or 3 may use (7.14 numberPhases).

        before: what it uses; in a pause nothing is switched.
        """
        limits = self.limits(connector, second)
        if limits and min(limits, key=self._ma)[0] == 0:
            return before
        return 3 if all(found[2] in (0, 3) for found in limits) else 1

    def _one(self, connector, second, begin_now, maximum):
        found = self._own(connector, second, begin_now)
        if found is None or (maximum and self._ma(maximum) < self._ma(found)):
            found = maximum
        return self._capped(found, connector)

    def _own(self, connector, second, begin_now):
        begin = self.begins.get(connector)
        if begin is not None:
            found = self._purpose("TxProfile", (connector,), second, begin)
            if found:
                return found
            if not self.after_tx and self._tx_is_valid(connector, second):
                return None
        if begin is None:
            begin = begin_now
        return self._purpose("TxDefaultProfile", (connector, 0), second, begin)

    def _tx_is_valid(self, connector, second):
        for number, payload, _ in self.profiles:
            if number == connector and payload["chargingProfilePurpose"] == "TxProfile":
                if _is_valid(payload, second):
                    return True
        return False

    def _purpose(self, purpose, connectors, second, begin):
        """The first (tenths, unit, phases): highest stack level first, then in this order."""
        for level in range(10, -1, -1):
            for connector in connectors:
                for number, payload, received in self.profiles:
                    if payload["chargingProfilePurpose"] != purpose or number != connector:
                        continue
                    if payload["stackLevel"] != level:
                        continue
                    start = received if purpose == "ChargePointMaxProfile" else begin
                    period = says(payload, second, start)
                    if period is not None:
                        return (
                            _tenths(period["limit"]),
                            payload["chargingSchedule"]["chargingRateUnit"],
                            period.get("numberPhases", 0),
                        )
        return None

    def _capped(self, found, connector):
        ma = self.hardware_ma[connector - 1]
        if found is None or ma < self._ma(found):
            return ma // 100, "A", 0
        return found

    def _ma(self, found):
        tenths, unit, phases = found
        if unit == "A":
            return tenths * 100
        return tenths * 100 // (self.voltage * max(phases or 3, self.phases))

    def _in_unit(self, found, unit):
        tenths, own_unit, phases = found
        if own_unit == unit:
            return tenths
        if unit == "A":
            return self._ma(found) // 100
        return tenths * self.voltage * min(phases or self.phases, self.phases)


def says(payload, second, begin):
    """Return the chargingSchedulePeriod of one profile that covers a second, or None.

    begin: from when a schedule counts that has no start of its own.
    """
    if not _is_valid(payload, second):
        return None
    schedule = payload["chargingSchedule"]
    start = schedule.get("startSchedule")
    kind = payload["chargingProfileKind"]
    if kind == "Relative" or start is None:
        elapsed = second - begin
    else:
        elapsed = second - _second(start)
    if elapsed < 0:
        return None
    if kind == "Recurring":
        elapsed %= _LENGTHS[payload["recurrencyKind"]]
    if "duration" in schedule and elapsed >= schedule["duration"]:
        return None
    covering = None
    for period in schedule["chargingSchedulePeriod"]:
        if period["startPeriod"] <= elapsed:
            covering = period
    return covering


def _is_valid(payload, second):
    if "validFrom" in payload and second < _second(payload["validFrom"]):
        return False
    return "validTo" not in payload or second < _second(payload["validTo"])


def _second(text):
    return rfc3339.parse(text)[0]


def _tenths(limit):
    return int(limit * 10 + 0.05)
