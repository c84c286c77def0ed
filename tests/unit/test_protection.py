"""Mains, temperature and RCD: what counts as wrong, and the order of the RCD's own test."""

import unittest

from firmware.evse import faults, latches, protection
from firmware.guard.guard import Guard


def names(bits):
    """The names of the rows in a bit field."""
    rows = len(faults.TABLE.split("\n")) - 2
    return [faults.Fault(row).name for row in range(rows) if bits >> row & 1]


class Meter:
    """A reading."""

    def __init__(self, voltage_mv=(230_000,) * 3, frequency_mhz=50_000):
        self.voltage_mv = voltage_mv
        self.frequency_mhz = frequency_mhz
        self.online = True
        self.reading_id = 1


class MainsTest(unittest.TestCase):
    def check(self, expected, before=0, **reading):
        self.assertEqual(names(protection.mains(Meter(**reading), before)), expected)

    def test_voltages_at_the_bounds(self):
        # 0.8 and 1.15 of 230 V, on the worst phase.
        self.check([], voltage_mv=(184_000, 264_500, 230_000))
        self.check(["undervoltage"], voltage_mv=(183_999, 230_000, 230_000))
        self.check(["overvoltage"], voltage_mv=(230_000, 230_000, 264_501))

    def test_voltages_after_a_fault_then_have_to_be_better(self):
        # 0.9 and 1.09.
        low = protection.mains(Meter((180_000,) * 3), 0)
        self.check(["undervoltage"], low, voltage_mv=(206_999,) * 3)
        self.check([], low, voltage_mv=(207_000,) * 3)
        high = protection.mains(Meter((270_000,) * 3), 0)
        self.check(["overvoltage"], high, voltage_mv=(250_701,) * 3)
        self.check([], high, voltage_mv=(250_700,) * 3)

    def test_fault_that_is_over_then_stays_until_everything_is_good(self):
        # OVE R37: voltage and frequency together, whichever of them was wrong. Nothing else is
        # called wrong meanwhile.
        normal = {"voltage_mv": (230_000,) * 3, "frequency_mhz": 50_000}
        wrong = (
            ("undervoltage", {"voltage_mv": (180_000,) * 3}),
            ("overvoltage", {"voltage_mv": (270_000,) * 3}),
            ("frequency", {"frequency_mhz": 47_000}),
        )
        for name, reading in wrong:
            before = protection.mains(Meter(**reading), 0)
            self.assertEqual(names(before), [name])
            for almost in (
                {"voltage_mv": (206_999, 230_000, 230_000)},
                {"voltage_mv": (230_000, 230_000, 250_701)},
                {"frequency_mhz": 49_899},
                {"frequency_mhz": 50_101},
            ):
                self.check([name], before, **dict(normal, **almost))
                self.check([], 0, **dict(normal, **almost))
            self.check([], before, **normal)

    def test_one_phase_gone_then_missing_and_not_low(self):
        # All gone is a power loss.
        self.check(["phase_missing"], voltage_mv=(230_000, 69_999, 230_000))
        self.check(["power_loss"], voltage_mv=(230_000, 70_000, 230_000))
        self.check(["power_loss"], voltage_mv=(0, 0, 0))

    def test_voltage_below_six_tenths_then_the_mains_are_gone(self):
        # And what comes back after it has to be as good as after any low voltage.
        self.check(["undervoltage"], voltage_mv=(138_000,) * 3)
        self.check(["power_loss"], voltage_mv=(230_000, 137_999, 230_000))
        gone = protection.mains(Meter((0, 0, 0)), 0)
        self.check(["undervoltage"], gone, voltage_mv=(206_999,) * 3)
        self.check([], gone, voltage_mv=(207_000,) * 3)

    def test_meter_that_does_not_measure_it_then_nothing(self):
        # A meter of one phase has no others, and many have no frequency.
        self.check([], voltage_mv=(230_000, None, None), frequency_mhz=None)
        self.check([], voltage_mv=(None, None, None), frequency_mhz=0)

    def test_frequency_at_the_bounds_of_both_mains(self):
        # 47.5 to 51.5 Hz, or 10 Hz more.
        for base in (0, 10_000):
            self.check([], frequency_mhz=base + 47_500)
            self.check([], frequency_mhz=base + 51_500)
            self.check(["frequency"], frequency_mhz=base + 51_501)
        self.check(["frequency"], frequency_mhz=47_499)
        wrong = protection.mains(Meter(frequency_mhz=52_000), 0)
        self.check(["frequency"], wrong, frequency_mhz=50_101)
        self.check([], wrong, frequency_mhz=49_900)


class Ramping:
    """A connector without a latch, in its place its own guard, pilot and configuration."""

    def __init__(self, country):
        self.guard = self.pilot = self
        self.country = country
        self.trips_latched = self.conditions = self.kept = self.state = 0
        self.pilot_known = False
        self.id = 1
        self.protection = protection.Protection(Port(), 32_000)
        self.protection.mains_at = self.begin = 0x3FFFFFFF - 100_000  # just before the wrap

    def get(self, name):
        return self.country if name == "Country" else 0

    def after(self, elapsed_ms):
        """Return what the ramp allows then."""
        latches.tick((self.begin + elapsed_ms) & 0x3FFFFFFF, self, self, None)
        return self.protection.ramp_ma


class RampTest(unittest.TestCase):
    def test_minute_by_minute_then_up_to_all_and_forgotten(self):
        # OVE R37: 6 A, 1 A more each minute; after 74 there is no pilot that could say more.
        unit = Ramping("at")
        for minute in range(74):
            for elapsed_ms in (minute * 60_000, minute * 60_000 + 59_999):
                self.assertEqual(unit.after(elapsed_ms), 6000 + minute * 1000)
        self.assertEqual(unit.after(74 * 60_000), 80_000)
        self.assertIsNone(unit.protection.mains_at)
        self.assertEqual(unit.after(0), 80_000)

    def test_country_without_the_rule_then_no_ramp(self):
        # Whatever the installer has written there.
        for country in ("", "DE", "A", "TA"):
            unit = Ramping(country)
            self.assertEqual(unit.after(0), 80_000)
            self.assertIsNone(unit.protection.mains_at)


class TemperatureTest(unittest.TestCase):
    def test_derating_at_its_ends(self):
        # Everything below 60 degrees, 6 A from 75 on, whole A between.
        self.assertEqual(protection.derated_ma(599, 32_000), 80_000)
        self.assertEqual(protection.derated_ma(600, 32_000), 32_000)
        self.assertEqual(protection.derated_ma(675, 32_000), 19_000)
        self.assertEqual(protection.derated_ma(750, 32_000), 6000)
        self.assertEqual(protection.derated_ma(900, 32_000), 6000)

    def test_derating_never_rises_with_the_temperature(self):
        # Nor goes below what the pilot can offer.
        before_ma = 32_000
        for tenths in range(600, 801):
            limit_ma = protection.derated_ma(tenths, 32_000)
            self.assertTrue(6000 <= limit_ma <= before_ma and limit_ma % 1000 == 0)
            before_ma = limit_ma


class Port:
    """An RCD whose answers the test gives; `driven` is what it was told."""

    earth = thermistor = cp_switch = phase_switch = None
    rcd_test = True

    def __init__(self):
        self.active = False
        self.driven = (False, False)

    def rcd_active(self):
        return self.active

    def test_rcd(self, is_test, is_on):
        self.driven = (is_test, is_on)


class Connector:
    """As much of a connector as the protection looks at."""

    def __init__(self):
        self.guard = Guard()
        self.meter = Meter()
        self.overlay = faults.Faults()
        self.pilot = self
        self.state = 0
        self.offering = False

    def since(self, now):
        return 60_000


class RcdTest(unittest.TestCase):
    def setUp(self):
        self.port = Port()
        self.connector = Connector()
        self.protection = protection.Protection(self.port, 32_000)
        self.now = 0x3FFFFF00  # just before the wrap

    def tick(self, duration_ms=50):
        for _ in range(duration_ms // 50):
            self.now = (self.now + 50) & 0x3FFFFFFF
            self.protection.tick(self.now, self.connector)

    def test_device_that_answers_and_falls_back_then_is_good(self):
        # Pulse, answer, end of the pulse, quiet.
        self.tick()
        self.assertEqual((self.port.driven, self.protection.rcd_ok), ((True, True), False))
        self.port.active = True
        self.tick()
        self.assertEqual((self.port.driven, self.protection.rcd_ok), ((True, False), False))
        self.port.active = False
        self.tick()
        self.assertEqual((self.port.driven, self.protection.rcd_ok), ((False, False), True))
        self.assertEqual(names(self.protection.found), [])

    def test_device_that_does_not_answer_then_fails_and_is_tried_every_minute(self):
        # 3 s are the time of the slowest.
        self.tick(3000)
        self.assertEqual(names(self.protection.found), [])
        self.tick(100)
        self.assertEqual(names(self.protection.found), ["rcd_selftest"])
        self.assertEqual(self.port.driven, (False, False))
        self.tick(59_000)
        self.assertEqual(self.port.driven, (False, False))
        self.tick(1050)
        self.assertEqual(self.port.driven, (True, True))

    def test_device_that_stays_tripped_then_fails(self):
        # Stuck is as bad as dead.
        self.tick()
        self.port.active = True
        self.tick(3200)
        self.assertEqual(names(self.protection.found), ["rcd_selftest"])
        self.assertFalse(self.protection.rcd_ok)

    def test_contactor_that_was_closed_then_needs_a_new_test_after_one_second(self):
        # UL 2231: before each closing.
        for active in (False, True, False):
            self.port.active = active
            self.tick()
        self.assertTrue(self.protection.rcd_ok)
        self.connector.guard.close = True
        self.tick()
        self.assertFalse(self.protection.rcd_ok)
        self.connector.guard.close = False
        self.tick(950)
        self.assertEqual(self.port.driven, (False, False))
        self.tick(100)
        self.assertEqual(self.port.driven, (True, True))

    def test_contactor_that_closes_in_a_test_then_the_test_ends(self):
        # What is under current is not tested.
        self.tick()
        self.connector.guard.close = True
        self.tick()
        self.assertEqual(self.port.driven, (False, False))

    def test_device_that_has_tripped_then_is_not_tested(self):
        # It would hide why.
        self.port.active = True
        self.tick(10_000)
        self.assertEqual(self.port.driven, (False, False))

    def test_board_without_a_test_input_then_is_ready(self):
        # There is nothing to be asked.
        self.port.rcd_test = None
        self.assertTrue(protection.Protection(self.port, 32_000).rcd_ok)
