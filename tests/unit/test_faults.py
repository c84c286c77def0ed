"""The table of faults against the guard that finds some of them."""

import unittest

from firmware.evse import faults
from firmware.guard import guard


class TripBitsTest(unittest.TestCase):
    def test_trip_bits_in_the_table_then_are_those_of_the_guard(self):
        # A weld must not be reported as an overcurrent.
        bits = {
            "rcd_trip": guard.TRIP_RCD,
            "emergency_stop": guard.TRIP_EMERGENCY,
            "contactor_welded": guard.TRIP_WELD,
            "overcurrent": guard.TRIP_OVERCURRENT,
            "contactor_stuck_open": guard.TRIP_NOT_CLOSING,
        }
        found = {fault.name: fault.value for fault in faults.TABLE if fault.kind == 0}
        self.assertEqual(found, bits)
