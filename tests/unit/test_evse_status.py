"""The table of status changes (OCPP 1.6 4.9)."""

import unittest

from firmware.evse import status as statuses
from tools.csms import status_pairs


class AllowedTest(unittest.TestCase):
    def test_each_of_81_pairs_is_as_the_standard_says(self):
        # The firmware's table against one that was written down a second time, by column.
        for before in status_pairs.STATUSES:
            for after in status_pairs.STATUSES:
                expected = status_pairs.may_follow(before, after)
                self.assertEqual(statuses.allowed(before, after), expected, (before, after))

    def test_listener_hears_each_bad_pair_and_no_good_one(self):
        # The check that every harness relies on: planted pairs must be found.
        for before in status_pairs.STATUSES:
            for after in status_pairs.STATUSES:
                pairs = status_pairs.StatusPairs()
                pairs.hear(1, before)
                is_bad = pairs.hear(1, after) is not None
                self.assertEqual(is_bad, before != after and not statuses.allowed(before, after))
                pairs.begin()
                self.assertIsNone(pairs.hear(1, before))
        self.assertEqual(status_pairs.StatusPairs().hear(0, "Charging"),
                         "connector 0 is never Charging")


class BetweenTest(unittest.TestCase):
    def test_any_pair_then_there_is_a_legal_way(self):
        # The derivation may jump; what is reported may not.
        names = [line.split()[0] for line in statuses.ALLOWED.strip().split("\n")]
        self.assertEqual(len(names), 9)
        for before in names:
            for after in names:
                status = statuses.between(before, after)
                if status is None:
                    self.assertTrue(before == after or statuses.allowed(before, after))
                else:
                    self.assertTrue(statuses.allowed(before, status), (before, after))
                    self.assertTrue(statuses.allowed(status, after), (before, after))
