"""How a WebSocket connection ends, and that no input makes the client raise or hoard."""

import unittest

from websock import client
from websock_server import ANSWER, NOW, events, frame, new_client, open_client, sent

_LAST = ("refused", "closed", "failed")


class CloseTest(unittest.TestCase):
    def dead(self, one):
        """Nothing may happen any more, whatever is done to it."""
        one.receive(NOW, frame(0x81, b"late") + frame(0x88, b""))
        one.eof(NOW)
        one.close(1000, "again")
        one.tick(NOW)
        self.assertEqual(events(one), [])
        self.assertFalse(one.is_open)
        self.assertIsNone(one.next_deadline())
        self.assertIsNone(one.data_to_send())

    def test_server_closes_then_answered_with_its_code(self):
        # RFC 6455 5.5.1: the answer carries the status code back. Queued texts give way to it.
        one = open_client()
        one.send_text("x")
        one.receive(NOW, frame(0x88, b"\x03\xf4too busy") + frame(0x81, b"late"))
        self.assertEqual(events(one), [("closed", 1012, "too busy")])
        self.assertEqual(sent(one), [(0x88, b"\x03\xf4")])
        self.dead(one)

    def test_server_closes_without_code_then_1005(self):
        # The empty frame is answered by an empty one.
        one = open_client()
        one.receive(NOW, frame(0x88, b""))
        self.assertEqual(events(one), [("closed", 1005, "")])
        self.assertEqual(sent(one), [(0x88, b"")])
        self.dead(one)

    def test_we_close_then_behind_the_queue_and_closed_when_answered(self):
        # What was queued still leaves; what the server says before its close still arrives.
        one = open_client()
        one.send_text("last")
        one.close(1000, "bye")
        one.close(1001, "twice")
        self.assertFalse(one.is_open)
        self.assertEqual(sent(one), [(0x81, b"last"), (0x88, b"\x03\xe8bye")])
        one.receive(NOW, frame(0x89, b"") + frame(0x81, b"still"))
        self.assertEqual(events(one), [("text", "still")])
        one.receive(NOW, frame(0x88, b"\x03\xe8"))
        self.assertEqual(events(one), [("closed", 1000, "")])
        self.dead(one)

    def test_we_close_and_no_answer_then_1006_after_five_seconds(self):
        # The time begins with the first tick behind `close`, which is due at once.
        one = open_client()
        one.ping(NOW, 1000)
        one.close(1000, "")
        self.assertEqual(len(sent(one)), 2)
        one.tick(one.next_deadline())
        self.assertEqual(one.next_deadline(), 4499)
        one.tick(4498)
        self.assertEqual(events(one), [])
        one.tick(4499)
        self.assertEqual(events(one), [("closed", 1006, "close not answered")])
        self.dead(one)

    def test_close_with_long_reason_then_cut_between_characters(self):
        # 125 bytes of payload are all a control frame has.
        one = open_client()
        one.close(1000, "a" + "\u00e4" * 80)
        self.assertEqual(sent(one), [(0x88, b"\x03\xe8a" + b"\xc3\xa4" * 61)])

    def test_close_during_handshake_then_ends_at_once(self):
        # No frame may be sent before the handshake is through.
        one = new_client()
        one.close(1000, "not needed")
        self.assertEqual(events(one), [("closed", 1006, "not needed")])
        self.dead(one)

    def test_eof_then_1006_in_every_state(self):
        # In the handshake, open, and while closing.
        for one in (new_client(), open_client(), open_client()):
            if one.is_open:
                one.send_text("x")
            one.eof(NOW)
            self.assertEqual(events(one), [("closed", 1006, "connection lost")])
            self.dead(one)
        one = open_client()
        one.close(1000, "")
        one.eof(NOW)
        self.assertEqual(events(one), [("closed", 1006, "connection lost")])
        self.dead(one)

    def test_server_breaks_protocol_then_its_code_is_sent_and_failed(self):
        # Our close frame is the only thing that leaves; events before it stand.
        for data, code, reason in (
            (b"\x81\x80", 1002, "masked"),
            (b"\x81\x01\xff", 1007, "not UTF-8"),
            (b"\x81\x7e\xff\xff", 1009, "too big"),
            (frame(0x88, b"\x03"), 1002, "close code"),
        ):
            one = open_client()
            one.send_text("x")
            one.receive(NOW, frame(0x89, b"") + frame(0x81, b"ok") + data)
            failed = ("failed", "%d %s" % (code, reason))
            self.assertEqual(events(one), [("ping",), ("text", "ok"), failed])
            found = sent(one)
            self.assertEqual(found, [(0x88, code.to_bytes(2, "big") + reason.encode())])
            self.dead(one)

    def test_server_breaks_protocol_while_closing_then_no_second_close(self):
        # RFC 6455 5.5.1: one close frame is all we send.
        one = open_client()
        one.close(1000, "")
        one.receive(NOW, b"\xff\xff")
        self.assertEqual(sent(one), [(0x88, b"\x03\xe8")])
        self.assertEqual(events(one), [("failed", "1002 reserved")])

    def test_limit_of_message_then_of_the_constructor(self):
        # The last allowed byte and one more, over two fragments.
        for size, name in ((20, "text"), (21, "failed")):
            one = open_client(max_message=20)
            one.receive(NOW, frame(0x01, b"x" * 10) + frame(0x80, b"x" * (size - 10)))
            self.assertEqual(one.next_event()[0], name)


class Xorshift:
    """The same numbers on every interpreter (16 bit, period 65535)."""

    def __init__(self, seed):
        self._state = seed

    def below(self, limit):
        """Return 0 .. limit - 1."""
        state = self._state
        state ^= (state << 7) & 0xFFFF
        state ^= state >> 9
        state ^= (state << 8) & 0xFFFF
        self._state = state
        return state % limit

    def bytes(self, count):
        """Return `count` bytes."""
        return bytes([self.below(256) for _ in range(count)])


class FuzzTest(unittest.TestCase):
    def drive(self, one, data, chance):
        """Feed `data` in random portions; check what must hold for any input. Returns the end."""
        position = 0
        last = None
        while position < len(data):
            size = 1 + chance.below(40)
            one.receive(NOW, data[position : position + size])
            position += size
            waiting = 0
            while one.data_to_send() is not None:
                waiting += 1
            self.assertTrue(waiting <= 8)
            for event in events(one):
                self.assertIsNone(last)  # nothing behind the last event
                if event[0] in _LAST:
                    last = event
        self.assertEqual(one.is_open, last is None)
        return last

    def test_random_bytes_then_no_exception(self):
        # Behind the handshake almost everything is an error, and none may escape.
        chance = Xorshift(0xACE1)
        for _ in range(150):
            self.drive(open_client(max_message=200), chance.bytes(chance.below(120)), chance)

    def test_random_answer_then_never_open(self):
        # Neither noise nor a spoiled key or subprotocol opens the connection by chance.
        chance = Xorshift(0xBEEF)
        checked = ANSWER.find(b"Sec-")
        for _ in range(150):
            data = bytearray(ANSWER)
            for _ in range(1 + chance.below(3)):
                data[checked + chance.below(len(data) - checked)] = chance.below(9)
            one = new_client()
            one.receive(NOW, chance.bytes(chance.below(30)) if chance.below(2) else data)
            self.assertFalse(one.is_open)

    def test_mutated_frames_then_no_exception(self):
        # A valid conversation with some bytes changed, left out or doubled.
        chance = Xorshift(0x1D0F)
        valid = (
            frame(0x81, b"[3,\xc3\xa4,{}]")
            + frame(0x01, b"ab\xe2\x82")
            + frame(0x89, b"now")
            + frame(0x80, b"\xaccd")
            + b"\x81\x7e\x00\x80"
            + b"x" * 128
            + frame(0x82, b"yyy")
            + frame(0x8A, b"")
            + b"\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x02ok"
            + frame(0x88, b"\x03\xe8bye")
        )
        ends = []
        for _ in range(250):
            data = bytearray(valid)
            for _ in range(chance.below(4)):
                place = chance.below(len(data))
                kind = chance.below(3)
                if kind == 0:
                    data[place] ^= 1 << chance.below(8)
                elif kind == 1:
                    data = data[:place] + data[place + 1 :]
                else:
                    data = data[:place] + data[place : place + 9] + data[place:]
            last = self.drive(open_client(max_message=300), bytes(data), chance)
            name = last and last[0]
            if name not in ends:
                ends.append(name)
        # All three ways were taken, or the test does not reach what it is for.
        for name in ("closed", "failed", None):
            self.assertIn(name, ends)

    def test_valid_frames_any_portions_then_same_events(self):
        # The chunks of the stream carry no meaning.
        chance = Xorshift(0x77)
        for _ in range(40):
            one = new_client()
            data = ANSWER + frame(0x01, b"a") + frame(0x89, b"") + frame(0x80, b"b")
            position = 0
            found = []
            while position < len(data):
                size = 1 + chance.below(60)
                one.receive(NOW, data[position : position + size])
                position += size
                found += events(one)
            self.assertEqual(found, [("open",), ("ping",), ("text", "ab")])


class LifeTest(unittest.TestCase):
    def test_start_twice_then_assertion(self):
        # One object is one connection.
        with self.assertRaises(AssertionError):
            new_client().start(NOW)

    def test_bytes_before_start_then_nothing(self):
        # Nothing is expected yet, so nothing is read.
        one = client.Client("h", 80, "/", "p", random=lambda count: bytes(count))
        one.receive(NOW, ANSWER)
        self.assertIsNone(one.next_event())
        self.assertIsNone(one.data_to_send())
