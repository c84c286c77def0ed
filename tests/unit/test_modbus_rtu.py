"""Modbus RTU frames byte for byte, and finding them in noise."""

import unittest

from modbus import rtu


def _hex(text):
    return bytes.fromhex(text.replace(" ", ""))


class RequestTest(unittest.TestCase):
    def test_read_requests_of_real_meters_match_byte_for_byte(self):
        # SDM630 voltages, imports, DTSU666, ABB B23, EM340.
        for text in (
            "01 04 00 00 00 06 70 08",
            "01 04 00 48 00 02 F1 DD",
            "01 04 01 56 00 02 90 27",
            "01 03 20 06 00 06 2E 09",
            "01 03 10 1E 00 02 A0 CD",
            "01 03 50 00 00 04 55 09",
            "01 03 5B 00 00 06 D6 EC",
            "01 04 00 34 00 02 30 05",
            "F8 04 00 00 00 0A 64 64",
        ):
            expected = _hex(text)
            frame = bytearray(8)
            register = expected[2] << 8 | expected[3]
            length = rtu.build_request(frame, expected[0], expected[1], register, expected[5])
            self.assertEqual(length, 8)
            self.assertEqual(bytes(frame), expected)

    def test_write_single_has_the_value_in_place_of_the_count(self):
        # Modbus Application Protocol 6.6: 3 into register 1 of slave 17.
        frame = bytearray(8)
        rtu.build_request(frame, 0x11, rtu.WRITE_SINGLE, 1, 3)
        self.assertEqual(bytes(frame), _hex("11 06 00 01 00 03 9A 9B"))

    def test_write_multiple_has_count_and_bytes(self):
        # Modbus Application Protocol 6.12: 000A 0102 into two registers of slave 17.
        frame = bytearray(13)
        self.assertEqual(rtu.build_write(frame, 0x11, 1, _hex("00 0A 01 02")), 13)
        self.assertEqual(bytes(frame), _hex("11 10 00 01 00 02 04 00 0A 01 02 C6 F0"))

    def test_crc_of_odd_frames_is_right(self):
        # PZEM's energy reset has no register at all.
        frame = bytearray(4)
        frame[0:2] = _hex("01 42")
        self.assertEqual(rtu.append_crc(frame, 2), 4)
        self.assertEqual(bytes(frame), _hex("01 42 80 11"))


class FindFrameTest(unittest.TestCase):
    reply = _hex("01 04 04 43 66 33 33 5A FA")
    head = _hex("01 04 04")

    def find(self, data):
        return rtu.find_frame(data, len(data), self.head, 9)

    def test_clean_reply_is_found(self):
        # 230.2 V.
        self.assertEqual(self.find(self.reply), 0)

    def test_exception_is_found(self):
        # "Illegal address".
        data = _hex("00 01 84 02 C2 C1")
        self.assertEqual(rtu.find_frame(data, 6, _hex("01 84"), 5), 1)

    def test_reply_behind_noise_and_echo_is_found(self):
        # Line bias, our own request, and a false start of the same bytes.
        for noise in ("00", "FF", "01", "01 04", "01 04 04", "01 04 00 00 00 02 71 CB"):
            noise = _hex(noise)
            self.assertEqual(self.find(noise + self.reply), len(noise))
            self.assertEqual(self.find(noise + self.reply + b"\xff"), len(noise))

    def test_flipped_bit_is_never_a_reply(self):
        # Every single bit of the frame.
        for i in range(len(self.reply) * 8):
            data = bytearray(self.reply)
            data[i // 8] ^= 1 << i % 8
            self.assertEqual(self.find(data), -1)

    def test_lost_byte_is_never_a_reply(self):
        # Every single byte of the frame, with another one behind it.
        for i in range(len(self.reply)):
            self.assertEqual(self.find(self.reply[:i] + self.reply[i + 1 :]), -1)
            self.assertEqual(self.find(self.reply[:i] + self.reply[i + 1 :] + b"\x00"), -1)

    def test_incomplete_or_empty_data_is_no_reply(self):
        # Bytes are still on their way.
        for length in range(9):
            self.assertEqual(rtu.find_frame(self.reply, length, self.head, 9), -1)

    def test_false_beginnings_are_checked_for_160_bytes_or_once(self):
        # A check takes time. 17 of a short frame; of one with 80 registers, one.
        for size, tried in ((9, 17), (165, 1)):
            head = bytes((1, 4, size - 5))
            frame = bytearray(head + bytes(size - 5) + b"\x00\x00")
            rtu.append_crc(frame, size - 2)
            for false, expected in ((tried - 1, 3 * (tried - 1)), (tried, -1)):
                data = head * false + frame
                self.assertEqual(rtu.find_frame(data, len(data), head, size), expected)
