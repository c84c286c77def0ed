"""When an EV draws too much."""

import unittest

from boards.common.connector_port import ConnectorPort
from firmware.evse.protection import Protection


class OvercurrentTest(unittest.TestCase):
    def setUp(self):
        self.watch = Protection(ConnectorPort(None, None, None), 32_000)

    def test_at_the_limit_then_never(self):
        # 10 A and 0.5 A, and 10 % of both: 11.55 A on the worst phase.
        for now in range(0, 60_000, 1000):
            self.assertFalse(self.watch.overcurrent(now, 10_000, [0, 11_550, 0]))

    def test_above_the_limit_then_after_7_s(self):
        # Not before: an EV may take 5 s to follow.
        self.assertFalse(self.watch.overcurrent(0, 10_000, [11_551, 0, 0]))
        self.assertFalse(self.watch.overcurrent(6999, 10_000, [11_551, 0, 0]))
        self.assertTrue(self.watch.overcurrent(7000, 10_000, [11_551, 0, 0]))

    def test_once_below_then_the_time_begins_anew(self):
        # A short inrush is no offence.
        self.watch.overcurrent(0, 10_000, [20_000, 0, 0])
        self.watch.overcurrent(6000, 10_000, [10_000, 0, 0])
        self.assertFalse(self.watch.overcurrent(8000, 10_000, [20_000, 0, 0]))
        self.assertFalse(self.watch.overcurrent(14_999, 10_000, [20_000, 0, 0]))
        self.assertTrue(self.watch.overcurrent(15_000, 10_000, [20_000, 0, 0]))

    def test_nothing_offered_then_not_judged(self):
        # While stopping, the EV still draws for some seconds.
        self.watch.overcurrent(0, 0, [20_000, 0, 0])
        self.assertFalse(self.watch.overcurrent(20_000, 0, [20_000, 0, 0]))

    def test_far_beyond_the_rating_then_after_half_a_second(self):
        # 1.25 of 32 A is 40 A: no time for the EV, not even while it is being stopped.
        self.assertFalse(self.watch.overcurrent(0, 0, [40_001, 0, 0]))
        self.assertFalse(self.watch.overcurrent(499, 0, [40_001, 0, 0]))
        self.assertTrue(self.watch.overcurrent(500, 0, [40_001, 0, 0]))

    def test_at_one_and_a_quarter_of_the_rating_then_not_at_once(self):
        # The bound itself still belongs to the slow rule.
        self.watch.overcurrent(0, 32_000, [40_000, 0, 0])
        self.assertFalse(self.watch.overcurrent(6000, 32_000, [40_000, 0, 0]))
