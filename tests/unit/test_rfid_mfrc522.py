"""The driver of the MFRC522 on the simulated chip: cards, silence, and how little a tick does."""

import unittest

import ticks
from rfid.mfrc522 import Mfrc522

from boards.sim.chips.mfrc522 import Mfrc522Chip

_TRANSACTIONS_MAX = 16
_FOUR = bytes.fromhex("DEADBEEF")
_SEVEN = bytes.fromhex("04A1B2C3D4E580")
_TEN = bytes.fromhex("0102030405060708090A")


class Bench:
    """Chip, driver and the time between them; starts shortly before the ticks wrap."""

    def __init__(self, version=0x92, step_ms=5):
        self.now = 0x3FFFFFFF - 700
        self.step_ms = step_ms
        self.chip = Mfrc522Chip(lambda: self.now, version)
        self.reader = Mfrc522(self.chip.spi, self.chip.select)
        self.transactions_max = 0
        self.sent = []

    def run(self, duration_ms):
        """Tick for `duration_ms`; returns the events."""
        events = []
        for _ in range(duration_ms // self.step_ms):
            before = self.chip.transactions
            event = self.reader.tick(self.now)
            done = self.chip.transactions - before
            self.transactions_max = max(self.transactions_max, done)
            if event:
                events.append(event)
            self.now = ticks.add(self.now, self.step_ms)
        return events

    def listen(self):
        """Record all frames that reach a card."""

        def air(sent, answer):
            self.sent.append((sent, answer))
            return answer

        self.chip.air = air


def _flip(head, at):
    """Return an air that flips a bit of byte `at` of the answer to what begins with `head`."""

    def flip(sent, answer):
        if sent[:2] == head:
            answer = bytearray(answer)
            answer[at] ^= 0x10
        return answer

    return flip


class ReadingTest(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.chip = self.bench.chip

    def tearDown(self):
        self.assertTrue(self.bench.transactions_max <= _TRANSACTIONS_MAX)

    def test_cards_of_all_lengths_are_reported_whole(self):
        # 4, 7 and 10 bytes arrive uncut and in order.
        for uid in (_FOUR, _SEVEN, _TEN):
            self.chip.present(uid)
            self.assertEqual(self.bench.run(400), [("card", uid)])
            self.chip.remove()
            self.assertEqual(self.bench.run(1000), [("removed",)])

    def test_frames_in_the_air_are_those_of_the_standard(self):
        # Byte for byte through chip and card, with the answers.
        self.bench.listen()
        self.chip.present(_SEVEN)
        self.bench.run(300)
        expected = (
            ("26", "4400"),
            ("9320", "880 4A1B29F"),
            ("93708804A1B29FAE4B", "04DA17"),
            ("9520", "C3D4E58072"),
            ("9570C3D4E580723BB1", "00FE51"),
        )
        for i in range(len(expected)):
            sent, answer = self.bench.sent[i]
            self.assertEqual(sent, bytes.fromhex(expected[i][0]))
            self.assertEqual(answer, bytes.fromhex(expected[i][1].replace(" ", "")))

    def test_held_card_is_reported_once(self):
        # A card that lies on the reader for two minutes, longer than the reader's own check-up.
        self.chip.present(_FOUR)
        self.assertEqual(self.bench.run(120_000), [("card", _FOUR)])
        self.assertEqual(self.bench.reader.held, _FOUR)
        self.assertEqual(self.bench.reader.restarts, 1)

    def test_card_missed_twice_is_still_held(self):
        # Two failed polls are a shaky hand, the third is a removal.
        self.chip.present(_FOUR)
        self.bench.run(500)
        self.chip.remove()
        self.assertEqual(self.bench.run(300), [])
        self.chip.present(_FOUR)
        self.assertEqual(self.bench.run(2000), [])

    def test_removal_is_reported_within_a_second_and_card_again_after(self):
        # The same card a second time is a new presence.
        self.chip.present(_FOUR)
        self.bench.run(500)
        self.chip.remove()
        self.assertEqual(self.bench.run(700), [("removed",)])
        self.chip.present(_FOUR)
        self.assertEqual(self.bench.run(400), [("card", _FOUR)])

    def test_swapped_card_is_reported_after_the_removal(self):
        # Without a gap between them: first the old one goes, then the new one comes.
        self.chip.present(_FOUR)
        self.bench.run(500)
        self.chip.remove()
        self.chip.present(_SEVEN)
        self.assertEqual(self.bench.run(1500), [("removed",), ("card", _SEVEN)])

    def test_phone_that_stays_is_one_presence(self):
        # It makes up a UID at each power-up; interrupted polls switch the field off and on.
        made = []

        def new_uid():
            made.append(1)
            return bytes((0x08, len(made), 2, 3))

        self.chip.present(b"\x08\x00\x02\x03", new_uid=new_uid)
        events = self.bench.run(1000)
        self.assertEqual(len(events), 1)
        made_at_first = len(made)
        self.assertEqual(self.bench.run(5000), [])
        self.assertEqual(len(made), made_at_first)  # the field stayed on
        self.chip.air = lambda sent, answer: None
        self.bench.run(200)
        self.chip.air = None
        self.assertEqual(self.bench.run(5000), [])
        self.assertTrue(len(made) > made_at_first)

    def test_card_that_leaves_before_the_select_is_not_reported(self):
        # It answered the anticollision and went: nothing to report, and the next one works.
        chip = self.chip

        def leave(sent, answer):
            if sent[:2] == b"\x93\x20":
                chip.remove()
            return answer

        chip.air = leave
        chip.present(_FOUR)
        self.assertEqual(self.bench.run(1000), [])
        chip.air = None
        chip.present(_SEVEN)
        self.assertEqual(self.bench.run(400), [("card", _SEVEN)])

    def test_card_that_leaves_between_levels_is_not_reported_short(self):
        # Half of a 7-byte UID is no UID.
        chip = self.chip
        chip.air = lambda sent, answer: None if sent[0] == 0x95 else answer
        chip.present(_SEVEN)
        self.assertEqual(self.bench.run(2000), [])

    def test_garbled_answers_are_never_a_card(self):
        # Each byte of each answer of the selection flipped once, in one bit.
        bench = self.bench
        bench.chip.present(_SEVEN)
        frames = ((b"\x93\x20", 5), (b"\x93\x70", 3), (b"\x95\x20", 5), (b"\x95\x70", 3))
        for head, length in frames:
            for at in range(length):
                bench.chip.air = _flip(head, at)
                self.assertEqual(bench.run(400), [])
        self.assertTrue(bench.reader.failures >= 16)
        bench.chip.air = None
        self.assertEqual(bench.run(400), [("card", _SEVEN)])

    def test_two_cards_give_the_same_one_each_time(self):
        # The one with the 1 at the first difference, whichever was there first.
        first = bytes.fromhex("DEADB6EF")
        for pair in ((first, _FOUR), (_FOUR, first)):
            for uid in pair:
                self.chip.present(uid)
            self.assertEqual(self.bench.run(3000), [("card", _FOUR)])
            self.chip.remove()
            self.bench.run(1000)

    def test_second_card_does_not_disturb_the_held_one_when_it_loses(self):
        # DEADBEEF wins against DEADB6EF, so nothing changes; when it goes, the other is read.
        held = self.chip.present(_FOUR)
        self.bench.run(500)
        self.chip.present(bytes.fromhex("DEADB6EF"))
        self.assertEqual(self.bench.run(2000), [])
        self.chip.remove(held)
        expected = [("removed",), ("card", bytes.fromhex("DEADB6EF"))]
        self.assertEqual(self.bench.run(2000), expected)

    def test_four_cards_of_mixed_lengths_are_told_apart(self):
        # Collisions in several places and in two cascade levels.
        for text in ("DEADBEEF", "5EADBEEF", "04A1B2C3D4E580", "04A1B2C3D4E581"):
            self.chip.present(bytes.fromhex(text))
        events = self.bench.run(3000)
        self.assertEqual(len(events), 1)
        self.assertIn(events[0][1], [card.uid for card in self.chip.cards])


class ChipFaultTest(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.chip = self.bench.chip

    def tearDown(self):
        self.assertTrue(self.bench.transactions_max <= _TRANSACTIONS_MAX)

    def test_silent_from_the_start_is_reported_once_and_recovers(self):
        # No chip, then one is plugged in: hot-plug.
        self.chip.silent = True
        self.assertEqual(self.bench.run(10_000), [("silent",)])
        self.chip.silent = False
        self.assertEqual(self.bench.run(2000), [("back",)])
        self.chip.present(_FOUR)
        self.assertEqual(self.bench.run(400), [("card", _FOUR)])

    def test_silence_in_operation_is_reported_within_half_a_second(self):
        # Lines low or high, the same.
        for level in (0x00, 0xFF):
            self.bench.run(1000)
            self.chip.silent_level = level
            self.chip.silent = True
            self.assertEqual(self.bench.run(500), [("silent",)])
            self.chip.silent = False
            self.chip.power_cycle()
            self.assertEqual(self.bench.run(2000), [("back",)])

    def test_silence_at_any_moment_of_a_reading_gives_no_wrong_event(self):
        # The plug is pulled after each possible number of ticks, with a card on the reader.
        for steps in range(80):
            bench = Bench()
            bench.chip.silent_level = 0xFF if steps % 2 else 0x00
            bench.chip.present(_SEVEN)
            events = bench.run(steps * 5)
            bench.chip.silent = True
            events += bench.run(1000)
            self.assertIn(("silent",), events)
            self.assertEqual(len(events), 1 if steps * 5 < 90 else len(events))
            for event in events:
                self.assertIn(event, (("silent",), ("card", _SEVEN)))

    def test_unknown_version_is_silence(self):
        # 11 has been seen with bad wiring.
        bench = Bench(version=0x11)
        self.assertEqual(bench.run(3000), [("silent",)])

    def test_known_copies_work(self):
        # The FM17522 answers as an MFRC522 does.
        for version in (0x88, 0x90, 0x91, 0xB2):
            bench = Bench(version=version)
            bench.chip.present(_FOUR)
            self.assertEqual(bench.run(600), [("card", _FOUR)])

    def test_card_held_through_a_silence_is_not_reported_again(self):
        # Otherwise a loose plug would start and stop a transaction by itself.
        self.chip.present(_FOUR)
        self.bench.run(500)
        self.chip.silent = True
        self.assertEqual(self.bench.run(3000), [("silent",)])
        self.chip.silent = False
        self.chip.power_cycle()
        self.assertEqual(self.bench.run(3000), [("back",)])

    def test_card_taken_away_during_a_silence_is_removed_after_it(self):
        # As soon as the reader can know it.
        self.chip.present(_FOUR)
        self.bench.run(500)
        self.chip.silent = True
        self.bench.run(3000)
        self.chip.remove()
        self.chip.silent = False
        self.assertEqual(self.bench.run(3000), [("back",), ("removed",)])

    def test_brown_out_of_the_chip_is_repaired_unnoticed(self):
        # The version is right, but all settings are gone: the missing timer gives it away.
        self.bench.run(1000)
        self.chip.power_cycle()
        self.assertEqual(self.bench.run(500), [])
        self.chip.present(_FOUR)
        self.assertEqual(self.bench.run(500), [("card", _FOUR)])
        self.assertEqual(self.bench.reader.restarts, 2)

    def test_chip_that_ends_no_command_is_silent(self):
        # A version alone reads no cards.
        self.bench.run(1000)
        self.chip.is_deaf = True
        self.assertEqual(self.bench.run(2000), [("silent",)])
        self.chip.is_deaf = False
        self.assertEqual(self.bench.run(1000), [("back",)])

    def test_chip_is_set_up_anew_after_a_minute_without_a_card(self):
        # Antenna settings can be lost without any sign on the bus.
        self.bench.run(59_000)
        self.assertEqual(self.bench.reader.restarts, 1)
        self.assertEqual(self.bench.run(3000), [])
        self.assertEqual(self.bench.reader.restarts, 2)


class CostTest(unittest.TestCase):
    def test_idle_second_takes_few_transactions(self):
        # About six polls of the field without a card: no register is read in a loop.
        bench = Bench(step_ms=10)
        bench.run(2000)
        before = bench.chip.transactions
        bench.run(1000)
        self.assertTrue(bench.chip.transactions - before <= 120)

    def test_field_is_mostly_off_without_a_card(self):
        # It heats the chip for nothing.
        bench = Bench()
        bench.run(1000)
        on = 0
        for _ in range(200):
            bench.run(5)
            on += bench.chip.is_field_on
        self.assertTrue(on <= 60)

    def test_slow_ticks_read_cards_too(self):
        # 50 ms between ticks, and a stall of two seconds in the middle of a reading.
        bench = Bench(step_ms=50)
        bench.chip.present(_TEN)
        self.assertEqual(bench.run(1200), [("card", _TEN)])
        bench.chip.remove()
        bench.run(2000)
        bench.chip.present(_SEVEN)
        bench.run(250)
        bench.now = ticks.add(bench.now, 2000)
        self.assertEqual(bench.run(1000)[-1:], [("card", _SEVEN)])

    def test_next_deadline_tells_when_to_tick(self):
        # Ticking only at the deadlines reads the card just the same.
        bench = Bench(step_ms=1)
        bench.chip.present(_FOUR)
        events = []
        calls = 0
        end = ticks.add(bench.now, 1000)
        while ticks.diff(end, bench.now) > 0:
            calls += 1
            event = bench.reader.tick(bench.now)
            if event:
                events.append(event)
            bench.now = bench.reader.next_deadline()
        self.assertEqual(events, [("card", _FOUR)])
        self.assertTrue(calls < 60)
