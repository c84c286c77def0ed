"""StatusNotification: which states are reported, in which order, with which time."""

import unittest

from tests.sim.ocpp_bench import Bench


class StatusTest(unittest.TestCase):
    def setUp(self):
        self.bench = Bench(2)
        self.station = self.bench.ctx.station
        self.boot_reports = self.bench.accept()

    def _show(self, connector_id, status, seconds=0.05, **more):
        stamp = self.bench.ctx.clock.stamp(self.bench.now)
        self.station.show(connector_id, status, stamp, **more)
        self.bench.run(seconds)

    def _reports(self):
        calls = self.bench.drain()
        return [(call[1]["connectorId"], call[1]["status"]) for call in calls]

    def _hold(self, seconds):
        self.assertEqual(
            self.bench.ctx.config.set("MinimumStatusDuration", str(seconds)), "Accepted"
        )

    def test_boot_reports_everything_at_once(self):
        # OCPP 1.6 4.2: connector 0 and each one, whatever MinimumStatusDuration says.
        bench = Bench(2)
        bench.ctx.config.set("MinimumStatusDuration", "100")
        calls = bench.accept()
        self.assertEqual([call[1]["connectorId"] for call in calls], [0, 1, 2])
        self.assertEqual(calls, self.boot_reports)
        self.assertEqual(calls[0][1]["errorCode"], "NoError")
        self.assertNotIn("info", calls[0][1])

    def test_timestamp_is_the_time_of_the_change(self):
        # Not the time at which the line was free.
        self._show(1, "Preparing", 7)
        payload = self.bench.drain()[0][1]
        self.assertEqual(payload["timestamp"], "2026-11-21T07:42:52.000Z")

    def test_timestamp_of_a_change_before_the_clock_was_set_is_found(self):
        # The stamps of the boot reports were taken with unknown wall time.
        for call in self.boot_reports:
            self.assertTrue(call[1]["timestamp"].startswith("2026-11-21T07:42:"))

    def test_each_change_is_reported_in_order(self):
        # TC_037_2_CS: Charging, and SuspendedEVSE right behind it; other connectors between.
        self._show(1, "Charging")
        self._show(2, "Preparing")
        self._show(1, "SuspendedEVSE")
        expected = [(1, "Charging"), (2, "Preparing"), (1, "SuspendedEVSE")]
        self.assertEqual(self._reports(), expected)
        self.assertEqual(self._reports(), [])

    def test_same_status_with_other_info_is_a_change(self):
        # TC_005_3_CS compares the text literally.
        self._show(1, "SuspendedEV")
        self._show(1, "SuspendedEV", info="EV side disconnected")
        calls = self.bench.drain()
        self.assertEqual(len(calls), 2)
        self.assertEqual(calls[1][1]["info"], "EV side disconnected")
        self.assertEqual(calls[1][1]["errorCode"], "NoError")

    def test_connector_zero_reports_its_own_status(self):
        # OCPP 1.6 4.9: independent of the connectors.
        self._show(0, "Unavailable")
        self.assertEqual(self._reports(), [(0, "Unavailable")])

    def test_vendor_error_code_names_the_vendor_and_is_cut(self):
        # 50 characters for both texts.
        self.station.connectors[0].vendor_error_code = "v" * 60
        self._show(1, "Faulted", info="i" * 60, error_code="GroundFailure")
        payload = self.bench.drain()[0][1]
        self.assertEqual(payload["vendorErrorCode"], "v" * 50)
        self.assertEqual(payload["info"], "i" * 50)
        self.assertEqual(payload["vendorId"], "Pilotwire")
        self.assertEqual(payload["errorCode"], "GroundFailure")

    def test_short_status_within_the_minimum_duration_is_dropped(self):
        # OCPP 1.6 9.1.17: only what lasted; nothing at all if it came back.
        self._hold(10)
        self._show(1, "Preparing", 4)
        self._show(1, "Charging", 9)
        self.assertEqual(self._reports(), [])
        self.bench.run(1.1)
        self.assertEqual(self._reports(), [(1, "Charging")])
        self._show(1, "SuspendedEV", 5)
        self._show(1, "Charging", 60)
        self.assertEqual(self._reports(), [])

    def test_short_status_without_which_the_change_is_not_allowed_is_reported(self):
        # OCPP 1.6 4.9 knows no Finishing after Available: the short Charging is told.
        self._hold(10)
        self._show(1, "Preparing", 4)
        self._show(1, "Charging", 4)
        self._show(1, "Finishing", 4)
        self.assertEqual(self._reports(), [(1, "Charging")])
        self.bench.run(7)
        self.assertEqual(self._reports(), [(1, "Finishing")])

    def test_status_that_lasted_is_reported_even_if_it_is_over(self):
        # It held for the minimum duration while the line was busy.
        self._hold(10)
        self._show(1, "Preparing", 11)
        self._show(1, "Charging", 5)
        self.assertEqual(self._reports(), [(1, "Preparing")])
        self.bench.run(6)
        self.assertEqual(self._reports(), [(1, "Charging")])

    def test_fault_does_not_wait_for_the_minimum_duration(self):
        # And stays in the history when it is gone quickly.
        self._hold(10)
        self._show(1, "Faulted", error_code="GroundFailure")
        self._show(1, "Available", 11)
        self.assertEqual(self._reports(), [(1, "Faulted"), (1, "Available")])

    def test_long_history_keeps_the_newest(self):
        # Four changes per connector; the oldest gives way.
        for status in ("Preparing", "Charging", "SuspendedEV", "Charging", "SuspendedEVSE"):
            self._show(1, status)
        statuses = [report[1] for report in self._reports()]
        self.assertEqual(statuses, ["Charging", "SuspendedEV", "Charging", "SuspendedEVSE"])

    def test_offline_only_the_current_status_is_kept(self):
        # OCPP 1.6 4.9: no history after a connection loss.
        self._show(1, "Preparing")
        self.bench.disconnect()
        for status in ("Charging", "SuspendedEV", "Finishing"):
            self._show(1, status)
        self.bench.connect()
        self.assertEqual(self._reports(), [(1, "Finishing")])

    def test_offline_change_and_back_is_not_reported(self):
        # TC_039_CS: available before, available after.
        self.bench.disconnect()
        self._show(1, "Charging")
        self._show(1, "Available")
        self.bench.connect()
        self.assertEqual(self._reports(), [])

    def test_change_lost_with_the_connection_is_sent_again(self):
        # It was under way when the line went down.
        self._show(1, "Preparing")
        self.bench.sent_call()
        self.bench.disconnect()
        self.bench.run(5)
        self.bench.connect()
        self.assertEqual(self._reports(), [(1, "Preparing")])

    def test_change_back_while_the_answer_is_lost_is_reported(self):
        # The central system may have heard of what nobody confirmed: it must hear of the rest.
        self._show(1, "Preparing")
        self._reports()
        self._show(1, "Available")
        self.bench.sent_call()
        self.bench.disconnect()
        self._show(1, "Preparing")
        self.bench.connect()
        self.assertEqual(self._reports(), [(1, "Preparing")])

    def test_change_after_a_long_absence_is_sent(self):
        # Longer than half of the tick range: a moment in the past must not look like the future.
        self._hold(1)
        self.bench.disconnect()
        self._show(1, "Preparing", 2)
        self.bench.run(7 * 86_400, 30_000_000)
        self.bench.connect()
        self.assertEqual(self.bench.sent_call()[1]["status"], "Preparing")

    def test_refused_notification_is_not_repeated(self):
        # The central system would refuse it again.
        self._show(1, "Preparing")
        self.bench.sent_call()
        self.bench.error("InternalError")
        self.assertEqual(self._reports(), [])

    def test_unanswered_notification_gives_way(self):
        # Transaction messages behind it must not wait for ever.
        self.bench.ctx.transactions.calls.append(("StopTransaction", {}, None))
        self._show(1, "Preparing")
        for _ in range(2):
            self.assertEqual(self.bench.sent_call()[0], "StatusNotification")
            self.bench.run(31)
        self.assertEqual(self.bench.sent_call()[0], "StopTransaction")

    def test_report_repeats_the_current_status(self):
        # For TriggerMessage: also what is known already.
        self.bench.ctx.status.report(self.bench.now, 2)
        self.assertEqual(self._reports(), [(2, "Available")])
