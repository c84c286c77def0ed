"""The driver of the PN532 on the simulated chip, over UART, I2C and SPI."""

import unittest

import ticks
from rfid.pn532 import Pn532, build_frame
from rfid.pn532_i2c import I2cLink
from rfid.pn532_spi import SpiLink
from rfid.pn532_uart import UartLink

from boards.sim.chips.pn532 import Pn532Chip
from tests.sim import blocking
from tests.unit.reader_rig import ReaderRig

_FOUR = bytes.fromhex("DEADBEEF")
_SEVEN = bytes.fromhex("04A1B2C3D4E580")
_TEN = bytes.fromhex("0102030405060708090A")
_LINKS = ("uart", "i2c", "spi")


class Bench(ReaderRig):
    """Chip, link and driver; starts shortly before the ticks wrap."""

    def __init__(self, kind, step_ms=10, seed=1):
        super().__init__(700, step_ms)
        self.chip = Pn532Chip(lambda: self.now, seed)
        self.watch = blocking.Watch()
        if kind == "uart":
            link = UartLink(blocking.Uart(self.watch, self.chip.uart, 115200))
        elif kind == "i2c":
            link = I2cLink(blocking.I2c(self.watch, self.chip.i2c))
        else:
            link = SpiLink(blocking.Spi(self.watch, self.chip.spi), self.chip.select)
        self.reader = self.watch.measure(Pn532(link))


class ReadingTest(unittest.TestCase):
    def test_cards_of_all_lengths_are_reported_whole_on_all_links(self):
        # Also one that adds an ATS; no tick holds the bus for 10 ms.
        for kind in _LINKS:
            bench = Bench(kind)
            for uid, ats in ((_FOUR, b""), (_SEVEN, b""), (_TEN, b""), (_SEVEN, bytes(20))):
                bench.chip.present(uid, ats=ats)
                self.assertEqual(bench.run(700), [("card", uid)])
                self.assertEqual(bench.reader.held, uid)
                bench.chip.remove()
                self.assertEqual(bench.run(1200), [("removed",)])
            self.assertEqual(bench.reader.failures, 0)
            self.assertTrue(bench.watch.longest_us <= blocking.LIMIT_US)

    def test_frames_to_the_chip_are_those_of_the_manual(self):
        # Set-up, search, release, field off.
        for kind in _LINKS:
            bench = Bench(kind)
            bench.chip.present(_FOUR)
            bench.run(400)
            expected = (
                "0000FF05FBD414011401 0200",
                "0000FF02FED4022A00",
                "0000FF06FAD43205FF0102F300",
                "0000FF04FCD44A0100E100",
                "0000FF03FDD45200DA00",
                "0000FF04FCD4320100F900",
            )
            sent = bench.chip.frames[: len(expected)]
            self.assertEqual(sent, [bytes.fromhex(text.replace(" ", "")) for text in expected])

    def test_answers_of_the_chip_are_those_of_the_manual(self):
        # The simulated one, byte for byte.
        bench = Bench("uart")
        seen = []
        bench.chip.spoil = lambda frame: seen.append(frame) or frame
        bench.run(400)
        bench.chip.present(_FOUR)
        bench.run(400)
        bench.chip.remove()
        bench.chip.present(_SEVEN)
        bench.run(800)
        for text in (
            "0000FF00FF00",
            "0000FF06FAD50332010607E800",
            "0000FF02FED5151600",
            "0000FF03FDD54B00E000",
            "0000FF0CF4D54B010100040804DEADBEEF9600",
            "0000FF0FF1D54B01010044000704A1B2C3D4E5804000",
        ):
            self.assertIn(bytes.fromhex(text), seen)

    def test_held_card_is_reported_once(self):
        # Thirty seconds on the reader.
        for kind in _LINKS:
            bench = Bench(kind)
            bench.chip.present(_SEVEN)
            self.assertEqual(bench.run(30_000), [("card", _SEVEN)])

    def test_field_is_off_between_the_searches(self):
        # With and without a card.
        bench = Bench("spi", step_ms=5)
        bench.run(1000)
        on = 0
        for _ in range(200):
            bench.run(5)
            on += bench.chip.is_field_on
        self.assertTrue(on <= 100)

    def test_slow_ticks_read_cards_too(self):
        # 50 ms between two.
        for kind in _LINKS:
            bench = Bench(kind, step_ms=50)
            bench.chip.present(_TEN)
            self.assertEqual(bench.run(2000), [("card", _TEN)])

    def test_stall_at_any_moment_of_a_search_costs_no_set_up(self):
        # What lies in the port, or is ready in the chip, is looked at before the clock.
        for kind in _LINKS:
            for steps in range(30):
                bench = Bench(kind)
                bench.run(300 + 10 * steps)
                bench.now = ticks.add(bench.now, 2000)
                bench.chip.present(_SEVEN)
                self.assertEqual(bench.run(700), [("card", _SEVEN)])
                self.assertEqual(bench.reader.restarts, 1)

    def test_answer_that_cannot_be_is_no_card(self):
        # UID length 5; cut UID; two bytes.
        for text in ("4B01010004080500DEADBEEF", "4B010100440007DEADBEEF", "4B01"):
            bench = Bench("spi")
            bench.run(500)
            out = bytearray(32)
            length = build_frame(out, b"\xd5" + bytes.fromhex(text))
            forged = bytes(out[:length])
            bench.chip.spoil = lambda frame, f=forged: f if frame[6:7] == b"\x4b" else frame
            self.assertEqual(bench.run(2000), [])
            self.assertTrue(bench.reader.failures > 0)


class TroubleTest(unittest.TestCase):
    def test_silent_from_the_start_is_reported_once_and_recovers(self):
        # Nothing there, lines low or high; then it is plugged in, asleep.
        for kind in _LINKS:
            for level in (0x00, 0xFF):
                bench = Bench(kind)
                bench.chip.silent_level = level
                bench.chip.silent = True
                self.assertEqual(bench.run(10_000), [("silent",)])
                bench.chip.silent = False
                self.assertEqual(bench.run(2500), [("back",)])
                bench.chip.present(_FOUR)
                self.assertEqual(bench.run(700), [("card", _FOUR)])

    def test_plug_pulled_at_any_moment_gives_no_wrong_event(self):
        # With a card on the reader; it is reported silent within a second.
        for kind in _LINKS:
            for steps in range(0, 60, 2):
                bench = Bench(kind)
                bench.chip.present(_SEVEN)
                events = bench.run(steps * 10)
                bench.chip.silent = True
                events += bench.run(1200)
                self.assertIn(("silent",), events)
                for event in events:
                    self.assertIn(event, (("silent",), ("card", _SEVEN)))

    def test_card_held_through_a_silence_is_not_reported_again(self):
        # A loose plug must not stop a transaction.
        bench = Bench("i2c")
        bench.chip.present(_FOUR)
        bench.run(700)
        bench.chip.silent = True
        self.assertEqual(bench.run(3000), [("silent",)])
        bench.chip.silent = False
        bench.chip.power_cycle()
        self.assertEqual(bench.run(4000), [("back",)])
        bench.chip.remove()
        self.assertEqual(bench.run(1500), [("removed",)])

    def test_brown_out_is_repaired_unnoticed(self):
        # The chip sleeps and has forgotten its retries.
        for kind in _LINKS:
            bench = Bench(kind)
            bench.run(1000)
            bench.chip.power_cycle()
            bench.run(1500)
            bench.chip.present(_FOUR)
            events = bench.run(1500)
            self.assertIn(("card", _FOUR), events)

    def test_endless_search_is_aborted(self):
        # The retries were lost: the driver ends the command with an ACK and sets them again.
        bench = Bench("uart")
        bench.run(1000)
        bench.chip._retries = 0xFF
        restarts = bench.reader.restarts
        self.assertEqual(bench.run(2000), [])
        self.assertIn(bytes.fromhex("0000FF00FF00"), bench.chip.frames)
        self.assertEqual(bench.reader.restarts, restarts + 1)
        bench.chip.present(_FOUR)
        self.assertEqual(bench.run(700), [("card", _FOUR)])

    def test_chip_that_ends_no_command_is_silent(self):
        # It acknowledges, and that is all.
        for kind in _LINKS:
            bench = Bench(kind)
            bench.run(1000)
            bench.chip.is_deaf = True
            self.assertEqual(bench.run(4000), [("silent",)])
            bench.chip.is_deaf = False
            self.assertEqual(bench.run(2500), [("back",)])

    def test_broken_answer_is_asked_for_again(self):
        # A NACK brings the same frame once more: the card is read in the same search.
        for kind in _LINKS:
            bench = Bench(kind)
            bench.run(1000)
            spoilt = []

            def spoil(frame, spoilt=spoilt):
                if frame[6:7] != b"\x4b" or spoilt:
                    return frame
                spoilt.append(frame)
                return frame[:10] + b"\x55" + frame[11:]

            bench.chip.present(_FOUR)
            bench.chip.spoil = spoil
            self.assertEqual(bench.run(700), [("card", _FOUR)])
            self.assertIn(bytes.fromhex("0000FFFF0000"), bench.chip.frames)
            self.assertEqual(bench.reader.failures, 0)

    def test_error_frame_restarts_the_chip(self):
        # 7F: the chip did not understand.
        bench = Bench("spi")
        bench.run(1000)
        error = bytes.fromhex("0000FF01FF7F8100")
        bench.chip.spoil = lambda frame: error if frame[6:7] == b"\x4b" else frame
        self.assertEqual(bench.run(3000), [("silent",)])
        bench.chip.spoil = None
        self.assertEqual(bench.run(3000), [("back",)])

    def test_chip_of_another_type_is_silence(self):
        # A version, but not that of a PN532.
        bench = Bench("i2c")
        other = bytes.fromhex("0000FF06FAD50307010607") + b"\x13\x00"
        bench.chip.spoil = lambda frame: other if frame[6:7] == b"\x03" else frame
        self.assertEqual(bench.run(4000), [("silent",)])

    def test_noise_never_makes_a_wrong_card(self):
        # Five minutes; bytes lost and flipped both ways; cards come and go.
        bench = Bench("uart", seed=99)
        bench.chip.uart.flip_permille = bench.chip.uart.lose_permille = 3
        read = 0
        for i in range(60):
            uid = (_FOUR, _SEVEN, _TEN)[i % 3]
            bench.chip.frames = []
            bench.chip.present(uid)
            events = bench.run(3000)
            bench.chip.remove()
            events += bench.run(2000)
            for event in events:
                self.assertIn(event, (("card", uid), ("removed",), ("silent",), ("back",)))
            read += ("card", uid) in events
        self.assertTrue(read >= 55)

    def test_junk_before_a_frame_is_skipped(self):
        # And frames that come in pieces.
        bench = Bench("uart", step_ms=1)
        bench.chip.spoil = lambda frame: b"\x55\x00\xff\x00" + frame
        bench.chip.present(_SEVEN)
        self.assertEqual(bench.run(700), [("card", _SEVEN)])

    def test_chip_is_set_up_anew_after_a_minute_without_a_card(self):
        # Its settings can be lost without a sign.
        bench = Bench("spi")
        bench.run(59_000)
        self.assertEqual(bench.reader.restarts, 1)
        self.assertEqual(bench.run(3000), [])
        self.assertEqual(bench.reader.restarts, 2)
