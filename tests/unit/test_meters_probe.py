"""The probe names the type on the line, or twins of it, and never what is not there."""

import unittest

import ticks
from meters.maps import abb, chint, eastron, eastron_single, gavazzi, pzem
from meters.modbus_meter import ModbusMeter
from meters.probe import LINES, MAPS, Probe, points
from modbus.master import Master

from boards.sim.chips.modbus_meter import ModbusMeterChip

_MODULES = {
    "abb": abb, "chint": chint, "eastron": eastron, "eastron_single": eastron_single,
    "gavazzi": gavazzi, "pzem": pzem,
}  # fmt: skip
_SPEEDS = {"SDM120": (2400, None), "SDM230": (2400, None), "ABB B23": (19200, 0)}


def load(name):
    """Return a map as the firmware finds it."""
    module, _, name = name.partition(".")
    return getattr(_MODULES[module], name)


class Bench:
    """One meter under load, that understands only its own speed; the firmware had another."""

    def __init__(self, kind, address=1, lines=None, speed=None, **arguments):
        self.now = 0x3FFFFFFF - 20_000
        self.chip = ModbusMeterChip(lambda: self.now, kind, address)
        self.chip.voltage_mv = [230_200, 231_500, 228_300]
        self.chip.current_ma = [16_000, 15_900, 10_000]
        self.chip.power_w = [3680, 3500, 2200]
        self.chip.energy_wh = 1_234_500
        self.port = self.chip.uart
        self.port.speed = speed or _SPEEDS.get(kind, (9600, None))
        self.port.port_speed = (38_400, 1)
        self.opened = []
        self.turned = []
        self._init = self.port.init
        self.port.init = self._note
        line = Master(self.port, 38_400, self.turned.append)
        line.parity_bit = 1
        lines = lines or (self.port.speed,)
        self.probe = Probe(line, ModbusMeter, load, lines=lines, **arguments)

    def _note(self, baud, bits, parity, stop):
        self.opened.append((baud, parity))
        self._init(baud, bits, parity, stop)

    def run(self, limit_ms=240_000):
        """Probe to the end; returns the names found. `silences` has what else was told."""
        found = []
        self.silences = []
        for _ in range(limit_ms // 20):
            event = self.probe.tick(self.now)
            self.now = ticks.add(self.now, 20)
            if event and event[0] == "done":
                return found
            if event and event[0] == "found":
                found.append(event[1].type)
            elif event:
                self.silences.append(event[1:])
        raise AssertionError("no end")

    def best(self, address=1):
        """Return the names of those that fit best."""
        return [fit.type for fit in self.probe.best(address)]


class FindTest(unittest.TestCase):
    def test_every_type_is_found_as_itself(self):
        # Except where only the label differs: the choice is the one that suits both.
        for name in MAPS.split():
            kind = load(name)[0]
            bench = Bench(kind)
            found = bench.run()
            self.assertIn(kind, found)
            twin = {"SDM630": "SDM72D-M v2", "SDM230": "SDM120"}.get(kind, kind)
            self.assertEqual(bench.best()[0], twin)
            self.assertIn(kind, bench.best())

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
        self.assertEqual(bench.best()[0], "SDM120")

    def test_search_goes_over_the_lines_and_stops_where_it_found(self):
        # 9600, then 2400, and 19200 no more.
        bench = Bench("SDM120", lines=((9600, None), (2400, None), (19200, 0)))
        bench.run()
        self.assertEqual(bench.opened, [(9600, None), (2400, None)])
        self.assertEqual(bench.best()[0], "SDM120")
        self.assertEqual(bench.silences, [((9600, None), 1, False)])
        self.assertEqual(bench.probe.best(1)[0].speed, (2400, None))

    def test_lines_are_those_of_the_maps(self):
        # What new meters have, and first the speed that the port has.
        for name in MAPS.split():
            self.assertIn(load(name)[3:5], LINES)
        bench = Bench("SDM630", lines=((38_400, 1),) + LINES)
        bench.run()
        self.assertEqual(bench.opened, [(38_400, 1), (9600, None)])
        line = Master(bench.port, 2400)
        self.assertEqual(Probe(line, None, None)._lines[:2], [(2400, None), (9600, None)])
        self.assertEqual(len(Probe(line, None, None)._lines), len(LINES))

    def test_order_code_with_even_parity_is_found(self):
        # The same types, by another order code.
        bench = Bench("SDM120", speed=(2400, 0))
        bench.run()
        self.assertEqual(bench.best()[0], "SDM120")

    def test_reading_that_says_so_stands_with_the_map(self):
        # What a person judges by: volts, hertz, energy.
        bench = Bench("EM340")
        bench.run()
        fit = bench.probe.best(1)[0]
        self.assertEqual(fit.voltage_mv, [230_200, 231_500, 228_300])
        self.assertEqual((fit.frequency_mhz, fit.energy_wh), (50_000, 1_234_500))
        self.assertEqual((fit.map, fit.address), ("gavazzi.EM340", 1))

    def test_end_gives_the_port_its_speed_and_direction_back(self):
        # In the middle of a request, too: the line listens.
        bench = Bench("EM340")
        for _ in range(3):
            bench.probe.tick(bench.now)
            bench.now = ticks.add(bench.now, 5)
        self.assertEqual(bench.turned[-1], 1)
        bench.probe.close()
        self.assertEqual(bench.turned[-1], 0)
        self.assertEqual(bench.opened, [(9600, None), (38_400, 1)])
        self.assertIsNone(bench.probe.tick(bench.now))

    def test_other_addresses_are_tried(self):
        # Two addresses, the meter at the second.
        bench = Bench("EM340", address=7, addresses=(1, 7))
        self.assertEqual(bench.run(), ["EM340"])
        self.assertEqual(bench.best(1), [])
        self.assertEqual(bench.best(7), ["EM340"])


class DoubtTest(unittest.TestCase):
    def test_silent_line_ends_with_nothing(self):
        # Three questions of two maps, one of the other eight.
        bench = Bench("SDM630")
        bench.chip.silent = True
        started = bench.now
        self.assertEqual(bench.run(), [])
        self.assertTrue(ticks.diff(bench.now, started) <= 14_000)
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
