"""The table of faults against the guard, and what it makes of a connector's facts."""

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


class _Connector:
    """The facts that faults are found by."""

    def __init__(self):
        self.guard = guard.Guard()
        self.pilot = self
        self.state = 0
        self.diode_missing = False
        self.storage_lost = False
        self.meter_silent = False
        self.socket = None


class FaultsTest(unittest.TestCase):
    def test_each_latched_trip_has_its_own_fault(self):
        # The table repeats the guard's bits as numbers; swapped ones would name the wrong fault.
        for name in _BY_TRIP:
            connector = _Connector()
            connector.guard.trips_latched = _BY_TRIP[name]
            blocking, warning = faults.find(connector)
            self.assertEqual([fault.name for fault in blocking], [name])
            self.assertEqual(warning, ())

    def test_no_facts_no_faults(self):
        # A connector at rest has nothing to report.
        self.assertEqual(faults.find(_Connector()), ((), ()))

    def test_worst_comes_first(self):
        # The order of the table is the order of reporting: a weld before anything else.
        connector = _Connector()
        connector.guard.trips_latched = guard.TRIP_RCD | guard.TRIP_WELD
        connector.diode_missing = True
        names = [fault.name for fault in faults.find(connector)[0]]
        self.assertEqual(names, ["contactor_welded", "rcd_trip", "diode"])

    def test_silent_meter_warns_and_does_not_block(self):
        # Energy may flow on; the central system is told.
        connector = _Connector()
        connector.meter_silent = True
        blocking, warning = faults.find(connector)
        self.assertEqual((blocking, [fault.name for fault in warning]), ((), ["meter_silent"]))

    def test_find_of_the_same_faults_makes_no_new_ones(self):
        # Asked every 50 ms: a fault that stays must leave no garbage.
        connector = _Connector()
        connector.state = 4
        connector.meter_silent = True
        before = faults.find(connector)
        self.assertIs(faults.find(connector, before), before)
        connector.meter_silent = False
        blocking, warning = faults.find(connector, before)
        self.assertEqual(([fault.name for fault in blocking], warning), (["cp_short"], ()))

    def test_texts_fit_into_a_status_notification(self):
        # OCPP 1.6 6.48: info and vendorErrorCode have 50 characters.
        for row in range(15):
            fault = faults.Fault(row)
            self.assertTrue(0 < len(fault.text) <= 50)
            self.assertTrue(len(fault.vendor_error_code) <= 50)
