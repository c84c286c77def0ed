"""BootNotification, Heartbeat and the configuration, as the central system sees them."""

from tests.sim.plant import Plant
from tests.sim.scenario import CARD, Scenario


class BootTest(Scenario):
    def answer(self, status, interval_s):
        """Let BootNotification be answered so; the charger boots."""
        self.plant = plant = Plant(connected=False)
        plant.run(3000)
        plant.csms.answers["BootNotification"] = lambda payload: {
            "status": status, "currentTime": "2026-11-21T07:42:52Z", "interval": interval_s}
        plant.connected = True
        return plant

    def test_rejected_then_silent_and_asks_again_after_the_interval(self):
        # TC_001-like rule of OCPP 1.6 4.2: not before, and nothing else.
        plant = self.answer("Rejected", 30)
        plant.run(29_000)
        self.assertEqual(plant.csms.actions(), ["BootNotification"])
        self.assertIsNone(plant.call("GetConfiguration", {}))
        plant.run(2000)
        self.assertEqual(plant.csms.actions(), ["BootNotification"] * 2)
        del plant.csms.answers["BootNotification"]
        plant.run(31_000)
        self.assertEqual(plant.csms.actions()[2:5],
                         ["BootNotification", "StatusNotification", "StatusNotification"])

    def test_pending_then_answers_but_starts_nothing(self):
        # OCPP 1.6 4.2: RemoteStart is Rejected, configuration may be read.
        plant = self.answer("Pending", 20)
        plant.run(5000)
        self.assertIsNotNone(plant.call("GetConfiguration", {"key": ["HeartbeatInterval"]}))
        answer = plant.call("RemoteStartTransaction", {"connectorId": 1, "idTag": CARD})
        self.assertEqual(answer, {"status": "Rejected"})
        self.assertEqual(plant.csms.actions(), ["BootNotification"])
        del plant.csms.answers["BootNotification"]
        plant.run(21_000)
        self.assertEqual(plant.csms.actions()[:3],
                         ["BootNotification", "BootNotification", "StatusNotification"])

    def test_rejected_then_cards_follow_the_offline_rules(self):
        # A card is no matter for a central system that does not want us.
        plant = self.answer("Rejected", 3600)
        plant.app.config.set("AllowOfflineTxForUnknownId", "true")
        self.charge()
        self.assertEqual(plant.csms.actions(), ["BootNotification"])

    def test_accepted_then_all_statuses_are_reported(self):
        # 0 and each connector, with the time.
        plant = self.begin(connectors=2)
        reports = plant.csms.of("StatusNotification")
        self.assertEqual([report["connectorId"] for report in reports], [0, 1, 2])
        for report in reports:
            self.assertEqual((report["status"], report["errorCode"]), ("Available", "NoError"))

    def test_connection_lost_and_back_then_no_second_boot_notification(self):
        # Only a boot is a boot; what changed meanwhile is told.
        plant = self.begin()
        plant.connected = False
        plant.run(5000)
        plant.do("plug")
        plant.run(5000)
        plant.connected = True
        plant.run(2000)
        self.assertEqual(len(plant.csms.of("BootNotification")), 1)
        self.assertEqual(plant.csms.statuses(), ["Available", "Preparing"])

    def test_boot_with_a_plug_in_then_the_first_report_is_preparing(self):
        # Never Available for a moment.
        plant = self.begin()
        plant.do("plug")
        self.wait("Preparing")
        plant.power_cycle()
        plant.csms.log.clear()
        self.assert_online_again()
        self.assertEqual(plant.csms.statuses(), ["Preparing"])


class HeartbeatTest(Scenario):
    def test_heartbeat_then_comes_exactly_with_its_interval(self):
        # The period neither drifts nor depends on other traffic.
        plant = self.begin()
        self.assertEqual(plant.app.config.text("HeartbeatInterval"), "300")
        answer = {"key": "HeartbeatInterval", "value": "10"}
        self.assertEqual(plant.call("ChangeConfiguration", answer), {"status": "Accepted"})
        moments = []
        plant.csms.answers["Heartbeat"] = lambda payload: moments.append(plant.csms.now_ms) or {
            "currentTime": "2026-11-21T07:42:52Z"}
        plant.run(101_000)
        self.assertEqual(len(moments), 10)
        for index in range(1, 10):
            self.assertEqual(moments[index] - moments[index - 1], 10_000)

    def test_heartbeat_offline_then_is_not_queued(self):
        # OCPP 1.6 4.6: only the present matters.
        plant = self.begin()
        plant.call("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "10"})
        plant.connected = False
        plant.run(65_000)
        plant.connected = True
        plant.run(1000)
        self.assertTrue(len(plant.csms.of("Heartbeat")) <= 1)


class ConfigurationTest(Scenario):
    def test_changed_key_then_survives_a_power_cut(self):
        # OCPP 1.6 5.3: settings are kept.
        plant = self.begin()
        change = {"key": "MeterValueSampleInterval", "value": "17"}
        self.assertEqual(plant.call("ChangeConfiguration", change), {"status": "Accepted"})
        plant.power_cycle()
        self.assert_online_again()
        asked = plant.call("GetConfiguration", {"key": ["MeterValueSampleInterval"]})
        self.assertEqual(asked["configurationKey"][0]["value"], "17")

    def test_refused_value_then_nothing_changes(self):
        # Read-only, unknown, out of range.
        plant = self.begin()
        for key, value, status in (
            ("NumberOfConnectors", "2", "Rejected"),
            ("NoSuchKey", "2", "NotSupported"),
            ("HeartbeatInterval", "-1", "Rejected"),
            ("MeterValuesSampledData", "Energy.Active.Import.Register,Nonsense", "Rejected"),
        ):
            answer = plant.call("ChangeConfiguration", {"key": key, "value": value})
            self.assertEqual(answer, {"status": status}, key)

    def test_all_keys_then_fit_one_answer_that_obeys_the_schema(self):
        # TC_019_CS: the answer is judged by the schema as every frame is.
        plant = self.begin(connectors=2)
        answer = plant.call("GetConfiguration", {})
        self.assertTrue(len(answer["configurationKey"]) > 30)
