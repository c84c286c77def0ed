"""Frames of the selection of type A cards, byte for byte, and the id token made of a UID."""

import unittest

from rfid.iso14443a import DONE, FAILED, MORE, Selection, append_crc, crc_a
from rfid.uid import uid_text


def _hex(text):
    return bytes.fromhex(text.replace(" ", ""))


class CrcTest(unittest.TestCase):
    def test_halt_frame_gets_its_crc(self):
        # HLTA is printed in the standard with its CRC_A.
        frame = bytearray(_hex("50 00 00 00"))
        append_crc(frame, 2)
        self.assertEqual(bytes(frame), _hex("50 00 57 CD"))

    def test_saks_in_use_have_known_crcs(self):
        # The check values of all SAKs that real cards send.
        for sak, low, high in (
            (0x08, 0xB6, 0xDD),
            (0x04, 0xDA, 0x17),
            (0x00, 0xFE, 0x51),
            (0x18, 0x37, 0xCD),
            (0x09, 0x3F, 0xCC),
            (0x20, 0xFC, 0x70),
            (0x28, 0xB4, 0xFC),
        ):
            self.assertEqual(crc_a(bytes((sak,)), 1), low | high << 8)


class SelectionTest(unittest.TestCase):
    def setUp(self):
        self.selection = Selection()
        self.selection.start()

    def assertSends(self, text, last_bits=0):
        selection = self.selection
        self.assertEqual(bytes(selection.frame[: selection.frame_length]), _hex(text))
        self.assertEqual(selection.last_bits, last_bits)

    def answer(self, text, collision=0):
        data = _hex(text)
        return self.selection.answer(data, len(data), collision)

    def uid(self):
        return bytes(self.selection.uid[: self.selection.uid_length])

    def test_four_byte_uid_is_read_in_one_level(self):
        # The vector of a Classic 1K card.
        self.assertSends("93 20")
        self.assertEqual(self.answer("DE AD BE EF 22"), MORE)
        self.assertSends("93 70 DE AD BE EF 22 B9 9C")
        self.assertEqual(self.answer("08 B6 DD"), DONE)
        self.assertEqual(self.uid(), _hex("DE AD BE EF"))

    def test_seven_byte_uid_is_read_in_two_levels(self):
        # The vector of an NTAG: the cascade tag is no part of the UID.
        self.assertEqual(self.answer("88 04 A1 B2 9F"), MORE)
        self.assertSends("93 70 88 04 A1 B2 9F AE 4B")
        self.assertEqual(self.answer("04 DA 17"), MORE)
        self.assertSends("95 20")
        self.assertEqual(self.answer("C3 D4 E5 80 72"), MORE)
        self.assertSends("95 70 C3 D4 E5 80 72 3B B1")
        self.assertEqual(self.answer("00 FE 51"), DONE)
        self.assertEqual(self.uid(), _hex("04 A1 B2 C3 D4 E5 80"))

    def test_ten_byte_uid_is_read_in_three_levels(self):
        # The vector of a triple size UID.
        self.assertEqual(self.answer("88 01 02 03 88"), MORE)
        self.assertSends("93 70 88 01 02 03 88 C2 82")
        self.assertEqual(self.answer("04 DA 17"), MORE)
        self.assertEqual(self.answer("88 04 05 06 8F"), MORE)
        self.assertSends("95 70 88 04 05 06 8F 5A 32")
        self.assertEqual(self.answer("04 DA 17"), MORE)
        self.assertSends("97 20")
        self.assertEqual(self.answer("07 08 09 0A 0C"), MORE)
        self.assertSends("97 70 07 08 09 0A 0C EC C8")
        self.assertEqual(self.answer("00 FE 51"), DONE)
        self.assertEqual(self.uid(), _hex("01 02 03 04 05 06 07 08 09 0A"))

    def test_four_byte_uid_with_88_first_is_complete_when_the_sak_says_so(self):
        # The SAK decides about the cascade, not the first byte.
        self.assertEqual(self.answer("88 01 02 03 88"), MORE)
        self.assertEqual(self.answer("08 B6 DD"), DONE)
        self.assertEqual(self.uid(), _hex("88 01 02 03"))

    def test_cascade_without_its_tag_fails(self):
        # A SAK that promises more although no byte says 88 belongs to no UID.
        self.assertEqual(self.answer("DE AD BE EF 22"), MORE)
        self.assertEqual(self.answer("04 DA 17"), FAILED)

    def test_cascade_beyond_the_third_level_fails(self):
        # There is no fourth level.
        for part in ("88 01 02 03 88", "88 04 05 06 8F", "88 07 08 09 8E"):
            self.assertEqual(self.answer(part), MORE)
            last = self.answer("04 DA 17")
        self.assertEqual(last, FAILED)

    def test_wrong_bcc_fails(self):
        # One flipped bit in the UID never becomes another card.
        self.assertEqual(self.answer("DE AD BE EE 22"), FAILED)

    def test_wrong_crc_of_the_sak_fails(self):
        # A SAK that cannot be trusted does not complete a UID.
        self.assertEqual(self.answer("DE AD BE EF 22"), MORE)
        self.assertEqual(self.answer("08 B6 DC"), FAILED)

    def test_short_or_long_answers_fail(self):
        # Cut frames, in both steps.
        self.assertEqual(self.answer("DE AD BE EF"), FAILED)
        self.selection.start()
        self.assertEqual(self.answer("DE AD BE EF 22"), MORE)
        self.assertEqual(self.answer("08 B6"), FAILED)

    def test_collision_is_followed_with_a_one(self):
        # Cards DEADBEEF and DEADB6EF differ first in bit 20 (counted from 1): that bit is asked 1.
        self.assertEqual(self.answer("DE AD 06 00 00", 20), MORE)
        self.assertSends("93 44 DE AD 0E", 4)
        self.assertEqual(self.answer("B0 EF 22"), MORE)
        self.assertSends("93 70 DE AD BE EF 22 B9 9C")

    def test_collision_at_the_end_of_a_byte_asks_whole_bytes(self):
        # Bit 16 is the last of the second byte: no bits are left over.
        self.assertEqual(self.answer("DE 2D 00 00 00", 16), MORE)
        self.assertSends("93 40 DE AD")
        self.assertEqual(self.answer("BE EF 22"), MORE)
        self.assertSends("93 70 DE AD BE EF 22 B9 9C")

    def test_collision_in_the_last_bit_still_asks_for_the_bcc(self):
        # Position 32, which CollReg writes as 0.
        self.assertEqual(self.answer("DE AD BE 6F 00", 32), MORE)
        self.assertSends("93 60 DE AD BE EF")
        self.assertEqual(self.answer("22"), MORE)
        self.assertSends("93 70 DE AD BE EF 22 B9 9C")

    def test_collision_that_makes_no_progress_fails(self):
        # Otherwise a broken chip could keep the walk going for ever.
        self.assertEqual(self.answer("DE AD 06 00 00", 20), MORE)
        self.assertEqual(self.answer("B0 EF 22", 20), FAILED)

    def test_collision_nowhere_or_in_a_select_fails(self):
        # Unknown position; and a selected card answers alone.
        self.assertEqual(self.answer("DE AD 06 00 00", -1), FAILED)
        self.selection.start()
        self.assertEqual(self.answer("DE AD BE EF 22"), MORE)
        self.assertEqual(self.answer("08 B6 DD", 3), FAILED)


class UidTextTest(unittest.TestCase):
    def test_uid_is_upper_case_hex_with_leading_zeros(self):
        # 4, 7 and 10 bytes; the last one fills the 20 characters of an id token.
        self.assertEqual(uid_text(b"\x00\x0a\xbe\xef"), "000ABEEF")
        self.assertEqual(uid_text(_hex("04 A1 B2 C3 D4 E5 80")), "04A1B2C3D4E580")
        self.assertEqual(len(uid_text(b"0123456789")), 20)

    def test_uid_reversed_changes_the_byte_order_only(self):
        # Some fleets know their cards the other way round.
        self.assertEqual(uid_text(_hex("DE AD BE EF"), is_reversed=True), "EFBEADDE")

    def test_uid_of_no_legal_length_is_refused(self):
        # Nothing, and more than an id token can hold.
        for uid in (b"", b"01234567890"):
            with self.assertRaises(ValueError):
                uid_text(uid)
