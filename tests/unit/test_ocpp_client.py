"""Registration, turn-taking and answers of the OCPP client, frame by frame."""

import unittest

from tests.sim.ocpp_bench import TIME, Bench


class RegistrationTest(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.client = self.bench.client

    def _boot(self, status, interval_s):
        self.bench.connect()
        self.assertEqual(self.bench.sent_call()[0], "BootNotification")
        self.bench.boot_result(status, interval_s)

    def test_connect_sends_the_identity_cut_to_length(self):
        # OCPP 1.6 6.3: 20 characters for the model; what is empty is left out.
        self.assertIsNone(self.bench.sent())
        self.bench.connect()
        action, payload = self.bench.sent_call()
        self.assertEqual(action, "BootNotification")
        self.assertEqual(payload["chargePointModel"], "Bench with a name of")
        self.assertEqual(payload["chargePointVendor"], "Pilotwire")
        self.assertNotIn("iccid", payload)

    def test_before_an_answer_nothing_else_is_sent(self):
        # OCPP 1.6 4.2: no other request until Accepted or Pending.
        self.bench.ctx.transactions.calls.append(("StopTransaction", {}, None))
        self.bench.ctx.authorizer.waiting = "04AB"
        self.bench.connect()
        self.assertEqual(self.bench.sent_call()[0], "BootNotification")
        self.bench.run(29)
        self.assertIsNone(self.bench.sent())
        self.assertEqual(self.client.registration, "")

    def test_tc_001_cs_rejected_is_silent_until_the_interval_ends(self):
        # No request, no answer; then BootNotification again, and the heartbeats of the answer.
        self._boot("Rejected", 20)
        self.bench.call("GetConfiguration", {})
        self.bench.call("TriggerMessage", {"requestedMessage": "BootNotification"})
        self.bench.run(19.5)
        self.assertIsNone(self.bench.sent())
        self.bench.run(1)
        self.assertEqual(self.bench.sent_call()[0], "BootNotification")
        self.bench.boot_result("Accepted", 10)
        calls = self.bench.drain()
        self.assertEqual([call[1]["connectorId"] for call in calls], [0, 1])
        self.assertEqual([call[1]["status"] for call in calls], ["Available", "Available"])
        for _ in range(3):
            self.bench.run(9.5)
            self.assertIsNone(self.bench.sent())
            self.bench.run(0.5)
            self.assertEqual(self.bench.drain(), [("Heartbeat", {})])

    def test_calls_while_rejected_leave_no_trace(self):
        # After the registration the same peer is answered, however many it sent before.
        self._boot("Rejected", 5)
        for _ in range(10):
            self.bench.call("GetConfiguration", {})
        self.bench.run(5)
        self.bench.sent_call()
        self.bench.boot_result("Accepted", 10)
        self.assertEqual(self.bench.answer("ClearCache", {}), {"status": "Accepted"})

    def test_rejected_with_interval_zero_waits_a_minute(self):
        # OCPP 1.6 4.2: the charge point chooses, and must not flood.
        self._boot("Rejected", 0)
        self.bench.run(59)
        self.assertIsNone(self.bench.sent())
        self.bench.run(1)
        self.assertEqual(self.bench.sent_call()[0], "BootNotification")

    def test_tc_002_cs_pending_answers_and_initiates_nothing(self):
        # Configuration works while pending; the next call is BootNotification after the interval.
        self._boot("Pending", 20)
        self.bench.ctx.transactions.calls.append(("StopTransaction", {}, None))
        self.assertTrue(len(self.bench.answer("GetConfiguration", {})["configurationKey"]) > 30)
        change = {"key": "MeterValueSampleInterval", "value": "15"}
        self.assertEqual(self.bench.answer("ChangeConfiguration", change), {"status": "Accepted"})
        self.bench.run(19.5)
        self.assertIsNone(self.bench.sent())
        self.bench.run(0.5)
        self.assertEqual(self.bench.sent_call()[0], "BootNotification")

    def test_pending_rejects_remote_start_and_stop(self):
        # OCPP 1.6 4.2: not allowed; the station is not even asked.
        self._boot("Pending", 20)
        start = self.bench.answer("RemoteStartTransaction", {"idTag": "A"})
        stop = self.bench.answer("RemoteStopTransaction", {"transactionId": 1})
        self.assertEqual([start, stop], [{"status": "Rejected"}] * 2)
        self.assertEqual(self.bench.ctx.station.requests, [])

    def test_pending_sends_triggered_messages(self):
        # OCPP 1.6 4.2: TriggerMessage is the way to make a pending station speak.
        self._boot("Pending", 20)
        self.bench.triggered.calls.append(("Heartbeat", {}, None))
        self.assertEqual(self.bench.sent_call(), ("Heartbeat", {}))

    def test_triggered_boot_notification_does_not_wait(self):
        # TriggerMessage(BootNotification) while pending.
        self._boot("Pending", 3600)
        self.bench.ctx.boot.request()
        self.assertEqual(self.bench.sent_call()[0], "BootNotification")

    def test_accepted_sets_clock_and_heartbeat_interval(self):
        # The interval is visible in GetConfiguration.
        self.assertFalse(self.bench.ctx.clock.known)
        self.bench.accept(300)
        self.assertTrue(self.bench.ctx.clock.known)
        self.assertEqual(self.bench.ctx.config.get("HeartbeatInterval"), 300)

    def test_accepted_with_interval_zero_keeps_the_stored_one(self):
        # There is no heartbeat of period 0.
        self.bench.accept(0)
        self.assertEqual(self.bench.ctx.config.get("HeartbeatInterval"), 3600)

    def test_accepted_with_an_endless_interval_is_cut(self):
        # A larger one would not fit into the ticks.
        self.bench.accept(2_000_000_000)
        self.assertEqual(self.bench.ctx.config.get("HeartbeatInterval"), 500_000)

    def test_boot_answer_with_additional_fields_is_taken(self):
        # Some central systems add their own; nothing is lost by it.
        self.bench.connect()
        self.bench.sent_call()
        answer = {"status": "Accepted", "currentTime": TIME, "interval": 60, "serverName": "x"}
        self.bench.result(answer)
        self.assertEqual(self.client.registration, "Accepted")

    def test_boot_refused_by_callerror_is_repeated_later(self):
        # No registration: nothing but BootNotification, after a default wait.
        self.bench.connect()
        self.bench.sent_call()
        self.bench.error("InternalError")
        self.bench.run(59)
        self.assertIsNone(self.bench.sent())
        self.bench.run(1)
        self.assertEqual(self.bench.sent_call()[0], "BootNotification")

    def test_boot_answer_of_the_wrong_shape_counts_as_error(self):
        # The peer's mistake changes nothing and raises nothing.
        self.bench.connect()
        for bad in (
            {},
            {"status": "Yes", "currentTime": TIME, "interval": 5},
            {"status": "Accepted", "currentTime": "today", "interval": 5},
            {"status": "Accepted", "currentTime": TIME, "interval": "5"},
        ):
            self.bench.sent_call()
            self.bench.result(bad)
            self.assertEqual(self.client.registration, "")
            self.bench.run(60)
        self.assertEqual(self.client.bad_results, 4)

    def test_boot_unanswered_is_repeated_after_the_time_out(self):
        # 30 s MessageTimeout, 60 s wait; each silence is counted.
        self.bench.connect()
        self.bench.sent_call()
        self.bench.run(31)
        self.assertEqual(self.client.silent_calls, 1)
        self.assertIsNone(self.bench.sent())
        self.bench.run(60)
        self.assertEqual(self.bench.sent_call()[0], "BootNotification")

    def test_boot_lost_with_the_connection_is_repeated_at_once(self):
        # A new connection that was never registered begins with BootNotification.
        self.bench.connect()
        self.bench.sent_call()
        self.bench.disconnect()
        self.bench.connect()
        self.assertEqual(self.bench.sent_call()[0], "BootNotification")

    def test_reconnect_while_rejected_keeps_the_wait(self):
        # Dropping the line must not shorten the silence.
        self._boot("Rejected", 20)
        self.bench.run(10)
        self.bench.disconnect()
        self.bench.connect()
        self.assertIsNone(self.bench.sent())
        self.bench.run(10)
        self.assertEqual(self.bench.sent_call()[0], "BootNotification")


class ConversationTest(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.client = self.bench.client
        self.bench.accept()

    def test_reconnect_without_reboot_reports_changes_only(self):
        # No BootNotification; the connector that changed; then the queue.
        self.bench.disconnect()
        self.bench.ctx.station.show(1, "Preparing")
        self.bench.ctx.transactions.calls.append(("StartTransaction", {}, "t-1"))
        self.bench.run(1)
        self.bench.connect()
        calls = self.bench.drain()
        self.assertEqual([call[0] for call in calls], ["StatusNotification", "StartTransaction"])
        self.assertEqual(calls[0][1]["connectorId"], 1)

    def test_reconnect_without_changes_is_silent(self):
        # Nothing happened, so there is nothing to say.
        self.bench.disconnect()
        self.bench.run(5)
        self.bench.connect()
        self.assertEqual(self.bench.drain(), [])

    def test_one_call_at_a_time(self):
        # OCPP-J 4.1.1: the next one after the answer, the error or the time-out.
        calls = self.bench.ctx.transactions.calls
        calls.append(("MeterValues", {"n": 1}, None))
        calls.append(("MeterValues", {"n": 2}, None))
        self.assertEqual(self.bench.sent_call()[1], {"n": 1})
        self.assertIsNone(self.bench.sent())
        self.bench.result({})
        self.assertEqual(self.bench.sent_call()[1], {"n": 2})

    def test_priority_is_authorize_status_heartbeat_transactions(self):
        # A person waits for the first, the last ones can wait.
        self.bench.ctx.transactions.calls.append(("StopTransaction", {}, None))
        self.bench.ctx.heartbeat.request(self.bench.now)
        self.bench.ctx.station.show(1, "Preparing")
        self.bench.run(0.1)
        self.bench.ctx.authorizer.waiting = "04AB"
        order = []
        for _ in range(4):
            action, _ = self.bench.sent_call()
            order.append(action)
            answer = {"currentTime": TIME} if action == "Heartbeat" else {}
            if action == "Authorize":
                answer = {"idTagInfo": {"status": "Accepted"}}
            self.bench.result(answer)
        expected = ["Authorize", "StatusNotification", "Heartbeat", "StopTransaction"]
        self.assertEqual(order, expected)

    def test_message_id_of_a_source_is_used(self):
        # A transaction message keeps its id over repetitions.
        self.bench.ctx.transactions.calls.append(("StartTransaction", {}, "b0-77"))
        self.assertEqual(self.bench.sent()[1], "b0-77")

    def test_heartbeat_keeps_its_period_with_other_traffic(self):
        # The certification tool measures it; a late one does not shift the next.
        self.bench.ctx.config.set("HeartbeatInterval", "10")
        self.bench.drain()
        self.bench.run(12)
        self.assertEqual(self.bench.drain(), [("Heartbeat", {})])
        self.bench.run(7.5)
        self.assertEqual(self.bench.drain(), [])
        self.bench.run(0.5)
        self.assertEqual(self.bench.drain(), [("Heartbeat", {})])

    def test_call_is_answered_while_our_own_is_open(self):
        # OCPP-J 4.1.1: both directions are independent.
        self.bench.ctx.transactions.calls.append(("StopTransaction", {}, None))
        self.bench.sent_call()
        self.assertEqual(self.bench.answer("ClearCache", {}), {"status": "Accepted"})

    def test_answer_leaves_before_a_call(self):
        # Also when the call was waiting first.
        self.bench.ctx.transactions.calls.append(("StopTransaction", {}, None))
        message_id = self.bench.call("ClearCache", {})
        self.assertEqual(self.bench.sent()[:2], [3, message_id])
        self.assertEqual(self.bench.sent_call()[0], "StopTransaction")

    def test_time_out_tells_the_source_once(self):
        # And the late answer is nobody's.
        self.bench.ctx.transactions.calls.append(("StopTransaction", {}, "t-9"))
        self.bench.sent_call()
        self.bench.run(31)
        self.bench.result({})
        self.assertEqual(self.bench.ctx.transactions.outcomes, [("lost",)])
        self.assertEqual(self.bench.sent()[1], "t-9")

    def test_message_timeout_key_is_obeyed(self):
        # Errata 4.0: MessageTimeout, in seconds.
        self.bench.ctx.config.set("MessageTimeout", "5")
        self.bench.ctx.transactions.calls.append(("StopTransaction", {}, None))
        self.bench.sent_call()
        self.bench.run(4.5)
        self.assertEqual(self.bench.ctx.transactions.outcomes, [])
        self.bench.run(1)
        self.assertEqual(self.bench.ctx.transactions.outcomes, [("lost",)])

    def test_lost_connection_tells_the_source_once(self):
        # The message is still there for the next connection.
        self.bench.ctx.transactions.calls.append(("StopTransaction", {}, "t-9"))
        self.bench.sent_call()
        self.bench.disconnect()
        self.bench.run(60)
        self.assertEqual(self.bench.ctx.transactions.outcomes, [("lost",)])

    def test_three_silent_calls_want_a_new_connection(self):
        # A half-open line; any answer sets the count back.
        self.bench.ctx.transactions.calls.append(("StopTransaction", {}, None))
        for count in range(3):
            self.assertEqual(self.client.silent_calls, count)
            self.assertFalse(self.client.wants_close)
            self.bench.sent_call()
            self.bench.run(31)
        self.assertTrue(self.client.wants_close)
        self.assertIsNone(self.bench.sent())
        self.bench.disconnect()
        self.bench.connect()
        self.assertFalse(self.client.wants_close)

    def test_refused_authorize_is_a_verdict(self):
        # The authoriser hears of it and may apply its rules.
        self.bench.ctx.authorizer.waiting = "04AB"
        self.assertEqual(self.bench.sent_call(), ("Authorize", {"idTag": "04AB"}))
        self.bench.error("InternalError")
        self.bench.ctx.authorizer.waiting = "04CD"
        self.bench.sent_call()
        self.bench.result({"idTagInfo": {"status": "Invalid"}})
        verdicts = [("04AB", None), ("04CD", {"status": "Invalid"})]
        self.assertEqual(self.bench.ctx.authorizer.verdicts, verdicts)

    def test_unknown_action_is_not_implemented(self):
        # Case counts: action names are case-sensitive.
        for action in ("Explode", "reset", "GetVariables", ""):
            self.assertEqual(self.bench.answer(action, {}), "NotImplemented")

    def test_known_action_without_its_profile_is_not_supported(self):
        # Feature profiles that are not loaded.
        for action in ("SendLocalList", "SetChargingProfile", "InstallCertificate"):
            self.assertEqual(self.bench.answer(action, {}), "NotSupported")
        self.assertEqual(self.bench.answer("TriggerMessage", {}), "NotSupported")

    def test_tc_048_4_cs_reserve_now_without_its_profile_is_rejected(self):
        # An ordinary answer, not an error.
        self.assertEqual(self.bench.answer("ReserveNow", {}), {"status": "Rejected"})

    def test_wrong_shape_never_reaches_the_handler(self):
        # The error has the code of OCPP-J 1.6 in its own spelling.
        answer = self.bench.answer("RemoteStartTransaction", {"connectorId": 1})
        self.assertIn(answer, ("FormationViolation", "OccurenceConstraintViolation"))
        answer = self.bench.answer("RemoteStopTransaction", {"transactionId": "1"})
        self.assertEqual(answer, "TypeConstraintViolation")
        answer = self.bench.answer("Reset", {"type": "Warm"})
        self.assertEqual(answer, "PropertyConstraintViolation")
        self.assertEqual(self.bench.ctx.station.requests, [])

    def test_malformed_call_is_refused_once(self):
        # Addressable, so the central system need not wait.
        self.client.receive(self.bench.now, '[2,"x1","ClearCache"]')
        self.assertEqual(self.bench.sent()[:2], [4, "x1"])
        self.assertIsNone(self.bench.sent())

    def test_crashing_handler_is_answered_and_counted(self):
        # One mistake of ours must not take the station off line.
        self.bench.ctx.station.remote_stop = None
        answer = self.bench.answer("RemoteStopTransaction", {"transactionId": 1})
        self.assertEqual(answer, "InternalError")
        self.assertEqual(self.client.crashes, 1)
        self.assertEqual(self.bench.answer("ClearCache", {}), {"status": "Accepted"})

    def test_peer_that_never_reads_loses_the_connection(self):
        # Answers are bounded; none is lost on a connection that goes on.
        for _ in range(9):
            self.assertFalse(self.client.wants_close)
            self.bench.call("ClearCache", {})
        self.assertTrue(self.client.wants_close)
        self.assertIsNone(self.bench.sent())

    def test_garbage_is_ignored(self):
        # Nothing to answer to.
        for text in ("", "hello", "{}", "[]", "[9]", '[3,"nobody",{}]', "[2", '[2,5,"A",{}]'):
            self.client.receive(self.bench.now, text)
            self.assertIsNone(self.bench.sent())
