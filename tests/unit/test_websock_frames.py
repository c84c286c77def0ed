"""Frames of a WebSocket client: what is built, what is understood, what is refused."""

import sys
import unittest

from websock import frames

_KEY = b"\x01\x02\x03\x04"


def server_frame(first, payload, length=None):
    """Return an unmasked frame; `length` may lie about the payload."""
    size = len(payload) if length is None else length
    if size < 126:
        head = bytes((first, size))
    elif size < 0x10000:
        head = bytes((first, 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, 127)) + size.to_bytes(8, "big")
    return head + payload


def decode(data, message_max=1000, step=None):
    """Return all messages of `data`, fed in portions of `step` bytes; the close code of an error
    stands last."""
    decoder = frames.Decoder(message_max)
    found = []
    step = step or max(1, len(data))
    for start in range(0, len(data), step):
        decoder.feed(memoryview(data)[start : start + step])
        try:
            message = decoder.next()
            while message is not None:
                found.append(message)
                message = decoder.next()
        except frames.ProtocolError as error:
            found.append(error.code)
            break
    return found


class BuildTest(unittest.TestCase):
    def test_build_example_of_rfc_then_same_bytes(self):
        # The masked "Hello" of RFC 6455 5.7.
        frame = frames.build(frames.TEXT, b"Hello", b"\x37\xfa\x21\x3d")
        self.assertEqual(bytes(frame), b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")

    def test_build_any_length_then_unmasks_to_payload(self):
        # The mask is right across the steps of 64 bytes and the three forms of the length.
        for length in (0, 1, 63, 64, 65, 125, 126, 127, 128, 191, 1000):
            payload = bytes([(7 * i) & 255 for i in range(length)])
            frame = frames.build(frames.TEXT, payload, _KEY)
            start = len(frame) - length
            self.assertEqual(start, 6 if length < 126 else 8)
            self.assertEqual(bytes(frame[start - 4 : start]), _KEY)
            plain = bytes([frame[start + i] ^ _KEY[i & 3] for i in range(length)])
            self.assertEqual(plain, payload)

    def test_build_long_payload_then_length_in_eight_bytes(self):
        # 65 536 bytes are the first that need the 64-bit length.
        try:
            head = bytes(frames.build(frames.TEXT, bytes(65536), _KEY)[:10])
        except MemoryError:
            raise unittest.SkipTest("needs two pieces of 64 KB on the heap")
        self.assertEqual(head, b"\x81\xff\x00\x00\x00\x00\x00\x01\x00\x00")
        head = bytes(frames.build(frames.TEXT, bytes(65535), _KEY)[:4])
        self.assertEqual(head, b"\x81\xfe\xff\xff")

    def test_encode_lone_surrogates_then_replacement_character(self):
        # Half a pair must not leave: the server would close with 1007 each time it is sent.
        self.assertEqual(frames.encode_text("a\ud83d\ude00b"), b"a\xef\xbf\xbd\xef\xbf\xbdb")
        self.assertEqual(
            frames.encode_text("h\u00e4\ud7ff\U0001f600"), b"h\xc3\xa4\xed\x9f\xbf\xf0\x9f\x98\x80"
        )


class DecodeTest(unittest.TestCase):
    def test_decode_any_portions_then_same_messages(self):
        # Lengths of all three forms, empty ones, a ping between fragments, cut anywhere.
        data = (
            server_frame(0x81, b"")
            + server_frame(0x81, b"[3,\xc3\xa4]")
            + server_frame(0x01, b"ab\xe2\x82")
            + server_frame(0x89, b"now")
            + server_frame(0x00, b"")
            + server_frame(0x80, b"\xaccd")
            + server_frame(0x81, b"x" * 126)
            + server_frame(0x82, b"yyy")
            + server_frame(0x8A, b"")
            + b"\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x02ok"
            + server_frame(0x88, b"\x03\xe8bye")
        )
        expected = [
            (frames.TEXT, ""),
            (frames.TEXT, "[3,\u00e4]"),
            (frames.PING, b"now"),
            (frames.TEXT, "ab\u20accd"),
            (frames.TEXT, "x" * 126),
            (frames.BINARY, None),
            (frames.PONG, b""),
            (frames.TEXT, "ok"),
            (frames.CLOSE, 1000, "bye"),
        ]
        for step in (1, 2, 3, 5, 7, 64, len(data)):
            self.assertEqual(decode(data, step=step), expected)

    def test_decode_portion_reused_then_message_intact(self):
        # The shell's buffer may be overwritten as soon as the portion is used up.
        decoder = frames.Decoder(100)
        buffer = bytearray(server_frame(0x81, b"hello"))
        decoder.feed(memoryview(buffer)[:4])
        self.assertIsNone(decoder.next())
        rest = bytearray(buffer[4:])
        buffer[:] = bytes(len(buffer))
        decoder.feed(memoryview(rest))
        self.assertEqual(decoder.next(), (frames.TEXT, "hello"))
        self.assertIsNone(decoder.next())
        self.assertIsNone(decoder.next())

    def test_decode_message_larger_than_buffer_then_small_ones_again(self):
        # Growing for one message leaves nothing of it in the next.
        long = bytes([97 + i % 26 for i in range(900)])
        data = b""
        for start in range(0, 900, 300):
            first = 0x01 if start == 0 else 0x80 if start == 600 else 0x00
            data += server_frame(first, long[start : start + 300])
        data += server_frame(0x81, b"short")
        self.assertEqual(decode(data), [(1, long.decode()), (1, "short")])

    def test_decode_close_without_payload_then_1005(self):
        # RFC 6455 7.1.5: no code in the frame is code 1005.
        self.assertEqual(decode(server_frame(0x88, b"")), [(frames.CLOSE, 1005, "")])


class RefuseTest(unittest.TestCase):
    def refused(self, data, code):
        """The code must come for the whole and for single bytes."""
        self.assertEqual(decode(data), [code])
        self.assertEqual(decode(data, step=1), [code])

    def test_header_against_the_rules_then_1002(self):
        # Reserved bits and opcodes, masking, control frames that are fragmented or long.
        for first in (0xC1, 0xA1, 0x91, 0x83, 0x87, 0x8B, 0x8F, 0x09, 0x08, 0x0A):
            self.refused(bytes((first, 0)), 1002)
        self.refused(b"\x81\x80\x01\x02\x03\x04", 1002)
        for first in (0x88, 0x89, 0x8A):
            self.refused(bytes((first, 126)), 1002)
            self.refused(bytes((first, 127)), 1002)

    def test_fragments_out_of_order_then_1002(self):
        # A continuation of nothing, a start in the middle, a continuation after the end.
        self.refused(server_frame(0x80, b"a"), 1002)
        self.refused(server_frame(0x01, b"a") + server_frame(0x81, b"b"), 1002)
        self.refused(server_frame(0x02, b"a") + server_frame(0x01, b"b"), 1002)
        data = server_frame(0x01, b"a") + server_frame(0x80, b"b") + server_frame(0x80, b"c")
        self.assertEqual(decode(data), [(1, "ab"), 1002])

    def test_message_above_limit_then_1009_before_its_payload(self):
        # The announced length is enough; binary content counts as well.
        self.refused(server_frame(0x81, b"", 1001), 1009)
        self.refused(server_frame(0x82, b"", 1001), 1009)
        self.refused(server_frame(0x81, b"", 65536), 1009)
        self.refused(b"\x81\x7f" + b"\xff" * 8, 1009)
        self.refused(server_frame(0x01, b"x" * 600) + server_frame(0x80, b"", 401), 1009)
        data = server_frame(0x01, b"x" * 600) + server_frame(0x80, b"x" * 400)
        self.assertEqual(decode(data), [(1, "x" * 1000)])

    def test_message_without_memory_for_it_then_1009(self):
        # The limit may be above what the heap has: an error of the connection, not of the program.
        size = 1 << (28 if sys.implementation.name == "micropython" else 60)
        self.assertEqual(decode(server_frame(0x81, b"", size), message_max=size), [1009])

    def test_text_not_utf8_then_1007(self):
        # RFC 3629: stray and missing bytes, overlong forms, surrogates, above U+10FFFF.
        for bad in (
            b"\x80",
            b"\xff",
            b"\xc3",
            b"\xe2\x82",
            b"\xc0\x80",
            b"\xc1\xbf",
            b"\xe0\x9f\xbf",
            b"\xed\xa0\x80",
            b"\xed\xbf\xbf",
            b"\xf0\x8f\xbf\xbf",
            b"\xf4\x90\x80\x80",
            b"\xf5\x80\x80\x80",
            b"\xf8\x88\x80\x80\x80",
        ):
            self.refused(server_frame(0x81, b"a" + bad + b"b"), 1007)
            self.refused(server_frame(0x81, "\u00e4\ud7ff".encode() + bad), 1007)
            self.refused(server_frame(0x88, b"\x03\xe8" + bad), 1007)

    def test_text_at_the_edges_of_utf8_then_accepted(self):
        # The last code point before and the first after each forbidden range.
        for good in (
            "\x7f",
            "\x80",
            "\u07ff",
            "\u0800",
            "\ud7ff",
            "\ue000",
            "\uffff",
            "\U00010000",
            "\U0010ffff",
        ):
            self.assertEqual(decode(server_frame(0x81, good.encode())), [(1, good)])

    def test_close_code_that_must_not_travel_then_1002(self):
        # RFC 6455 7.4: reserved, out of range, or cut in half.
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535):
            self.refused(server_frame(0x88, code.to_bytes(2, "big")), 1002)
        self.refused(server_frame(0x88, b"\x03"), 1002)
        for code in (1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999):
            data = server_frame(0x88, code.to_bytes(2, "big"))
            self.assertEqual(decode(data), [(frames.CLOSE, code, "")])


class MemoryTest(unittest.TestCase):
    def test_collector_limit_then_never_grows_beyond(self):
        # Doubling stops at the limit, and the large buffer goes with its message.
        collector = frames.TextCollector(700)
        for _ in range(700):
            collector.reserve(1)
            collector.write(b"a")
        with self.assertRaises(frames.ProtocolError):
            collector.reserve(1)
        self.assertEqual(len(collector._buffer), 700)
        self.assertEqual(collector.take(), "a" * 700)
        self.assertEqual(len(collector._buffer), 192)
