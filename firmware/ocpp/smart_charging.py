"""Smart Charging profile: the calls that the central system makes (OCPP 1.6).

Handlers as in core.py; they need `ctx.smart_charging`, firmware/evse/smart_charging.py. Here
OCPP's words become records and numbers, and back. Decimals: a limit is read in tenths, rounded
down, and written with one decimal at most.
"""

import rfc3339
from firmware.ocpp import core
from micropython import const
from ocpp16 import charging_profile
from ocpp16.smart_charging import REQUESTS, RESULTS  # noqa: F401  the client takes them
from ocppj.errors import INTERNAL, PROPERTY, OcppError

_STACK_LEVEL_MAX = const(10)
_PERIODS_MAX = const(30)

FEATURE = "SmartCharging"

# The limits are those above. NominalVoltage: V between phase and neutral, by which A and W are
# converted. TxDefaultAfterTxProfile false: an installed TxProfile hides the default profiles even
# when its schedule is over.
KEYS = """
ChargeProfileMaxStackLevel int r 10
ChargingScheduleAllowedChargingRateUnit list r Current,Power
ChargingScheduleMaxPeriods int r 30
ConnectorSwitch3to1PhaseSupported bool r false
MaxChargingProfilesInstalled int r 50
NominalVoltage int rw 230 100 300
TxDefaultAfterTxProfile bool rw true
"""


def set_charging_profile(ctx, now, payload):
    """Install a profile (5.16)."""
    connector_id = payload["connectorId"]
    profile = payload["csChargingProfiles"]
    purpose = charging_profile.PURPOSES.index(profile["chargingProfilePurpose"])
    connectors = ctx.station.connectors
    if not 0 <= connector_id <= len(connectors):
        # Not a status: TC_058 and the standard's text leave only this error for a wrong value.
        raise OcppError(PROPERTY, "no such connector")
    number = 0
    if purpose == charging_profile.TX:
        transaction = connectors[connector_id - 1].transaction if connector_id else None
        if transaction is None or not _is_meant(transaction, profile.get("transactionId")):
            return _REJECTED
        number = transaction.number
    elif purpose == charging_profile.CHARGE_POINT_MAX and connector_id:
        return _REJECTED
    data = _record(profile)
    if data is None:
        return _REJECTED
    try:
        done = ctx.smart_charging.install(now, data, connector_id, number)
    except OSError:
        done = False
    return {"status": "Accepted" if done else "Rejected"}


def clear_charging_profile(ctx, _now, payload):
    """Remove the profiles that fit all filters, or the one with the id (5.6)."""
    purpose = payload.get("chargingProfilePurpose")
    if purpose is not None:
        purpose = charging_profile.PURPOSES.index(purpose)
    try:
        removed = ctx.smart_charging.clear(
            payload.get("id"), payload.get("connectorId"), purpose, payload.get("stackLevel")
        )
    except OSError:
        raise OcppError(INTERNAL, "flash")
    return {"status": "Accepted" if removed else "Unknown"}


def get_composite_schedule(ctx, now, payload):
    """Tell what would be allowed from now on (5.7)."""
    connector_id = payload["connectorId"]
    if not 0 <= connector_id <= len(ctx.station.connectors):
        return _REJECTED
    unit = payload.get("chargingRateUnit")
    if unit is not None:
        unit = charging_profile.UNITS.index(unit)
    begin, composite = ctx.smart_charging.composite(now, connector_id, payload["duration"], unit)
    pieces = ['{"status":"Accepted","connectorId":%d,' % connector_id]
    start = ""
    if begin is not None:
        text = rfc3339.format(begin, 0)
        pieces.append('"scheduleStart":"%s",' % text)
        # Errata 4.0 would leave it out; the test cases and the field want it, equal to the above.
        start = '"startSchedule":"%s",' % text
    unit_text = charging_profile.UNITS[composite.unit]
    pieces.append(
        '"chargingSchedule":{"duration":%d,%s"chargingRateUnit":"%s","chargingSchedulePeriod":['
        % (composite.duration_s, start, unit_text)
    )
    separator = ""
    for start_s, tenths, phases in composite.periods:
        pieces.append('%s{"startPeriod":%d,"limit":%s' % (separator, start_s, _decimal(tenths)))
        pieces.append(',"numberPhases":%d}' % phases if phases else "}")
        separator = ","
    pieces.append("]}}")
    return "".join(pieces)


def remote_start(ctx, now, payload):
    """Begin a session; a TxProfile that comes with it is bound to its transaction (5.11)."""
    profile = payload.get("chargingProfile")
    connector_id = payload.get("connectorId")
    data = None
    if profile is not None:
        # 5.11: its purpose SHALL be TxProfile (TC_060_CS).
        if profile["chargingProfilePurpose"] != "TxProfile":
            return _REJECTED
        data = _record(profile)
        if data is None or not ctx.smart_charging.has_room(now, data, connector_id or 0):
            return _REJECTED
    answer = core.remote_start(ctx, now, payload)
    if answer["status"] == "Accepted":
        ctx.smart_charging.expect(now, data, connector_id, payload["idTag"])
    return answer


_REJECTED = {"status": "Rejected"}

HANDLERS = {
    "ClearChargingProfile": clear_charging_profile,
    "GetCompositeSchedule": get_composite_schedule,
    "RemoteStartTransaction": remote_start,
    "SetChargingProfile": set_charging_profile,
}


def _is_meant(transaction, transaction_id):
    return transaction_id is None or transaction.transaction_id == transaction_id


def _record(profile):
    """Return the record of a profile, None if it contradicts itself or exceeds a limit."""
    if profile["stackLevel"] > _STACK_LEVEL_MAX:
        return None
    try:
        return charging_profile.encode(profile, _PERIODS_MAX)
    except ValueError:
        return None


def _decimal(tenths):
    whole = tenths // 10
    return "%d.%d" % (whole, tenths - whole * 10) if tenths % 10 else "%d" % whole
