"""Days in which anything may happen; see tests/sim/random_days.py.

The seeds are those that once found a mistake, and some more. PILOTWIRE_SEEDS="first count" in the
environment replaces them.
"""

import os
import sys
import unittest

from tests.sim import random_days

# 64: from Unavailable to Finishing. 97: a start of unknown time, sent, then a power cut.
_SEEDS = (64,) if sys.implementation.name == "micropython" else (64, 97, 7, 8)


class RandomDaysTest(unittest.TestCase):
    def test_day_then_everything_holds_and_every_wh_is_billed_once(self):
        # Faults, power cuts and people at random, then healing and the books.
        asked = os.getenv("PILOTWIRE_SEEDS")
        seeds = _SEEDS
        if asked:
            first, count = asked.split()
            seeds = range(int(first), int(first) + int(count))
        for seed in seeds:
            random_days.Day(seed).run()
