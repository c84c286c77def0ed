"""Moments as text: the calendar both ways, what peers send, and what is refused."""

import unittest

import rfc3339

# Seconds since 2000-01-01 computed with another library (CPython's datetime).
_KNOWN = (
    ("2000-01-01T00:00:00.000Z", 0),
    ("2000-02-29T12:00:00.000Z", 5140800),
    ("2000-12-31T23:59:59.000Z", 31622399),
    ("2001-01-01T00:00:00.000Z", 31622400),
    ("2024-02-29T23:59:59.000Z", 762566399),
    ("2024-03-01T00:00:00.000Z", 762566400),
    ("2026-11-21T07:42:52.000Z", 848562172),
    ("2033-12-31T23:59:59.000Z", 1073001599),
    ("2034-01-09T13:37:03.000Z", 1073741823),
    ("2034-01-09T13:37:04.000Z", 1073741824),
    ("2100-02-28T00:00:00.000Z", 3160771200),
    ("2100-03-01T00:00:00.000Z", 3160857600),
    ("9999-12-31T23:59:59.000Z", 252455615999),
)

_JUNK = (
    "",
    "Z",
    "now",
    "2026-11-21",
    "2026-11-21T07:42",
    "2026-11-21T07:42Z",
    "2026-11-21X07:42:52Z",
    "2026/11/21T07:42:52Z",
    "2026-11-21T07.42.52Z",
    "2026-11-21T07:42:52.Z",
    "2026-11-21T07:42:52.1.2Z",
    "2026-11-21T07:42:52ZZ",
    "2026-11-21T07:42:52Z ",
    " 2026-11-21T07:42:52Z",
    "2026-11-21T07:42:52+01",
    "2026-11-21T07:42:52+1:00",
    "2026-11-21T07:42:52+24:00",
    "2026-11-21T07:42:52+01:60",
    "2026-11-21T07:42:52+01-00",
    "2026-11-21T07:42:52*01:00",
    "2026-11-21T07:42:52.5+",
    "2026-11-21T24:00:00Z",
    "2026-11-21T07:60:00Z",
    "2026-11-21T07:42:61Z",
    "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2100-02-29T00:00:00Z",
    "+026-11-21T07:42:52Z",
    "20_6-11-21T07:42:52Z",
    "2026-11-21T 7:42:52Z",
    "-2026-11-21T07:42:52Z",
    "2026-11-21T07:42:5\u0662Z",
    "\u00b2026-11-21T07:42:52Z",
)


class ParseTest(unittest.TestCase):
    def test_parse_known_moments_gives_their_seconds(self):
        # Leap years, the end of the small integers, and far later years are right.
        for text, seconds in _KNOWN:
            self.assertEqual(rfc3339.parse(text), (seconds, 0))

    def test_format_known_moments_gives_their_text(self):
        # format is the inverse of parse on the same list.
        for text, seconds in _KNOWN:
            self.assertEqual(rfc3339.format(seconds, 0), text)

    def test_format_then_parse_gives_the_same_moment(self):
        # Round trip in odd steps of about 11 days from 2000 to 2034.
        seconds = 0
        while seconds < 0x3FFFFFFF:
            millis = seconds % 1000
            self.assertEqual(rfc3339.parse(rfc3339.format(seconds, millis)), (seconds, millis))
            seconds += 950_021

    def test_parse_every_day_of_four_hundred_years_counts_up(self):
        # No day of the Gregorian cycle is missing or doubled (checked at each month's edges).
        expected = 0
        for year in range(2000, 2400):
            for month in range(1, 13):
                text = "%04d-%02d-01T00:00:00Z" % (year, month)
                self.assertEqual(rfc3339.parse(text)[0], expected * 86400)
                expected += _days(year, month)

    def test_parse_fraction_of_any_length_keeps_milliseconds(self):
        # Peers send 1 to 9 and more digits; the rest is cut off, never rounded up.
        for fraction, millis in (
            (".1", 100),
            (".12", 120),
            (".123", 123),
            (".9999", 999),
            (".0004999", 0),
            (".123456789", 123),
            ("." + "7" * 100, 777),
        ):
            text = "2000-01-01T00:00:01" + fraction + "Z"
            self.assertEqual(rfc3339.parse(text), (1, millis))

    def test_parse_offset_is_subtracted(self):
        # The moment is UTC whatever zone the peer writes.
        for zone, hours in (
            ("Z", 12),
            ("z", 12),
            ("+00:00", 12),
            ("-00:00", 12),
            ("+0200", 10),
            ("+02:00", 10),
            ("-0330", 15.5),
            ("+05:45", 6.25),
            ("-23:59", 36 - 1 / 60),
        ):
            self.assertEqual(
                rfc3339.parse("2000-01-01T12:00:00.5" + zone), (round(hours * 3600), 500)
            )

    def test_parse_other_spellings_are_accepted(self):
        # Lower case t, a space, and no zone at all (taken for UTC).
        for text in ("2000-01-01t00:00:09z", "2000-01-01 00:00:09Z", "2000-01-01T00:00:09"):
            self.assertEqual(rfc3339.parse(text), (9, 0))

    def test_parse_leap_second_counts_as_next_minute(self):
        # RFC 3339 5.7 allows second 60; it must not stop the station.
        self.assertEqual(
            rfc3339.parse("2016-12-31T23:59:60Z"), rfc3339.parse("2017-01-01T00:00:00Z")
        )

    def test_parse_junk_raises_value_error(self):
        # Nothing that is not a date-time is taken for one.
        for text in _JUNK:
            with self.assertRaises(ValueError):
                rfc3339.parse(text)
                self.fail(text)

    def test_parse_before_2000_raises_too_early(self):
        # A clock that was never set must not become a time.
        for text in ("1999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2000-01-01T00:00:00+00:01"):
            with self.assertRaises(rfc3339.TooEarly):
                rfc3339.parse(text)
        self.assertTrue(issubclass(rfc3339.TooEarly, ValueError))

    def test_parse_or_floor_before_2000_gives_zero(self):
        # An expiry date of year 1 means "expired", not an error.
        self.assertEqual(rfc3339.parse_or_floor("0001-01-01T00:00:00Z"), (0, 0))
        self.assertEqual(rfc3339.parse_or_floor("2000-01-01T00:00:02.5Z"), (2, 500))
        with self.assertRaises(ValueError):
            rfc3339.parse_or_floor("0001-00-01T00:00:00Z")


def _days(year, month):
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return (31, 0, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
