"""Seeded sets of profiles: the firmware against the slow oracle, on both interpreters."""

import unittest

from tests.sim.prng import Prng
from tests.sim.schedule_sets import Question

# tests/host/test_schedule_oracle.py goes over thousands of them.
_SEEDS = 200
_STEPS_S = (1, 49, 50, 100, 100, 300, 3000, 86_000)


class SetsTest(unittest.TestCase):
    def test_composite_schedule_is_that_of_the_oracle(self):
        # Each second of the short ones, all borders of the long ones.
        for seed in range(1, _SEEDS + 1):
            found = Question(Prng(seed)).disagreement(True)
            self.assertIsNone(found, "seed %d: %r" % (seed, found))

    def test_offered_current_is_that_of_the_oracle(self):
        # While time passes; each limit was computed at an earlier change.
        for seed in range(1, _SEEDS + 1):
            found = Question(Prng(seed)).disagreement_live(_STEPS_S)
            self.assertIsNone(found, "seed %d: %r" % (seed, found))
