"""Days in which anything may happen; see tests/sim/random_days.py.

The seeds are those that once found a mistake, and some more: of the 1000 wild days every 67th.
PILOTWIRE_SEEDS="first count" in the environment replaces the former, PILOTWIRE_WILD_SEEDS the
latter: "1 1000" is all of them.
"""

import os
import sys
import unittest

from tests.sim import random_days
from tests.sim.wild_days import WildDay

# 64: from Unavailable to Finishing. 97: a start of unknown time, sent, then a power cut.
_IS_SMALL = sys.implementation.name == "micropython"
_SEEDS = (64,) if _IS_SMALL else (64, 97, 7, 8)
# 774: contacts that hung followed their coil when the RCD's test was used up.
_WILD_SEEDS = (774,) if _IS_SMALL else (774,) + tuple(range(1, 1001, 67))


def _chosen(seeds, name):
    asked = os.getenv(name)
    if not asked:
        return seeds
    first, count = asked.split()
    return range(int(first), int(first) + int(count))


class RandomDaysTest(unittest.TestCase):
    def test_day_then_everything_holds_and_every_wh_is_billed_once(self):
        # Faults, power cuts and people at random, then healing and the books.
        for seed in _chosen(_SEEDS, "PILOTWIRE_SEEDS"):
            random_days.Day(seed).run()

    def test_wild_day_then_everything_holds_and_every_wh_is_billed_once(self):
        # All cars and faults, limits from three sides, sockets, stalls, resets.
        for seed in _chosen(_WILD_SEEDS, "PILOTWIRE_WILD_SEEDS"):
            WildDay(seed).run()
