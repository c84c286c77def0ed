"""Floats from a meter become integers exactly."""

import unittest

from meters.float32 import float32_scaled


def _scaled(text, scale):
    return float32_scaled(bytes.fromhex(text), 0, scale)


class Float32Test(unittest.TestCase):
    def test_values_of_a_meter_become_integers(self):
        # 230.2 V, 50 Hz, 1 kWh, 0.01 kWh, -1234.5 W, 12345.67 kWh.
        self.assertEqual(_scaled("43663333", 1000), 230200)
        self.assertEqual(_scaled("42480000", 1000), 50000)
        self.assertEqual(_scaled("3F800000", 1000), 1000)
        self.assertEqual(_scaled("3C23D70A", 1000), 10)
        self.assertEqual(_scaled("C49A5000", 1000), -1234500)
        self.assertEqual(_scaled("4640E6AE", 1000), 12345670)

    def test_halves_round_away_from_zero(self):
        # 0.5, 1.5, 2.5, and the same below zero; 0.49999997 and 0.0005 just below the half.
        for text, expected in (
            ("3F000000", 1),
            ("3FC00000", 2),
            ("40200000", 3),
            ("BF000000", -1),
            ("C0200000", -3),
            ("3EFFFFFF", 0),
        ):
            self.assertEqual(_scaled(text, 1), expected)

    def test_zero_and_the_tiniest_are_zero(self):
        # Both zeros, the smallest and the largest denormal, the smallest normal number.
        for text in ("00000000", "80000000", "00000001", "007FFFFF", "00800000"):
            self.assertEqual(_scaled(text, 1_000_000), 0)

    def test_no_number_is_none(self):
        # Both infinities, quiet and signalling NaN.
        for text in ("7F800000", "FF800000", "7FC00000", "7F800001", "FFFFFFFF"):
            self.assertIsNone(_scaled(text, 1))

    def test_range_ends_at_the_small_integers(self):
        # 2**30 - 64 is the last float below 2**30; the same with a scale; the largest float.
        self.assertEqual(_scaled("4E7FFFFF", 1), 0x3FFFFFC0)
        self.assertIsNone(_scaled("4E800000", 1))
        self.assertEqual(_scaled("CE7FFFFF", 1), -0x3FFFFFC0)
        self.assertIsNone(_scaled("4A800000", 1000))
        self.assertIsNone(_scaled("7F7FFFFF", 1))

    def test_whole_numbers_are_exact_up_to_24_bits(self):
        # Shifts in both directions, without a float on either side.
        for bits in range(24):
            value = (1 << bits) | 1 if bits else 1
            mantissa = (value << (23 - bits)) & 0x7FFFFF
            word = (127 + bits) << 23 | mantissa
            data = bytes((word >> 24, word >> 16 & 255, word >> 8 & 255, word & 255))
            self.assertEqual(float32_scaled(data, 0, 1), value)
            self.assertEqual(float32_scaled(b"\xff" + data, 1, 10), value * 10)
