"""Proximity pilot: every cable with its tolerance, and that no fault is taken for a cable."""

import unittest

from firmware.evse import proximity
from firmware.evse.proximity import BROKEN, NONE_MA, SHORT, Proximity, classify, resistance_ohm

_SUPPLY_MV = 3300
_PULL_OHM = 1000
_CABLES = ((1500, 13000), (680, 20000), (220, 32000), (100, 63000))


def _pp_mv(ohm):
    return _SUPPLY_MV * ohm // (_PULL_OHM + ohm)


class ProximityTest(unittest.TestCase):
    def setUp(self):
        self.now = 0x3FFFFFFF - 300
        self.proximity = Proximity(_SUPPLY_MV, _PULL_OHM)

    def read(self, pp_mv, duration_ms=600):
        for _ in range(duration_ms // 50):
            self.now = (self.now + 50) & 0x3FFFFFFF
            self.proximity.update(self.now, pp_mv)
        return self.proximity.reading

    def test_every_resistor_within_3_percent_is_its_cable(self):
        # IEC 61851-1 Annex B, through the divider, with 10 mV of error in both directions.
        for ohm, rating_ma in _CABLES:
            for permille in range(970, 1031):
                pp_mv = _pp_mv(ohm * permille // 1000)
                for error_mv in (-10, 0, 10):
                    found = classify(resistance_ohm(pp_mv + error_mv, _SUPPLY_MV, _PULL_OHM))
                    self.assertEqual(found, rating_ma, "%d ohm %d" % (ohm, permille))

    def test_short_is_never_the_largest_cable(self):
        # A short read as 63 A would let a 13 A cable burn.
        for ohm in range(0, 76):
            self.assertEqual(classify(ohm), SHORT)
        for pp_mv in (-50, 0, 100, 200):
            self.assertEqual(classify(resistance_ohm(pp_mv, _SUPPLY_MV, _PULL_OHM)), SHORT)

    def test_open_is_never_the_smallest_cable(self):
        # Above all windows no plug is there; between them and a plug: a broken one.
        for ohm in range(2461, 4501, 10):
            self.assertEqual(classify(ohm), BROKEN)
        for pp_mv in (2800, 3299, 3300, 3400):
            self.assertEqual(classify(resistance_ohm(pp_mv, _SUPPLY_MV, _PULL_OHM)), NONE_MA)

    def test_more_resistance_is_never_a_larger_cable(self):
        # Contacts only add resistance: what they add must make the station more careful.
        last = 63000
        for ohm in range(76, 2461):
            rating_ma = classify(ohm)
            self.assertTrue(0 < rating_ma <= last, "%d ohm" % ohm)
            last = rating_ma

    def test_resistance_is_found_again_from_the_voltage(self):
        # Within what whole millivolts allow.
        for ohm in (100, 220, 680, 1500):
            found = resistance_ohm(_pp_mv(ohm), _SUPPLY_MV, _PULL_OHM)
            self.assertTrue(abs(found - ohm) <= 3, "%d" % found)

    def test_reading_is_believed_after_half_a_second(self):
        # A plug on its way in shows every resistance there is.
        self.assertIsNone(self.read(_pp_mv(220), 500))
        self.assertEqual(self.read(_pp_mv(220), 100), 32000)
        self.assertEqual(self.proximity.cable_ma, 32000)
        self.assertTrue(self.proximity.present)

    def test_glitch_does_not_change_the_cable(self):
        # 450 ms of something else, then the cable again.
        self.read(_pp_mv(220))
        self.read(3300, 450)
        self.assertEqual(self.read(_pp_mv(220), 450), 32000)

    def test_fault_is_a_plug_that_carries_nothing(self):
        # Present, so that nobody calls the socket free; 0 mA, so that nothing is offered.
        for pp_mv in (0, _pp_mv(3000)):
            self.setUp()
            self.assertTrue(self.read(pp_mv) in (SHORT, BROKEN))
            self.assertTrue(self.proximity.present)
            self.assertEqual(self.proximity.cable_ma, 0)

    def test_windows_are_in_order_and_leave_no_resistance_out(self):
        # A table out of order would hide its rows.
        bounds = [row[0] for row in proximity.WINDOWS]
        self.assertEqual(bounds, sorted(bounds, reverse=True))
        self.assertEqual(bounds[-1], 0)
