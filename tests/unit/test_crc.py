"""CRC-32 against published check values."""

import unittest

import crc


class Crc32Test(unittest.TestCase):
    def test_crc32_of_check_string_is_the_published_value(self):
        # CRC-32/ISO-HDLC: check value of "123456789".
        self.assertEqual(crc.crc32(b"123456789"), 0xCBF43926)
        self.assertEqual(crc.crc32(b""), 0)

    def test_crc32_in_two_parts_equals_one(self):
        # `start` continues.
        self.assertEqual(crc.crc32(b"6789", crc.crc32(b"12345")), 0xCBF43926)
