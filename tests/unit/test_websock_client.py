"""The WebSocket client as its shell sees it: handshake, messages, pings."""

import unittest

from websock import client, frames, handshake
from websock_server import (
    ANSWER,
    NOW,
    Counting,
    events,
    frame,
    new_client,
    open_client,
    sent,
    unmask,
)


class HandshakeTest(unittest.TestCase):
    def verdict(self, answer):
        """The verdict must be the same in one portion and in single bytes."""
        one = new_client()
        one.receive(NOW, answer)
        found = events(one)
        one = new_client()
        for i in range(len(answer)):
            one.receive(NOW, answer[i : i + 1])
        self.assertEqual(events(one), found)
        return found

    def test_accept_value_example_of_rfc_then_same(self):
        # The sample nonce of RFC 6455 1.3.
        value = handshake.accept_value("dGhlIHNhbXBsZSBub25jZQ==")
        self.assertEqual(value, b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")

    def test_start_then_request_as_the_server_expects_it(self):
        # Path untouched, port because it is no default one, credentials in the first request.
        one = client.Client(
            "csms.example", 8080, "/ocpp/CP%201", "ocpp1.6", "Basic QTpi", random=Counting()
        )
        self.assertIsNone(one.data_to_send())
        one.start(NOW)
        self.assertEqual(
            one.data_to_send(),
            b"GET /ocpp/CP%201 HTTP/1.1\r\nHost: csms.example:8080\r\n"
            b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Protocol: ocpp1.6\r\nAuthorization: Basic QTpi\r\n\r\n",
        )
        self.assertIsNone(one.data_to_send())

    def test_host_header_default_port_or_ipv6_then_as_rfc_says(self):
        # RFC 7230 5.4: a default port is left out, an IPv6 address stands in brackets.
        for host, port, text in (
            ("h", 80, b"Host: h\r"),
            ("h", 443, b"Host: h\r"),
            ("h", None, b"Host: h\r"),
            ("fe80::1", 9000, b"Host: [fe80::1]:9000\r"),
            ("[fe80::1]", 80, b"Host: [fe80::1]\r"),
        ):
            self.assertIn(text, handshake.request(host, port, "/", "p", "k"))

    def test_request_with_line_end_in_a_value_then_refused(self):
        # A configured text must not be able to add header fields.
        for texts in (
            ("h\r\n", "/", "p", None),
            ("h", "/a b", "p", None),
            ("h", "/\u00e4", "p", None),
            ("h", "", "p", None),
            ("h", "/", "p\n", None),
            ("h", "/", "p", "Basic a\r\nX: y"),
        ):
            host, path, protocol, authorization = texts
            with self.assertRaises(ValueError):
                client.Client(host, 80, path, protocol, authorization, random=Counting())

    def test_good_answer_then_open(self):
        # Case and list forms of the header fields are free.
        self.assertEqual(self.verdict(ANSWER), [("open",)])

    def test_frames_behind_the_answer_then_received(self):
        # They may share the last portion with the header block.
        answer = ANSWER + frame(0x81, b"hi") + frame(0x89, b"")
        self.assertEqual(self.verdict(answer), [("open",), ("text", "hi"), ("ping",)])

    def test_refusal_then_status_and_reason_at_once(self):
        # The status line is enough; what stands in the log has no control characters.
        for line, event in (
            (b"HTTP/1.1 401 Unauthorized", ("refused", 401, "Unauthorized")),
            (b"HTTP/1.0 404 Not Found", ("refused", 404, "Not Found")),
            (b"HTTP/1.1 503", ("refused", 503, "")),
            (b"HTTP/1.1 403 a\x1b\xff\nb", ("refused", 403, "a???b")),
            (b"HTTP/1.1 302 " + b"x" * 200, ("refused", 302, "x" * 64)),
        ):
            self.assertEqual(self.verdict(line + b"\r\n"), [event])

    def test_answer_that_is_wrong_then_failed(self):
        # Each field is checked, and none may be missing.
        for old, new, reason in (
            (b"HTTP/1.1 101", b"SSH-2.0 101", "no HTTP"),
            (b" 101 ", b" 1x1 ", "no HTTP"),
            (b"WebSocket\r", b"h2c\r", "no upgrade"),
            (b", Upgrade", b"", "no upgrade"),
            (b"Accept: ", b"Accept: x", "accept key"),
            (b"-Accept", b"-Except", "accept key"),
            (b"-Protocol", b"-Protocols", "no subprotocol"),
            (b"ocpp1.6", b"ocpp2.0.1", "wrong subprotocol"),
            (b"ocpp1.6", b"OCPP1.6", "wrong subprotocol"),
            (b"ocpp1.6\r\n", b"ocpp1.6\r\nSec-WebSocket-Protocol: x\r\n", "wrong subprotocol"),
            (
                b"ocpp1.6\r\n",
                b"ocpp1.6\r\nSec-WebSocket-Extensions: x\r\n",
                "extension",
            ),
            (b"upgrade:", b"upgrade", "malformed"),
            (b"upgrade:", b" upgrade:", "malformed"),
        ):
            self.assertIn(old, ANSWER)
            self.assertEqual(self.verdict(ANSWER.replace(old, new)), [("failed", reason)])

    def test_answer_without_end_then_failed_at_4096_bytes(self):
        # Nobody fills the heap with header fields.
        one = new_client()
        one.receive(NOW, b"HTTP/1.1 101 x\r\n")
        for _ in range(63):
            one.receive(NOW, b"x: " + b"y" * 59 + b"\r\n")
        self.assertIsNone(one.next_event())
        one.receive(NOW, b"x" * 64)
        self.assertEqual(events(one), [("failed", "too long")])

    def test_no_answer_then_failed_at_the_deadline(self):
        # The deadline lies behind the wrap of the counter.
        one = new_client(handshake_timeout_ms=1000)
        self.assertEqual(one.next_deadline(), 499)
        one.tick(498)
        self.assertIsNone(one.next_event())
        one.tick(499)
        self.assertEqual(events(one), [("failed", "handshake timeout")])
        self.assertIsNone(one.next_deadline())

    def test_open_then_no_deadline(self):
        # The handshake's time does not go on.
        one = open_client()
        self.assertIsNone(one.next_deadline())
        one.tick(NOW)
        self.assertTrue(one.is_open)


class MessageTest(unittest.TestCase):
    def test_send_text_then_masked_with_a_key_of_its_own(self):
        # Two equal messages look different on the wire.
        one = open_client()
        one.send_text("h\u00e4")
        one.send_text("h\u00e4")
        first, second = one.data_to_send(), one.data_to_send()
        self.assertEqual(unmask(first), (0x81, b"h\xc3\xa4"))
        self.assertEqual(unmask(second), (0x81, b"h\xc3\xa4"))
        self.assertNotEqual(first, second)
        self.assertIsNone(one.data_to_send())

    def test_send_text_when_long_then_one_frame_in_pieces_and_nothing_in_between(self):
        # A pong waits for its end; each length is around a border of pieces or of the header.
        for length in (125, 126, 511, 512, 513, 1024, 1027, 5000):
            one = open_client()
            text = "".join(["%04d" % number for number in range(1250)])[:length]
            one.send_text(text)
            data = bytearray(one.data_to_send())
            one.receive(NOW, frame(0x89, b"ping"))
            piece = one.data_to_send()
            start = 6 if length < 126 else 8
            while piece is not None and len(data) < start + length:
                self.assertTrue(len(piece) <= 512)
                data.extend(piece)
                piece = one.data_to_send()
            key = data[start - 4 : start]
            size = data[1] & 0x7F if start == 6 else data[2] << 8 | data[3]
            self.assertEqual((data[0], size, len(data)), (0x81, length, start + length))
            self.assertTrue(start == 6 or data[1] == 0xFE)
            told = bytes([data[start + i] ^ key[i & 3] for i in range(length)])
            self.assertEqual(told, text.encode())
            self.assertEqual(unmask(piece), (0x8A, b"ping"))
            self.assertIsNone(one.data_to_send())
            # Where the heap has no room for all of it.
            parts = [bytes(part) for part in frames.pieces(text, bytes(key), False)]
            self.assertEqual(b"".join(parts), bytes(data))
            self.assertTrue(max([len(part) for part in parts]) <= 520)

    def test_send_text_when_a_close_comes_in_the_middle_then_ends_first(self):
        # A frame that is half sent cannot be broken off.
        one = open_client()
        one.send_text("x" * 1100)
        self.assertEqual(len(one.data_to_send()), 1108)
        one.receive(NOW, frame(0x88, b""))
        self.assertEqual(unmask(one.data_to_send()), (0x88, b""))
        self.assertIsNone(one.data_to_send())

    def test_send_text_when_the_connection_is_lost_in_the_middle_then_nothing_more(self):
        # Nobody would read it.
        one = open_client()
        one.send_text("x" * 1100)
        one.data_to_send()
        one.eof(NOW)
        self.assertIsNone(one.data_to_send())

    def test_send_text_when_not_open_then_error_and_nothing_queued(self):
        # Before the handshake, behind our close, behind the end.
        one = new_client()
        with self.assertRaises(client.SendError):
            one.send_text("x")
        one = open_client()
        one.close(1000, "")
        with self.assertRaises(client.SendError):
            one.send_text("x")
        self.assertEqual(sent(one), [(0x88, b"\x03\xe8")])
        one.eof(NOW)
        with self.assertRaises(client.SendError):
            one.send_text("x")

    def test_send_text_when_queue_full_then_error(self):
        # A link that takes nothing does not fill the heap.
        one = open_client()
        for _ in range(8):
            one.send_text("x")
        with self.assertRaises(client.SendError):
            one.send_text("x")
        self.assertEqual(len(sent(one)), 8)

    def test_binary_then_event_without_content(self):
        # OCPP-J knows text only; the shell may log it.
        one = open_client()
        one.receive(NOW, frame(0x82, b"abc") + frame(0x81, b"x"))
        self.assertEqual(events(one), [("binary",), ("text", "x")])

    def test_ping_between_fragments_then_answered_and_text_whole(self):
        # The fault that aiohttp's client has.
        one = open_client()
        one.receive(NOW, frame(0x01, b"Hel") + frame(0x89, b"ing"))
        self.assertEqual(sent(one), [(0x8A, b"ing")])
        one.receive(NOW, frame(0x80, b"lo"))
        self.assertEqual(events(one), [("ping",), ("text", "Hello")])

    def test_pong_then_before_texts_that_wait(self):
        # A slow link must not make the server believe we are gone.
        one = open_client()
        one.send_text("x")
        one.receive(NOW, frame(0x89, b"p"))
        self.assertEqual(sent(one), [(0x8A, b"p"), (0x81, b"x")])

    def test_many_pings_then_four_pongs_and_the_last_is_the_latest(self):
        # RFC 6455 5.5.3: answering the most recent ping is enough. One event tells of them all.
        one = open_client()
        one.receive(NOW, b"".join([frame(0x89, bytes((i,))) for i in range(200)]))
        self.assertEqual([p[0] for _, p in sent(one)], [0, 1, 2, 199])
        self.assertEqual(events(one), [("ping",)])

    def test_many_messages_at_once_then_1008(self):
        # The queue of events has an end.
        one = open_client()
        one.receive(NOW, frame(0x81, b"") * 33)
        found = events(one)
        self.assertEqual(len(found), 33)
        self.assertEqual(found[-1], ("failed", "1008 too many messages at once"))


class PingTest(unittest.TestCase):
    def test_pong_in_time_then_event_and_no_deadline(self):
        # The pong carries the ping's payload back.
        one = open_client()
        one.ping(NOW, 5000)
        first, payload = unmask(one.data_to_send())
        self.assertEqual((first, len(payload)), (0x89, 4))
        self.assertEqual(one.next_deadline(), 4499)
        one.receive(4000, frame(0x8A, payload))
        self.assertEqual(events(one), [("pong",)])
        self.assertIsNone(one.next_deadline())

    def test_no_pong_then_failed(self):
        # A half-open connection shows itself; texts and other pongs do not count.
        one = open_client()
        one.ping(NOW, 1000)
        one.receive(498, frame(0x8A, b"") + frame(0x8A, b"else") + frame(0x81, b"x"))
        one.tick(498)
        self.assertEqual(events(one), [("text", "x")])
        one.tick(499)
        self.assertEqual(events(one), [("failed", "no pong")])
        self.assertIsNone(one.data_to_send())

    def test_ping_while_one_waits_then_no_second(self):
        # Otherwise frequent pings would put the deadline off for ever.
        one = open_client()
        one.ping(NOW, 1000)
        one.ping(NOW + 100, 1000)
        self.assertEqual(len(sent(one)), 1)
        self.assertEqual(one.next_deadline(), 499)

    def test_ping_when_not_open_then_error(self):
        # As for a text.
        with self.assertRaises(client.SendError):
            new_client().ping(NOW, 1000)
