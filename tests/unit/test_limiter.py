"""The minimum of all limits and the pace at which the offer may follow it."""

import unittest

from firmware.evse import limiter


class LimiterTest(unittest.TestCase):
    def test_offer_is_the_smallest_limit(self):
        # Every source can be the one that decides.
        for source in range(1, len(limiter.NAMES)):
            limits = limiter.Limiter(32000)
            limits.set(source, 10000)
            self.assertEqual(limits.minimum_ma(), 10000)
            self.assertEqual(limits.tightest(), source)

    def test_below_six_amperes_is_a_pause(self):
        # IEC 61851-1: the pilot cannot offer less than 6 A.
        limits = limiter.Limiter(32000)
        limits.set(limiter.PROFILE, 5999)
        self.assertEqual(limits.minimum_ma(), 0)
        limits.set(limiter.PROFILE, 6000)
        self.assertEqual(limits.minimum_ma(), 6000)

    def test_limit_above_the_board_changes_nothing(self):
        # No profile raises what the hardware carries.
        limits = limiter.Limiter(16000)
        limits.set(limiter.PROFILE, 80000)
        self.assertEqual(limits.minimum_ma(), 16000)

    def test_lifted_limit_is_gone(self):
        # None is "no limit from there", 0 is "nothing from there".
        limits = limiter.Limiter(16000)
        limits.set(limiter.CABLE, 0)
        self.assertEqual(limits.minimum_ma(), 0)
        limits.set(limiter.CABLE, None)
        self.assertEqual(limits.minimum_ma(), 16000)

    def test_offer_falls_at_once(self):
        # Too much current is never waited for.
        limits = limiter.Limiter(32000)
        limits.tick(0)
        limits.set(limiter.PROFILE, 8000)
        self.assertTrue(limits.tick(50))
        self.assertEqual(limits.offer_ma, 8000)

    def test_offer_rises_every_five_seconds_at_most(self):
        # Table A.6, sequence 6: the EV needs 5 s to follow.
        limits = limiter.Limiter(32000)
        limits.set(limiter.PROFILE, 8000)
        limits.tick(0)
        limits.set(limiter.PROFILE, 20000)
        self.assertFalse(limits.tick(4999))
        self.assertEqual(limits.offer_ma, 8000)
        self.assertTrue(limits.tick(5000))
        self.assertEqual(limits.offer_ma, 20000)

    def test_rise_waits_after_a_fall_as_well(self):
        # A limit that jumps about must not make the pilot jump about.
        limits = limiter.Limiter(32000)
        limits.tick(0)
        limits.set(limiter.PROFILE, 8000)
        limits.tick(10000)
        limits.set(limiter.PROFILE, None)
        self.assertFalse(limits.tick(14999))
        self.assertTrue(limits.tick(15000))
