"""One charging profile as a record: what is refused, and what it says at a moment."""

import unittest

import rfc3339
from ocpp16 import charging_profile

_START = "2028-02-28T22:00:00Z"
_DAY = 86_400


def _at(text):
    return rfc3339.parse(text)[0]


def _payload(kind="Absolute", periods=((0, 16), (60, 8)), schedule=(), **fields):
    payload = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": kind,
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [
                {"startPeriod": start, "limit": limit} for start, limit in periods
            ],
        },
    }
    payload.update(fields)
    payload["chargingSchedule"].update(schedule)
    return payload


def _record(*arguments, **fields):
    return charging_profile.encode(_payload(*arguments, **fields), 30)


class EncodeTest(unittest.TestCase):
    def _refused(self, payload):
        with self.assertRaises(ValueError):
            charging_profile.encode(payload, 30)

    def test_contradictions_are_refused(self):
        # What could never limit, or leaves open when it does.
        self._refused(_payload(schedule={"duration": 0}))
        self._refused(_payload(periods=((1, 16),)))
        self._refused(_payload(periods=((0, 16), (60, 8), (60, 6))))
        self._refused(_payload(periods=((0, 16), (60, 8), (30, 6))))
        self._refused(_payload("Recurring", recurrencyKind="Daily"))
        self._refused(_payload("Recurring", schedule={"startSchedule": _START}))
        self._refused(_payload(validFrom=_START, validTo=_START))

    def test_thirty_periods_are_the_most(self):
        # ChargingScheduleMaxPeriods.
        periods = [(index * 60, 16) for index in range(31)]
        self.assertEqual(len(_record(periods=periods[:30])), 44 + 30 * 8)
        self._refused(_payload(periods=periods))

    def test_decimals_become_tenths_and_never_more(self):
        # Whatever a binary fraction makes of them.
        for tenths in range(0, 1000):
            self.assertEqual(charging_profile.tenths(tenths / 10), tenths)
        self.assertEqual(charging_profile.tenths(16), 160)
        self.assertEqual(charging_profile.tenths(6.000000), 60)
        self.assertEqual(charging_profile.tenths(6.06), 60)
        self.assertEqual(charging_profile.tenths(5.9999999), 60)
        self.assertEqual(charging_profile.tenths(1_000_000), 10_000_000)
        self.assertEqual(charging_profile.tenths(22000.1), 220_001)

    def test_far_moments_fit(self):
        # The year 9999 as "for ever", 1970 as "long ago".
        data = _record(
            schedule={"startSchedule": "1970-01-01T00:00:00Z"},
            validFrom="1970-01-01T00:00:00Z",
            validTo="9999-12-31T23:59:59Z",
        )
        found = charging_profile.segment(data, _at(_START), None)
        self.assertEqual((found.limit, found.until), (80, charging_profile.FOREVER))

    def test_no_record_is_described_as_none(self):
        # Whatever lies on the flash.
        data = bytes(_record())
        for bad in (None, b"", b"\x02" + data[1:], data[:-1], data + b"\x00"):
            self.assertIsNone(charging_profile.describe(bad))
        self.assertEqual(charging_profile.describe(data), (1, 0, 0, 1, 0, 0))


class SegmentTest(unittest.TestCase):
    def _says(self, data, text, begin=None):
        found = charging_profile.segment(data, _at(text), begin)
        return found.limit, found.until

    def test_absolute_schedule_has_a_begin_and_an_end(self):
        # Nothing before, period by period, nothing after its duration.
        data = _record(schedule={"startSchedule": _START, "duration": 100})
        start = _at(_START)
        self.assertEqual(self._says(data, "2028-02-28T21:59:59Z"), (None, start))
        self.assertEqual(self._says(data, "2028-02-28T22:00:00Z"), (160, start + 60))
        self.assertEqual(self._says(data, "2028-02-28T22:00:59Z"), (160, start + 60))
        self.assertEqual(self._says(data, "2028-02-28T22:01:00Z"), (80, start + 100))
        self.assertEqual(
            self._says(data, "2028-02-28T22:01:40Z"), (None, charging_profile.FOREVER)
        )

    def test_period_behind_the_duration_is_not_executed(self):
        # 7.13: the duration ends the schedule.
        data = _record(schedule={"startSchedule": _START, "duration": 30})
        self.assertEqual(self._says(data, _START), (160, _at(_START) + 30))

    def test_daily_run_comes_again_over_the_leap_day(self):
        # 29 February is a day like any other, and 1 March follows it.
        data = _record(
            "Recurring", recurrencyKind="Daily",
            schedule={"startSchedule": _START, "duration": 3600},
        )  # fmt: skip
        start = _at(_START)
        self.assertEqual(self._says(data, "2028-02-29T21:59:59Z"), (None, start + _DAY))
        self.assertEqual(self._says(data, "2028-02-29T22:00:00Z"), (160, start + _DAY + 60))
        self.assertEqual(self._says(data, "2028-03-01T22:30:00Z"), (80, start + 2 * _DAY + 3600))
        self.assertEqual(self._says(data, "2029-02-28T22:00:00Z"), (160, start + 366 * _DAY + 60))

    def test_daily_run_longer_than_a_day_is_cut(self):
        # The next run begins on time.
        data = _record(
            "Recurring", recurrencyKind="Daily",
            schedule={"startSchedule": _START, "duration": 3 * _DAY},
        )  # fmt: skip
        start = _at(_START)
        self.assertEqual(self._says(data, "2028-02-29T21:59:59Z"), (80, start + _DAY))
        self.assertEqual(self._says(data, "2028-02-29T22:00:00Z"), (160, start + _DAY + 60))

    def test_recurring_schedule_waits_for_its_first_run(self):
        # The start lies in the future: no run before it.
        data = _record(
            "Recurring", recurrencyKind="Weekly", schedule={"startSchedule": _START}
        )  # fmt: skip
        self.assertEqual(self._says(data, "2028-02-27T22:00:00Z"), (None, _at(_START)))
        self.assertEqual(self._says(data, "2028-03-06T22:00:30Z")[0], 160)
        self.assertEqual(self._says(data, "2028-03-06T21:59:59Z")[0], 80)

    def test_relative_schedule_counts_from_the_begin(self):
        # Also an absolute one without a start (7.13).
        for kind in ("Relative", "Absolute"):
            data = _record(kind)
            begin = _at(_START)
            self.assertEqual(self._says(data, "2028-02-28T22:00:59Z", begin)[0], 160)
            self.assertEqual(self._says(data, "2028-02-28T22:01:00Z", begin)[0], 80)

    def test_relative_schedule_stands_at_its_start_without_a_transaction(self):
        # That is what a transaction would begin with.
        data = _record("Relative")
        self.assertEqual(self._says(data, _START), (160, charging_profile.FOREVER))

    def test_validity_cuts_both_ends(self):
        # validFrom <= t < validTo.
        data = _record("Relative", validFrom=_START, validTo="2028-02-28T22:00:10Z")
        start = _at(_START)
        self.assertEqual(self._says(data, "2028-02-28T21:59:59Z", start), (None, start))
        self.assertEqual(self._says(data, "2028-02-28T22:00:09Z", start), (160, start + 10))
        self.assertIsNone(self._says(data, "2028-02-28T22:00:10Z", start)[0])

    def test_expired_is_what_can_limit_no_more(self):
        # A recurring or relative one goes on.
        later = _at(_START) + 100
        ended = _record(schedule={"startSchedule": _START, "duration": 100})
        self.assertTrue(charging_profile.expired(ended, later))
        self.assertFalse(charging_profile.expired(ended, later - 1))
        self.assertTrue(charging_profile.expired(_record(validTo=_START), later))
        self.assertFalse(charging_profile.expired(_record(), later))
        daily = {"startSchedule": _START, "duration": 100}
        data = _record("Recurring", recurrencyKind="Daily", schedule=daily)
        self.assertFalse(charging_profile.expired(data, later))
