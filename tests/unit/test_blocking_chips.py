"""No call into the driver of a reader chip blocks longer than 10 ms, whatever the chip does."""

import unittest

from rfid.mfrc522 import Mfrc522
from rfid.pn532 import Pn532
from rfid.pn532_i2c import I2cLink
from rfid.pn532_spi import SpiLink
from rfid.pn532_uart import UartLink

from boards.sim.chips.mfrc522 import Mfrc522Chip
from boards.sim.chips.pn532 import Pn532Chip
from tests.sim import blocking

_FOUR = bytes.fromhex("DEADBEEF")
_NEAR = bytes.fromhex("DEADB6EF")  # collides with it
_SEVEN = bytes.fromhex("04A1B2C3D4E580")
_TEN = bytes.fromhex("0102030405060708090A")
_STRETCH_US = 1000  # more than a PN532 needs; 440 have been seen
_LINKS = ("uart", "i2c", "spi")


class _Mfrc522(blocking.Rig):
    def __init__(self):
        super().__init__()
        self.chip = Mfrc522Chip(self.watch.ticks_ms)
        spi = blocking.Spi(self.watch, self.chip.spi)
        self.put(Mfrc522(spi, blocking.Part(self.watch, self.chip.select)))


class _Pn532(blocking.Rig):
    def __init__(self, kind):
        super().__init__()
        self.chip = Pn532Chip(self.watch.ticks_ms)
        if kind == "uart":
            self.bus = blocking.Uart(self.watch, self.chip.uart, 115200)
            self.link = UartLink(self.bus)
        elif kind == "i2c":
            self.bus = blocking.I2c(self.watch, self.chip.i2c)
            self.link = I2cLink(self.bus)
        else:
            self.bus = blocking.Spi(self.watch, self.chip.spi)
            self.link = SpiLink(self.bus, blocking.Part(self.watch, self.chip.select))
        self.put(Pn532(self.link))

    def step(self):
        del self.chip.frames[:]
        return super().step()


# --- what happens to them; each leaves the chip as it found it ---


def _cards(rig):
    for uid in (_FOUR, _SEVEN, _TEN):
        rig.chip.present(uid)
        rig.run(700)
        rig.measured.next_deadline()
        rig.chip.remove()
        rig.run(1200)


def _two_cards(rig):
    for uid in (_FOUR, _NEAR):
        rig.chip.present(uid)
    rig.run(1500)
    rig.chip.remove()
    rig.run(1200)


def _silence(rig):
    for level in (0x00, 0xFF):
        rig.chip.silent_level = level
        rig.silence(4000)
        rig.run(2500)


def _pull(rig):
    rig.silence(600)
    rig.chip.power_cycle()
    rig.chip.remove()


def _pulled_and_plugged(rig):
    # At each moment of a reading, and back with all settings lost.
    blocking.at_moments(range(0, 400, 10), _pull, 300, lambda rig: rig.chip.present(_SEVEN))(rig)
    rig.run(2500)


def _set_up_anew(rig):
    rig.chip.power_cycle()
    rig.run(2000)
    rig.chip.is_deaf = True
    rig.run(4000)
    rig.chip.is_deaf = False
    rig.run(65_000)  # a minute without a card


def _stalls(rig):
    for steps in range(20):
        rig.chip.present(_SEVEN)
        rig.run(10 * steps)
        rig.stall(2000)
        rig.run(200)
        rig.chip.remove()
        rig.run(700)


def _through(name, change):
    """Return what happens while `change(data)` is what becomes of each answer."""

    def happen(rig):
        if hasattr(rig.chip, "air"):
            rig.chip.air = lambda sent, answer: change(answer)
        else:
            rig.chip.spoil = change
        rig.chip.present(_SEVEN)
        rig.run(5000)
        rig.chip.remove()
        rig.chip.air = rig.chip.spoil = None
        rig.run(3000)

    return name, happen


def _draws():
    """Return a function for numbers of 16 bits, the same each time."""
    noise = [77]

    def draw():
        noise[0] = (noise[0] * 75 + 74) % 65537
        return noise[0]

    return draw


_draw = _draws()


def _noisy(data):
    data = bytearray(data)
    data[_draw() % len(data)] ^= 1 << _draw() % 8
    return bytes(data) if _draw() % 3 else data[: len(data) // 2] or None


def _wrong_last(data):
    return data[:-2] + bytes((data[-2] ^ 0x10, data[-1]))


_TROUBLES = (
    ("cards", _cards),
    ("two cards", _two_cards),
    ("silence", _silence),
    ("pulled and plugged", _pulled_and_plugged),
    ("set up anew", _set_up_anew),
    ("stalls", _stalls),
    _through("noise", _noisy),
    _through("lost bytes", lambda data: data[1:]),
    _through("lost frames", lambda data: data if _draw() % 2 else None),
    _through("wrong check", _wrong_last),
    _through("babble", lambda data: data * 4),
)


def _noisy_line(rig):
    rig.chip.uart.lose_permille = rig.chip.uart.flip_permille = 30
    _cards(rig)
    rig.chip.uart.lose_permille = rig.chip.uart.flip_permille = 0


def _held_clock(rig):
    # A short circuit; just short of the time-out in each transfer, with and without noise.
    for stretch_us, spoil in ((1_000_000, None), (1999, None), (1999, _wrong_last)):
        rig.chip.spoil = spoil
        for steps in range(40):
            rig.chip.present(_SEVEN)
            rig.run(10 * steps)
            rig.bus.stretch_us = stretch_us
            rig.run(700)
            rig.bus.stretch_us = 0
            rig.chip.remove()
            rig.run(300)
    rig.chip.spoil = None


class BlockingTest(unittest.TestCase):
    def test_mfrc522_on_spi_when_anything_happens_then_no_call_blocks_10_ms(self):
        # Cards, silence, noise, lost bytes, wrong checks, plugs, new set-ups, stalls.
        rig = _Mfrc522()
        self.assertEqual(rig.live(_TROUBLES), [])
        self.assertIn(("card", _TEN), rig.events)
        self.assertIn(("silent",), rig.events)

    def test_pn532_on_each_link_when_anything_happens_then_no_call_blocks_10_ms(self):
        # The same.
        for kind in _LINKS:
            rig = _Pn532(kind)
            self.assertEqual(rig.live(_TROUBLES), [])
            self.assertIn(("card", _TEN), rig.events)
            self.assertIn(("silent",), rig.events)

    def test_pn532_on_a_noisy_line_then_no_call_blocks_10_ms(self):
        # Bytes lost and flipped in both directions.
        self.assertEqual(_Pn532("uart").live((("noisy line", _noisy_line),)), [])

    def test_pn532_that_stretches_the_clock_then_no_call_blocks_10_ms(self):
        # In each transfer, while all else happens.
        rig = _Pn532("i2c")
        rig.bus.stretch_us = _STRETCH_US
        self.assertEqual(rig.live(_TROUBLES), [])
        self.assertIn(("card", _TEN), rig.events)

    def test_pn532_whose_clock_is_held_then_no_call_blocks_10_ms(self):
        # For good, or almost as long as the bus waits; at each moment of a reading.
        rig = _Pn532("i2c")
        self.assertEqual(rig.live((("held clock", _held_clock),)), [])
        self.assertIn(("silent",), rig.events)

class PlantedWaitTest(unittest.TestCase):
    def assertCaught(self, make, owner, names):
        # 11 ms in each of these methods, with cards coming and going.
        for name in names:
            rig = make()
            self.assertFalse(rig.misses(getattr(rig, owner), name, _TROUBLES[:1]), name)

    def test_wait_in_any_step_of_mfrc522_is_caught(self):
        names = ("_reset", "_set_up", "_begin_poll", "_send", "_receive", "_end_poll", "_write")
        self.assertCaught(_Mfrc522, "driver", names)

    def test_wait_in_any_step_of_pn532_and_its_links_is_caught(self):
        for kind in _LINKS:
            names = ("_send", "_listen", "_find", "_answered", "_listed", "_rest")
            self.assertCaught(lambda k=kind: _Pn532(k), "driver", names)
            names = ("wake", "send", "receive")
            self.assertCaught(lambda k=kind: _Pn532(k), "link", names)

    def test_driver_that_polls_its_chip_in_a_loop_is_caught(self):
        # The common mistake: an answer is waited for, on the bus, in the tick that asked.
        rig = _Mfrc522()
        driver, watch = rig.driver, rig.watch
        send = driver._send

        def send_and_wait(now, length, framing):
            send(now, length, framing)
            while not driver._read(0x04) & 0x21:
                pass

        driver._send = send_and_wait
        self.assertTrue(rig.live(_TROUBLES[:1]))
        self.assertTrue(25_000 <= watch.longest_us <= 26_500)  # the chip's timer
