"""The driver of Modbus meters on a simulated SDM630, at real byte times and on a bad line."""

import unittest

import ticks
from meters.maps.eastron import SDM630
from meters.modbus_meter import ModbusMeter
from modbus import rtu
from modbus.master import Master

from boards.sim.chips.sdm630 import Sdm630Chip


class Bench:
    """Meter, line, master and driver; starts shortly before the ticks wrap."""

    def __init__(self, seed=1, **arguments):
        self.now = 0x3FFFFFFF - 1500
        self.chip = Sdm630Chip(lambda: self.now, seed=seed)
        self.chip.voltage_mv = [230_000, 231_500, 228_250]
        self.chip.current_ma = [16_000, 15_900, 0]
        self.chip.power_w = [3680, 3500, 0]
        self.chip.frequency_mhz = 49_980
        self.chip.energy_mwh = 1_234_567_890
        self.master = Master(self.chip.uart, 9600)
        self.meter = ModbusMeter(self.master, SDM630, **arguments)

    def run(self, duration_ms, step_ms=10):
        for _ in range(duration_ms // step_ms):
            self.meter.tick(self.now)
            self.now = ticks.add(self.now, step_ms)


class ReadingTest(unittest.TestCase):
    def test_reading_has_all_values_as_integers(self):
        # One block brings them all.
        bench = Bench()
        bench.run(500)
        meter = bench.meter
        self.assertEqual(meter.reading_id, 1)
        self.assertTrue(meter.online)
        self.assertEqual(meter.voltage_mv, [230_000, 231_500, 228_250])
        self.assertEqual(meter.current_ma, [16_000, 15_900, 0])
        self.assertEqual(meter.power_phase_w, [3680, 3500, 0])
        self.assertEqual(meter.power_w, 7180)
        self.assertEqual(meter.power_factor_permille, [1000, 951, 1000])
        self.assertEqual(meter.frequency_mhz, 49_980)
        self.assertEqual(meter.energy_wh, 1_234_567)

    def test_reading_before_the_first_is_none(self):
        # Nothing is known, and that is not zero.
        meter = Bench().meter
        self.assertFalse(meter.online)
        self.assertEqual(meter.reading_id, 0)
        self.assertIsNone(meter.sampled_at)
        self.assertIsNone(meter.energy_wh)
        self.assertEqual(meter.voltage_mv, [None, None, None])

    def test_power_fed_back_is_negative(self):
        # Signed, in each phase and in total.
        bench = Bench()
        bench.chip.power_w = [-1000, 200, 0]
        bench.run(500)
        self.assertEqual(bench.meter.power_phase_w, [-1000, 200, 0])
        self.assertEqual(bench.meter.power_w, -800)

    def test_meter_is_read_once_a_second(self):
        # Not faster: some of these meters lock up.
        bench = Bench()
        bench.run(60_000)
        self.assertTrue(59 <= bench.chip.requests <= 60)
        self.assertEqual(bench.meter.reading_id, bench.chip.requests)

    def test_sampled_at_is_never_after_the_measurement(self):
        # The register moved before each request: the reading is at least that new.
        bench = Bench()
        known = 0
        for _ in range(30):
            bench.chip.energy_mwh += 3_000
            changed_at = bench.now
            bench.run(700)
            meter = bench.meter
            if meter.reading_id != known and ticks.diff(meter.sampled_at, changed_at) >= 0:
                self.assertEqual(meter.energy_wh, bench.chip.energy_mwh // 1000)
            known = meter.reading_id
        self.assertTrue(known >= 18)

    def test_poll_now_brings_a_reading_sampled_after_the_call(self):
        # At any moment of the period, also while an older request is under way.
        for offset in range(0, 1000, 40):
            bench = Bench()
            bench.run(2000 + offset)
            asked_at = bench.now
            bench.meter.poll_now(asked_at)
            bench.chip.energy_mwh += 5_000
            passed = 0
            while ticks.diff(bench.meter.sampled_at, asked_at) < 0:
                bench.run(10)
                passed += 10
                self.assertTrue(passed <= 600)
            self.assertEqual(bench.meter.energy_wh, 1_234_572)

    def test_energy_is_exact_to_the_resolution_of_the_register(self):
        # Whole Wh below 8 MWh, and never falling beyond.
        bench = Bench(period_ms=500)
        for energy_wh in (0, 1, 9, 999, 123_456, 7_999_999):
            bench.chip.energy_mwh = energy_wh * 1000 + 999
            bench.run(1000)
            self.assertEqual(bench.meter.energy_wh, energy_wh)
        last = 0
        for energy_wh in range(100_000_000, 100_000_040, 5):
            bench.chip.energy_mwh = energy_wh * 1000
            bench.run(1000)
            self.assertTrue(bench.meter.energy_wh >= last)
            self.assertTrue(abs(bench.meter.energy_wh - energy_wh) <= 8)
            last = bench.meter.energy_wh

    def test_two_meters_share_one_line(self):
        # Two connectors, two addresses: each gets its own values, none starves.
        bench = Bench()
        other = Sdm630Chip(lambda: bench.now, address=2)
        first_answer = bench.chip.answer
        bench.chip.uart.slave = lambda frame: first_answer(frame) or other.answer(frame)
        second = ModbusMeter(bench.master, SDM630, address=2)
        for _ in range(1000):
            bench.run(10)
            second.tick(bench.now)
        self.assertTrue(bench.meter.reading_id >= 9)
        self.assertTrue(second.reading_id >= 9)
        self.assertEqual((bench.meter.energy_wh, second.energy_wh), (1_234_567, 0))


class TroubleTest(unittest.TestCase):
    def test_silent_meter_goes_offline_and_comes_back(self):
        # The last good reading stays, its age is told, and hot-plug heals it.
        bench = Bench()
        bench.run(2500)
        last = bench.meter.reading_id
        bench.chip.silent = True
        bench.run(9_000)
        self.assertTrue(bench.meter.online)
        bench.run(5_000)
        self.assertFalse(bench.meter.online)
        self.assertEqual((bench.meter.reading_id, bench.meter.energy_wh), (last, 1_234_567))
        silent_ms = bench.meter.silent_ms(bench.now)
        self.assertTrue(14_000 <= silent_ms <= 15_000)
        self.assertTrue(bench.meter.missed >= 10)
        bench.chip.silent = False
        bench.run(2500)
        self.assertTrue(bench.meter.online)
        self.assertTrue(bench.meter.silent_ms(bench.now) < 1500)

    def test_meter_never_there_is_silent_since_the_start(self):
        # No reading is ever invented.
        bench = Bench()
        bench.chip.silent = True
        bench.run(20_000)
        self.assertEqual(bench.meter.reading_id, 0)
        self.assertIsNone(bench.meter.energy_wh)
        self.assertTrue(bench.meter.silent_ms(bench.now) >= 19_990)

    def test_silence_longer_than_the_ticks_tell_stays_long(self):
        # Two weeks: the age saturates instead of starting anew.
        bench = Bench()
        bench.run(1500)
        bench.chip.silent = True
        longest = 0
        for _ in range(60):
            bench.now = ticks.add(bench.now, 20_000_000)
            bench.run(100)
            self.assertTrue(bench.meter.silent_ms(bench.now) >= longest)
            longest = bench.meter.silent_ms(bench.now)
        self.assertEqual(longest, 0x1FFFFFFF)
        self.assertFalse(bench.meter.online)

    def test_lost_reply_is_asked_for_again_at_once(self):
        # Two more tries a quarter of a second apart, not a second later.
        bench = Bench()
        bench.run(1500)
        bench.chip.silent = True
        bench.run(500)
        bench.chip.silent = False
        known = bench.meter.reading_id
        bench.run(1000)
        self.assertTrue(bench.meter.reading_id > known)

    def test_register_that_falls_is_delivered_as_it_is(self):
        # To keep the energy monotonic is done in one place, and not here.
        bench = Bench()
        bench.run(1500)
        before = bench.meter.energy_wh
        bench.chip.backwards = True
        bench.run(1000)
        self.assertEqual(bench.meter.energy_wh, before - 100)
        bench.run(1000)
        self.assertEqual(bench.meter.energy_wh, before - 200)
        bench.chip.backwards = False
        bench.run(1000)
        self.assertEqual(bench.meter.energy_wh, before)

    def test_reading_with_no_number_is_refused_as_a_whole(self):
        # NaN in one phase's voltage: no other value is taken either.
        bench = Bench()
        bench.run(1500)
        known = bench.meter.reading_id
        bench.chip.poison = {0x02: b"\x7f\xc0\x00\x00"}
        bench.chip.energy_mwh += 9_000_000
        bench.run(3000)
        self.assertEqual((bench.meter.reading_id, bench.meter.energy_wh), (known, 1_234_567))
        self.assertTrue(bench.meter.implausible >= 3)

    def test_reading_out_of_range_is_refused(self):
        # Voltage below zero, 10 kA, 10 MW, infinite energy, energy below zero.
        for register, text in (
            (0x00, "C3660000"),
            (0x0A, "461C4000"),
            (0x34, "4B189680"),
            (0x48, "7F800000"),
            (0x48, "BF800000"),
        ):
            bench = Bench()
            bench.chip.poison = {register: bytes.fromhex(text)}
            bench.run(600)
            self.assertEqual(bench.meter.reading_id, 0)
            self.assertTrue(bench.meter.implausible > 0)

    def test_exception_is_counted_and_does_not_stop_the_polls(self):
        # A meter of another make on our address.
        bench = Bench()
        answer = bench.chip.answer
        refusal = bytes.fromhex("018402C2C1")
        bench.chip.uart.slave = lambda frame: refusal
        bench.run(3000)
        self.assertTrue(bench.meter.refused >= 3)
        bench.chip.uart.slave = answer
        bench.run(1500)
        self.assertTrue(bench.meter.online)

    def test_noise_leaves_only_true_readings(self):
        # Five minutes with one byte in 500 lost or flipped, a third of all frames spoilt.
        bench = Bench(seed=4711)
        bench.chip.uart.flip_permille = 1
        bench.chip.uart.lose_permille = 1
        for _ in range(300):
            bench.run(1000, step_ms=20)
            if bench.meter.reading_id:
                self.assertEqual(bench.meter.voltage_mv, bench.chip.voltage_mv)
                self.assertEqual(bench.meter.energy_wh, 1_234_567)
        self.assertTrue(bench.meter.online)
        self.assertTrue(bench.meter.missed > 20)
        self.assertTrue(bench.meter.reading_id > 150)

    def test_echo_and_line_bias_do_not_matter(self):
        # Both at once, on each reading.
        bench = Bench()
        bench.chip.uart.echo = True
        bench.chip.uart.junk = b"\x00\xff"
        bench.run(10_000)
        self.assertTrue(bench.meter.reading_id >= 9)
        self.assertEqual(bench.meter.missed, 0)


class ChipTest(unittest.TestCase):
    def test_chip_answers_vectors_byte_for_byte(self):
        # 230.2 V; illegal register; illegal function.
        chip = Sdm630Chip(lambda: 0)
        chip.voltage_mv[0] = 230_200
        reply = chip.answer(bytes.fromhex("01040000000271CB"))
        self.assertEqual(reply, bytes.fromhex("010404436633335AFA"))
        frame = bytearray(8)
        for request, code in (((4, 0x2000, 2), "018402C2C1"), ((4, 0, 82), "018402C2C1")):
            rtu.build_request(frame, 1, *request)
            self.assertEqual(chip.answer(bytes(frame)), bytes.fromhex(code))
        self.assertEqual(chip.answer(bytes.fromhex("01428011"))[:3], b"\x01\xc2\x01")

    def test_chip_ignores_others_and_broken_requests(self):
        # Another address, a wrong CRC, a fragment.
        chip = Sdm630Chip(lambda: 0)
        self.assertIsNone(chip.answer(bytes.fromhex("02040000000271F8")))
        self.assertIsNone(chip.answer(bytes.fromhex("01040000000271CC")))
        self.assertIsNone(chip.answer(b"\x01"))

    def test_chip_needs_real_byte_times(self):
        # 153 bytes at 9600 bit/s: 159 ms after 8 + 4 + 40 ms, no byte sooner.
        now = [0]
        chip = Sdm630Chip(lambda: now[0])
        frame = bytearray(8)
        rtu.build_request(frame, 1, rtu.READ_INPUT, 0, 74)
        chip.uart.write(frame)
        first = last = None
        while now[0] < 400:
            now[0] += 1
            count = chip.uart.any()
            if count and first is None:
                first = now[0]
            if count == 153 and last is None:
                last = now[0]
        self.assertTrue(52 <= first <= 57)
        self.assertTrue(158 <= last - first <= 160)
