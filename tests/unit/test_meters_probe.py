"""The probe names the type on the line, or twins of it, and never what is not there."""

import unittest

import ticks
from meters.maps import abb, chint, eastron, eastron_single, gavazzi, pzem
from meters.probe import Probe, points
from modbus.master import Master

from boards.sim.chips.line import Line
from boards.sim.chips.modbus_meter import ModbusMeterChip

_MAPS = (
    eastron.SDM630, eastron_single.SDM120, eastron_single.SDM230, eastron.SDM72D_V2,
    eastron.SDM72D_V1,
    chint.DTSU666, chint.DDSU666, abb.B23, gavazzi.EM340, pzem.PZEM_004T,
)  # fmt: skip
_LINES = {"SDM120": (2400, None), "SDM230": (2400, None), "ABB B23": (19200, 0)}


class Bench:
    """One meter under load, that answers only on the line of its speed."""

    def __init__(self, kind, address=1, lines=None, **arguments):
        self.now = 0x3FFFFFFF - 20_000
        self.opened = []
        self.line = _LINES.get(kind, (9600, None))
        self.chip = ModbusMeterChip(lambda: self.now, kind, address)
        self.chip.voltage_mv = [230_200, 231_500, 228_300]
        self.chip.current_ma = [16_000, 15_900, 10_000]
        self.chip.power_w = [3680, 3500, 2200]
        self.chip.energy_wh = 1_234_500
        self.probe = Probe(self.open_line, _MAPS, lines=lines or (self.line,), **arguments)

    def open_line(self, baud, parity):
        self.opened.append((baud, parity))
        if (baud, parity) == self.line:
            return Master(self.chip.uart, baud)
        return Master(Line(lambda: self.now, baud, lambda frame: None), baud)

    def run(self, limit_ms=240_000):
        """Probe to the end; returns the names found."""
        found = []
        for _ in range(limit_ms // 20):
            event = self.probe.tick(self.now)
            self.now = ticks.add(self.now, 20)
            if event and event[0] == "done":
                return found
            if event:
                found.append(event[1])
        raise AssertionError("no end")


class FindTest(unittest.TestCase):
    def test_every_type_is_found_as_itself(self):
        # Except where only the label differs: the choice is the one that suits both.
        for meter_map in _MAPS:
            kind = meter_map[0]
            bench = Bench(kind)
            found = bench.run()
            self.assertIn(kind, found)
            twin = {"SDM630": "SDM72D-M v2", "SDM230": "SDM120"}.get(kind, kind)
            self.assertEqual(bench.probe.best(1)[0], twin)

    def test_types_of_other_makers_are_not_found(self):
        # One map fits, no more.
        for kind in ("DTSU666", "DDSU666", "ABB B23", "EM340", "PZEM-004T v3"):
            self.assertEqual(Bench(kind).run(), [kind])

    def test_meter_without_load_is_found_too(self):
        # At night nothing flows.
        for kind in ("SDM630", "DTSU666", "ABB B23", "EM340", "PZEM-004T v3", "SDM120"):
            bench = Bench(kind)
            bench.chip.current_ma = [0, 0, 0]
            bench.chip.power_w = [0, 0, 0]
            self.assertIn(kind, bench.run())

    def test_three_phase_meter_on_one_phase_is_read_as_it_is_wired(self):
        # L2 and L3 without voltage: the map of one phase fits better.
        bench = Bench("SDM630")
        bench.chip.voltage_mv = [230_000, 0, 0]
        bench.chip.current_ma = [10_000, 0, 0]
        bench.chip.power_w = [2300, 0, 0]
        bench.run()
        self.assertEqual(bench.probe.best(1)[0], "SDM120")

    def test_search_goes_over_the_lines_and_stops_where_it_found(self):
        # 9600, then 2400, and 19200 no more.
        bench = Bench("SDM120", lines=((9600, None), (2400, None), (19200, 0)))
        bench.run()
        self.assertEqual(bench.opened, [(9600, None), (2400, None)])
        self.assertEqual(bench.probe.best(1)[0], "SDM120")

    def test_lines_come_from_the_maps(self):
        # Each once.
        probe = Probe(None, _MAPS)
        self.assertEqual(sorted(probe._lines, key=str), sorted(
            [(9600, None), (2400, None), (19200, 0)], key=str))

    def test_other_addresses_are_tried(self):
        # Two addresses, the meter at the second.
        bench = Bench("EM340", address=7, addresses=(1, 7))
        self.assertEqual(bench.run(), ["EM340"])
        self.assertIsNone(bench.probe.best(1))
        self.assertEqual(bench.probe.best(7)[0], "EM340")


class DoubtTest(unittest.TestCase):
    def test_silent_line_ends_with_nothing(self):
        # Three seconds for each of ten maps.
        bench = Bench("SDM630")
        bench.chip.silent = True
        started = bench.now
        self.assertEqual(bench.run(), [])
        self.assertTrue(ticks.diff(bench.now, started) <= 32_000)
        self.assertIsNone(bench.probe.tick(bench.now))

    def test_sdm72_survives_the_probe(self):
        # Whatever is tried, never twice within half a second.
        for kind in ("SDM72D-M v1", "SDM72D-M v2"):
            bench = Bench(kind)
            bench.run()
            self.assertEqual((bench.chip.hurried, bench.chip.silent), (0, False))

    def test_noise_hinders_but_does_not_mislead(self):
        # A byte in 500 lost or flipped.
        bench = Bench("DTSU666")
        bench.chip.uart.lose_permille = bench.chip.uart.flip_permille = 1
        self.assertEqual(bench.run(), ["DTSU666"])

    def test_meter_plugged_in_during_the_search_is_found_by_what_is_left(self):
        # Silent for the first ten seconds.
        bench = Bench("PZEM-004T v3")
        bench.chip.silent = True
        for _ in range(500):
            bench.probe.tick(bench.now)
            bench.now = ticks.add(bench.now, 20)
        bench.chip.silent = False
        self.assertEqual(bench.run(), ["PZEM-004T v3"])

    def test_values_that_contradict_each_other_are_refused(self):
        # Watts without amperes, total against phases, hertz, volts, energy that falls or leaps.
        class Reading:
            voltage_mv = [230_000, 231_000, 229_000]
            current_ma = [10_000, 10_000, 10_000]
            power_phase_w = [2300, 2300, 2300]
            power_w = 6900
            frequency_mhz = 50_000
            energy_wh = 5000

        self.assertEqual(points(Reading, 4998, 1000), 7)
        self.assertIsNone(points(Reading, 5001, 1000))
        self.assertIsNone(points(Reading, 4800, 1000))
        for name, wrong in (
            ("current_ma", [1000, 10_000, 10_000]),
            ("power_w", 690),
            ("power_w", -6900),
            ("frequency_mhz", 5000),
            ("voltage_mv", [23_000, 231_000, 229_000]),
            ("voltage_mv", [230_000, 400_000, 229_000]),
        ):
            right = getattr(Reading, name)
            setattr(Reading, name, wrong)
            self.assertIsNone(points(Reading, 4998, 1000))
            setattr(Reading, name, right)
