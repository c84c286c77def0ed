"""The calls of the Core profile: what is asked of the station and what is answered."""

import unittest

from tests.sim.ocpp_bench import Bench


class CoreTest(unittest.TestCase):
    def setUp(self):
        self.bench = Bench(2)
        self.station = self.bench.ctx.station
        self.bench.accept()

    def _status(self, action, **payload):
        answer = self.bench.answer(action, payload)
        return answer["status"] if isinstance(answer, dict) else answer

    def test_change_availability_asks_the_station(self):
        # The station knows whether it is done, scheduled or impossible.
        for verdict in ("Accepted", "Scheduled", "Rejected"):
            self.station.verdict = verdict
            status = self._status("ChangeAvailability", connectorId=0, type="Inoperative")
            self.assertEqual(status, verdict)
        self._status("ChangeAvailability", connectorId=2, type="Operative")
        self.assertEqual(self.station.requests[-1], ("change_availability", 2, True))
        self.assertEqual(self.station.requests[0], ("change_availability", 0, False))

    def test_change_availability_of_an_unknown_connector_is_rejected(self):
        # A status, no error.
        status = self._status("ChangeAvailability", connectorId=3, type="Inoperative")
        self.assertEqual(status, "Rejected")
        self.assertEqual(self.station.requests, [])

    def test_tc_021_cs_change_configuration_is_read_back(self):
        # Accepted, not RebootRequired; the value is there at once.
        change = {"key": "MeterValueSampleInterval", "value": "17"}
        self.assertEqual(self.bench.answer("ChangeConfiguration", change), {"status": "Accepted"})
        answer = self.bench.answer("GetConfiguration", {"key": ["MeterValueSampleInterval"]})
        expected = {"key": "MeterValueSampleInterval", "readonly": False, "value": "17"}
        self.assertEqual(answer, {"configurationKey": [expected]})

    def test_tc_040_cs_change_configuration_refuses(self):
        # Unknown key and impossible value are different answers.
        status = self._status("ChangeConfiguration", key="Testing", value="true")
        self.assertEqual(status, "NotSupported")
        status = self._status("ChangeConfiguration", key="MeterValueSampleInterval", value="-1")
        self.assertEqual(status, "Rejected")

    def test_tc_019_cs_get_configuration_without_keys_reports_all(self):
        # Absent and empty list alike, each key once, each value a string.
        everything = self.bench.answer("GetConfiguration", {})
        self.assertEqual(everything, self.bench.answer("GetConfiguration", {"key": []}))
        self.assertNotIn("unknownKey", everything)
        names = [row["key"] for row in everything["configurationKey"]]
        self.assertEqual(names, [row[0] for row in self.bench.ctx.config.page()])
        for row in everything["configurationKey"]:
            self.assertTrue(isinstance(row.get("value", ""), str))

    def test_get_configuration_tells_unknown_keys_apart(self):
        # Known ones in canonical spelling, unknown ones as they came.
        answer = self.bench.answer("GetConfiguration", {"key": ["heartbeatinterval", "Colour"]})
        self.assertEqual(answer["configurationKey"][0]["key"], "HeartbeatInterval")
        self.assertEqual(answer["unknownKey"], ["Colour"])

    def test_get_configuration_never_shows_a_secret(self):
        # Listed, writable, without value.
        self.bench.ctx.config.set("AuthorizationKey", "0123456789abcdef")
        answer = self.bench.answer("GetConfiguration", {"key": ["AuthorizationKey"]})
        self.assertEqual(
            answer["configurationKey"], [{"key": "AuthorizationKey", "readonly": False}]
        )
        self.bench.call("GetConfiguration", {})
        self.assertNotIn("0123456789abcdef", self.client_text())

    def client_text(self):
        return "".join(self.bench.client.next_text(self.bench.now))

    def test_clear_cache_follows_the_authoriser(self):
        # Rejected when there is no cache.
        self.assertEqual(self._status("ClearCache"), "Accepted")
        self.bench.ctx.authorizer.can_clear = False
        self.assertEqual(self._status("ClearCache"), "Rejected")

    def test_tc_062_cs_data_transfer_of_a_foreign_vendor(self):
        # The literal of the enumeration, and no data.
        answer = self.bench.answer("DataTransfer", {"vendorId": "general", "data": "x"})
        self.assertEqual(answer, {"status": "UnknownVendorId"})

    def test_remote_start_hands_over_connector_token_and_authorisation(self):
        # AuthorizeRemoteTxRequests is read at the moment of the call.
        self._status("RemoteStartTransaction", connectorId=2, idTag="04AB")
        self.bench.ctx.config.set("AuthorizeRemoteTxRequests", "true")
        self._status("RemoteStartTransaction", idTag="04CD")
        self.assertEqual(self.station.requests[0], ("remote_start", 2, "04AB", False))
        self.assertEqual(self.station.requests[1], ("remote_start", None, "04CD", True))

    def test_remote_start_follows_the_station(self):
        # TC_026_CS: busy; the station says no.
        self.station.verdict = False
        status = self._status("RemoteStartTransaction", connectorId=1, idTag="04AB")
        self.assertEqual(status, "Rejected")

    def test_tc_027_cs_remote_start_on_connector_zero_is_rejected(self):
        # And on one that does not exist; the station is not asked.
        for connector_id in (0, 3):
            status = self._status("RemoteStartTransaction", connectorId=connector_id, idTag="A")
            self.assertEqual(status, "Rejected")
        self.assertEqual(self.station.requests, [])

    def test_remote_stop_takes_any_integer(self):
        # 0 and negative numbers are transaction ids like others.
        for transaction_id in (7, 0, -1, 2_147_483_647):
            status = self._status("RemoteStopTransaction", transactionId=transaction_id)
            self.assertEqual(status, "Accepted")
            self.assertEqual(self.station.requests[-1], ("remote_stop", transaction_id))
        self.station.verdict = False
        self.assertEqual(self._status("RemoteStopTransaction", transactionId=8), "Rejected")

    def test_reset_tells_hard_from_soft(self):
        # The answer is there before anything happens.
        self.assertEqual(self._status("Reset", type="Hard"), "Accepted")
        self.assertEqual(self._status("Reset", type="Soft"), "Accepted")
        self.assertEqual(self.station.requests, [("reset", True), ("reset", False)])
        self.station.verdict = False
        self.assertEqual(self._status("Reset", type="Soft"), "Rejected")

    def test_tc_031_cs_unlock_of_an_unknown_connector_is_not_supported(self):
        # Not UnlockFailed, not an error; 0 neither.
        for connector_id in (0, 3):
            status = self._status("UnlockConnector", connectorId=connector_id)
            self.assertIn(status, ("NotSupported", "PropertyConstraintViolation"))
        self.assertEqual(self._status("UnlockConnector", connectorId=3), "NotSupported")
        self.assertEqual(self.station.requests, [])

    def test_unlock_known_at_once_is_answered_at_once(self):
        # TC_017_2_CS: a tethered cable.
        self.station.verdict = "NotSupported"
        self.assertEqual(self._status("UnlockConnector", connectorId=1), "NotSupported")

    def test_unlock_is_answered_when_the_lock_is(self):
        # TC_030_CS: only after the feedback; other calls are served meanwhile.
        self.station.verdict = None
        message_id = self.bench.call("UnlockConnector", {"connectorId": 1})
        self.bench.run(1)
        self.assertIsNone(self.bench.sent())
        self.assertEqual(self._status("ClearCache"), "Accepted")
        self.station.unlocked = "UnlockFailed"
        self.bench.run(0.1)
        self.assertEqual(self.bench.sent(), [3, message_id, {"status": "UnlockFailed"}])
        self.bench.run(30)
        self.assertIsNone(self.bench.sent())

    def test_unlock_is_answered_before_what_it_causes_is_told(self):
        # TC_018_1_CS: the answer, then the end of the transaction. A card may be asked about.
        self.station.verdict = None
        message_id = self.bench.call("UnlockConnector", {"connectorId": 1})
        self.station.connectors[0].status = "Finishing"
        self.bench.run(1)
        self.assertIsNone(self.bench.sent())
        self.bench.ctx.authorizer.waiting = "04A1B2C3"
        self.bench.run(0.1)
        self.assertEqual(self.bench.sent()[2], "Authorize")
        self.bench.result({"idTagInfo": {"status": "Accepted"}})
        self.station.unlocked = "Unlocked"
        self.bench.run(0.1)
        self.assertEqual(self.bench.sent(), [3, message_id, {"status": "Unlocked"}])
        self.bench.run(0.1)
        self.assertEqual(self.bench.sent()[2], "StatusNotification")

    def test_unlock_never_answered_fails_in_time(self):
        # The central system gets its answer all the same.
        self.station.verdict = None
        message_id = self.bench.call("UnlockConnector", {"connectorId": 2})
        self.bench.run(19.5)
        self.assertIsNone(self.bench.sent())
        self.bench.run(1)
        self.assertEqual(self.bench.sent(), [3, message_id, {"status": "UnlockFailed"}])

    def test_unlock_is_forgotten_with_the_connection(self):
        # The answer belongs to the connection on which the call came.
        self.station.verdict = None
        self.bench.call("UnlockConnector", {"connectorId": 1})
        self.bench.disconnect()
        self.bench.connect()
        self.station.unlocked = "Unlocked"
        self.bench.run(1)
        self.assertIsNone(self.bench.sent())
