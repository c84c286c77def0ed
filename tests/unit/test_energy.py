"""The register that never falls."""

import unittest

from firmware.evse.energy import EnergyRegister


class EnergyRegisterTest(unittest.TestCase):
    def test_register_follows_the_meter(self):
        # The plain case, and "moved" tells it.
        energy = EnergyRegister()
        self.assertTrue(energy.reading(1000))
        self.assertFalse(energy.reading(1000))
        self.assertTrue(energy.reading(1001))
        self.assertEqual(energy.register_wh, 1001)

    def test_one_low_reading_is_ignored(self):
        # A frame that was damaged past its checksum takes nothing back.
        energy = EnergyRegister()
        energy.reading(5000)
        energy.reading(20)
        energy.reading(5001)
        self.assertEqual((energy.register_wh, energy.offset_wh, energy.falls), (5001, 0, 0))

    def test_meter_that_was_reset_goes_on_from_the_old_register(self):
        # Three in a row are believed; from there every Wh counts again.
        energy = EnergyRegister()
        energy.reading(5000)
        for _ in range(3):
            energy.reading(20)
        self.assertEqual((energy.register_wh, energy.falls), (5000, 1))
        energy.reading(25)
        self.assertEqual(energy.register_wh, 5005)

    def test_register_never_falls_whatever_comes(self):
        # A pseudo-random walk of readings, resets and rubbish.
        energy = EnergyRegister()
        value = 12345
        last = 0
        for _ in range(2000):
            value = (value * 1103515245 + 12345) & 0x3FFFFFFF
            energy.reading(value % 100_000)
            self.assertTrue(energy.register_wh >= last)
            last = energy.register_wh

    def test_restored_register_is_the_floor(self):
        # After a power cut the first readings may be of another meter.
        energy = EnergyRegister(9000, 0)
        energy.reading(10)
        self.assertEqual(energy.register_wh, 9000)
