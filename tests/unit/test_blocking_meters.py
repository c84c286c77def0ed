"""No call into the driver of a meter blocks longer than 10 ms, whatever the line does."""

import unittest

from meters.cse7766 import Cse7766
from meters.maps import abb, chint, eastron, eastron_single, gavazzi, pzem
from meters.modbus_meter import ModbusMeter
from meters.probe import Probe
from meters.pulse import PulseInput, PulseMeter
from modbus.master import Master

from boards.sim.chips.cse7766 import Cse7766Chip
from boards.sim.chips.modbus_meter import ModbusMeterChip, names
from tests.sim import blocking

_MAPS = (
    eastron.SDM630, eastron.SDM72D_V1, eastron.SDM72D_V2, eastron_single.SDM120,
    eastron_single.SDM230, chint.DTSU666, chint.DDSU666, abb.B23, gavazzi.EM340, pzem.PZEM_004T,
)  # fmt: skip
_SLOWEST = eastron_single.SDM120  # 2400 bit/s


class _Modbus(blocking.Rig):
    """A meter behind a transceiver whose direction the master turns, or one without."""

    def __init__(self, meter_map, has_direction=True):
        super().__init__()
        baud = meter_map[3]
        self.turns = []
        self.meter_map = meter_map
        self.chip = ModbusMeterChip(self.watch.ticks_ms, meter_map[0])
        self.chip.power_w, self.chip.current_ma = [3680, 0, 0], [16_000, 0, 0]
        self.answer = self.chip.answer
        self.bus = blocking.Uart(self.watch, self.chip.uart, baud, bits=11)
        direction = blocking.Part(self.watch, self.turns.append) if has_direction else None
        self.master = self.watch.call("Master", Master, self.bus, baud, direction)
        self.put(ModbusMeter(self.master, meter_map))

    def step(self):
        del self.turns[:-2]
        super().step()


class _Probe(_Modbus):
    """The search for a meter, on the line that has one."""

    def __init__(self, meter_map):
        super().__init__(meter_map)
        lines = ((9600, None), (2400, None))
        self.put(Probe(self.master, ModbusMeter, lambda name: meter_map, lines=lines))


class _Cse7766(blocking.Rig):
    def __init__(self):
        super().__init__()
        self.chip = Cse7766Chip(self.watch.ticks_ms)
        self.chip.power_w, self.chip.current_ma = 2300, 10_000
        self.put(Cse7766(blocking.Uart(self.watch, self.chip.uart, 4800, bits=11)))


class _Pulse(blocking.Rig):
    """Pulses of 40 ms, every 200 ms, by the interrupt of a pin."""

    def __init__(self):
        super().__init__()
        self.chip = None
        self.input = PulseInput()
        self.interrupt = self.watch.measure(self.input)
        self.put(PulseMeter(self.input))

    def step(self):
        now = self.watch.ticks_ms()
        self.interrupt.edge(now, now % 200 < 40)
        super().step()


def _readings(rig):
    rig.run(2500)
    for offset in range(0, 1000, 90):
        rig.run(offset)
        rig.measured.poll_now(rig.watch.ticks_ms())
        rig.run(600)
        rig.measured.silent_ms(rig.watch.ticks_ms())


def _search(rig):
    rig.run(60_000)


def _silence(rig):
    rig.silence(13_000)
    rig.run(2500)


def _spoiled(name):
    """Return what happens while the line has 20 of 1000 in this attribute."""

    def happen(rig):
        setattr(rig.chip.uart, name, 20)
        rig.run(8000)
        setattr(rig.chip.uart, name, 0)

    return happen


def _answers(change):
    """Return what happens while `change(reply)` comes instead of each reply of a slave."""

    def happen(rig):
        rig.chip.uart.slave = lambda frame: change(rig.answer(frame) or b"")
        rig.run(8000)
        rig.chip.uart.slave = rig.answer
        rig.run(2000)

    return happen


def _echo(rig):
    rig.chip.uart.echo = True
    rig.chip.uart.junk = b"\x00\xff\x00"
    rig.run(4000)
    rig.chip.uart.echo = False
    rig.chip.uart.junk = b""


def _babble(rig):
    # What looks like the beginning of a reply, over and over, from another moment each time.
    _, function, address, _, _, _, reads, _ = rig.meter_map
    head = bytes((address, function, 2 * reads[0][1]))
    for moment in range(0, 400, 20):
        rig.run(500 + moment)
        for _ in range(40):
            rig.chip.uart.inject(head + head[:2])
            rig.run(10)
    rig.run(3000)


def _frames(change):
    """Return what happens while `change(frame)` comes instead of each frame of a chip."""

    def happen(rig):
        rig.chip.spoil = change
        rig.run(5000)
        rig.chip.spoil = None
        rig.run(2000)

    return happen


def _full_port(rig):
    rig.run(500)
    rig.chip.uart.inject(b"\x55\x5a" * 300)
    rig.stall(2000)
    rig.run(1000)


_STALLS = ("stalls", blocking.at_moments(range(0, 600, 50), lambda rig: rig.stall(2000), 500))
_TROUBLES = (
    ("silence", _silence),
    ("pulled and plugged", blocking.at_moments(
        range(0, 600, 20), lambda rig: rig.silence(500), 300)),
    _STALLS,
    ("noise", _spoiled("flip_permille")),
    ("lost bytes", _spoiled("lose_permille")),
)  # fmt: skip
_LINE_TROUBLES = _TROUBLES + (
    ("wrong check", _answers(lambda reply: reply[:-1] + b"\x5a")),
    ("cut replies", _answers(lambda reply: reply[: len(reply) // 2])),
    ("exceptions", _answers(lambda reply: b"\x01\x84\x02\xc2\xc1")),
    ("echo and bias", _echo),
    ("babble", _babble),
)
_CHIP_TROUBLES = _TROUBLES + (
    ("wrong check", _frames(lambda frame: frame[:-1] + bytes((frame[-1] ^ 1,)))),
    ("cut frames", _frames(lambda frame: frame[:11])),
    ("uncalibrated", _frames(lambda frame: b"\xaa" + frame[1:])),
    ("a full port", _full_port),
)
_READINGS = (("readings", _readings),)


class BlockingTest(unittest.TestCase):
    def test_meter_of_each_map_when_anything_happens_then_no_call_blocks_10_ms(self):
        # Readings, silence, plugs, stalls, noise, lost bytes, wrong checks, exceptions, babble.
        self.assertEqual(len(_MAPS), len(names()))
        for meter_map in _MAPS:
            rig = _Modbus(meter_map)
            self.assertEqual(rig.live(_READINGS), [])
            self.assertTrue(rig.driver.reading_id > 4)
            self.assertEqual(rig.live(_LINE_TROUBLES), [])
            self.assertTrue(rig.driver.missed > 10)

    def test_meter_without_a_direction_then_no_call_blocks_10_ms(self):
        # A transceiver that turns by itself, on the slowest line.
        rig = _Modbus(_SLOWEST, has_direction=False)
        self.assertEqual(rig.live(_READINGS + _LINE_TROUBLES), [])
        self.assertTrue(rig.driver.reading_id > 4)

    def test_probe_when_a_meter_is_found_or_is_not_then_no_call_blocks_10_ms(self):
        # One that answers, one that is silent.
        for is_silent in (False, True):
            rig = _Probe(_SLOWEST)
            rig.chip.silent = is_silent
            self.assertEqual(rig.live((("search", _search),)), [])
            self.assertEqual(len(rig.driver.fits) > 0, not is_silent)
            self.assertTrue(rig.driver.is_done)

    def test_cse7766_when_anything_happens_then_no_call_blocks_10_ms(self):
        # Also with a port that is full of what looks like frames.
        rig = _Cse7766()
        self.assertEqual(rig.live(_READINGS + _CHIP_TROUBLES), [])
        self.assertTrue(rig.driver.reading_id > 4)
        self.assertTrue(rig.driver.missed > 10)

    def test_pulse_meter_then_no_call_blocks_10_ms(self):
        # Its interrupt is a call too; there is no trouble that it could see.
        rig = _Pulse()
        self.assertEqual(rig.live(_READINGS + (_STALLS,)), [])
        self.assertTrue(rig.driver.energy_wh > 4)


class PlantedWaitTest(unittest.TestCase):
    def test_wait_in_any_step_of_a_meter_is_caught(self):
        # 11 ms in each of these methods, while nothing but readings happens.
        for make, owner, methods in (
            (lambda: _Modbus(_SLOWEST), "driver", ("_is_due", "_ask", "_take", "_publish")),
            (lambda: _Modbus(_SLOWEST), "master", ("_try_to_send", "_receive", "_is_sent")),
            (_Cse7766, "driver", ("_resync", "_take", "_decode", "_publish")),
            (_Pulse, "driver", ("_measure", "_fade", "_publish")),
            (_Pulse, "input", ("edge",)),
        ):
            for name in methods:
                rig = make()
                self.assertFalse(rig.misses(getattr(rig, owner), name, _READINGS), name)

    def test_wait_in_the_probe_is_caught(self):
        for name in ("_try_next", "_judge"):
            rig = _Probe(_SLOWEST)
            self.assertFalse(rig.misses(rig.driver, name, (("search", _search),)), name)

    def test_master_that_waits_for_its_bytes_before_it_turns_the_direction_is_caught(self):
        # The usual way: write, flush, turn. A request takes 37 ms at 2400 bit/s.
        rig = _Modbus(_SLOWEST)
        write = rig.bus.write

        def write_and_wait(data):
            write(data)
            rig.bus.flush()

        rig.bus.write = write_and_wait
        self.assertTrue(rig.live(_READINGS))
        self.assertTrue(36_000 <= rig.watch.longest_us <= 38_000)

    def test_read_with_a_time_out_of_the_port_is_caught(self):
        # More is asked for than has come.
        rig = _Cse7766()
        patient = blocking.Uart(rig.watch, rig.chip.uart, 4800, timeout_ms=50)
        rig.watch.call("readinto", patient.readinto, bytearray(24))
        self.assertTrue(rig.watch.longest_us > blocking.LIMIT_US)
