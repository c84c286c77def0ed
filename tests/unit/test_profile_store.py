"""Installed charging profiles: what replaces what, what is refused, what survives."""

import unittest

import rfc3339
from ocpp16.charging_profile import CHARGE_POINT_MAX, TX, TX_DEFAULT, encode

from tests.sim.charging_profiles import NOW, maximum, profile, tx
from tests.sim.schedule_sets import Rig


class StoreTest(unittest.TestCase):
    def setUp(self):
        self.rig = Rig(NOW)

    def test_same_id_or_same_purpose_and_level_replaces(self):
        # 5.16; and both at once, which leaves one of three.
        rig = self.rig
        rig.set(1, profile(1, stack=0, limits=((0, 8),)))
        rig.set(1, profile(2, stack=1, limits=((0, 9),)))
        self.assertEqual(len(rig.records.keys()), 2)
        rig.set(1, profile(2, stack=0, limits=((0, 10),)))
        self.assertEqual(len(rig.records.keys()), 1)
        self.assertEqual(rig.limit_ma(), 10_000)

    def test_one_id_for_all_connectors_keeps_both_limits(self):
        # As evcc does: the other connector must not lose its limit.
        rig = Rig(NOW, 2)
        rig.set(1, profile(50, stack=10, limits=((0, 8),)))
        rig.set(2, profile(50, stack=10, limits=((0, 9),)))
        self.assertEqual((rig.limit_ma(1), rig.limit_ma(2)), (8_000, 9_000))
        self.assertEqual(rig.smart.clear(50, None, None, None), 2)

    def test_clear_takes_zero_for_a_value(self):
        # Id 0, connector 0 and stack level 0 are not "absent".
        rig = Rig(NOW, 2)
        rig.set(1, profile(0, stack=0))
        rig.set(1, profile(5, stack=3))
        rig.set(0, profile(6, stack=4))
        self.assertEqual(rig.smart.clear(None, None, None, 0), 1)
        self.assertEqual(rig.smart.clear(None, 0, None, None), 1)
        self.assertEqual(rig.smart.clear(0, None, None, None), 0)
        rig.set(1, profile(0, stack=0))
        self.assertEqual(rig.smart.clear(0, 2, TX, 9), 1)
        self.assertEqual(rig.smart.clear(None, 1, CHARGE_POINT_MAX, None), 0)
        self.assertEqual(rig.smart.clear(None, 1, TX_DEFAULT, 3), 1)
        self.assertEqual(rig.records.keys(), [])

    def test_expired_profile_is_refused(self):
        # It would only take room; the one that it would replace stays.
        self.rig.set(1, profile(1, limits=((0, 10),)))
        self.assertFalse(self.rig.set(1, profile(1, start=-100, duration=100)))
        past = rfc3339.format(NOW, 0)
        self.assertFalse(self.rig.set(1, profile(1, validTo=past)))
        self.assertEqual(self.rig.limit_ma(), 10_000)

    def test_fifty_profiles_fit_and_expired_ones_make_room(self):
        # MaxChargingProfilesInstalled; a replacement always fits.
        rig = Rig(NOW, 2)
        number = 0
        for connector in (0, 1, 2):
            for stack in range(11):
                payload = profile(number, stack=stack, duration=99, start=0)
                self.assertTrue(rig.set(connector, payload))
                number += 1
        for stack in range(11):
            self.assertTrue(rig.set(0, maximum(number, stack=stack)))
            number += 1
        rig.begin(7, 2)
        for stack in range(6):
            self.assertTrue(rig.set(2, tx(number, stack=stack), 7))
            number += 1
        self.assertEqual(number, 50)
        self.assertFalse(rig.set(2, tx(number, stack=6), 7))
        self.assertTrue(rig.set(2, tx(number, stack=5), 7))
        rig.run(100)
        self.assertTrue(rig.set(2, tx(99, stack=6), 7))
        self.assertEqual(len(rig.records.keys()), 18)

    def test_profiles_survive_a_reboot_and_a_tx_profile_only_its_transaction(self):
        # Also when the records come back in another order.
        rig = self.rig
        rig.set(1, profile(1, limits=((0, 8),)))
        rig.set(0, maximum(2, limits=((0, 9),)))
        rig.begin(7)
        rig.set(1, tx(3, limits=((0, 7),)), 7)
        self.assertEqual(rig.limit_ma(), 7_000)
        again = Rig(NOW, records=rig.records)
        self.assertEqual(again.limit_ma(), 8_000)
        again.begin(7)
        self.assertEqual(again.limit_ma(), 7_000)
        again.begin(8)
        self.assertEqual(again.limit_ma(), 8_000)

    def test_damaged_record_is_removed_at_boot(self):
        # And one that rots while running limits no more.
        self.rig.set(1, profile(1))
        self.rig.records.set("9", b"rubbish")
        again = Rig(NOW, records=self.rig.records)
        self.assertEqual(again.limit_ma(), 8_000)
        self.assertEqual(again.records.keys(), ["0"])

    def test_cut_between_both_steps_of_a_replacement_leaves_the_newer(self):
        # The record that was to be removed is still there.
        rig = self.rig
        rig.set(1, profile(1, stack=0, limits=((0, 8),)))
        rig.set(1, profile(2, stack=1, limits=((0, 9),)))
        old = dict(rig.records.records)
        rig.set(1, profile(2, stack=0, limits=((0, 10),)))
        for key in old:
            if key not in rig.records.records:
                rig.records.set(key, old[key])
        again = Rig(NOW, records=rig.records)
        self.assertEqual(again.limit_ma(), 10_000)
        self.assertEqual(len(again.records.keys()), 1)

    def test_full_flash_refuses_and_changes_nothing(self):
        # OSError for the handler to answer.
        self.rig.set(1, profile(1, limits=((0, 8),)))
        self.rig.records.full = True
        with self.assertRaises(OSError):
            self.rig.set(1, profile(1, limits=((0, 9),)))
        self.rig.run(1)
        self.assertEqual(self.rig.limit_ma(), 8_000)


class RemoteStartTest(unittest.TestCase):
    def setUp(self):
        self.rig = Rig(NOW, 2, ConnectionTimeOut=60)

    def _expect(self, connector_id, limit):
        data = encode(tx(1, limits=((0, limit),)), 30)
        self.rig.smart.expect(self.rig.now, data, connector_id, "04a1b2c3")

    def test_profile_waits_for_its_transaction(self):
        # It does not limit before, and not on the other connector.
        self._expect(2, 7)
        self.rig.begin(5, 1)
        self.assertEqual((self.rig.limit_ma(1), self.rig.limit_ma(2)), (None, None))
        self.rig.begin(6, 2)
        self.assertEqual((self.rig.limit_ma(1), self.rig.limit_ma(2)), (None, 7_000))

    def test_profile_without_connector_goes_with_the_token(self):
        # But not to a transaction that ran already.
        self.rig.begin(5, 1)
        self._expect(None, 7)
        self.rig.run(1)
        self.assertIsNone(self.rig.limit_ma(1))
        self.rig.begin(6, 2)
        self.assertEqual(self.rig.limit_ma(2), 7_000)

    def test_profile_is_dropped_when_nobody_comes(self):
        # ConnectionTimeOut and a minute; or a transaction of somebody else; or a new remote start.
        self._expect(2, 7)
        self.rig.run(121)
        self.rig.begin(6, 2)
        self.assertIsNone(self.rig.limit_ma(2))
        self._expect(1, 7)
        self.rig.smart.expect(self.rig.now, None, 1, "04FF")
        self.rig.begin(8, 1)
        self.assertIsNone(self.rig.limit_ma(1))

    def test_clear_forgets_what_waits(self):
        # It is installed as far as the central system knows.
        self._expect(2, 7)
        self.assertEqual(self.rig.smart.clear(None, None, TX, None), 1)
        self.rig.begin(6, 2)
        self.assertIsNone(self.rig.limit_ma(2))
