"""TriggerMessage on the whole charger: every message, each connector, also while pending."""

from tests.sim.scenario import CARD, Scenario


class TriggerTest(Scenario):
    def trigger(self, message, connector_id=None):
        """Trigger; returns (status, what was sent behind the answer within a second)."""
        plant = self.plant
        payload = {"requestedMessage": message}
        if connector_id is not None:
            payload["connectorId"] = connector_id
        sent = len(plant.csms.log)
        answer = plant.call("TriggerMessage", payload)
        plant.run(1000)
        return answer["status"], plant.csms.log[sent:]

    def test_tc_054_cs_each_message_follows_its_answer(self):
        # MeterValues with context Trigger, all measurands of MeterValuesSampledData, no id.
        plant = self.begin()
        status, sent = self.trigger("MeterValues", 1)
        self.assertEqual((status, [action for action, _ in sent]), ("Accepted", ["MeterValues"]))
        payload = sent[0][1]
        self.assertEqual((payload["connectorId"], "transactionId" in payload), (1, False))
        values = payload["meterValue"][0]["sampledValue"]
        self.assertEqual([value["context"] for value in values], ["Trigger"] * len(values))
        found = set([value["measurand"] for value in values])
        wanted = plant.app.config.text("MeterValuesSampledData").split(",")
        self.assertEqual(found, set(wanted))
        self.assertEqual(self.trigger("Heartbeat"), ("Accepted", [("Heartbeat", {})]))
        status, sent = self.trigger("StatusNotification", 1)
        self.assertEqual((status, len(sent)), ("Accepted", 1))
        self.assertEqual(sent[0][1]["status"], "Available")
        # Until there are profiles that could send them.
        for message in ("DiagnosticsStatusNotification", "FirmwareStatusNotification"):
            self.assertEqual(self.trigger(message), ("NotImplemented", []))

    def test_tc_055_cs_unknown_connector_is_rejected(self):
        # And nothing is sent. Where the connector means nothing it is ignored.
        self.begin(connectors=2)
        for message in ("MeterValues", "StatusNotification"):
            for connector_id in (3, -1):
                self.assertEqual(self.trigger(message, connector_id), ("Rejected", []))
        self.assertEqual(self.trigger("Heartbeat", 9)[0], "Accepted")

    def test_without_connector_everything_is_reported(self):
        # StatusNotification: 0 as well. MeterValues: each connector; 0 means the same.
        self.begin(connectors=2)
        _, sent = self.trigger("StatusNotification")
        self.assertEqual([payload["connectorId"] for _, payload in sent], [0, 1, 2])
        for connector_id in (None, 0):
            _, sent = self.trigger("MeterValues", connector_id)
            self.assertEqual([payload["connectorId"] for _, payload in sent], [1, 2])
        _, sent = self.trigger("StatusNotification", 0)
        self.assertEqual([payload["connectorId"] for _, payload in sent], [0])

    def test_values_of_a_transaction_carry_its_id(self):
        # And belong to it in the central system's books.
        plant = self.begin()
        self.charge(CARD)
        _, sent = self.trigger("MeterValues", 1)
        self.assertEqual(sent[0][1]["transactionId"], 101)
        self.assertEqual(plant.csms.anomalies, [])

    def test_silent_meter_is_rejected(self):
        # An old value with a new time would be a lie.
        plant = self.begin()
        plant.do("fault", name="meter_silent")
        plant.run(30_000)
        self.assertEqual(self.trigger("MeterValues", 1), ("Rejected", []))

    def test_boot_notification_is_sent_again_when_accepted(self):
        # Some central systems begin with it on every connection.
        self.begin()
        status, sent = self.trigger("BootNotification", 0)
        self.assertEqual((status, sent[0][0]), ("Accepted", "BootNotification"))

    def test_pending_station_speaks_when_triggered_and_only_then(self):
        # OCPP 1.6 4.2: everything but the triggered messages waits.
        plant = self.begin(connected=False)
        time = plant.csms._time()
        pending = {"status": "Pending", "currentTime": time, "interval": 600}
        plant.csms.answers["BootNotification"] = pending
        plant.connected = True
        plant.run(5000)
        self.assertEqual(plant.csms.actions(), ["BootNotification"])
        status, sent = self.trigger("MeterValues", 1)
        self.assertEqual((status, sent[0][0]), ("Accepted", "MeterValues"))
        _, sent = self.trigger("StatusNotification")
        self.assertEqual([payload["connectorId"] for _, payload in sent], [0, 1])
        self.assertEqual(self.trigger("Heartbeat")[1], [("Heartbeat", {})])
        self.assertEqual(self.trigger("BootNotification")[1][0][0], "BootNotification")
        plant.run(5000)
        self.assertEqual(len(plant.csms.log), 6)

    def test_lost_message_is_not_repeated(self):
        # The connection goes with the answer on its way; afterwards nothing is made up.
        plant = self.begin()
        plant.csms.answers["MeterValues"] = None
        _, sent = self.trigger("MeterValues", 1)
        self.assertEqual(len(sent), 1)
        plant.connected = False
        plant.run(1000)
        plant.connected = True
        plant.run(5000)
        self.assertEqual(plant.csms.actions().count("MeterValues"), 1)

    def test_profile_absent_is_not_supported(self):
        # A CALLERROR, and nothing is sent.
        plant = self.begin(features=("Reservation",))
        sent = len(plant.csms.log)
        self.assertIsNone(plant.call("TriggerMessage", {"requestedMessage": "Heartbeat"}))
        plant.run(1000)
        self.assertEqual(len(plant.csms.log), sent)
        self.assertEqual(plant.app.config.text("SupportedFeatureProfiles"), "Core,Reservation")
