"""The table of faults against the guard, and what it makes of a connector's facts in time."""

import unittest

from firmware.evse import faults
from firmware.guard import guard

_BY_TRIP = {
    "rcd_trip": guard.TRIP_RCD,
    "emergency_stop": guard.TRIP_EMERGENCY,
    "overcurrent": guard.TRIP_OVERCURRENT,
    "contactor_welded": guard.TRIP_WELD,
    "contactor_stuck_open": guard.TRIP_NOT_CLOSING,
}
# OCPP 1.6 7.6.
_CODES = (
    "ConnectorLockFailure EVCommunicationError GroundFailure HighTemperature InternalError"
    " LocalListConflict NoError OtherError OverCurrentFailure OverVoltage PowerMeterFailure"
    " PowerSwitchFailure ReaderFailure ResetFailure UnderVoltage WeakSignal"
).split()
_ROWS = len(faults.TABLE.split("\n")) - 2


def _bit(name):
    for row in range(_ROWS):
        if faults.Fault(row).name == name:
            return 1 << row
    raise ValueError(name)


class _Facts:
    """What faults are found by: the connector, and in its place its pilot and protection."""

    def __init__(self):
        self.guard = guard.Guard()
        self.pilot = self.protection = self
        self.state = 0
        self.found = 0
        self.plugged = True
        self.retries = 2
        self.socket = None


class FaultsTest(unittest.TestCase):
    def setUp(self):
        self.facts = _Facts()
        self.faults = faults.Faults()

    def tick(self, duration_ms=0):
        """One tick, or as many as the duration has, of 50 ms."""
        for _ in range(duration_ms // 50 or 1):
            self.faults.tick(self.facts, 50)
        return [fault.name for fault in self.faults.blocking + self.faults.warnings]

    def test_each_latched_trip_has_its_own_fault(self):
        # The table repeats the guard's bits as numbers; swapped ones would name the wrong fault.
        for name in _BY_TRIP:
            self.facts.guard.trips_latched = _BY_TRIP[name]
            self.assertEqual(self.tick(), [name])
            self.facts.guard.trips_latched = 0
            self.assertEqual(self.tick(), [])

    def test_contactor_that_may_be_tried_again_then_is_no_fault_yet(self):
        # The third failure is one; any other trip is at once.
        for self.facts.retries in (0, 1):
            self.facts.guard.trips_latched = guard.TRIP_NOT_CLOSING
            self.assertEqual(self.tick(), [])
            self.facts.guard.trips_latched |= guard.TRIP_RCD
            self.assertEqual(self.tick(), ["rcd_trip"])
            self.facts.guard.trips_latched = 0
            self.tick()

    def test_worst_comes_first(self):
        # The order of the table is the order of reporting: a weld before anything else.
        self.facts.guard.trips_latched = guard.TRIP_RCD | guard.TRIP_WELD
        self.facts.found = _bit("diode")
        self.assertEqual(self.tick(), ["contactor_welded", "rcd_trip", "diode"])

    def test_silent_meter_limits_and_does_not_block(self):
        # Energy may flow on, but nobody watches how much.
        self.facts.found = _bit("meter_silent")
        self.tick()
        self.assertEqual((self.faults.blocking, self.faults.limit_ma), ((), 16_000))

    def test_tick_with_the_same_faults_makes_no_new_ones(self):
        # Asked every 50 ms: a fault that stays must leave no garbage.
        self.facts.state = 4
        self.tick()
        before = self.faults.blocking
        self.tick(1000)
        self.assertIs(self.faults.blocking, before)
        self.assertEqual(before[0].name, "cp_short")

    def test_fact_of_each_row_then_becomes_a_fault_in_its_time_and_goes_in_its_time(self):
        # Every row that is found elsewhere, by the two columns of times.
        for line in faults.TABLE.split("\n")[6:-1]:
            name, on, off = [line.split("|")[column] or "0" for column in (0, 5, 6)]
            self.facts.found = _bit(name)
            if int(on):
                self.assertEqual(self.tick(int(on) * 50), [])
            self.assertEqual(self.tick(), [name])
            self.facts.found = 0
            if off == "255":
                self.assertEqual(self.tick(120_000), [name])
                self.facts.plugged = False
            elif int(off):
                self.assertEqual(self.tick(int(off) * 500), [name])
            self.assertEqual(self.tick(), [])
            self.facts.plugged = True

    def test_fact_that_is_gone_in_between_then_counts_anew(self):
        # A voltage that dips twice for a moment is not low for long.
        for _ in range(10):
            self.facts.found = _bit("undervoltage")
            self.assertEqual(self.tick(1400), [])
            self.facts.found = 0
            self.assertEqual(self.tick(), [])

    def test_time_that_passed_unseen_then_counts(self):
        # After a stall the next tick is late, and says by how much.
        self.facts.found = _bit("undervoltage")
        self.faults.tick(self.facts, 50)
        self.faults.tick(self.facts, 1500)
        self.assertEqual(self.faults.blocking[0].name, "undervoltage")

    def test_hard_rows_are_those_that_the_guard_or_the_connector_opens_at_once(self):
        # The reaction column, by name.
        hard = [faults.Fault(row).name for row in range(_ROWS) if faults.HARD >> row & 1]
        self.assertEqual(
            sorted(hard),
            sorted(
                "contactor_welded rcd_trip emergency_stop overcurrent pe_lost cp_short"
                " cp_generator diode power_loss".split()
            ),
        )

    def test_several_limits_then_the_least_counts(self):
        # 16 A for the meter, 6 A for an EV that toggles.
        self.facts.found = _bit("cp_toggling") | _bit("meter_silent")
        self.tick()
        self.assertEqual(self.faults.limit_ma, 6000)

    def test_texts_and_codes_fit_into_a_status_notification(self):
        # OCPP 1.6 6.48: info and vendorErrorCode have 50 characters; 7.6 has the codes.
        for row in range(_ROWS):
            fault = faults.Fault(row)
            self.assertTrue(0 < len(fault.text) <= 50)
            self.assertTrue(len(fault.vendor_error_code) <= 50)
            self.assertTrue(fault.error_code in _CODES)

    def test_faults_that_block_come_before_those_that_do_not(self):
        # The table's order is cut in two at one place.
        kinds = ["HS".find(faults.Fault(row).reaction[0]) >= 0 for row in range(_ROWS)]
        self.assertEqual(kinds, sorted(kinds, reverse=True))
