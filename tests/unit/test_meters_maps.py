"""Each register map on the simulated meter of its type, whose registers are written down apart."""

import unittest

import ticks
from meters.maps import abb, chint, eastron, eastron_single, gavazzi, pzem
from meters.modbus_meter import ModbusMeter
from meters.registers import number
from modbus import rtu
from modbus.master import Master

from boards.sim.chips.modbus_meter import ModbusMeterChip, names

_THREE_PHASES = (eastron.SDM630, eastron.SDM72D_V2, chint.DTSU666, abb.B23, gavazzi.EM340)
_ONE_PHASE = (eastron_single.SDM120, eastron_single.SDM230, chint.DDSU666, pzem.PZEM_004T)
_MAPS = _THREE_PHASES + _ONE_PHASE + (eastron.SDM72D_V1,)


class Bench:
    """A meter of the map's type with three different phases; starts before the ticks wrap."""

    def __init__(self, meter_map, seed=1, address=1, **arguments):
        self.now = 0x3FFFFFFF - 1500
        self.chip = ModbusMeterChip(lambda: self.now, meter_map[0], address, seed=seed)
        self.chip.voltage_mv = [230_200, 231_500, 228_300]
        self.chip.current_ma = [16_000, 15_900, 320]
        self.chip.power_w = [3680, 3500, 50]
        self.chip.frequency_mhz = 49_900
        self.chip.energy_wh = 1_234_500
        self.frames = []
        answer = self.chip.answer
        self.chip.uart.slave = lambda frame: self.frames.append(frame) or answer(frame)
        self.master = Master(self.chip.uart, meter_map[3])
        self.meter = ModbusMeter(self.master, meter_map, address, **arguments)

    def run(self, duration_ms, step_ms=10):
        for _ in range(duration_ms // step_ms):
            self.meter.tick(self.now)
            self.now = ticks.add(self.now, step_ms)


class ValuesTest(unittest.TestCase):
    def test_three_phase_meters_deliver_all_phases_in_our_units(self):
        # Whatever the maker's type, order of words and scale.
        for meter_map in _THREE_PHASES:
            bench = Bench(meter_map)
            bench.run(1500)
            meter = bench.meter
            self.assertTrue(meter.online)
            self.assertEqual(meter.voltage_mv, [230_200, 231_500, 228_300])
            self.assertEqual(meter.current_ma, [16_000, 15_900, 320])
            self.assertEqual(meter.power_phase_w, [3680, 3500, 50])
            self.assertEqual(meter.power_w, 7230)
            self.assertEqual(meter.frequency_mhz, 49_900)
            self.assertEqual(meter.energy_wh, 1_234_500)

    def test_one_phase_meters_leave_the_other_phases_open(self):
        # None, not zero: there is no L2 to be without voltage.
        for meter_map in _ONE_PHASE:
            bench = Bench(meter_map)
            bench.run(1500)
            meter = bench.meter
            self.assertEqual(meter.voltage_mv, [230_200, None, None])
            self.assertEqual(meter.current_ma, [16_000, None, None])
            self.assertEqual(meter.power_phase_w, [3680, None, None])
            self.assertEqual(meter.power_w, 3680)
            self.assertEqual(meter.energy_wh, 1_234_500)

    def test_meter_of_totals_has_power_and_energy_only(self):
        # The first SDM72D-M.
        bench = Bench(eastron.SDM72D_V1)
        bench.run(1500)
        meter = bench.meter
        self.assertEqual((meter.power_w, meter.energy_wh), (7230, 1_234_500))
        self.assertEqual(meter.voltage_mv, [None, None, None])
        self.assertIsNone(meter.frequency_mhz)

    def test_values_that_need_the_high_word_arrive(self):
        # 80 A, 18.4 kW a phase, 8.4 MWh: the words in their order.
        for meter_map in _MAPS:
            bench = Bench(meter_map)
            bench.chip.current_ma = [80_000, 80_000, 80_000]
            bench.chip.power_w = [18_400, 18_400, 18_400]
            bench.chip.energy_wh = 8_388_600
            bench.run(1500)
            meter = bench.meter
            self.assertIn(meter.current_ma[0], (80_000, None))
            self.assertIn(meter.power_phase_w[0], (18_400, None))
            self.assertIn(meter.power_w, (18_400, 55_200))
            self.assertEqual(meter.energy_wh, 8_388_600)

    def test_power_factor_is_permille_where_a_map_has_it(self):
        # 3500 W of 3680.9 VA; the PZEM has hundredths.
        for meter_map in (eastron.SDM630, eastron.SDM72D_V2, gavazzi.EM340):
            bench = Bench(meter_map)
            bench.run(1500)
            self.assertEqual(bench.meter.power_factor_permille[1], 951)
        bench = Bench(pzem.PZEM_004T)
        bench.chip.power_w[0] = 3500
        bench.run(500)
        self.assertEqual(bench.meter.power_factor_permille[0], 950)

    def test_power_fed_back_is_negative_where_the_type_has_a_sign(self):
        # The PZEM has none.
        for meter_map in _THREE_PHASES + (eastron_single.SDM120, chint.DDSU666):
            bench = Bench(meter_map)
            bench.chip.power_w = [-2000, 0, 0]
            bench.run(1500)
            self.assertEqual(bench.meter.power_w, -2000)
            self.assertEqual(bench.meter.power_phase_w[0], -2000)

    def test_every_simulated_type_has_a_map(self):
        # And the other way round.
        self.assertEqual(names(), sorted([meter_map[0] for meter_map in _MAPS]))

    def test_every_read_fits_the_line_and_covers_its_values(self):
        # No value half outside, none that is never asked for, energy in each map.
        for meter_map in _MAPS:
            covered = 0
            for first, count in meter_map[6]:
                self.assertTrue(0 < count <= 80)
                for at in range(0, len(meter_map[7]), 5):
                    _, register, numbers, kind, _ = meter_map[7][at : at + 5]
                    size = 1 if kind in "Hh" else 4 if kind == "Q" else 2
                    if first <= register < first + count:
                        self.assertTrue(register + numbers * size <= first + count)
                        covered += 1
            self.assertEqual(covered * 5, len(meter_map[7]))
            self.assertIn("E", meter_map[7])


class VectorTest(unittest.TestCase):
    def test_requests_are_those_of_the_documents(self):
        # With the CRC, for single quantities.
        frame = bytearray(8)
        for function, register, count, text in (
            (4, 0x0000, 6, "0104000000067008"),
            (4, 0x0048, 2, "010400480002F1DD"),
            (4, 0x0156, 2, "0104015600029027"),
            (3, 0x2006, 6, "0103200600062E09"),
            (3, 0x101E, 2, "0103101E0002A0CD"),
            (3, 0x5000, 4, "0103500000045509"),
            (3, 0x5B00, 6, "01035B000006D6EC"),
            (4, 0x0034, 2, "0104003400023005"),
        ):
            rtu.build_request(frame, 1, function, register, count)
            self.assertEqual(bytes(frame), bytes.fromhex(text))
        rtu.build_request(frame, 0xF8, 4, 0, 10)
        self.assertEqual(bytes(frame), bytes.fromhex("F8040000000A6464"))
        reset = bytearray(b"\x01\x42\x00\x00")
        rtu.append_crc(reset, 2)
        self.assertEqual(bytes(reset), bytes.fromhex("01428011"))

    def test_requests_on_the_line_are_the_reads_of_the_map(self):
        # In their order, from the first one.
        for meter_map in _MAPS:
            bench = Bench(meter_map)
            bench.run(1500)
            for i in range(len(meter_map[6])):
                expected = bytearray(8)
                first, count = meter_map[6][i]
                rtu.build_request(expected, 1, meter_map[1], first, count)
                self.assertEqual(bench.frames[i], bytes(expected))

    def test_pzem_reply_is_read_byte_for_byte(self):
        # 225.7 V, 0.108 A, 24.4 W, 38 Wh, 50.0 Hz, 1.00.
        reply = bytes.fromhex("01041408D1006C000000F400000026000001F4006400005134")
        bench = Bench(pzem.PZEM_004T)
        bench.chip.uart.slave = lambda frame: reply
        bench.run(500)
        meter = bench.meter
        self.assertEqual((meter.voltage_mv[0], meter.current_ma[0]), (225_700, 108))
        self.assertEqual((meter.power_w, meter.energy_wh), (24, 38))
        self.assertEqual(meter.frequency_mhz, 50_000)
        self.assertEqual(meter.power_factor_permille[0], 1000)

    def test_chips_answer_the_vectors(self):
        # SDM 230.2 V; an illegal address; the PZEM's general address.
        chip = ModbusMeterChip(lambda: 0, "SDM120")
        chip.voltage_mv[0] = 230_200
        self.assertEqual(
            chip.answer(bytes.fromhex("01040000000271CB")), bytes.fromhex("010404436633335AFA")
        )
        frame = bytearray(8)
        rtu.build_request(frame, 1, 4, 0x2000, 2)
        self.assertEqual(chip.answer(bytes(frame)), bytes.fromhex("018402C2C1"))
        chip = ModbusMeterChip(lambda: 0, "PZEM-004T v3")
        reply = chip.answer(bytes.fromhex("F8040000000A6464"))
        self.assertEqual((len(reply), reply[:3]), (25, b"\xf8\x04\x14"))

    def test_numbers_of_all_kinds(self):
        # Signs, order of words, scales, rounding, and what is not there.
        for text, kind, scale, expected in (
            ("FFFE", "h", 10, -20), ("FFFE", "H", 10, 655_340), ("7FFF", "h", 1, None),
            ("FFFF", "H", 1, None), ("00010002", "I", 1, 65_538), ("00020001", "J", 1, 65_538),
            ("FFFFFFFF", "i", 1, -1), ("FFFEFFFF", "j", 1, -2), ("7FFFFFFF", "i", 1, None),
            ("FFFF7FFF", "j", 1, None), ("FFFFFFFF", "J", 1, None), ("FFFFFF9C", "i", -100, -1),
            ("0000000000012345", "Q", 10, 745_650), ("FFFFFFFFFFFFFFFF", "Q", 10, None),
            ("0000000F", "I", -10, 2), ("FFFFFFF1", "i", -10, -2), ("0000000E", "I", -10, 1),
            ("470FC000", "f", -10, 3680), ("C70FC000", "f", -10, -3680),
            ("7FC00000", "f", 1, None),
        ):  # fmt: skip
            self.assertEqual(number(bytes.fromhex(text), 0, kind, scale), expected)


class TroubleTest(unittest.TestCase):
    def test_value_that_the_meter_has_not_is_none(self):
        # An ABB without L3: all bits set. The rest stays good.
        bench = Bench(abb.B23)
        bench.chip.poison = {
            0x5B04: b"\xff\xff\xff\xff", 0x5B10: b"\xff\xff\xff\xff", 0x5B1A: b"\x7f\xff\xff\xff"
        }  # fmt: skip
        bench.run(1500)
        meter = bench.meter
        self.assertTrue(meter.online)
        self.assertEqual(meter.voltage_mv, [230_200, 231_500, None])
        self.assertEqual(meter.current_ma, [16_000, 15_900, None])
        self.assertEqual(meter.power_phase_w, [3680, 3500, None])

    def test_reading_without_energy_is_none(self):
        # Nothing can be billed with it.
        bench = Bench(abb.B23)
        bench.chip.poison = {0x5000: b"\xff" * 8}
        bench.run(1500)
        self.assertEqual(bench.meter.reading_id, 0)
        self.assertTrue(bench.meter.implausible > 0)

    def test_sdm72_is_never_hurried(self):
        # Half a second between requests: also on retries, and when a transaction begins and ends.
        for meter_map in (eastron.SDM72D_V1, eastron.SDM72D_V2):
            bench = Bench(meter_map, period_ms=500)
            for i in range(120):
                if i % 3 == 0:
                    bench.meter.poll_now(bench.now)
                bench.chip.uart.lose_permille = 20 if i % 10 == 5 else 0
                bench.run(300)
            self.assertEqual((bench.chip.hurried, bench.chip.silent), (0, False))
            self.assertTrue(bench.meter.reading_id > 30)

    def test_reading_of_two_reads_is_as_old_as_its_first(self):
        # `sampled_at` promises too little rather than too much.
        bench = Bench(chint.DTSU666)
        while bench.meter.reading_id == 0:
            bench.chip.current_ma[0] += 1
            bench.run(10)
        self.assertTrue(ticks.diff(bench.now, bench.meter.sampled_at) >= 200)

    def test_poll_now_between_two_reads_begins_anew(self):
        # At any moment: the reading that counts is sampled after the call.
        for offset in range(0, 1000, 30):
            bench = Bench(chint.DTSU666)
            bench.run(2000 + offset)
            asked_at = bench.now
            bench.meter.poll_now(asked_at)
            bench.chip.energy_wh += 1000
            passed = 0
            while ticks.diff(bench.meter.sampled_at, asked_at) < 0:
                bench.run(10)
                passed += 10
                self.assertTrue(passed <= 900)
            self.assertEqual(bench.meter.energy_wh, 1_235_500)

    def test_lost_second_read_begins_from_the_first(self):
        # No reading is put together from two moments.
        bench = Bench(chint.DTSU666)
        answer = bench.chip.answer
        bench.chip.uart.slave = lambda frame: answer(frame) if frame[2] == 0x20 else None
        bench.run(5000)
        self.assertEqual(bench.meter.reading_id, 0)
        self.assertTrue(bench.meter.missed >= 3)
        bench.chip.uart.slave = answer
        bench.run(1500)
        self.assertTrue(bench.meter.online)

    def test_noise_leaves_only_true_readings_of_every_type(self):
        # Lost and flipped bytes; then silence, and a plug that goes in again.
        for meter_map in _MAPS:
            bench = Bench(meter_map, seed=33)
            bench.chip.uart.flip_permille = bench.chip.uart.lose_permille = 2
            bench.run(30_000, step_ms=20)
            self.assertTrue(bench.meter.reading_id > 3)
            self.assertEqual(bench.meter.energy_wh, 1_234_500)
            self.assertTrue(bench.meter.power_w in (7230, 3680))
            bench.chip.silent = True
            bench.run(12_000, step_ms=20)
            self.assertFalse(bench.meter.online)
            bench.chip.silent = False
            bench.chip.uart.flip_permille = bench.chip.uart.lose_permille = 0
            bench.run(3000, step_ms=20)
            self.assertTrue(bench.meter.online)
