"""Client, meter values and transactions together: the messages of a session in their order."""

import unittest

from boards.sim.flash import mount
from tests.sim.ocpp_bench import TIME, Bench
from tests.sim.scratch import Image

_ANSWERS = {
    "Heartbeat": {"currentTime": TIME},
    "StartTransaction": {"transactionId": -5, "idTagInfo": {"status": "Accepted"}},
}


class SessionTest(unittest.TestCase):
    def setUp(self):
        self.image = Image()
        self.bench = Bench(1, mount(self.image.open()))
        self.connector = self.bench.ctx.station.connectors[0]
        self.ledger = self.bench.ctx.transactions
        self.bench.ctx.config.set("MeterValueSampleInterval", "10")
        self.bench.accept()
        self.heard = []

    def tearDown(self):
        self.image.remove()

    def _show(self, status):
        self.bench.ctx.station.show(1, status, self.bench.ctx.clock.stamp(self.bench.now))

    def _begin(self):
        self._show("Charging")
        self.connector.transaction = self.ledger.begin(self.bench.now, 1, "04AB", 1000)

    def _end(self):
        self.ledger.end(self.bench.now, self.connector.transaction, 2000, "Local")
        self.connector.transaction = None
        self._show("Finishing")

    def _run(self, seconds):
        for _ in range(seconds):
            self.bench.run(1)
            while True:
                call = self.bench.sent_call()
                if call is None:
                    break
                self.heard.append(call)
                self.bench.result(_ANSWERS.get(call[0], {}))

    def _actions(self):
        return [call[0] for call in self.heard]

    def test_session_online_is_told_in_order(self):
        # Status and start may swap; the rest is chronological, with the id that was given.
        self._begin()
        self._run(25)
        self._end()
        self._run(1)
        expected = ["StatusNotification", "StartTransaction", "MeterValues", "MeterValues"]
        self.assertEqual(self._actions(), expected + ["StatusNotification", "StopTransaction"])
        for action, payload in self.heard:
            if action in ("MeterValues", "StopTransaction"):
                self.assertEqual(payload["transactionId"], -5)
        self.assertEqual(self.ledger.pending, 0)

    def test_tc_036_cs_samples_of_an_outage_come_first_with_their_times(self):
        # Three intervals without a line; then oldest first, ten seconds apart.
        self._begin()
        self._run(1)
        self.bench.disconnect()
        self._run(35)
        self.bench.connect()
        self._run(10)
        moments = [call[1] for call in self.heard if call[0] == "MeterValues"]
        times = [payload["meterValue"][0]["timestamp"][-7:-5] for payload in moments]
        self.assertEqual(times, ["02", "12", "22", "32"])
        self.assertEqual(self._actions().count("BootNotification"), 0)
        self.assertEqual(self._actions().count("StatusNotification"), 1)

    def test_tc_039_cs_whole_transaction_offline_is_told_afterwards(self):
        # Start before stop, and no status: the connector is as it was.
        self.bench.disconnect()
        self._begin()
        self._run(5)
        self._end()
        self._run(5)
        self._show("Available")
        self._run(1)
        self.bench.connect()
        self._run(1)
        self.assertEqual(self._actions(), ["StartTransaction", "StopTransaction"])
        self.assertEqual(self.heard[1][1]["transactionId"], -5)

    def test_refused_start_is_repeated_with_its_id(self):
        # CALLERROR counts as "failed to process": the same message after the interval.
        self.bench.ctx.config.set("TransactionMessageRetryInterval", "5")
        self._begin()
        self.bench.run(0.1)
        self.assertEqual(self.bench.sent_call()[0], "StatusNotification")
        self.bench.result({})
        first = self.bench.sent()
        self.bench.error("InternalError")
        self.bench.run(4.5)
        self.assertIsNone(self.bench.sent())
        self.bench.run(1)
        self.assertEqual(self.bench.sent(), first)
