"""The table of status changes (OCPP 1.6 4.9)."""

import unittest

from firmware.evse import status as statuses


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
