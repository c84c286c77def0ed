"""Text of a moment, as OCPP 1.6 writes it (3.13, RFC 3339), to seconds since 2000 and back.

Integers only. Seconds stay below 2**30 until January 2034; later years work, as bignums. The text
comes from a peer: it is read as bytes, because MicroPython keeps every single character that is
taken out of a `str` for ever.
"""

from micropython import const

_DAY_S = const(86400)
# Days from 0000-03-01, where the leap day comes last in the year, to 2000-01-01.
_MARCH_0000_DAYS = const(730425)
_PLUS = const(0x2B)
_MINUS = const(0x2D)
_POINT = const(0x2E)
_ZERO = const(0x30)
_COLON = const(0x3A)


class TooEarly(ValueError):
    """The text is well formed; the moment lies before 2000."""


def parse(text):
    """Return (seconds since 2000-01-01T00:00:00Z, milliseconds 0..999).

    Any number of fraction digits (cut off after the third), any offset with or without colon,
    lower case t and z, a space instead of T, and a leap second are accepted. A text without offset
    counts as UTC: ISO 8601 leaves it open, and to refuse it would keep the station off line.
    Raises ValueError for anything else, TooEarly (a ValueError) before 2000.
    """
    data = text.encode()
    if len(data) < 19:
        raise ValueError("date-time expected")
    day = _date(data)
    second_of_day = _time_of_day(data)
    position, millis = _fraction(data, 19)
    seconds = (day * _DAY_S + second_of_day) - _offset_s(data, position)
    if seconds < 0:
        raise TooEarly("before 2000")
    return seconds, millis


def parse_or_floor(text):
    """Return what `parse` does, but (0, 0) for moments before 2000: "long ago" in expiryDate."""
    try:
        return parse(text)
    except TooEarly:
        return 0, 0


def format(seconds, millis):
    """Return `2026-11-21T07:42:52.123Z` for seconds since 2000 (>= 0) and millis (0..999)."""
    days = seconds // _DAY_S
    rest = int(seconds - days * _DAY_S)
    year, month, day = _civil(int(days))
    return "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ" % (
        year,
        month,
        day,
        rest // 3600,
        rest // 60 % 60,
        rest % 60,
        millis,
    )


def _date(data):
    """Days since 2000-01-01 of the first ten characters; negative before."""
    if data[4] != _MINUS or data[7] != _MINUS or data[10] not in b"Tt ":
        raise ValueError("date-time expected")
    year = _number(data, 0, 4)
    month = _number(data, 5, 2)
    day = _number(data, 8, 2)
    if not 1 <= month <= 12 or not 1 <= day <= _month_days(year, month):
        raise ValueError("no such day")
    if month < 3:
        year -= 1
        month += 12
    days = 365 * year + year // 4 - year // 100 + year // 400
    return days + (153 * (month - 3) + 2) // 5 + day - 1 - _MARCH_0000_DAYS


def _civil(days):
    """The inverse: (year, month, day) of days since 2000-01-01."""
    days += _MARCH_0000_DAYS
    era = days // 146097
    days -= era * 146097
    year = (days - days // 1460 + days // 36524 - days // 146096) // 365
    days -= 365 * year + year // 4 - year // 100
    month = (5 * days + 2) // 153
    day = days - (153 * month + 2) // 5 + 1
    year += era * 400
    return (year, month + 3, day) if month < 10 else (year + 1, month - 9, day)


def _month_days(year, month):
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _time_of_day(data):
    if data[13] != _COLON or data[16] != _COLON:
        raise ValueError("date-time expected")
    hour = _number(data, 11, 2)
    minute = _number(data, 14, 2)
    second = _number(data, 17, 2)
    # RFC 3339 5.7: 60 is a leap second; it counts as the first second of the next minute.
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError("no such time")
    return hour * 3600 + minute * 60 + second


def _fraction(data, position):
    """Return (position after the fraction, milliseconds)."""
    if position >= len(data) or data[position] != _POINT:
        return position, 0
    position += 1
    first = position
    millis = 0
    scale = 100
    while position < len(data) and _ZERO <= data[position] <= _ZERO + 9:
        millis += (data[position] - _ZERO) * scale
        scale //= 10
        position += 1
    if position == first:
        raise ValueError("fraction expected")
    return position, millis


def _offset_s(data, position):
    """Seconds to subtract; the zone has to be the end of the text."""
    left = len(data) - position
    if left == 0 or (left == 1 and data[position] in b"Zz"):
        return 0
    sign = data[position]
    if sign not in (_PLUS, _MINUS):
        raise ValueError("offset expected")
    if left == 6 and data[position + 3] == _COLON:
        minute = _number(data, position + 4, 2)
    elif left == 5:
        minute = _number(data, position + 3, 2)
    else:
        raise ValueError("offset expected")
    hour = _number(data, position + 1, 2)
    if hour > 23 or minute > 59:
        raise ValueError("no such offset")
    offset_s = hour * 3600 + minute * 60
    return offset_s if sign == _PLUS else -offset_s


def _number(data, position, digits):
    """`digits` decimal digits; int() would also take a sign, spaces and underscores."""
    number = 0
    for index in range(position, position + digits):
        digit = data[index] - _ZERO
        if not 0 <= digit <= 9:
            raise ValueError("digit expected")
        number = number * 10 + digit
    return number
