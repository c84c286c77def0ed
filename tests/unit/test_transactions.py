"""Transactions: records, order, repetitions, and what is sent when."""

import unittest

import ticks
from firmware.ocpp.transactions import Transactions
from firmware.ocpp.tx_record import Stop, Transaction, decode, encode
from tests.sim.books import FIRST_NOW, WALL_S, Books, Box, Settings
from tests.sim.scratch import Image
from tests.sim.unreliable import UnreliableFs


class RecordTest(unittest.TestCase):
    def _largest(self):
        tx = Transaction(536_870_911, 2, "F" * 20, 2_147_483_647)
        tx.start_stamp = tx.last_stamp = (0, 999_999_999, 999)
        tx.reservation_id = -2_147_483_648
        tx.start_message_id = "f" * 36
        tx.start_state = 1
        tx.transaction_id = -2_147_483_648
        tx.stop = Stop(536_870_911, "e" * 36, 2_147_483_647, (0, 999_999_999, 999))
        tx.stop.reason = "EVDisconnected"
        tx.stop.id_tag = "E" * 20
        tx.stop.has_data = True
        return tx

    def test_record_largest_fits_inside_the_directory(self):
        # Inline files of littlefs end at 512 bytes here; the plan is 350.
        self.assertTrue(len(encode(self._largest())) < 350)

    def test_record_read_back_is_the_same(self):
        # Every field survives, the largest values too.
        data = encode(self._largest())
        again = decode(data)
        self.assertEqual(encode(again), data)
        self.assertEqual(again.stop.reason, "EVDisconnected")
        self.assertEqual(again.transaction_id, -2_147_483_648)

    def test_record_of_something_else_is_refused(self):
        # What comes from flash is not believed.
        for data in (b"", b"{}", b"[]", b"[1,2]", b'"x"', b"[9,1,1,1,1,1,1,1,1,1,1,1,1]"):
            with self.assertRaises(ValueError):
                decode(data)
        data = encode(self._largest())
        with self.assertRaises(ValueError):
            decode(data.replace(b"[0,999999999,999]", b"7"))


class OneBoxTest(unittest.TestCase):
    def setUp(self):
        self.image = Image(32)
        self.settings = Settings()
        self.books = Books()
        self.box = Box(self.image, 1, FIRST_NOW, self.settings)
        self.box.set_clock()

    def tearDown(self):
        self.image.remove()

    def _reboot(self, boot=2):
        self.box = Box(self.image, boot, 5000, self.settings)
        return self.box

    def _actions(self):
        return [action for action, _ in self.books.entries]


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
        self.assertEqual(self._actions(), ["StartTransaction", "StopTransaction"])

    def test_transaction_data_is_sent_with_the_stop(self):
        # In RAM until the end, then on flash; the middle goes first when there is too much.
        box = self.box
        tx = box.begin(1, 0)
        for value in range(10):
            box.tx.keep_for_stop(box.now, tx, [{"value": str(value)}])
            box.wait(1)
        box.end(tx, 9)
        self._reboot().set_clock(WALL_S + 100)
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
        box = self._reboot()
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
        box = self._reboot()
        self.assertEqual(box.tx.pending, 80)
        box.set_clock(WALL_S + 5000)
        box.drain(self.books)
        self.assertEqual(self._actions(), ["StartTransaction", "StopTransaction"] * 40)
        meters = [payload["meterStart"] for payload in self.books.of("StartTransaction")]
        self.assertEqual(meters, list(range(40)))
        self.assertEqual(self._reboot(3).tx.pending, 0)

    def test_new_transaction_after_a_reboot_goes_behind_the_old_ones(self):
        # The counter that decides the order goes on.
        self.box.end(self.box.begin(1, 10), 20)
        box = self._reboot()
        box.end(box.begin(1, 30), 40)
        box.set_clock(WALL_S + 100)
        box.drain(self.books)
        meters = [payload["meterStop"] for payload in self.books.of("StopTransaction")]
        self.assertEqual(meters, [20, 40])


class RepeatTest(OneBoxTest):
    def _call(self):
        return self.box.tx.next_call(self.box.now)

    def test_lost_answer_repeats_the_same_message(self):
        # No answer is not a failure: kept, sent again with its id, as often as it takes.
        self.box.begin(1, 0)
        first = self._call()
        self.assertIsNone(self._call())
        for _ in range(10):
            self.box.tx.on_lost(self.box.now)
            self.assertEqual(self._call(), first)
        self.assertEqual(self.box.tx.pending, 1)

    def test_reboot_repeats_with_the_same_message_ids(self):
        # The central system can recognise the start, the sample on flash and the stop.
        tx = self.box.begin(1, 0)
        self.box.sample(tx, 1)
        self.box.sample(tx, 2)
        self.box.end(tx, 3)
        self.image.keep()
        seen = []
        for boot in (2, 3):
            # Twice from the same flash: as if the power went before an answer was noted.
            self.image.reset()
            self._reboot(boot).set_clock()
            for answer in ({"transactionId": 7}, {}, {}, {}):
                seen.append(self._call()[2])
                self.box.tx.on_result(self.box.now, answer)
            self.assertEqual(self.box.tx.pending, 0)
        self.assertEqual(seen[:4], seen[4:])
        self.assertEqual(len(set(seen)), 4)

    def test_error_repeats_after_interval_times_transmissions(self):
        # OCPP 1.6 errata, example 3 / 60: t = 0, +60, +120, then discarded.
        self.box.begin(1, 0)
        sent = []
        for second in range(400):
            call = self._call()
            if call is not None:
                sent.append((second, call[2]))
                self.box.tx.on_error(self.box.now, "InternalError", "")
            self.box.wait(1)
        self.assertEqual([second for second, _ in sent], [0, 60, 180])
        self.assertEqual(len(set(message_id for _, message_id in sent)), 1)
        self.assertEqual(self.box.tx.discarded, 1)
        self.assertEqual(self.box.tx.pending, 0)

    def test_lost_answers_between_errors_are_not_counted(self):
        # Only CALLERRORs use up attempts.
        self.box.begin(1, 0)
        errors = 0
        for _ in range(3):
            self._call()
            self.box.tx.on_lost(self.box.now)
            self.assertIsNotNone(self._call())
            self.box.tx.on_error(self.box.now, "InternalError", "")
            errors += 1
            self.box.wait(600)
        self.assertEqual(self.box.tx.discarded, 1)

    def test_wait_forgotten_over_half_the_ticks_is_over(self):
        # Offline for a week while a repetition waits: it is due at once afterwards.
        self.box.begin(1, 0)
        self._call()
        self.box.tx.on_error(self.box.now, "InternalError", "")
        self.box.now = ticks.add(ticks.add(self.box.now, 0x1FFFFFFF), 120_000)
        self.assertIsNotNone(self._call())

    def test_error_holds_back_what_is_younger(self):
        # The FIFO waits for its oldest message.
        tx = self.box.begin(1, 0)
        self._call()
        self.box.tx.on_error(self.box.now, "InternalError", "")
        self.box.end(tx, 5)
        self.box.wait(30)
        self.assertIsNone(self._call())
        self.box.wait(31)
        self.assertEqual(self._call()[0], "StartTransaction")

    def test_start_discarded_leaves_transaction_id_minus_one(self):
        # Errata 4.0: the rest of the transaction is reported with transactionId -1, over a reboot.
        self.settings.values["TransactionMessageAttempts"] = 1
        tx = self.box.begin(1, 0)
        self._call()
        self.box.tx.on_error(self.box.now, "InternalError", "")
        self.assertIsNone(self.box.tx.find(-1))
        self.box.sample(tx, 1)
        self.box.sample(tx, 2)
        self.box.drain(self.books, 1)
        self.box.end(tx, 3)
        self._reboot().set_clock(WALL_S + 10)
        self.box.drain(self.books)
        self.assertEqual(self._actions(), ["MeterValues", "StopTransaction"])
        self.assertEqual(self.books.of("MeterValues")[0]["transactionId"], -1)
        self.assertEqual(self.books.of("StopTransaction")[0]["transactionId"], -1)

    def test_stop_and_sample_discarded_are_gone(self):
        # The queue goes on behind them, and nothing comes back after a reboot.
        self.settings.values["TransactionMessageAttempts"] = 1
        tx = self.box.begin(1, 0)
        self.box.drain(self.books)
        self.box.sample(tx, 1)
        self.box.end(tx, 3)
        for action in ("MeterValues", "StopTransaction"):
            self.assertEqual(self._call()[0], action)
            self.box.tx.on_error(self.box.now, "InternalError", "")
        self.assertEqual(self.box.tx.pending, 0)
        self.assertEqual(self._reboot().tx.pending, 0)
        self.assertEqual(self.box.open, [])

    def test_start_confirmed_without_an_id_counts_as_error(self):
        # Neither a text nor nothing is a transactionId; the message is repeated.
        self.box.begin(1, 0)
        for answer in ({}, {"transactionId": "5"}, {"transactionId": True}):
            self.assertIsNotNone(self._call())
            self.box.tx.on_result(self.box.now, answer)
            self.box.wait(300)
        self.assertEqual(self.box.tx.discarded, 1)

    def test_answer_without_a_call_changes_nothing(self):
        # Late or invented answers.
        self.box.begin(1, 0)
        self.box.tx.on_result(self.box.now, {"transactionId": 5})
        self.box.tx.on_error(self.box.now, "InternalError", "")
        self.box.tx.on_lost(self.box.now)
        self.assertEqual(self.box.tx.pending, 1)
        self.assertIsNone(self.box.tx.find(5))


class UpdateTest(OneBoxTest):
    def _updates(self, seconds, wh_per_second, tx):
        """Feed a reading each second; returns the seconds at which one reached the flash."""
        written = []
        for second in range(1, seconds + 1):
            self.box.wait(1)
            if self.box.tx.update(self.box.now, tx, tx.energy_wh + wh_per_second):
                written.append(second)
        return written

    def test_update_slow_energy_is_written_every_ten_seconds(self):
        # The record is hot, but each write costs a few ms and some wear.
        tx = self.box.begin(1, 0)
        self.assertEqual(self._updates(35, 2, tx), [10, 20, 30])

    def test_update_fast_energy_is_written_every_fifty_wh(self):
        # At most 50 Wh are lost, but never more than one write a second.
        tx = self.box.begin(1, 0)
        self.assertEqual(self._updates(9, 25, tx), [2, 4, 6, 8])
        self.assertEqual(self._updates(3, 400, tx), [1, 2, 3])

    def test_update_without_energy_is_written_once_a_minute(self):
        # A car that is full stands for hours.
        tx = self.box.begin(1, 0)
        self.assertEqual(self._updates(130, 0, tx), [60, 120])

    def test_update_forced_is_written_at_once(self):
        # Before a reset that the station makes itself.
        tx = self.box.begin(1, 0)
        self.assertFalse(self.box.tx.update(self.box.now, tx, 7))
        self.assertTrue(self.box.tx.update(self.box.now, tx, 7, force=True))
        again = self._reboot()
        self.assertEqual(again.open[0].energy_wh, 7)

    def test_power_loss_ends_at_the_last_record(self):
        # Nobody knows better when, and how much: the last record's time and meter.
        tx = self.box.begin(1, 100)
        self._updates(25, 2, tx)
        box = self._reboot()
        box.wait(500)
        box.end(box.open[0], None, "PowerLoss")
        box.set_clock(WALL_S + 1000)
        box.drain(self.books)
        stop = self.books.of("StopTransaction")[0]
        self.assertEqual(stop["meterStop"], 140)
        self.assertEqual(stop["timestamp"], "2026-11-21T07:43:12.000Z")
        self.assertEqual(stop["reason"], "PowerLoss")

    def test_transaction_resumed_after_a_reboot_ends_now(self):
        # The first new value makes it an ordinary one again, with the same transactionId.
        self.box.begin(1, 100)
        self.box.drain(self.books)
        box = self._reboot()
        box.set_clock(WALL_S + 1000)
        tx = box.tx.find(1)
        box.tx.update(box.now, tx, 150)
        box.end(tx, 160)
        box.drain(self.books)
        stop = self.books.of("StopTransaction")[0]
        self.assertEqual(stop["timestamp"], "2026-11-21T07:59:32.000Z")
        self.assertEqual((stop["transactionId"], stop["meterStop"]), (1, 160))


class FlashErrorTest(OneBoxTest):
    def setUp(self):
        super().setUp()
        self.fs = UnreliableFs(self.box.fs)
        box = self.box
        box.tx = Transactions(self.fs, box.clock, self.settings, _id_maker())
        box.tx.recover(box.now)

    def _errors(self):
        return self.box.tx.counters[3]

    def test_inv6_begin_on_failing_flash_raises_and_starts_nothing(self):
        # No energy without a complete start record.
        self.fs.broken = True
        with self.assertRaises(OSError):
            self.box.begin(1, 0)
        self.assertIsNone(self.box.tx.running(1))
        self.assertEqual(self.box.tx.pending, 0)
        self.fs.broken = False
        self.box.begin(1, 0)

    def test_stop_on_failing_flash_is_delivered_and_forgotten_later(self):
        # RAM is right meanwhile; the record goes when the flash works again.
        tx = self.box.begin(1, 0)
        self.box.drain(self.books)
        self.fs.broken = True
        self.box.end(tx, 5)
        self.assertEqual(self.box.drain(self.books), 1)
        self.assertTrue(self._errors() > 0)
        self.fs.broken = False
        self.box.wait(11)
        self.assertIsNone(self.box.tx.next_call(self.box.now))
        again = self._reboot()
        self.assertEqual((again.open, again.tx.pending), ([], 0))

    def test_stop_on_failing_flash_is_written_as_soon_as_possible(self):
        # Offline: the power may go before it is delivered.
        tx = self.box.begin(1, 0)
        self.fs.broken = True
        self.box.end(tx, 5, "Remote")
        self.box.wait(11)
        self.box.tx.next_call(self.box.now)
        self.box.tx.on_lost(self.box.now)
        self.fs.broken = False
        self.box.wait(11)
        self.box.tx.next_call(self.box.now)
        again = self._reboot()
        self.assertEqual((again.open, again.tx.pending), ([], 2))
        again.set_clock(WALL_S + 100)
        again.drain(self.books)
        self.assertEqual(self.books.of("StopTransaction")[0]["reason"], "Remote")

    def test_start_confirmed_on_failing_flash_is_noted_later(self):
        # Else the next boot would send it again, which is allowed but not wanted.
        tx = self.box.begin(1, 0)
        self.fs.broken = True
        self.box.drain(self.books)
        self.assertIs(self.box.tx.find(1), tx)
        self.fs.broken = False
        self.box.wait(11)
        self.box.tx.next_call(self.box.now)
        again = self._reboot()
        self.assertEqual(again.tx.pending, 0)
        self.assertIsNotNone(again.tx.find(1))

    def test_samples_on_failing_flash_stay_bounded(self):
        # No exception, no growth.
        tx = self.box.begin(1, 0)
        self.fs.broken = True
        for value in range(100):
            self.box.sample(tx, value)
        self.assertTrue(self.box.tx.pending <= 11)
        self.assertTrue(self.box.tx.counters[0] > 0)

    def test_record_unreadable_is_counted_kept_and_its_number_not_used(self):
        # Whatever happened to it: it is not guessed at, nor overwritten, nor in the way.
        self.box.begin(1, 0)
        self.box.begin(2, 0)
        with self.box.fs.open("/tx/1", "wb") as file:
            file.write(b"damaged beyond repair")
        box = self._reboot()
        self.assertEqual([tx.number for tx in box.open], [2])
        self.assertEqual(box.tx.counters[2], 1)
        self.assertTrue(box.begin(1, 0).number > 2)
        self.assertIn("1", [entry[0] for entry in box.fs.ilistdir("/tx")])


def _id_maker():
    """Return a maker of message ids."""
    numbers = iter(range(1000))
    return lambda: "n-%d" % next(numbers)
