"""Charging profiles as short words, for tests: payloads of OCPP 1.6 with moments after NOW."""

import rfc3339

NOW = rfc3339.parse("2026-11-21T07:00:00Z")[0]


def profile(number, purpose="TxDefaultProfile", stack=0, limits=((0, 8),), **more):
    """`more`: kind, unit, phases, start (seconds after NOW), duration, rate, and fields."""
    schedule = {
        "chargingRateUnit": more.pop("unit", "A"),
        "chargingSchedulePeriod": [{"startPeriod": s, "limit": limit} for s, limit in limits],
    }
    phases = more.pop("phases", 0)
    if phases:
        schedule["chargingSchedulePeriod"][0]["numberPhases"] = phases
    if "start" in more:
        schedule["startSchedule"] = rfc3339.format(NOW + more.pop("start"), 0)
    if "duration" in more:
        schedule["duration"] = more.pop("duration")
    if "rate" in more:
        schedule["minChargingRate"] = more.pop("rate")
    payload = {
        "chargingProfileId": number,
        "stackLevel": stack,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": more.pop("kind", "Absolute"),
        "chargingSchedule": schedule,
    }
    payload.update(more)
    return payload


def maximum(number, **more):
    return profile(number, "ChargePointMaxProfile", **more)


def tx(number, **more):
    return profile(number, "TxProfile", **more)
