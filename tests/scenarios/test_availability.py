"""ChangeAvailability: at once, scheduled, for one and for all, over a power cut."""

from tests.sim.scenario import CARD, Scenario


class AvailabilityTest(Scenario):
    def change(self, connector_id, kind):
        payload = {"connectorId": connector_id, "type": kind}
        return self.plant.call("ChangeAvailability", payload)["status"]

    def statuses0(self):
        return self.plant.csms.statuses(0)

    def test_connector_inoperative_then_unavailable_and_charges_nobody(self):
        # TC_040_1_CS for a connector.
        plant = self.begin()
        self.assertEqual(self.change(1, "Inoperative"), "Accepted")
        self.wait("Unavailable")
        self.plug_in()
        plant.run(5000)
        answer = plant.call("RemoteStartTransaction", {"connectorId": 1, "idTag": CARD})
        self.assertEqual(answer, {"status": "Rejected"})
        plant.run(2000)
        self.assertEqual(plant.status(), "Unavailable")
        self.assertFalse(plant.closed())
        self.assertEqual(self.change(1, "Operative"), "Accepted")
        self.wait("Preparing")

    def test_connector_inoperative_then_still_after_a_power_cut(self):
        # OCPP 1.6 5.2: persistent.
        plant = self.begin()
        self.change(1, "Inoperative")
        self.wait("Unavailable")
        plant.power_cycle()
        plant.csms.log.clear()
        self.assert_online_again()
        plant.run(500)
        self.assertEqual(plant.csms.statuses(), ["Unavailable"])
        self.assertEqual(self.statuses0(), ["Available"])

    def test_charge_point_inoperative_then_all_and_still_after_a_power_cut(self):
        # Connector 0 means everything.
        plant = self.begin(connectors=2)
        self.assertEqual(self.change(0, "Inoperative"), "Accepted")
        plant.run(1000)
        self.assertEqual(self.statuses0()[-1], "Unavailable")
        plant.power_cycle()
        plant.csms.log.clear()
        self.assert_online_again()
        plant.run(500)
        for connector in (0, 1, 2):
            self.assertEqual(plant.csms.statuses(connector), ["Unavailable"])
        self.assertEqual(self.change(0, "Operative"), "Accepted")
        plant.run(1000)
        for connector in (0, 1, 2):
            self.assertEqual(plant.csms.statuses(connector)[-1], "Available")

    def test_inoperative_in_a_session_then_scheduled_and_unavailable_after(self):
        # TC_040_2_CS.
        plant = self.begin()
        self.charge()
        self.assertEqual(self.change(1, "Inoperative"), "Scheduled")
        plant.run(2000)
        self.assertEqual(plant.status(), "Charging")
        plant.do("card", id=CARD)
        self.wait("Unavailable")
        self.settle()
        self.assertEqual(plant.csms.statuses()[-3:], ["Charging", "Finishing", "Unavailable"])

    def test_all_inoperative_in_a_session_then_idle_ones_switch_at_once(self):
        # The busy connector follows.
        plant = self.begin(connectors=2)
        self.plug_in()
        self.wait("Charging")
        self.assertEqual(self.change(0, "Inoperative"), "Scheduled")
        self.wait("Unavailable", connector=2)
        self.assertEqual(plant.status(1), "Charging")
        plant.do("card", id=CARD)
        self.wait("Unavailable")

    def test_scheduled_then_taken_back(self):
        # The second request overrides the first.
        plant = self.begin()
        self.charge()
        self.assertEqual(self.change(1, "Inoperative"), "Scheduled")
        self.assertEqual(self.change(1, "Operative"), "Accepted")
        self.finish()
        self.assertEqual(plant.status(), "Finishing")

    def test_scheduled_then_holds_after_a_power_cut(self):
        # The record was written with the request.
        plant = self.begin()
        self.charge()
        self.assertEqual(self.change(1, "Inoperative"), "Scheduled")
        plant.power_cycle()
        plant.run(3000)
        self.settle()
        self.assertEqual(plant.status(), "Unavailable")

    def test_inoperative_while_preparing_then_the_user_is_turned_away(self):
        # No transaction runs, so it holds at once; the pair is a legal one.
        plant = self.begin()
        plant.do("card", id=CARD)
        self.wait("Preparing")
        self.assertEqual(self.change(1, "Inoperative"), "Accepted")
        plant.run(2000)
        plant.do("plug")
        plant.run(10_000)
        self.assertEqual(plant.status(), "Unavailable")
        self.assertEqual(plant.csms.of("StartTransaction"), [])
        self.assertFalse(plant.closed())

    def test_inoperative_in_a_session_that_ends_by_unplugging_then_unavailable(self):
        # Nothing is left for the user to do.
        plant = self.begin()
        self.charge()
        self.assertEqual(self.change(1, "Inoperative"), "Scheduled")
        plant.do("unplug")
        self.wait("Unavailable")
        self.settle()

    def test_operative_again_after_a_session_at_the_same_plug_then_by_a_legal_way(self):
        # From Unavailable the table knows no way to Finishing: the EV begins anew.
        plant = self.begin()
        self.charge()
        self.change(1, "Inoperative")
        plant.do("card", id=CARD)
        self.wait("Unavailable")
        self.settle()
        self.change(1, "Operative")
        self.wait("Preparing")
        plant.run(500)
        self.assertEqual(plant.csms.statuses()[-2:], ["Unavailable", "Preparing"])

    def test_unknown_connector_then_rejected(self):
        # Nothing changes.
        self.begin()
        self.assertEqual(self.change(5, "Inoperative"), "Rejected")
        self.assertEqual(self.plant.status(), "Available")
