"""The driver of a thermistor against a chip that is computed otherwise."""

import unittest

from boards.common.thermistor import Thermistor
from boards.sim.chips.thermistor import ThermistorChip


class ThermistorTest(unittest.TestCase):
    def setUp(self):
        self.chip = ThermistorChip()
        self.thermistor = Thermistor(self.chip)

    def test_temperatures_from_0_to_90_then_within_two_degrees(self):
        # The table has 8 bits and steps of 10 degrees.
        for celsius in range(0, 91):
            self.chip.temperature_c = celsius
            self.assertTrue(abs(self.thermistor.read() - 10 * celsius) <= 20)

    def test_sensor_open_or_shorted_then_none(self):
        # No temperature is made up for a wire that is off.
        self.chip.is_open = True
        self.assertIsNone(self.thermistor.read())
        self.chip.is_open = False
        self.chip.temperature_c = 300
        self.assertIsNone(self.thermistor.read())
