"""Pulses become energy and power; bounces, spikes and wraps do not count."""

import unittest

import ticks
from meters.pulse import PulseInput, PulseMeter


class Bench:
    """A pulse output and what hangs on it; starts shortly before the ticks wrap."""

    def __init__(self, **arguments):
        self.now = 0x3FFFFFFF - 5000
        self.input = PulseInput()
        self.meter = PulseMeter(self.input, **arguments)

    def wait(self, duration_ms):
        for _ in range(duration_ms // 10):
            self.meter.tick(self.now)
            self.now = ticks.add(self.now, 10)

    def pulse(self, length_ms=30):
        self.input.edge(self.now, True)
        self.wait(length_ms)
        self.input.edge(self.now, False)


class PulseTest(unittest.TestCase):
    def test_pulses_are_wh_by_the_constant_of_the_meter(self):
        # 1000, 800 and 2000 a kWh; fractions are kept.
        for per_kwh, expected in ((1000, 24), (800, 30), (2000, 12)):
            bench = Bench(pulses_per_kwh=per_kwh)
            for _ in range(24):
                bench.pulse()
                bench.wait(200)
            bench.wait(1000)
            self.assertEqual(bench.meter.energy_wh, expected)

    def test_spike_is_no_pulse(self):
        # The norm asks for 30 ms.
        bench = Bench()
        for _ in range(20):
            bench.pulse(10)
            bench.wait(100)
        self.assertEqual(bench.input.count, 0)

    def test_bounces_count_once(self):
        # At both ends of the pulse.
        bench = Bench()
        for offset in (0, 1, 2, 3, 4, 34, 35, 36, 37):
            bench.input.edge(ticks.add(bench.now, offset), offset % 2 == 0)
        bench.input.edge(ticks.add(bench.now, 38), False)
        self.assertEqual(bench.input.count, 1)

    def test_edge_that_is_told_twice_changes_nothing(self):
        # An interrupt served late reads the same level twice.
        bench = Bench()
        bench.input.edge(bench.now, True)
        bench.input.edge(ticks.add(bench.now, 25), True)
        bench.input.edge(ticks.add(bench.now, 31), False)
        bench.input.edge(ticks.add(bench.now, 40), False)
        self.assertEqual(bench.input.count, 1)

    def test_power_is_known_from_the_second_pulse(self):
        # One Wh in 3.6 s is 1 kW.
        bench = Bench()
        bench.pulse()
        self.assertEqual(bench.meter.power_w, 0)
        for _ in range(3):
            bench.wait(3570)
            bench.pulse()
        bench.wait(1000)
        self.assertTrue(990 <= bench.meter.power_w <= 1010)

    def test_power_falls_when_no_pulse_comes(self):
        # 36 s without one: less than 100 W; an hour: nothing.
        bench = Bench()
        for _ in range(3):
            bench.pulse()
            bench.wait(330)
        bench.wait(36_000)
        self.assertTrue(90 <= bench.meter.power_w <= 100)
        bench.now = ticks.add(bench.now, 3_600_000)
        bench.wait(1000)
        self.assertEqual(bench.meter.power_w, 0)

    def test_counter_of_the_source_may_wrap(self):
        # Modulo 2**30, as a hardware counter is extended.
        bench = Bench()
        bench.input.count = 0x3FFFFFFF
        bench.meter = PulseMeter(bench.input, start_wh=500)
        for _ in range(3):
            bench.pulse()
            bench.wait(100)
        bench.wait(1000)
        self.assertEqual(bench.meter.energy_wh, 503)

    def test_meter_has_no_volts_and_is_never_offline(self):
        # It cannot tell a cut wire from an idle night.
        bench = Bench()
        bench.wait(60_000)
        meter = bench.meter
        self.assertTrue(meter.online)
        self.assertEqual(meter.silent_ms(bench.now), 10)
        self.assertEqual(meter.voltage_mv, [None, None, None])
        self.assertEqual((meter.power_w, meter.energy_wh), (0, 0))

    def test_poll_now_is_answered_by_the_next_tick(self):
        # With its moment.
        bench = Bench()
        bench.wait(2500)
        bench.meter.poll_now(bench.now)
        asked_at = bench.now
        bench.wait(10)
        self.assertEqual(bench.meter.sampled_at, asked_at)
