"""No call into the driver of a reader that speaks by itself blocks longer than 10 ms."""

import unittest

from rfid.rdm6300 import Rdm6300
from rfid.wiegand import Wiegand, WiegandInput

from boards.sim.chips.rdm6300 import Rdm6300Chip
from boards.sim.chips.wiegand import WiegandChip
from tests.sim import blocking

_TAG = bytes.fromhex("1A002B3C4D")
_NUMBER = bytes.fromhex("DEADBEEF")


class _Wiegand(blocking.Rig):
    def __init__(self):
        super().__init__()
        self.lines = WiegandInput()
        timed = self.watch.measure(self.lines)
        zero, one = (lambda: timed.zero(None)), (lambda: timed.one(None))
        self.chip = WiegandChip(self.watch.ticks_ms, zero, one)
        self.put(Wiegand(self.lines, has_keypad=True))


class _Rdm6300(blocking.Rig):
    def __init__(self):
        super().__init__()
        self.chip = Rdm6300Chip(self.watch.ticks_ms)
        self.put(Rdm6300(blocking.Uart(self.watch, self.chip.uart, 9600)))


def _tags(rig):
    for tag in (_TAG, _TAG[:4] + b"\x00"):
        rig.chip.tag = tag
        rig.run(700)
    rig.chip.tag = None
    rig.run(1500)


def _tags_in_trouble(rig):
    rig.chip.uart.lose_permille = rig.chip.uart.flip_permille = 30
    _tags(rig)
    rig.chip.uart.lose_permille = rig.chip.uart.flip_permille = 0
    for spoil in (
        lambda frame: frame[:12] + bytes((frame[12] ^ 1, 3)),
        lambda frame: frame[:9],
        lambda frame: frame * 40,
    ):
        rig.chip.spoil = spoil
        _tags(rig)
    rig.chip.spoil = None


def _numbers(rig):
    for data in (b"\x7b\xb2\x6e", _NUMBER):
        rig.chip.card(data)
        rig.run(400)
    rig.chip.key(5)
    rig.run(2500)


def _numbers_in_trouble(rig):
    rig.chip.lose_permille = rig.chip.flip_permille = 50
    for _ in range(5):
        _numbers(rig)
    rig.chip.lose_permille = rig.chip.flip_permille = 0
    rig.chip.send("10" * 500)
    rig.run(2000)
    for _ in range(1000):
        rig.lines.one()
    rig.run(500)


def _pulled(present, moments_ms, away_ms):
    def pull(rig):
        rig.silence(away_ms)
        rig.stall(2000)

    return "pulled", blocking.at_moments(moments_ms, pull, 300, present)


_TAG_TROUBLES = (
    ("tags", _tags),
    ("noise", _tags_in_trouble),
    _pulled(lambda rig: setattr(rig.chip, "tag", _TAG), range(0, 200, 10), 1200),
)
_NUMBER_TROUBLES = (
    ("numbers", _numbers),
    ("noise", _numbers_in_trouble),
    _pulled(lambda rig: rig.chip.card(_NUMBER), range(0, 100, 10), 300),
)


class BlockingTest(unittest.TestCase):
    def test_rdm6300_when_anything_happens_then_no_call_blocks_10_ms(self):
        # Tags, noise, babble, a plug, and a port that filled up during a stall.
        rig = _Rdm6300()
        self.assertEqual(rig.live(_TAG_TROUBLES), [])
        self.assertIn(("card", _TAG), rig.events)

    def test_wiegand_when_anything_happens_then_no_call_blocks_10_ms(self):
        # Its interrupts are calls too.
        rig = _Wiegand()
        self.assertEqual(rig.live(_NUMBER_TROUBLES), [])
        self.assertIn(("card", _NUMBER), rig.events)
        self.assertIn(("key", 5), rig.events)


class PlantedWaitTest(unittest.TestCase):
    def test_wait_in_any_step_of_rdm6300_and_wiegand_is_caught(self):
        # 11 ms in each of these methods, with cards coming and going.
        for make, names, troubles in (
            (_Rdm6300, ("tick", "_take", "_give_up"), _TAG_TROUBLES),
            (_Wiegand, ("tick", "_end", "_bytes"), _NUMBER_TROUBLES),
        ):
            for name in names:
                rig = make()
                self.assertFalse(rig.misses(rig.driver, name, troubles[:1]), name)
        for name in ("zero", "one", "take"):
            rig = _Wiegand()
            self.assertFalse(rig.misses(rig.lines, name, _NUMBER_TROUBLES[:1]), name)

    def test_driver_that_waits_for_its_bytes_is_caught(self):
        # Twelve at 9600 baud; handing them over is no waiting, unless the buffer is full.
        rig = _Rdm6300()
        uart = blocking.Uart(rig.watch, rig.chip.uart, 9600)
        for function, is_caught in ((uart.write, False), (lambda _: uart.flush(), True)):
            rig.watch.longest_us = 0
            rig.watch.call("write", function, bytes(12))
            self.assertEqual(rig.watch.longest_us > blocking.LIMIT_US, is_caught)
        rig.watch.call("write", uart.write, bytes(300))
        self.assertTrue(rig.watch.longest_us > 40_000)
