"""A charging profile as a compact record of bytes, and what it says at a given second.

A profile of 30 periods as parsed JSON takes 10 KB of heap; its record takes 44 bytes and 8 per
period. Here are the rules for one profile alone (OCPP 1.6 edition 2, 3.13 and 7.8 to 7.14); which
of several counts is not decided here. Limits are integers in tenths of the unit. Moments are
seconds since 2000 UTC, FOREVER when there is none.
"""

import struct

import rfc3339
from micropython import const

# Purposes, kinds and units as numbers in the record.
CHARGE_POINT_MAX = 0
TX_DEFAULT = 1
TX = 2
PURPOSES = ("ChargePointMaxProfile", "TxDefaultProfile", "TxProfile")
AMPERES = 0
WATTS = 1
UNITS = ("A", "W")
FOREVER = 0xFFFFFFFF

_ABSOLUTE = const(0)
_DAILY = const(1)
_WEEKLY = const(2)
_RELATIVE = const(3)
_RECURRENCES = ("Daily", "Weekly")
_LENGTHS_S = (0, 86_400, 604_800)

# version, purpose, kind, unit, connector, stack level, periods, chargingProfileId, transaction,
# serial, validFrom, validTo, startSchedule, duration, minChargingRate, received
_HEAD = "<BBBBBBHiIIIIIIII"
_HEAD_SIZE = const(44)
_PERIOD = "<II"
_PERIOD_SIZE = const(8)
_VERSION = const(1)

_PURPOSE = const(1)
_KIND = const(2)
_UNIT = const(3)
_COUNT = const(6)
_VALID_FROM = const(10)
_VALID_TO = const(11)
_START = const(12)
_DURATION = const(13)
_MIN_RATE = const(14)
_RECEIVED = const(15)

# Where the installation writes what the central system has not said.
_CONNECTOR_AT = const(4)
_TRANSACTION_AT = const(12)
_RECEIVED_AT = const(40)


class Segment:
    """What one profile says from some second until `until` (not included).

    limit: tenths of A (per phase) or W (all phases), None if the profile does not limit then;
    phases: numberPhases, 0 if absent; valid: within validFrom and validTo.
    """

    def __init__(self, until, limit=None, phases=0, valid=True):
        self.until = until
        self.limit = limit
        self.phases = phases
        self.valid = valid


def encode(payload, periods_max):
    """Return the record (a bytearray) of a ChargingProfile that has passed its shape.

    Raises ValueError with the reason if it contradicts itself or the limits of this station.
    """
    schedule = payload["chargingSchedule"]
    periods = schedule["chargingSchedulePeriod"]
    kind = _kind(payload, schedule)
    duration = schedule.get("duration")
    if duration == 0:
        raise ValueError("duration 0 covers no time")
    if len(periods) > periods_max:
        raise ValueError("more periods than ChargingScheduleMaxPeriods")
    valid_from = _moment(payload.get("validFrom"), 0)
    valid_to = _moment(payload.get("validTo"), FOREVER)
    if valid_to <= valid_from:
        raise ValueError("validTo is not after validFrom")
    data = bytearray(_HEAD_SIZE + _PERIOD_SIZE * len(periods))
    struct.pack_into(
        _HEAD, data, 0,
        _VERSION, PURPOSES.index(payload["chargingProfilePurpose"]), kind,
        UNITS.index(schedule["chargingRateUnit"]), 0, min(payload["stackLevel"], 255),
        len(periods), payload["chargingProfileId"], 0, 0, valid_from, valid_to,
        # 0 is "no startSchedule": a moment before 2000 begins one second into it.
        max(1, _moment(schedule["startSchedule"], 1)) if schedule.get("startSchedule") else 0,
        FOREVER if duration is None else duration,
        tenths(schedule.get("minChargingRate") or 0), 0,
    )  # fmt: skip
    _encode_periods(data, periods)
    return data


def _encode_periods(data, periods):
    before = -1
    position = _HEAD_SIZE
    for period in periods:
        start = period["startPeriod"]
        if start <= before or (before < 0 and start):
            raise ValueError("startPeriod has to begin with 0 and to rise")
        before = start
        value = tenths(period["limit"]) << 2 | (period.get("numberPhases") or 0)
        struct.pack_into(_PERIOD, data, position, start, value)
        position += _PERIOD_SIZE


def _kind(payload, schedule):
    kind = payload["chargingProfileKind"]
    if kind == "Relative":
        return _RELATIVE
    has_start = bool(schedule.get("startSchedule"))
    if kind == "Recurring":
        recurrence = payload.get("recurrencyKind")
        # 7.8: it says how often; 7.13: the start says from when on.
        if recurrence is None or not has_start:
            raise ValueError("Recurring needs recurrencyKind and startSchedule")
        return _DAILY + _RECURRENCES.index(recurrence)
    # 7.13 startSchedule: "if absent the schedule will be relative to start of charging".
    return _ABSOLUTE if has_start else _RELATIVE


def _moment(text, default):
    return default if text is None else min(rfc3339.parse_or_floor(text)[0], FOREVER)


def tenths(number):
    """Return a JSON number (>= 0) in tenths, rounded down: a limit is never exceeded.

    What binary fractions lose is added first: 0.3 and 6.000000 are 3 and 60 on any float.
    """
    return number * 10 if isinstance(number, int) else int(number * 10 + 0.05)


def place(data, connector_id, transaction, serial, received):
    """Write into a record where and when it was installed.

    transaction: the local number of the one that a TxProfile belongs to, else 0; serial: rises
    with every installation; received: seconds, 0 if the wall time was unknown.
    """
    data[_CONNECTOR_AT] = connector_id
    struct.pack_into("<II", data, _TRANSACTION_AT, transaction, serial)
    struct.pack_into("<I", data, _RECEIVED_AT, received)


def describe(data):
    """Return (purpose, stack level, connector, profile id, transaction, serial) of a record.

    None if it is no record of this version.
    """
    if data is None or len(data) < _HEAD_SIZE or data[0] != _VERSION:
        return None
    head = struct.unpack_from(_HEAD, data)
    if len(data) != _HEAD_SIZE + _PERIOD_SIZE * head[_COUNT] or not head[_COUNT]:
        return None
    return head[_PURPOSE], head[5], head[4], head[7], head[8], head[9]


def unit(data):
    """Return AMPERES or WATTS."""
    return data[_UNIT]


def min_rate(data):
    """Return minChargingRate in tenths of the unit, 0 if the profile has none."""
    return struct.unpack_from(_HEAD, data)[_MIN_RATE]


def received(data):
    """Return when the profile was installed, 0 if the wall time was unknown."""
    return struct.unpack_from("<I", data, _RECEIVED_AT)[0]


def expired(data, seconds):
    """Return True if the profile cannot limit any more at `seconds` or later."""
    head = struct.unpack_from(_HEAD, data)
    if seconds >= head[_VALID_TO]:
        return True
    return head[_KIND] == _ABSOLUTE and seconds - head[_START] >= head[_DURATION]


def segment(data, seconds, begin):
    """Return the Segment of a record at a moment.

    seconds: the moment; begin: when charging began, on the same time line, None if no transaction
    runs: then a relative schedule stands at its start.
    """
    head = struct.unpack_from(_HEAD, data)
    valid_from, valid_to, kind = head[_VALID_FROM], head[_VALID_TO], head[_KIND]
    if seconds < valid_from:
        return Segment(valid_from, None, 0, False)
    if seconds >= valid_to:
        return Segment(FOREVER, None, 0, False)
    if kind == _RELATIVE:
        # There is no start of charging for the whole station: its schedule runs from reception.
        if head[_PURPOSE] == CHARGE_POINT_MAX:
            begin = head[_RECEIVED] or None
        if begin is None:
            return _at_start(data, valid_to)
        found = _in_run(data, head, seconds, begin, FOREVER)
    elif kind == _ABSOLUTE or seconds < head[_START]:
        found = _in_run(data, head, seconds, head[_START], FOREVER)
    else:
        length_s = _LENGTHS_S[kind]
        origin = seconds - (seconds - head[_START]) % length_s
        found = _in_run(data, head, seconds, origin, length_s)
    found.until = min(found.until, valid_to)
    return found


def _at_start(data, valid_to):
    value = struct.unpack_from("<I", data, _HEAD_SIZE + 4)[0]
    return Segment(valid_to, value >> 2, value & 3)


def _in_run(data, head, seconds, origin, length_s):
    """The segment of one run of the schedule, which begins at `origin`.

    length_s: after so long the next run begins (Recurring), FOREVER if there is no other.
    """
    if seconds < origin:
        return Segment(origin)
    elapsed = seconds - origin
    end = min(head[_DURATION], length_s)
    if elapsed >= end:
        return Segment(FOREVER if length_s == FOREVER else origin + length_s)
    position = _HEAD_SIZE
    value = 0
    for _ in range(head[_COUNT]):
        start, following = struct.unpack_from(_PERIOD, data, position)
        if start > elapsed:
            end = min(end, start)
            break
        value = following
        position += _PERIOD_SIZE
    return Segment(min(origin + end, FOREVER), value >> 2, value & 3)
