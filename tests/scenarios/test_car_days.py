"""All named cars in random order, at random hands; see tests/sim/car_days.py.

One round of all cars; PILOTWIRE_CAR_HOURS="48" in the environment makes it two days.
"""

import os
import sys
import unittest

from tests.sim import car_days

_SEED = 1
_SHORT = (1,) if sys.implementation.name == "micropython" else (1, 2, 3)


class CarDaysTest(unittest.TestCase):
    def test_all_cars_in_random_order_then_none_leaves_a_stuck_state(self):
        # Each gets its energy or its reason, and after each the charger is free again.
        asked = os.getenv("PILOTWIRE_CAR_HOURS")
        days = car_days.CarDays(_SEED) if asked else car_days.CarDays(_SEED, _SHORT)
        try:
            days.run(int(asked or 0))
        finally:
            days.plant.close()
