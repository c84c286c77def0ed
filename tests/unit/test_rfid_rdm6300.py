"""The driver of the RDM6300 on the simulated reader, at real byte times and on a bad line."""

import unittest

from rfid.rdm6300 import Rdm6300, decode
from rfid.uid import uid_text

from boards.sim.chips.rdm6300 import Rdm6300Chip
from tests.unit.reader_rig import ReaderRig

_TAG = bytes.fromhex("1A002B3C4D")
_OTHER = bytes.fromhex("1A002B3C4E")
_FRAME = bytes.fromhex("0231413030324233433444343003")


class Bench(ReaderRig):
    """Reader and driver; starts shortly before the ticks wrap."""

    def __init__(self, step_ms=10, seed=1):
        super().__init__(500, step_ms)
        self.chip = Rdm6300Chip(lambda: self.now, seed)
        self.reader = Rdm6300(self.chip.uart)


class ReadingTest(unittest.TestCase):
    def test_frame_is_decoded_byte_for_byte(self):
        # All ten digits are the id token.
        self.assertEqual(decode(_FRAME), _TAG)
        self.assertEqual(uid_text(decode(_FRAME)), "1A002B3C4D")

    def test_reader_sends_the_frame(self):
        # The simulated one.
        chip = Rdm6300Chip(lambda: 0)
        chip.tag = _TAG
        self.assertEqual(chip.frame(), _FRAME)

    def test_held_tag_is_reported_once_and_removed(self):
        # Repeated every 65 ms for ten seconds.
        bench = Bench()
        bench.chip.tag = _TAG
        self.assertEqual(bench.run(10_000), [("card", _TAG)])
        self.assertEqual(bench.reader.held, _TAG)
        bench.chip.tag = None
        self.assertEqual(bench.run(1500), [("removed",)])
        self.assertIsNone(bench.reader.held)

    def test_other_tag_takes_the_place_at_once(self):
        # Two tags in a row.
        bench = Bench()
        bench.chip.tag = _TAG
        bench.run(500)
        bench.chip.tag = _OTHER
        self.assertEqual(bench.run(500), [("removed",), ("card", _OTHER)])

    def test_slow_ticks_read_tags_too(self):
        # 50 ms between two.
        bench = Bench(step_ms=50)
        bench.chip.tag = _TAG
        self.assertEqual(bench.run(1000), [("card", _TAG)])


class TroubleTest(unittest.TestCase):
    def test_wrong_frames_are_no_tag(self):
        # Each character flipped in turn; lower case, which the module does not send.
        for at in range(14):
            frame = bytearray(_FRAME)
            frame[at] ^= 0x01
            self.assertIsNone(decode(frame))
        self.assertIsNone(decode(_FRAME[:2] + b"a" + _FRAME[3:]))

    def test_broken_frame_is_counted_and_the_next_one_read(self):
        # Cut after each character, without a pause.
        for cut in range(1, 14):
            bench = Bench()
            frames = [_FRAME[:cut] + _FRAME]
            bench.chip.spoil = lambda frame, f=frames: f.pop() if f else b""
            bench.chip.tag = _TAG
            self.assertEqual(bench.run(300), [("card", _TAG)])
            self.assertEqual(bench.reader.garbled, 1)

    def test_noise_never_makes_another_tag(self):
        # Two minutes; characters lost and flipped, and junk in between.
        bench = Bench(seed=7)
        line = bench.chip.uart
        line.flip_permille = line.lose_permille = 10
        bench.chip.spoil = lambda frame: line._disturb(b"\x00\x02" + frame + b"\xff")
        for _ in range(40):
            bench.chip.tag = _TAG
            events = bench.run(1500)
            bench.chip.tag = None
            events += bench.run(1500)
            self.assertEqual(events, [("card", _TAG), ("removed",)])
        self.assertTrue(bench.reader.garbled > 100)

    def test_missing_repeats_do_not_remove_the_tag(self):
        # Two of three frames are spoilt.
        bench = Bench()
        count = [0]

        def spoil(frame):
            count[0] += 1
            return frame if count[0] % 3 == 0 else frame[:5]

        bench.chip.tag = _TAG
        bench.chip.spoil = spoil
        self.assertEqual(bench.run(10_000), [("card", _TAG)])

    def test_silence_and_hot_plug(self):
        # A pulled plug looks like no tag.
        bench = Bench()
        bench.chip.tag = _TAG
        bench.run(500)
        bench.chip.silent = True
        self.assertEqual(bench.run(3000), [("removed",)])
        bench.chip.silent = False
        self.assertEqual(bench.run(500), [("card", _TAG)])

    def test_tick_takes_a_bounded_number_of_bytes(self):
        # A port that is always full.
        class Port:
            reads = 0

            def any(self):
                return 4096

            def readinto(self, into):
                self.reads += 1
                into[0] = 0x31
                return 1

        port = Port()
        reader = Rdm6300(port)
        self.assertIsNone(reader.tick(0))
        self.assertEqual(port.reads, 32)
