"""Meter values: what is sampled, when, and how it is written."""

import unittest

import ticks

from firmware.clock import Clock
from firmware.config import Config
from firmware.ocpp import config_keys
from firmware.ocpp.measurands import decimal, sampled_values
from firmware.ocpp.metering import Metering
from tests.sim.plain_station import PlainConnector, PlainStation
from tests.sim.ram_store import RamStore

_JUST_BEFORE_WRAP = 0x3FFFFFFF - 7_000
# 2026-11-21T07:42:52Z in seconds since 2000.
_WALL_S = 848_576_572


class _Ledger:
    """Takes samples and remembers them."""

    def __init__(self):
        self.samples = []
        self.kept = []

    def sample(self, now, connector_id, transaction, values, stamp=None):
        self.samples.append((now, connector_id, transaction, values, stamp))

    def keep_for_stop(self, now, transaction, values, stamp=None):
        self.kept.append((now, transaction, values, stamp))


class _Context:
    def __init__(self, connectors):
        self.station = PlainStation(connectors)
        board = config_keys.board_keys(connectors, config_keys.MEASURANDS, "Core", True)
        self.config = Config(RamStore(), config_keys.CORE + (board,))
        self.config.load()
        self.clock = Clock(1)
        self.transactions = _Ledger()


def _plain(values):
    return [(value["measurand"], value["value"], value.get("phase")) for value in values]


class MeteringTest(unittest.TestCase):
    def setUp(self):
        self.ctx = _Context(2)
        self.metering = Metering(self.ctx)
        self.now = _JUST_BEFORE_WRAP
        self._set("MeterValueSampleInterval", "10")
        self._set("MeterValuesSampledData", "Energy.Active.Import.Register")
        self.metering.tick(self.now)

    def _set(self, key, text):
        self.assertEqual(self.ctx.config.set(key, text), "Accepted")

    def _run(self, seconds, step_ms=50):
        for _ in range(seconds * 1000 // step_ms):
            self.now = ticks.add(self.now, step_ms)
            self.metering.tick(self.now)

    def _begin(self, transaction="T1", connector=0):
        self.ctx.station.connectors[connector].transaction = transaction
        self.metering.tick(self.now)
        return self.now

    def _moments(self, begin):
        return [ticks.diff(sample[0], begin) for sample in self.ctx.transactions.samples]

    def test_tc_070_cs_samples_come_each_interval_from_the_start(self):
        # The period counts from the beginning of the transaction, over the wrap of the ticks too.
        begin = self._begin()
        self._run(35)
        self.assertEqual(self._moments(begin), [10_000, 20_000, 30_000])
        _, connector_id, transaction, values, stamp = self.ctx.transactions.samples[0]
        self.assertEqual((connector_id, transaction, stamp), (1, "T1", None))
        self.assertEqual(values[0]["context"], "Sample.Periodic")
        self.assertEqual(self.ctx.transactions.kept, [])

    def test_samples_after_a_stall_keep_their_raster(self):
        # Late once, then on the old raster again; what was missed is not made up.
        begin = self._begin()
        self.now = ticks.add(self.now, 23_000)
        self.metering.tick(self.now)
        self._run(18)
        self.assertEqual(self._moments(begin), [23_000, 30_000, 40_000])

    def test_interval_zero_takes_no_samples(self):
        # OCPP 1.6 9.1: 0 means no sampled values.
        self._begin()
        self._set("MeterValueSampleInterval", "0")
        self._run(30)
        self.assertEqual(self.ctx.transactions.samples, [])

    def test_new_interval_is_effective_at_once(self):
        # ChangeConfiguration was answered with Accepted, not RebootRequired.
        begin = self._begin()
        self._run(12)
        self._set("MeterValueSampleInterval", "3")
        self._run(7)
        self.assertEqual(self._moments(begin), [10_000, 15_050, 18_050])

    def test_next_transaction_starts_its_own_period(self):
        # Nothing of the first one's period is left.
        self._begin("T1")
        self._run(7)
        begin = self._begin("T2")
        self._run(12)
        self.assertEqual(self._moments(begin), [10_000])
        self.assertEqual(self.ctx.transactions.samples[0][2], "T2")

    def test_connector_at_rest_takes_no_periodic_samples(self):
        # OCPP 1.6 9.1: sampled values belong to a transaction.
        self._begin("T1", 1)
        self._run(10)
        self.assertEqual([sample[1:3] for sample in self.ctx.transactions.samples], [(2, "T1")])

    def test_silent_meter_gives_no_sample(self):
        # An old reading with a new time would be a lie.
        self._begin()
        self.ctx.station.connectors[0].meter.online = False
        self._run(25)
        self.assertEqual(self.ctx.transactions.samples, [])

    def test_stop_data_holds_begin_samples_and_end(self):
        # StopTxnSampledData has its own list; the contexts tell first and last.
        self._set("StopTxnSampledData", "Frequency")
        begin = self._begin()
        self._run(21)
        self.metering.on_end(self.now, 1)
        kept = self.ctx.transactions.kept
        moments = [ticks.diff(sample[0], begin) for sample in kept]
        self.assertEqual(moments, [0, 10_000, 20_000, 21_000])
        contexts = [sample[2][0]["context"] for sample in kept]
        periodic = "Sample.Periodic"
        expected = ["Transaction.Begin", periodic, periodic, "Transaction.End"]
        self.assertEqual(contexts, expected)
        self.assertEqual(_plain(kept[0][2]), [("Frequency", "49.99", None)])

    def test_interval_set_to_zero_as_the_transaction_changes_stops_the_samples(self):
        # Both at once must not leave the old period running.
        self._begin("T1")
        self._run(5)
        self.ctx.station.connectors[0].transaction = None
        self._set("MeterValueSampleInterval", "0")
        self._run(20)
        self.assertEqual(self.ctx.transactions.samples, [])

    def test_stop_data_is_empty_without_its_keys(self):
        # OCPP 1.6 9.1: empty lists mean no transactionData.
        self._begin()
        self._run(21)
        self.metering.on_end(self.now, 1)
        self.assertEqual(self.ctx.transactions.kept, [])

    def test_tc_071_cs_aligned_samples_are_stamped_with_the_instant(self):
        # Multiples of the interval since midnight, to the second.
        self._set("MeterValueSampleInterval", "0")
        self._set("ClockAlignedDataInterval", "20")
        self.ctx.clock.set(self.now, _WALL_S, 730)
        self._set("StopTxnAlignedData", "Voltage.L1")
        self._begin()
        self._run(61)
        samples = [sample for sample in self.ctx.transactions.samples if sample[2] == "T1"]
        first = _WALL_S - 12 + 20
        stamps = [(0, first, 0), (0, first + 20, 0), (0, first + 40, 0)]
        self.assertEqual([sample[4] for sample in samples], stamps)
        self.assertEqual(samples[0][3][0]["context"], "Sample.Clock")
        self.assertEqual([sample[3] for sample in self.ctx.transactions.kept], stamps)

    def test_aligned_samples_are_taken_at_rest_too(self):
        # OCPP 1.6 3.16: for each connector, without a transaction.
        self._set("ClockAlignedDataInterval", "20")
        self.ctx.clock.set(self.now, _WALL_S, 0)
        self._run(10)
        self.assertEqual([s[1:3] for s in self.ctx.transactions.samples], [(1, None), (2, None)])

    def test_aligned_sample_in_the_tick_of_another_then_comes_first(self):
        # Its time is the earlier one by some ms, and a transaction's values come in order.
        self._set("MeterValueSampleInterval", "5")
        self._set("ClockAlignedDataInterval", "5")
        self.ctx.clock.set(self.now, _WALL_S + 3, 20)
        self._begin()
        self._run(11)
        samples = [sample for sample in self.ctx.transactions.samples if sample[2] == "T1"]
        stamps = [sample[4] for sample in samples]
        first = _WALL_S + 8
        self.assertEqual(stamps, [(0, first, 0), None, (0, first + 5, 0), None])

    def test_transaction_that_begins_in_the_tick_of_an_instant_then_does_not_have_its_sample(self):
        # It would lie some ms before the transaction.
        self._set("StopTxnAlignedData", "Voltage.L1")
        self._set("ClockAlignedDataInterval", "5")
        self.ctx.clock.set(self.now, _WALL_S + 2, 970)
        self.metering.tick(self.now)
        self.now = ticks.add(self.now, 50)
        self._begin()
        samples = self.ctx.transactions.samples
        self.assertEqual([sample[1:3] for sample in samples], [(1, None), (2, None)])
        self.assertEqual(self.ctx.transactions.kept, [])

    def test_aligned_samples_need_a_known_time(self):
        # Without a clock there is no midnight to count from.
        self._set("MeterValueSampleInterval", "0")
        self._set("ClockAlignedDataInterval", "5")
        self._begin()
        self._run(20)
        self.assertEqual(self.ctx.transactions.samples, [])

    def test_aligned_instants_that_the_clock_jumped_over_are_skipped(self):
        # The clock is set forward by 47 s: no sample with a time at which none was taken.
        self._set("MeterValueSampleInterval", "0")
        self._set("ClockAlignedDataInterval", "60")
        self.ctx.clock.set(self.now, _WALL_S, 0)
        self._begin()
        self._run(1)
        self.ctx.clock.set(self.now, _WALL_S + 47, 0)
        self._run(10)
        self.assertEqual(self.ctx.transactions.samples, [])


class IntervalTest(unittest.TestCase):
    def setUp(self):
        self.ctx = _Context(1)
        self.connector = self.ctx.station.connectors[0]
        for key, text in (
            ("MeterValueSampleInterval", "10"),
            ("MeterValuesSampledData", "Energy.Active.Import.Interval"),
        ):
            self.assertEqual(self.ctx.config.set(key, text), "Accepted")
        self.metering = Metering(self.ctx)
        self.now = _JUST_BEFORE_WRAP

    def _ten_seconds(self, energy_wh):
        self.connector.energy.register_wh += energy_wh
        self.now = ticks.add(self.now, 10_000)
        self.metering.tick(self.now)

    def test_interval_then_is_what_flowed_since_the_last_sample(self):
        # OCPP 1.6 7.31: not the register, and the first interval begins with the transaction.
        self.metering.tick(self.now)
        self.connector.transaction = object()
        self.metering.tick(self.now)
        for energy_wh in (25, 0, 31):
            self._ten_seconds(energy_wh)
        values = [_plain(sample[3]) for sample in self.ctx.transactions.samples]
        name = "Energy.Active.Import.Interval"
        self.assertEqual(values, [[(name, "25", None)], [(name, "0", None)], [(name, "31", None)]])


class MeasurandsTest(unittest.TestCase):
    def setUp(self):
        self.connector = PlainConnector(1)

    def _values(self, names):
        return sampled_values(self.connector, names, "Sample.Periodic", 7)

    def test_value_that_the_meter_lacks_then_is_left_out(self):
        # A one-phase meter has no L2 and L3; a pulse counter has no voltage at all.
        meter = self.connector.meter
        meter.voltage_mv = [230_100, None, None]
        meter.power_w = None
        meter.power_factor_permille = [None, None, None]
        names = "Voltage,Power.Active.Import,Power.Factor"
        self.assertEqual(_plain(self._values(names)), [("Voltage", "230.1", "L1-N")])

    def test_empty_list_means_the_energy_register(self):
        # TC_070_CS and TC_071_CS expect it.
        value = self._values("")[0]
        self.assertEqual(value["measurand"], "Energy.Active.Import.Register")
        self.assertEqual(value["unit"], "Wh")

    def test_measurand_without_phase_reports_all_phases_in_use(self):
        # Phase voltages are against neutral; half a tenth is rounded up.
        expected = [("Voltage", "230.1", "L1-N"), ("Voltage", "229.9", "L2-N")]
        self.assertEqual(_plain(self._values("Voltage"))[:2], expected)
        self.assertEqual(len(self._values("Voltage,Current.Import")), 6)
        self.connector.phases = 1
        self.assertEqual(
            _plain(self._values("Current.Import")), [("Current.Import", "16.0", "L1")]
        )

    def test_measurand_with_phase_reports_that_one(self):
        # `Measurand.Phase` of OCPP 1.6 9.1.
        values = _plain(self._values("Current.Import.L2,Power.Active.Import.L3,Voltage.L3"))
        self.assertEqual(
            values,
            [
                ("Current.Import", "15.9", "L2"),
                ("Power.Active.Import", "3679", "L3"),
                ("Voltage", "230.0", "L3-N"),
            ],
        )

    def test_every_measurand_that_is_announced_can_be_read(self):
        # No key value may lead to a crash while charging.
        for name in config_keys.MEASURANDS:
            self.assertTrue(len(self._values(name)) >= 1)
            for suffix in (".L1", ".L2", ".L3"):
                if config_keys.measurand(name + suffix)[1] is not None:
                    self.assertEqual(len(self._values(name + suffix)), 1)

    def test_offers_follow_the_limit(self):
        # 16 A on three phases of the measured voltage; 0 when nothing is offered.
        names = "Current.Offered,Power.Offered"
        self.assertEqual([value[1] for value in _plain(self._values(names))], ["16.0", "11040"])
        self.connector.limit_ma = 0
        self.assertEqual([value[1] for value in _plain(self._values(names))], ["0.0", "0"])

    def test_offered_power_without_a_voltage_uses_the_nominal_one(self):
        # A meter that measures current only.
        self.connector.meter.voltage_mv = [0, 0, 0]
        self.assertEqual(self._values("Power.Offered")[0]["value"], "11040")

    def test_units_are_left_out_where_ocpp_has_none(self):
        # OCPP 1.6 7.45 knows no Hz, and a power factor is a number.
        for value in self._values("Frequency,Power.Factor"):
            self.assertNotIn("unit", value)

    def test_decimal_rounds_and_pads(self):
        # Integers only: the ESP32's float has seven digits.
        self.assertEqual(decimal(16_000, 3, 1), "16.0")
        self.assertEqual(decimal(49, 3, 1), "0.0")
        self.assertEqual(decimal(50, 3, 1), "0.1")
        self.assertEqual(decimal(985, 3, 2), "0.99")
        self.assertEqual(decimal(1009, 3, 2), "1.01")
        self.assertEqual(decimal(-1_250, 3, 1), "-1.3")
        self.assertEqual(decimal(-49, 3, 1), "0.0")
