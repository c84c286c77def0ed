"""Transactions: what their messages say, and in which order they go."""

from tests.sim.books import WALL_S
from tests.unit.tx_rig import OneBoxTest


class MessagesTest(OneBoxTest):
    def test_start_carries_the_fields_of_the_standard(self):
        # OCPP 1.6 6.45; reservationId only if one was used.
        box = self.box
        box.tx.begin(box.now, 1, "CAFE", 1234, reservation_id=0)
        box.begin(2, 77)
        box.drain(self.books)
        first, second = self.books.of("StartTransaction")
        self.assertEqual(
            first,
            {
                "connectorId": 1,
                "idTag": "CAFE",
                "meterStart": 1234,
                "timestamp": "2026-11-21T07:42:52.000Z",
                "reservationId": 0,
            },
        )
        self.assertFalse("reservationId" in second)

    def test_stop_carries_the_fields_of_the_standard(self):
        # OCPP 1.6 6.49: reason always, idTag if somebody stopped it, the time of the end.
        box = self.box
        tx = box.begin(1, 1000)
        box.wait(61)
        box.tx.end(box.now, tx, 1500, "Local", "BEEF")
        box.wait(1000)
        box.drain(self.books)
        self.assertEqual(
            self.books.of("StopTransaction"),
            [
                {
                    "transactionId": 1,
                    "meterStop": 1500,
                    "timestamp": "2026-11-21T07:43:53.000Z",
                    "reason": "Local",
                    "idTag": "BEEF",
                }
            ],
        )
        self.assertEqual(box.tx.pending, 0)

    def test_meter_values_carry_id_and_time_of_the_sample(self):
        # The id is patched in when it is known; the time is that of the sampling.
        box = self.box
        tx = box.begin(2, 1000)
        box.wait(10)
        box.sample(tx, 1010)
        box.wait(100)
        box.drain(self.books)
        self.assertEqual(
            self.books.of("MeterValues"),
            [
                {
                    "connectorId": 2,
                    "transactionId": 1,
                    "meterValue": [
                        {
                            "timestamp": "2026-11-21T07:43:02.000Z",
                            "sampledValue": [
                                {"value": "1010", "context": "Sample.Periodic", "unit": "Wh"}
                            ],
                        }
                    ],
                }
            ],
        )

    def test_meter_values_at_rest_carry_no_transaction_id(self):
        # Clock-aligned values of an idle connector, or of the main meter (connector 0).
        box = self.box
        for connector_id in (0, 1):
            values = [{"value": "5", "context": "Sample.Clock"}]
            box.tx.sample(box.now, connector_id, None, values, (0, WALL_S - 52, 0))
        box.drain(self.books)
        first, second = self.books.of("MeterValues")
        self.assertFalse("transactionId" in first)
        self.assertEqual((first["connectorId"], second["connectorId"]), (0, 1))
        self.assertEqual(first["meterValue"][0]["timestamp"], "2026-11-21T07:42:00.000Z")

    def test_sample_behind_the_end_is_ignored(self):
        # OCPP 1.6 errata: no MeterValues of a transaction after its StopTransaction.
        tx = self.box.begin(1, 1000)
        self.box.end(tx, 1100)
        self.box.sample(tx, 1100)
        self.box.drain(self.books)
        self.assertEqual(self.actions(), ["StartTransaction", "StopTransaction"])

    def test_transaction_data_is_sent_with_the_stop(self):
        # In RAM until the end, then on flash; the middle goes first when there is too much.
        box = self.box
        tx = box.begin(1, 0)
        for value in range(10):
            box.tx.keep_for_stop(box.now, tx, [{"value": str(value)}])
            box.wait(1)
        box.end(tx, 9)
        self.reboot().set_clock(WALL_S + 100)
        self.box.drain(self.books)
        data = self.books.of("StopTransaction")[0]["transactionData"]
        values = [int(item["sampledValue"][0]["value"]) for item in data]
        self.assertEqual(len(values), 6)
        self.assertEqual((values[0], values[1], values[-1]), (0, 1, 9))
        self.assertEqual(values, sorted(values))
        self.assertEqual(data[-1]["timestamp"], "2026-11-21T07:43:01.000Z")

    def test_meter_below_the_start_never_gives_a_negative_bill(self):
        # meterStop >= meterStart, and not below what was noted in between.
        tx = self.box.begin(1, 1000)
        self.box.end(tx, 900)
        other = self.box.begin(2, 1000)
        self.box.tx.update(self.box.now, other, 1200)
        self.box.tx.update(self.box.now, other, 1100)
        self.box.end(other, None)
        self.box.drain(self.books)
        stops = [payload["meterStop"] for payload in self.books.of("StopTransaction")]
        self.assertEqual(stops, [1000, 1200])

    def test_clock_set_back_never_turns_a_bill_round(self):
        # The timestamp of a stop is never before its start, nor that of a sample.
        tx = self.box.begin(1, 1000)
        self.box.wait(10)
        self.box.set_clock(WALL_S - 3600)
        self.box.sample(tx, 1001)
        self.box.end(tx, 1002)
        self.box.set_clock(WALL_S + 60)
        self.box.drain(self.books)
        start = self.books.of("StartTransaction")[0]["timestamp"]
        self.assertEqual(self.books.of("StopTransaction")[0]["timestamp"], start)
        sample = self.books.of("MeterValues")[0]["meterValue"][0]
        self.assertEqual(sample["timestamp"], start)

    def test_inv11_nothing_is_sent_before_the_clock_is_known(self):
        # Time unknown is never sent as a time; the uptime becomes one when the clock is set.
        box = self.reboot()
        tx = box.begin(1, 1000)
        box.wait(100)
        box.end(tx, 1100)
        self.assertIsNone(box.tx.next_call(box.now))
        box.wait(20)
        box.set_clock(WALL_S + 120)
        box.drain(self.books)
        start, stop = self.books.entries
        self.assertEqual(start[1]["timestamp"], "2026-11-21T07:42:52.000Z")
        self.assertEqual(stop[1]["timestamp"], "2026-11-21T07:44:32.000Z")

    def test_find_needs_a_known_id(self):
        # RemoteStop of an id the station has not got yet cannot match; 0 and negative ids can.
        first = self.box.begin(1, 0)
        second = self.box.begin(2, 0)
        for guess in (0, 1, -1, None):
            self.assertIsNone(self.box.tx.find(guess))
        self.box.drain(self.books)
        self.assertIs(self.box.tx.find(1), first)
        self.assertIs(self.box.tx.find(0), second)
        self.assertIs(self.box.tx.running(2), second)
        self.box.end(second, 0)
        self.assertIsNone(self.box.tx.find(0))
        self.assertIsNone(self.box.tx.running(2))

    def test_listener_hears_of_start_and_stop(self):
        # The authorisation in a confirmation goes to the application, absent ones as None.
        heard = []
        self.box.tx.listener = lambda tx, kind, info: heard.append((tx.id_tag, kind, info))
        tx = self.box.begin(1, 0)
        self.box.drain(self.books)
        self.box.end(tx, 0)
        self.box.drain(self.books)
        self.assertEqual(
            heard, [("CAFE", "start", {"status": "Accepted"}), ("CAFE", "stop", None)]
        )


class OrderTest(OneBoxTest):
    def test_two_connectors_offline_are_drained_in_order(self):
        # One FIFO per charge point: strictly chronological over both connectors.
        box = self.box
        first = box.begin(1, 100)
        box.sample(first, 101)
        second = box.begin(2, 200)
        box.sample(second, 201)
        box.sample(first, 102)
        box.end(first, 103)
        box.sample(second, 202)
        third = box.begin(1, 103)
        box.end(second, 203)
        box.end(third, 104)
        self.assertEqual(box.tx.pending, 10)
        box.drain(self.books)
        entries = self.books.entries
        seen = [(action[:3], payload.get("transactionId")) for action, payload in entries]
        self.assertEqual(
            seen,
            [
                ("Sta", None),
                ("Met", 1),
                ("Sta", None),
                ("Met", 0),
                ("Met", 1),
                ("Sto", 1),
                ("Met", 0),
                ("Sta", None),
                ("Sto", 0),
                ("Sto", -1),
            ],
        )
        self.assertEqual(box.tx.pending, 0)

    def test_many_transactions_offline_survive_a_reboot_in_order(self):
        # Forty transactions wait; only numbers are held in RAM, the records come from flash.
        box = self.box
        for number in range(40):
            box.wait(10)
            box.end(box.begin(1 + number % 2, number), number + 5)
        box = self.reboot()
        self.assertEqual(box.tx.pending, 80)
        box.set_clock(WALL_S + 5000)
        box.drain(self.books)
        self.assertEqual(self.actions(), ["StartTransaction", "StopTransaction"] * 40)
        meters = [payload["meterStart"] for payload in self.books.of("StartTransaction")]
        self.assertEqual(meters, list(range(40)))
        self.assertEqual(self.reboot(3).tx.pending, 0)

    def test_new_transaction_after_a_reboot_goes_behind_the_old_ones(self):
        # The counter that decides the order goes on.
        self.box.end(self.box.begin(1, 10), 20)
        box = self.reboot()
        box.end(box.begin(1, 30), 40)
        box.set_clock(WALL_S + 100)
        box.drain(self.books)
        meters = [payload["meterStop"] for payload in self.books.of("StopTransaction")]
        self.assertEqual(meters, [20, 40])
