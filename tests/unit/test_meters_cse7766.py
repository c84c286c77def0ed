"""The driver of CSE7766 and HLW8032 on the simulated chip, byte for byte, and on a bad line."""

import unittest

import ticks
from meters.cse7766 import Cse7766

from boards.sim.chips.cse7766 import Cse7766Chip

# 230.08 V, 10.00 A, 2300.2 W, 1234 pulses.
_FRAME = bytes.fromhex("555A02EAE000033F003F0C00064E51D92000091C7104D263")


class Bench:
    """Chip and driver; starts shortly before the ticks wrap."""

    def __init__(self, seed=1, **arguments):
        self.now = 0x3FFFFFFF - 500
        self.chip = Cse7766Chip(lambda: self.now, seed=seed)
        self.meter = Cse7766(self.chip.uart, **arguments)
        self.reads_max = 0

    def run(self, duration_ms, step_ms=10):
        for _ in range(duration_ms // step_ms):
            self.chip.step()
            self.meter.tick(self.now)
            self.now = ticks.add(self.now, step_ms)


class Port:
    """A port in which all bytes lie already; counts the reads."""

    def __init__(self, data=b""):
        self.data = data
        self.reads = 0

    def any(self):
        return len(self.data)

    def readinto(self, into):
        into[0] = self.data[0]
        self.data = self.data[1:]
        self.reads += 1
        return 1


def _meter_fed_with(*frames, **arguments):
    port = Port()
    meter = Cse7766(port, period_ms=0, **arguments)
    meter.tick(0)
    now = 0
    for frame in frames:
        now += 50
        port.data += frame
        meter.tick(now)
    return meter


def _with(changes):
    frame = bytearray(_FRAME)
    for at, value in changes:
        frame[at] = value
    frame[23] = sum(frame[2:23]) & 0xFF
    return bytes(frame)


class FrameTest(unittest.TestCase):
    def test_frame_of_the_manual_is_read(self):
        # Volts, amperes, watts.
        meter = _meter_fed_with(_FRAME)
        self.assertEqual(meter.voltage_mv, [230_084, None, None])
        self.assertEqual(meter.current_ma, [10_000, None, None])
        self.assertEqual((meter.power_w, meter.power_phase_w), (2300, [2300, None, None]))
        self.assertEqual(meter.energy_wh, 0)

    def test_chip_sends_the_frame_of_the_manual(self):
        # All 24 bytes.
        chip = Cse7766Chip(lambda: 0)
        chip.voltage_mv, chip.current_ma = 230_084, 10_000
        chip.power_w, chip.pulses = 2300.17, 1234
        self.assertEqual(chip.frame(), _FRAME)

    def test_scales_of_the_board_apply(self):
        # Another divider at the voltage pin, half the shunt: the power has both.
        meter = _meter_fed_with(_FRAME, voltage_permille=500, current_permille=2000)
        self.assertEqual(meter.voltage_mv[0], 115_042)
        self.assertEqual(meter.current_ma[0], 20_000)
        self.assertEqual(meter.power_w, 2300)

    def test_frame_of_an_hlw8032_is_read(self):
        # The divider of its usual circuit, and the bit that turns over with its pulse counter.
        for flags in (0x70, 0xF0):
            meter = _meter_fed_with(_with(((20, flags),)), voltage_permille=1880)
            self.assertEqual(meter.voltage_mv[0], 432_558)
            self.assertEqual((meter.current_ma[0], meter.power_w), (10_000, 4324))

    def test_no_load_is_zero_watts_and_amperes(self):
        # F2: the power's period is out of range; F6: the current's, too.
        for state in (0xF2, 0xF6):
            meter = _meter_fed_with(_with(((0, state),)))
            self.assertEqual(meter.power_w, 0)
        self.assertEqual(meter.current_ma[0], 0)
        self.assertEqual(meter.voltage_mv[0], 230_084)

    def test_voltage_out_of_range_is_none(self):
        # The rest counts.
        meter = _meter_fed_with(_with(((0, 0xF8),)))
        self.assertIsNone(meter.voltage_mv[0])
        self.assertEqual(meter.power_w, 2300)

    def test_value_that_is_not_new_stays(self):
        # Flags 40, 20, 10 say what the frame has measured.
        meter = _meter_fed_with(_FRAME, _with(((20, 0x00), (5, 9), (11, 9), (17, 9))))
        self.assertEqual(meter.reading_id, 2)
        self.assertEqual(meter.voltage_mv[0], 230_084)
        self.assertEqual(meter.power_w, 2300)

    def test_uncalibrated_chip_is_refused(self):
        # AA, and coefficients that failed: what it measures is unknown.
        for state in (0xAA, 0xF1):
            meter = _meter_fed_with(_with(((0, state),)))
            self.assertEqual((meter.reading_id, meter.implausible), (0, 1))

    def test_period_of_zero_is_refused(self):
        # Nothing divides by it.
        for at in (5, 11, 17):
            meter = _meter_fed_with(_with(((at, 0), (at + 1, 0), (at + 2, 0))))
            self.assertEqual((meter.reading_id, meter.implausible), (0, 1))


class EnergyTest(unittest.TestCase):
    def test_energy_counts_pulses_over_the_wrap(self):
        # 2 x 40000 pulses of 5.364 J are 119 Wh; the counter has 16 bits.
        frames = [_with(((21, n >> 8), (22, n & 0xFF))) for n in (65_000, 39_464, 13_928)]
        meter = _meter_fed_with(*frames)
        self.assertEqual(meter.energy_wh, 2 * 40_000 * 5364 // 3_600_000)

    def test_energy_agrees_with_the_power(self):
        # 2300 W for 20 minutes at 428.8 pulses a second.
        bench = Bench()
        bench.chip.power_w = 2300
        bench.run(300)
        pulses = 0
        for _ in range(120):
            pulses += 4288
            bench.chip.pulses = pulses & 0xFFFF
            bench.run(100)
        bench.run(1500)
        self.assertEqual(bench.meter.energy_wh, pulses * 5364 // 3_600_000)
        self.assertTrue(abs(bench.meter.energy_wh - 2300 * 1200 // 3600) <= 1)

    def test_fractions_of_a_wh_are_not_lost(self):
        # One pulse a frame, 2400 times.
        port = Port()
        meter = Cse7766(port)
        meter.tick(0)
        for i in range(2401):
            port.data = _with(((21, i >> 8), (22, i & 0xFF)))
            meter.tick(i * 50 + 50)
        meter.poll_now(120_100)
        port.data = _with(((21, 2400 >> 8), (22, 2400 & 0xFF)))
        meter.tick(120_100)
        self.assertEqual(meter.energy_wh, 2400 * 5364 // 3_600_000)


class LineTest(unittest.TestCase):
    def test_reading_is_published_once_a_second(self):
        # Although a frame comes every 60 ms.
        bench = Bench()
        bench.run(10_000)
        self.assertTrue(9 <= bench.meter.reading_id <= 11)

    def test_poll_now_publishes_a_frame_begun_after_the_call(self):
        # Also when it is called again and again while it waits.
        bench = Bench()
        bench.run(2300)
        asked_at = bench.now
        for _ in range(15):
            bench.meter.poll_now(asked_at)
            bench.run(10)
        self.assertTrue(ticks.diff(bench.meter.sampled_at, asked_at) >= 0)

    def test_bytes_that_lay_there_through_a_stall_are_not_new(self):
        # Two seconds without a tick: the frame is as old as the last look into the port.
        port = Port()
        meter = Cse7766(port)
        meter.tick(1000)
        port.data = _FRAME
        meter.tick(3000)
        self.assertEqual(meter.sampled_at, 1000)

    def test_frame_torn_anywhere_does_not_spoil_the_next(self):
        # Cut after each byte, no pause, next frame whole.
        for cut in range(24):
            meter = _meter_fed_with(_FRAME[:cut], _FRAME, _FRAME)
            self.assertTrue(meter.reading_id >= 1)
            self.assertEqual(meter.power_w, 2300)

    def test_wrong_checksum_is_no_reading(self):
        # Each byte flipped in turn.
        for at in range(24):
            frame = bytearray(_FRAME)
            frame[at] ^= 0x10
            meter = _meter_fed_with(bytes(frame))
            self.assertEqual(meter.reading_id, 0)

    def test_pause_begins_a_new_frame(self):
        # Half a frame, half a second, a whole one.
        port = Port()
        meter = Cse7766(port)
        meter.tick(0)
        port.data = _FRAME[:9]
        meter.tick(100)
        meter.tick(650)
        port.data = _FRAME
        meter.tick(700)
        self.assertEqual((meter.reading_id, meter.missed), (1, 0))

    def test_noise_leaves_only_true_readings(self):
        # Lost and flipped bytes for two minutes.
        bench = Bench(seed=5)
        bench.chip.power_w = 2300
        bench.chip.current_ma = 10_000
        line = bench.chip.uart
        line.flip_permille = line.lose_permille = 5
        bench.chip.spoil = line._disturb
        for _ in range(120):
            bench.run(1000)
            self.assertTrue(bench.meter.power_w in (None, 2300))
        self.assertTrue(bench.meter.reading_id > 90)
        self.assertTrue(bench.meter.missed > 10)

    def test_silence_and_hot_plug(self):
        # Offline after 11 s, back with the first frame.
        bench = Bench()
        bench.run(2000)
        bench.chip.silent = True
        bench.run(12_000)
        self.assertFalse(bench.meter.online)
        bench.chip.silent = False
        bench.run(300)
        self.assertTrue(bench.meter.online)

    def test_tick_takes_a_bounded_number_of_bytes(self):
        # A full port does not hold up the others.
        port = Port()
        meter = Cse7766(port)
        meter.tick(0)
        port.data = _FRAME * 40
        before = port.reads
        meter.tick(10)
        self.assertTrue(port.reads - before <= 40)
        self.assertTrue(meter.online)
