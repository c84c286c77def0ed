"""How a session begins and ends when everybody is online."""

from tests.sim.scenario import CARD, OTHER, Scenario


class StartTest(Scenario):
    def test_card_first_then_plug_then_charges(self):
        # Preparing from the card on, one transaction (TC_004_1_CS).
        plant = self.begin()
        plant.do("card", id=CARD)
        self.wait("Preparing")
        plant.run(2000)
        plant.do("plug")
        self.wait("Charging")
        self.assertEqual(plant.csms.statuses(), ["Available", "Preparing", "Charging"])
        self.assertEqual(len(plant.csms.of("StartTransaction")), 1)

    def test_plug_first_then_card_then_charges(self):
        # TC_003_CS.
        plant = self.begin()
        self.charge()
        self.assertEqual(plant.csms.statuses(), ["Available", "Preparing", "Charging"])
        self.finish()
        self.assertEqual(plant.csms.books(), [(1, CARD, plant.csms.books()[0][2], "Local")])

    def test_connection_timeout_when_nobody_plugs_then_available(self):
        # TC_004_2_CS: the accepted card is worth nothing any more.
        plant = self.begin(settings=(("ConnectionTimeOut", "10"),))
        plant.do("card", id=CARD)
        self.wait("Preparing")
        plant.run(9000)
        self.assertEqual(plant.status(), "Preparing")
        self.wait("Available", 2000)
        plant.do("plug")
        plant.run(5000)
        self.assertEqual(plant.status(), "Preparing")
        self.assertFalse(plant.closed())
        self.assertEqual(plant.csms.of("StartTransaction"), [])

    def test_second_tap_before_the_plug_then_withdraws(self):
        # The user has changed their mind.
        plant = self.begin()
        self.tap_twice()
        self.assertEqual(plant.csms.of("StartTransaction"), [])

    def test_rejected_card_then_no_energy_and_no_transaction(self):
        # TC_023_CS.
        plant = self.begin()
        plant.csms.rejected = (CARD,)
        self.plug_in()
        plant.run(15_000)
        self.assertEqual(plant.status(), "Preparing")
        self.assertEqual(plant.seen("contactor", closed=True), [])
        self.assertEqual(plant.csms.of("StartTransaction"), [])
        self.assertEqual(len(plant.csms.of("Authorize")), 1)

    def test_rejected_card_before_the_plug_then_stays_available(self):
        # No Preparing for a card that is not accepted.
        plant = self.begin()
        plant.csms.rejected = (CARD,)
        plant.do("card", id=CARD)
        plant.run(3000)
        self.assertEqual(plant.csms.statuses(), ["Available"])

    def test_other_card_in_a_session_then_is_ignored(self):
        # TC_068_CS: without a group nothing is even asked.
        plant = self.begin()
        self.charge()
        plant.do("card", id=OTHER)
        plant.run(3000)
        self.assertEqual(plant.status(), "Charging")
        self.assertEqual(len(plant.csms.of("Authorize")), 1)

    def test_same_card_after_finishing_then_charges_again(self):
        # Finishing to Preparing to Charging without unplugging (F2 of the status table).
        plant = self.begin()
        self.charge()
        self.finish()
        plant.run(6000)
        plant.do("card", id=CARD)
        self.wait("Charging", 30_000)
        self.finish()
        self.assertEqual(
            plant.csms.statuses(),
            ["Available", "Preparing", "Charging", "Finishing", "Preparing", "Charging",
             "Finishing"],
        )
        self.assertEqual(len(plant.csms.books()), 2)

    def test_card_of_the_same_group_then_stops(self):
        # Equal parents are one group (OCPP 1.6 3.5.3).
        plant = self.begin()
        plant.csms.answers["Authorize"] = {"idTagInfo": {"status": "Accepted", "parentIdTag": "G"}}
        self.charge()
        plant.do("card", id=OTHER)
        self.wait("Finishing")
        self.settle()
        self.assertEqual(plant.csms.of("StopTransaction")[0]["idTag"], OTHER)

    def test_two_connectors_then_each_has_its_own_session(self):
        # A card goes to the connector that waits for one.
        plant = self.begin(connectors=2)
        plant.do("plug", connector=1)
        plant.run(600)
        plant.do("card", id=CARD)
        self.wait("Charging")
        plant.do("plug", connector=2)
        plant.run(600)
        plant.do("card", id=OTHER)
        self.wait("Charging", connector=2)
        plant.run(2000)
        plant.do("card", id=CARD)
        self.wait("Finishing")
        plant.run(1500)
        self.assertEqual(plant.status(2), "Charging")
        plant.do("card", id=OTHER)
        self.wait("Finishing", connector=2)
        self.settle()
        rows = [(row[0], row[1], row[3]) for row in plant.csms.books()]
        self.assertEqual(rows, [(1, CARD, "Local"), (2, OTHER, "Local")])


class RemoteTest(Scenario):
    def remote_start(self, **fields):
        payload = dict(fields, idTag=CARD)
        return self.plant.call("RemoteStartTransaction", payload)

    def test_remote_start_plug_first_then_charges_without_authorize(self):
        # TC_011_2_CS with AuthorizeRemoteTxRequests false.
        plant = self.begin()
        plant.do("plug")
        plant.run(1000)
        self.assertEqual(self.remote_start(connectorId=1), {"status": "Accepted"})
        self.wait("Charging")
        self.assertEqual(plant.csms.of("Authorize"), [])
        self.assertEqual(plant.csms.statuses(), ["Available", "Preparing", "Charging"])

    def test_remote_start_authorized_then_asks_first(self):
        # AuthorizeRemoteTxRequests true: as if the card was shown.
        plant = self.begin(settings=(("AuthorizeRemoteTxRequests", "true"),))
        plant.do("plug")
        plant.run(1000)
        self.assertEqual(self.remote_start(), {"status": "Accepted"})
        self.wait("Charging")
        self.assertEqual(len(plant.csms.of("Authorize")), 1)

    def test_remote_start_authorized_and_rejected_then_nothing_starts(self):
        # TC_026_CS: back to what it was, no StartTransaction.
        plant = self.begin(settings=(("AuthorizeRemoteTxRequests", "true"),))
        plant.csms.rejected = (CARD,)
        plant.do("plug")
        plant.run(1000)
        self.assertEqual(self.remote_start(connectorId=1), {"status": "Accepted"})
        plant.run(5000)
        self.assertEqual(plant.status(), "Preparing")
        self.assertEqual(plant.csms.of("StartTransaction"), [])

    def test_remote_start_first_and_no_plug_then_times_out(self):
        # TC_011_1_CS and the time-out behind it.
        plant = self.begin(settings=(("ConnectionTimeOut", "5"),))
        self.assertEqual(self.remote_start(connectorId=1), {"status": "Accepted"})
        self.wait("Preparing")
        self.wait("Available", 6000)
        self.assertEqual(plant.csms.of("StartTransaction"), [])

    def test_remote_start_without_reservations_then_the_answer_waits_for_no_flash(self):
        # Whose group a known card belongs to counts for reservations only.
        plant = self.begin()
        self.charge(run_ms=1000)
        self.finish()
        self.unplug()
        before = plant.flash.chunks_read
        self.assertTrue(plant.app.station.remote_start(plant.time.now, 1, CARD, False))
        self.assertEqual(plant.flash.chunks_read, before)

    def test_remote_start_in_a_session_then_rejected(self):
        # TC_027_CS also for a connector 0 or one that does not exist.
        plant = self.begin()
        self.charge(run_ms=1000)
        for connector in (0, 1, 2):
            self.assertEqual(self.remote_start(connectorId=connector), {"status": "Rejected"})
        self.assertEqual(plant.status(), "Charging")

    def test_remote_stop_then_finishing_and_reason_remote(self):
        # TC_012_CS; a number that is not ours is rejected (TC_028_CS).
        plant = self.begin()
        self.charge()
        number = plant.state()["transaction"]
        refused = plant.call("RemoteStopTransaction", {"transactionId": number + 1})
        self.assertEqual(refused, {"status": "Rejected"})
        stopped = plant.call("RemoteStopTransaction", {"transactionId": number})
        self.assertEqual(stopped, {"status": "Accepted"})
        self.wait("Finishing")
        self.settle()
        self.assertEqual(plant.csms.books()[0][3], "Remote")
        self.assertEqual(plant.csms.statuses()[-2:], ["Charging", "Finishing"])

    def test_unlock_tethered_then_not_supported_and_nothing_else(self):
        # TC_017_2_CS: the transaction goes on.
        plant = self.begin()
        self.charge(run_ms=500)
        for connector in (1, 2):
            answer = plant.call("UnlockConnector", {"connectorId": connector})
            self.assertEqual(answer, {"status": "NotSupported"})
        plant.run(2000)
        self.assertEqual(plant.status(), "Charging")


class UnplugTest(Scenario):
    def test_unplug_under_load_then_stops_with_ev_disconnected(self):
        # TC_005_1_CS, StopTransactionOnEVSideDisconnect true.
        plant = self.begin()
        self.charge()
        self.unplug()
        self.assertEqual(plant.csms.books()[0][3], "EVDisconnected")
        self.assertEqual(plant.csms.statuses()[-3:], ["Charging", "Finishing", "Available"])

    def test_unplug_when_not_configured_to_stop_then_resumes(self):
        # TC_005_3_CS: SuspendedEV with the literal text, and the same transaction goes on.
        plant = self.begin(settings=(("StopTransactionOnEVSideDisconnect", "false"),))
        self.charge()
        plant.do("unplug")
        self.wait("SuspendedEV")
        plant.run(3000)
        report = plant.csms.of("StatusNotification")[-1]
        self.assertEqual(report["info"], "EV side disconnected")
        self.assertEqual(plant.csms.of("StopTransaction"), [])
        plant.do("plug")
        self.wait("Charging", 30_000)
        self.finish()
        self.assertEqual(len(plant.csms.books()), 1)

    def test_ev_pauses_and_resumes_then_suspended_ev_and_charging(self):
        # TC: SuspendedEV and back, one transaction.
        plant = self.begin()
        self.charge()
        plant.do("ev", wants=False)
        self.wait("SuspendedEV")
        self.assertFalse(plant.closed())
        plant.do("ev", wants=True)
        self.wait("Charging")
        self.finish()
        self.assertEqual(plant.csms.statuses()[2:],
                         ["Charging", "SuspendedEV", "Charging", "Finishing"])
