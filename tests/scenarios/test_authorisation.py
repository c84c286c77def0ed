"""Who may charge: cache, offline rules, and a central system that changes its mind."""

from tests.sim.scenario import CARD, OTHER, Scenario

ACCEPTED = {"idTagInfo": {"status": "Accepted"}}


class CacheTest(Scenario):
    def test_local_pre_authorize_and_a_cached_card_then_asks_nobody(self):
        # TC_007_CS: the second session starts without Authorize.
        plant = self.begin(settings=(("LocalPreAuthorize", "true"),))
        self.charge()
        self.finish()
        plant.do("unplug")
        self.wait("Available")
        self.charge()
        self.assertEqual(len(plant.csms.of("Authorize")), 1)

    def test_cache_after_a_power_cut_then_still_knows(self):
        # OCPP 1.6 3.5.1: the cache is persistent.
        plant = self.begin(settings=(("LocalPreAuthorize", "true"),))
        self.charge()
        self.finish()
        plant.do("unplug")
        self.wait("Available")
        plant.power_cycle()
        self.assert_online_again()
        self.charge()
        self.assertEqual(len(plant.csms.of("Authorize")), 1)

    def test_clear_cache_then_asks_again(self):
        # TC_061_CS.
        plant = self.begin(settings=(("LocalPreAuthorize", "true"),))
        self.charge()
        self.finish()
        plant.do("unplug")
        self.wait("Available")
        self.assertEqual(plant.call("ClearCache", {}), {"status": "Accepted"})
        self.charge()
        self.assertEqual(len(plant.csms.of("Authorize")), 2)

    def test_cached_card_that_was_blocked_then_is_refused(self):
        # Online a card that the cache knows as not accepted is asked for again.
        plant = self.begin(settings=(("LocalPreAuthorize", "true"),))
        plant.csms.rejected = (CARD,)
        plant.do("card", id=CARD)
        plant.run(3000)
        plant.do("card", id=CARD)
        plant.run(3000)
        self.assertEqual(len(plant.csms.of("Authorize")), 2)
        self.assertEqual(plant.status(), "Available")

    def test_authorize_unanswered_then_the_offline_rules_hold(self):
        # Somebody stands there: after 15 s the cache decides.
        plant = self.begin()
        self.charge()
        self.finish()
        plant.do("unplug")
        self.wait("Available")
        plant.csms.answers["Authorize"] = None
        self.plug_in()
        self.wait("Charging", 40_000)

    def test_authorize_unanswered_for_an_unknown_card_then_refused(self):
        # AllowOfflineTxForUnknownId is false by default.
        plant = self.begin()
        plant.csms.answers["Authorize"] = None
        self.plug_in()
        plant.run(40_000)
        self.assertEqual(plant.status(), "Preparing")
        self.assertEqual(plant.csms.of("StartTransaction"), [])


class OfflineTest(Scenario):
    def known(self):
        """A charger that knows CARD, then loses its connection."""
        plant = self.begin()
        self.tap_twice()
        plant.run(1000)
        plant.connected = False
        plant.run(1000)
        return plant

    def test_cached_card_offline_then_charges_and_books_later(self):
        # TC_037_1_CS: the whole session is delivered with its own times.
        plant = self.known()
        self.charge(run_ms=60_000)
        plant.do("card", id=CARD)
        self.wait("Finishing")
        plant.run(5000)
        before = plant.csms.of("Heartbeat"), plant.csms.books()
        self.assertEqual(before, ([], []))
        plant.run(60_000)
        plant.connected = True
        self.settle()
        row = plant.csms.books()[0]
        self.assertEqual((row[0], row[1], row[3]), (1, CARD, "Local"))
        self.assertTrue(row[2] > 200)
        start, stop = plant.csms.of("StartTransaction")[0], plant.csms.of("StopTransaction")[0]
        self.assertTrue(start["timestamp"] < stop["timestamp"])
        self.assertTrue(plant.csms.actions().index("MeterValues")
                        < plant.csms.actions().index("StopTransaction"))
        # Of the states only the present one is told.
        self.assertEqual(plant.csms.statuses()[-1], "Finishing")
        self.assertNotIn("Charging", plant.csms.statuses())

    def test_unknown_card_offline_then_rejected(self):
        # AllowOfflineTxForUnknownId false.
        plant = self.known()
        self.plug_in(OTHER)
        plant.run(20_000)
        self.assertEqual(plant.status(), "Preparing")
        self.assertFalse(plant.closed())

    def test_unknown_card_offline_when_allowed_then_charges(self):
        # AllowOfflineTxForUnknownId true.
        plant = self.known()
        plant.app.config.set("AllowOfflineTxForUnknownId", "true")
        self.charge(OTHER)
        plant.do("card", id=OTHER)
        self.wait("Finishing")
        plant.connected = True
        self.settle()
        self.assertEqual(plant.csms.books()[0][1], OTHER)

    def test_cached_card_offline_when_not_allowed_then_rejected(self):
        # LocalAuthorizeOffline false.
        plant = self.known()
        plant.app.config.set("LocalAuthorizeOffline", "false")
        self.plug_in()
        plant.run(20_000)
        self.assertEqual(plant.status(), "Preparing")

    def test_connection_lost_in_a_session_then_nothing_changes(self):
        # TC_036_CS: charging goes on, the samples come later.
        plant = self.begin(settings=(("MeterValueSampleInterval", "10"),))
        self.charge()
        plant.connected = False
        plant.run(60_000)
        self.assertEqual(plant.status(), "Charging")
        plant.connected = True
        self.assert_online_again()
        plant.run(2000)
        self.assertTrue(len(plant.csms.of("MeterValues")) >= 6)
        self.assertEqual(len(plant.csms.of("BootNotification")), 1)
        self.finish()

    def test_stop_offline_then_stop_is_delivered_later(self):
        # TC_038_CS.
        plant = self.begin()
        self.charge()
        plant.connected = False
        plant.run(2000)
        plant.do("card", id=CARD)
        self.wait("Finishing")
        plant.do("unplug")
        self.wait("Available")
        plant.run(5000)
        plant.connected = True
        self.settle()
        self.assertEqual(len(plant.csms.books()), 1)
        self.assertEqual(plant.csms.books()[0][3], "Local")

    def test_never_online_and_clock_unknown_then_books_and_times_come_later(self):
        # Started before the first connection ever: a time is never invented.
        plant = self.begin(connected=False, settings=(("AllowOfflineTxForUnknownId", "true"),))
        self.charge(run_ms=30_000)
        plant.do("card", id=CARD)
        self.wait("Finishing")
        plant.run(30_000)
        plant.connected = True
        self.assert_online_again()
        self.settle()
        self.assertEqual(len(plant.csms.books()), 1)
        start, stop = plant.csms.of("StartTransaction")[0], plant.csms.of("StopTransaction")[0]
        self.assertTrue(start["timestamp"][:16] >= "2026-11-14T")
        self.assertTrue(start["timestamp"] < stop["timestamp"])
        for report in plant.csms.of("StatusNotification"):
            self.assertTrue(report.get("timestamp", "2026").startswith("2026"))


class RefusedLaterTest(Scenario):
    def refused(self, **settings):
        """A card that Authorize accepts and StartTransaction.conf does not."""
        plant = self.begin(settings=tuple(settings.items()))
        plant.csms.answers["Authorize"] = ACCEPTED
        plant.csms.rejected = (CARD,)
        self.plug_in()
        return plant

    def test_start_invalid_then_deauthorized(self):
        # StopTransactionOnInvalidId true (TC_025_CS).
        plant = self.refused()
        self.wait("Finishing")
        self.settle()
        self.assertEqual(plant.csms.books()[0][3], "DeAuthorized")
        plant.run(10_000)
        self.assertFalse(plant.closed())

    def test_start_invalid_when_not_stopping_then_suspended_evse(self):
        # StopTransactionOnInvalidId false: no energy, the transaction stays.
        plant = self.refused(StopTransactionOnInvalidId="false")
        self.wait("SuspendedEVSE")
        plant.run(20_000)
        self.assertFalse(plant.closed())
        self.assertEqual(plant.csms.of("StopTransaction"), [])
        self.finish()
        self.assertEqual(plant.csms.books()[0][3], "Local")

    def test_start_invalid_with_energy_granted_then_delivers_that_much(self):
        # MaxEnergyOnInvalidId, whatever happens afterwards.
        for stops in ("true", "false"):
            plant = self.refused(StopTransactionOnInvalidId=stops, MaxEnergyOnInvalidId="50")
            self.wait("Charging")
            plant.run(3000)
            self.assertEqual(plant.status(), "Charging")
            self.wait("Finishing" if stops == "true" else "SuspendedEVSE", 60_000)
            if stops == "false":
                plant.run(10_000)
                plant.do("card", id=CARD)
            self.settle()
            row = plant.csms.books()[0]
            self.assertEqual(row[3], "DeAuthorized" if stops == "true" else "Local")
            # What flows while a meter is read and a car stops comes on top.
            self.assertTrue(50 <= row[2] <= 75, row)
            plant.close()

    def test_offline_start_found_invalid_later_then_deauthorized(self):
        # The verdict comes with the connection.
        plant = self.begin(connected=False, settings=(("AllowOfflineTxForUnknownId", "true"),))
        plant.csms.rejected = (CARD,)
        self.charge()
        plant.connected = True
        self.wait("Finishing", 30_000)
        self.settle()
        self.assertEqual(plant.csms.books()[0][3], "DeAuthorized")
