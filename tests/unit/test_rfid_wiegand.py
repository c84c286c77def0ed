"""Wiegand frames from simulated lines: cards, keys, noise; its interrupt allocates nothing."""

import unittest

import micropython
from rfid.uid import uid_text
from rfid.wiegand import Wiegand, WiegandInput

from boards.sim.chips.wiegand import WiegandChip
from tests.unit.reader_rig import ReaderRig

# Facility 123, card 45678; and 34 bits.
_BITS_26 = "10111101110110010011011101"
_DATA_26 = bytes.fromhex("7BB26E")
_BITS_34 = "1110111101010110110111110111011110"
_DATA_34 = bytes.fromhex("DEADBEEF")


class Bench(ReaderRig):
    """Reader, lines and driver; starts shortly before the ticks wrap."""

    def __init__(self, step_ms=10, seed=1, **arguments):
        super().__init__(200, step_ms)
        self.lines = WiegandInput()
        self.chip = WiegandChip(lambda: self.now, self.lines.zero, self.lines.one, seed)
        self.reader = Wiegand(self.lines, **arguments)


class CardTest(unittest.TestCase):
    def test_vectors_are_read_bit_for_bit(self):
        # 26 and 34 bits.
        for bits, data in ((_BITS_26, _DATA_26), (_BITS_34, _DATA_34)):
            bench = Bench()
            bench.chip.send(bits)
            self.assertEqual(bench.run(300), [("card", data)])
            self.assertEqual(bench.reader.held, data)

    def test_reader_sends_the_vectors(self):
        # The simulated one, with its parities.
        for bits, data in ((_BITS_26, _DATA_26), (_BITS_34, _DATA_34)):
            bench = Bench()
            bench.chip.card(data)
            self.assertEqual(bench.chip._bits, bits)

    def test_leading_zeros_are_kept(self):
        # A number that begins with zero bytes is as long as any other.
        bench = Bench()
        bench.chip.card(b"\x00\x00\x2a")
        self.assertEqual(bench.run(300), [("card", b"\x00\x00\x2a")])

    def test_repeated_card_is_reported_once_and_removed_after_two_seconds(self):
        # Some readers repeat while it is held.
        bench = Bench()
        events = []
        for _ in range(6):
            bench.chip.card(_DATA_26)
            events += bench.run(500)
        self.assertEqual(events, [("card", _DATA_26)])
        self.assertEqual(bench.run(2500), [("removed",)])
        bench.chip.card(_DATA_26)
        self.assertEqual(bench.run(300), [("card", _DATA_26)])

    def test_second_card_is_not_lost(self):
        # It is sent only once: the first one counts as gone.
        bench = Bench()
        bench.chip.card(_DATA_26)
        bench.run(300)
        bench.chip.card(_DATA_34)
        self.assertEqual(bench.run(300), [("removed",), ("card", _DATA_34)])


class KeypadTest(unittest.TestCase):
    def test_keys_are_reported_where_asked_for(self):
        # 4 bits, and 8 with the complement.
        bench = Bench(has_keypad=True)
        for bits in (4, 8):
            for key in (0, 5, 11):
                bench.chip.key(key, bits)
                self.assertEqual(bench.run(200), [("key", key)])

    def test_keys_are_ignored_otherwise(self):
        # They are no fault either.
        bench = Bench()
        bench.chip.key(7)
        self.assertEqual(bench.run(300), [])
        self.assertEqual(bench.reader.garbled, 0)

    def test_key_with_a_wrong_complement_is_none(self):
        # 8 bits of something else.
        bench = Bench(has_keypad=True)
        bench.chip.send("01010101")
        self.assertEqual(bench.run(300), [])
        self.assertEqual(bench.reader.garbled, 1)


class TroubleTest(unittest.TestCase):
    def test_wrong_parity_and_length_are_no_card(self):
        # Each single bit flipped; each length that is none; a storm.
        bench = Bench()
        for i in range(26):
            flipped = "1" if _BITS_26[i] == "0" else "0"
            bench.chip.send(_BITS_26[:i] + flipped + _BITS_26[i + 1 :])
            self.assertEqual(bench.run(200), [])
        self.assertEqual(bench.reader.garbled, 26)
        for length in (1, 3, 25, 27, 33, 35, 52, 300):
            bench.chip.send("1" * length)
            self.assertEqual(bench.run(600), [])
        self.assertEqual(bench.reader.garbled, 34)

    def test_lost_pulses_never_make_another_card(self):
        # One pulse in fifty is lost.
        bench = Bench(seed=12)
        bench.chip.lose_permille = 20
        read = 0
        for _ in range(100):
            bench.chip.card(_DATA_26)
            for event in bench.run(2600):
                self.assertIn(event, (("card", _DATA_26), ("removed",)))
                read += event[0] == "card"
        self.assertTrue(40 <= read <= 80)
        self.assertTrue(bench.reader.garbled >= 20)

    def test_pause_ends_a_broken_frame(self):
        # Ten bits, 100 ms, then a whole one.
        bench = Bench()
        bench.chip.send(_BITS_26[:10])
        self.assertEqual(bench.run(120), [])
        bench.chip.send(_BITS_26)
        self.assertEqual(bench.run(300), [("card", _DATA_26)])

    def test_stall_that_joins_two_frames_gives_no_card(self):
        # Both are thrown away rather than mixed; the next one counts.
        bench = Bench()
        for bit in _BITS_26 + _BITS_34:
            (bench.lines.one if bit == "1" else bench.lines.zero)()
        self.assertEqual(bench.run(300), [])
        bench.chip.card(_DATA_34)
        self.assertEqual(bench.run(300), [("card", _DATA_34)])

    def test_ring_that_overflows_recovers(self):
        # A thousand edges without a tick; a tick takes 64 at most.
        bench = Bench()
        for _ in range(1000):
            bench.lines.one()
        taken = []
        take = bench.lines.take
        bench.lines.take = lambda: taken.append(0) or take()
        bench.reader.tick(bench.now)
        self.assertEqual(len(taken), 64)
        self.assertEqual(bench.run(500), [])
        bench.chip.card(_DATA_26)
        self.assertEqual(bench.run(300), [("card", _DATA_26)])

    def test_interrupt_allocates_nothing(self):
        # It may come while the heap is locked.
        lines = WiegandInput()
        micropython.heap_lock()
        try:
            for _ in range(200):
                lines.zero(None)
                lines.one(None)
        finally:
            micropython.heap_unlock()
        self.assertEqual(lines.take(), 0)

    def test_cut_wire_and_hot_plug(self):
        # Nothing to see, nothing to report; then it works.
        bench = Bench()
        bench.chip.silent = True
        bench.chip.card(_DATA_26)
        self.assertEqual(bench.run(5000), [])
        bench.chip.silent = False
        bench.chip.card(_DATA_26)
        self.assertEqual(bench.run(300), [("card", _DATA_26)])


class UidTextTest(unittest.TestCase):
    def test_length_cuts_the_front_or_fills_it_with_zeros(self):
        # After the bytes are in their order.
        self.assertEqual(uid_text(b"\x1a\x00\x2b\x3c\x4d", length=4), "002B3C4D")
        self.assertEqual(uid_text(_DATA_26, length=4), "007BB26E")
        self.assertEqual(uid_text(_DATA_34, True, 3), "BEADDE")
        self.assertEqual(uid_text(_DATA_34, length=10), "000000000000DEADBEEF")

    def test_case_may_be_lower(self):
        # Only the letters.
        self.assertEqual(uid_text(_DATA_34, is_lower=True), "deadbeef")

    def test_length_beyond_an_id_token_is_an_error(self):
        # As is a negative one.
        for length in (11, -1):
            with self.assertRaises(ValueError):
                uid_text(_DATA_34, length=length)
