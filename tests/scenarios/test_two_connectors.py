"""Two connectors, one reader: which connector a card means; neither disturbs the other."""

from tests.sim.scenario import CARD, OTHER, Scenario


class StationFaultTest(Scenario):
    def test_emergency_stop_of_all_connectors_faults_connector_0(self):
        # TC_050_1_CS: the whole charge point. Of one connector alone it is that one's fault.
        plant = self.begin(connectors=2)
        plant.do("fault", connector=1, name="emergency_stop")
        plant.run(500)
        plant.do("fault", connector=2, name="cp_short")
        plant.run(500)
        self.assertEqual(plant.csms.statuses(0), ["Available"])
        plant.do("fault", connector=2, name="emergency_stop")
        plant.run(500)
        report = plant.csms.of("StatusNotification")[-1]
        self.assertEqual((report["connectorId"], report["status"]), (0, "Faulted"))
        self.assertEqual(report["errorCode"], "OtherError")
        plant.do("clear", connector=1, name="emergency_stop")
        plant.run(500)
        self.assertEqual(plant.csms.statuses(0), ["Available", "Faulted", "Available"])

    def test_lost_limits_fault_connector_0_until_somebody_has_looked(self):
        # The flash was empty: nobody knows what the installation carries.
        plant = self.begin(connectors=2)
        plant.app.config.set("StorageLost", "true")
        plant.run(500)
        plant.app.config.set("StorageLost", "false")
        plant.run(500)
        for connector_id in (0, 1, 2):
            self.assertEqual(
                plant.csms.statuses(connector_id), ["Available", "Faulted", "Available"]
            )


class TwoConnectorsTest(Scenario):
    def setUp(self):
        self.begin(connectors=2)

    def plug(self, connector):
        self.plant.do("plug", connector=connector)
        self.wait("Preparing", connector=connector)

    def card(self, card=CARD):
        self.plant.do("card", id=card)
        self.plant.run(1500)

    def charging(self, connector, card=CARD):
        self.plug(connector)
        self.card(card)
        self.wait("Charging", connector=connector)

    def statuses(self):
        return [self.plant.status(number) for number in (1, 2)]

    def rows(self):
        return [(row[0], row[1], row[3]) for row in self.plant.csms.books()]

    # Which connector a card means.

    def test_card_starts_where_the_one_ev_waits(self):
        # Connector 1 is free, but the user stands at 2.
        self.charging(2)
        self.assertEqual(self.statuses(), ["Available", "Charging"])

    def test_card_starts_the_one_plugged_in_last_where_two_wait(self):
        # In both orders; the next card is for the other one.
        for first, last in ((1, 2), (2, 1)):
            self.plug(first)
            self.plug(last)
            self.card(CARD)
            self.wait("Charging", connector=last)
            self.assertEqual(self.plant.status(first), "Preparing")
            self.card(OTHER)
            self.wait("Charging", connector=first)
            for number in (1, 2):
                self.plant.do("unplug", connector=number)
                self.wait("Available", connector=number)

    def test_card_stops_its_own_transaction_and_no_other(self):
        # Both charge; each card ends its own.
        self.charging(1, CARD)
        self.charging(2, OTHER)
        self.card(OTHER)
        self.wait("Finishing", connector=2)
        self.assertEqual(self.plant.status(1), "Charging")
        self.card(CARD)
        self.wait("Finishing", connector=1)
        self.settle()
        self.assertEqual(self.rows(), [(1, CARD, "Local"), (2, OTHER, "Local")])

    def test_running_card_stops_even_if_an_ev_waits_elsewhere(self):
        # A second car of the same owner must be started with another card, or after the stop.
        self.charging(1)
        self.plug(2)
        self.card()
        self.wait("Finishing", connector=1)
        self.assertEqual(self.plant.status(2), "Preparing")

    def test_card_first_follows_the_ev_to_the_other_connector(self):
        # The lowest free connector is held, the user goes to the other one.
        self.card()
        self.assertEqual(self.statuses(), ["Preparing", "Available"])
        self.plant.do("plug", connector=2)
        self.wait("Charging", connector=2)
        self.assertEqual(self.statuses(), ["Available", "Charging"])
        self.assertEqual(len(self.rows()), 1)

    def test_selection_ends_after_the_connection_timeout(self):
        # A plug that comes later needs a card of its own.
        self.plant.app.config.set("ConnectionTimeOut", "10")
        self.card()
        self.plant.run(11_000)
        self.assertEqual(self.statuses(), ["Available", "Available"])
        self.plug(2)
        self.plant.run(5000)
        self.assertEqual((self.statuses(), self.rows()), (["Available", "Preparing"], []))

    def test_second_card_before_any_plug_holds_the_other_connector(self):
        # Each EV then finds the authorisation of its own connector.
        self.card(CARD)
        self.card(OTHER)
        self.plant.do("plug", connector=2)
        self.wait("Charging", connector=2)
        self.plant.do("plug", connector=1)
        self.wait("Charging", connector=1)
        self.settle_books([(2, OTHER), (1, CARD)])

    def settle_books(self, expected):
        self.plant.run(2000)
        self.assertEqual([row[:2] for row in self.rows()], expected)

    def test_card_passes_over_a_faulted_connector(self):
        # The EV that waits there cannot charge; the free one is meant.
        self.plug(1)
        self.plant.do("fault", connector=1, name="cp_short")
        self.wait("Faulted", connector=1)
        self.card()
        self.assertEqual(self.statuses(), ["Faulted", "Preparing"])

    def group(self, parents):
        """Let the central system know parents of cards."""

        def info(payload):
            found = {"status": "Accepted"}
            if payload["idTag"] in parents:
                found["parentIdTag"] = parents[payload["idTag"]]
            return found

        def start(payload):
            answer = self.plant.csms._on_StartTransaction(payload)
            answer["idTagInfo"] = info(payload)
            return answer

        answers = self.plant.csms.answers
        answers["Authorize"] = lambda payload: {"idTagInfo": info(payload)}
        answers["StartTransaction"] = start

    def test_card_of_another_group_starts_though_a_group_charges_at_the_other(self):
        # The central system has to be asked first whether the card stops the group's transaction.
        self.group({CARD: "FLEET"})
        self.charging(1, CARD)
        self.plug(2)
        self.card(OTHER)
        self.wait("Charging", connector=2)
        self.assertEqual(self.plant.status(1), "Charging")

    def test_card_of_the_same_group_stops_though_an_ev_waits_at_the_other(self):
        # Rule 1 comes before rule 4, also when only the central system knows the group.
        self.group({CARD: "FLEET", OTHER: "FLEET"})
        self.charging(1, CARD)
        self.plug(2)
        self.card(OTHER)
        self.wait("Finishing", connector=1)
        self.assertEqual(self.plant.status(2), "Preparing")

    def test_own_card_stops_its_transaction_though_a_group_charges_at_the_other(self):
        # Known without asking: no detour over the group of connector 1.
        self.group({CARD: "FLEET"})
        self.charging(1, CARD)
        self.charging(2, OTHER)
        self.card(OTHER)
        self.wait("Finishing", connector=2)
        self.assertEqual(self.plant.status(1), "Charging")

    def test_third_card_finds_no_connector_and_changes_nothing(self):
        # Both taken: no Authorize, no start, no stop.
        self.charging(1, CARD)
        self.charging(2, OTHER)
        asked = self.plant.csms.actions().count("Authorize")
        self.card("04BEEF05")
        self.assertEqual(self.statuses(), ["Charging", "Charging"])
        self.assertEqual(self.plant.csms.actions().count("Authorize"), asked)

    # Remote start.

    def remote_start(self, connector=None, id_tag="REMOTE"):
        payload = {"idTag": id_tag}
        if connector is not None:
            payload["connectorId"] = connector
        return self.plant.call("RemoteStartTransaction", payload)["status"]

    def test_remote_start_without_connector_takes_the_one_that_waits(self):
        # OCPP 1.6 5.11: the station chooses; the rule is the card's.
        self.plug(2)
        self.assertEqual(self.remote_start(), "Accepted")
        self.wait("Charging", connector=2)
        self.assertEqual(self.plant.status(1), "Available")

    def test_remote_start_without_connector_is_rejected_when_both_are_taken(self):
        # Nothing is promised that cannot be kept.
        self.charging(1, CARD)
        self.charging(2, OTHER)
        self.assertEqual(self.remote_start(), "Rejected")

    def test_remote_start_on_a_connector_does_not_follow_the_ev(self):
        # The central system has named it.
        self.assertEqual(self.remote_start(1), "Accepted")
        self.wait("Preparing", connector=1)
        self.plug(2)
        self.plant.run(5000)
        self.assertEqual((self.statuses(), self.rows()), (["Preparing", "Preparing"], []))

    def test_two_remote_starts_at_once_are_both_carried_out(self):
        # Both were accepted; with AuthorizeRemoteTxRequests each waits for its own answer.
        self.plant.app.config.set("AuthorizeRemoteTxRequests", "true")
        self.plug(1)
        self.plug(2)
        self.assertEqual(self.remote_start(1, "ONE"), "Accepted")
        self.assertEqual(self.remote_start(2, "TWO"), "Accepted")
        self.wait("Charging", connector=1)
        self.wait("Charging", connector=2)
        self.settle_books([(1, "ONE"), (2, "TWO")])

    def test_remote_stop_ends_the_named_transaction_alone(self):
        # By its id; the other one goes on.
        self.charging(1, CARD)
        self.charging(2, OTHER)
        self.plant.run(1000)
        number = self.plant.state(2)["transaction"]
        answer = self.plant.call("RemoteStopTransaction", {"transactionId": number})
        self.assertEqual(answer, {"status": "Accepted"})
        self.wait("Finishing", connector=2)
        self.assertEqual(self.plant.status(1), "Charging")

    # Apart from each other.

    def test_each_transaction_has_the_energy_of_its_own_meter(self):
        # Different currents, different times, to the watt-hour.
        plant = self.plant
        before = [plant.meter_wh(number) for number in (1, 2)]
        self.charging(1, CARD)
        plant.do("ev", connector=1, max_ma=10_000)
        self.charging(2, OTHER)
        plant.run(120_000)
        for card in (CARD, OTHER):
            self.card(card)
        self.wait("Finishing", connector=1)
        self.wait("Finishing", connector=2)
        self.settle()
        wh = {row[0]: row[2] for row in plant.csms.books()}
        for number in (1, 2):
            self.assertEqual(wh[number], plant.meter_wh(number) - before[number - 1])
        self.assertTrue(wh[1] < wh[2])

    def test_fault_of_one_connector_leaves_the_other_charging(self):
        # A trip opens its own contactor.
        self.charging(1, CARD)
        self.charging(2, OTHER)
        self.plant.do("fault", connector=2, name="rcd_trip")
        self.wait("Faulted", connector=2)
        self.plant.run(5000)
        self.assertEqual((self.plant.closed(1), self.plant.closed(2)), (True, False))
        self.assertEqual(self.plant.status(1), "Charging")

    def test_statuses_after_the_boot_name_0_1_and_2(self):
        # OCPP 1.6 4.9: the charge point itself and each connector.
        csms = self.plant.csms
        self.assertEqual([csms.statuses(number) for number in (0, 1, 2)], [["Available"]] * 3)

    def test_availability_of_0_takes_the_idle_one_at_once_and_the_other_at_its_end(self):
        # Scheduled as a whole, because one transaction runs; back again with one request.
        plant = self.plant
        self.charging(1)
        payload = {"connectorId": 0, "type": "Inoperative"}
        self.assertEqual(plant.call("ChangeAvailability", payload), {"status": "Scheduled"})
        plant.run(500)
        self.assertEqual(self.statuses(), ["Charging", "Unavailable"])
        self.card()
        self.wait("Unavailable", connector=1)
        plant.run(2000)
        self.assertEqual(plant.csms.statuses(0)[-1], "Unavailable")
        plant.do("unplug", connector=1)
        payload["type"] = "Operative"
        self.assertEqual(plant.call("ChangeAvailability", payload), {"status": "Accepted"})
        plant.run(2000)
        self.assertEqual(self.statuses(), ["Available", "Available"])
        self.assertEqual(plant.csms.statuses(0)[-1], "Available")

    def test_power_cut_closes_both_transactions(self):
        # Each with its own energy, in the order in which they began.
        self.charging(1, CARD)
        self.charging(2, OTHER)
        self.plant.run(30_000)
        self.plant.power_off()
        self.plant.power_on()
        self.wait("Finishing", connector=1)
        self.wait("Finishing", connector=2)
        self.assert_online_again()
        self.settle()
        self.assertEqual(self.rows(), [(1, CARD, "PowerLoss"), (2, OTHER, "PowerLoss")])
        self.assertTrue(all(row[2] > 0 for row in self.plant.csms.books()))
