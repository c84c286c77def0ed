"""Charging profiles for the cases and dialogues: payloads, and the two calls around them."""

import datetime
import time

from tests.spec.script import seconds

MAXIMUM, DEFAULT, TX = "ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"
# Test data of the tool: how far the clocks may be apart. Profiles begin so much earlier and last
# as much longer at either end (revision of 2025).
DEVIATION_S = 3


def moment(at):
    """Seconds since 1970 as OCPP writes them."""
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def profile(number, purpose, periods, unit=("A", 1), stack=0, start=None, duration=None, **more):
    """A ChargingProfile; start: seconds since 1970. A number in `periods` is one for all time."""
    rows = periods if isinstance(periods, list) else [(0, periods)]
    schedule = {
        "chargingRateUnit": unit[0],
        "chargingSchedulePeriod": [{"startPeriod": s, "limit": i * unit[1]} for s, i in rows],
    }
    if start is not None:
        schedule["startSchedule"] = moment(start)
    if duration is not None:
        schedule["duration"] = duration
    return {
        "chargingProfileId": number,
        "stackLevel": stack,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
        **more,
    }


def install(cs, connector, *arguments, **more):
    """CS> SetChargingProfile; returns the answer."""
    installed = profile(*arguments, **more)
    return cs.call("SetChargingProfile", connectorId=connector, csChargingProfiles=installed)


def schedule(cs, duration, unit=("A", 1), connector=1):
    """CS> GetCompositeSchedule; what each case checks. Returns (its start, periods)."""
    answer = cs.call(
        "GetCompositeSchedule",
        connectorId=connector,
        duration=duration,
        chargingRateUnit=unit[0],
    )
    assert (answer["status"], answer["connectorId"]) == ("Accepted", connector)
    begin = seconds(answer["scheduleStart"])
    assert abs(begin - time.time()) < DEVIATION_S
    given = answer["chargingSchedule"]
    assert seconds(given["startSchedule"]) == begin
    assert (given["duration"], given["chargingRateUnit"]) == (duration, unit[0])
    periods = given["chargingSchedulePeriod"]
    return begin, [(period["startPeriod"], period["limit"] / unit[1]) for period in periods]
