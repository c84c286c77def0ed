"""Transactions: what is repeated, until when, and what is given up."""

import ticks

from tests.sim.books import WALL_S
from tests.unit.tx_rig import OneBoxTest


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
            self.reboot(boot).set_clock()
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
        self.reboot().set_clock(WALL_S + 10)
        self.box.drain(self.books)
        self.assertEqual(self.actions(), ["MeterValues", "StopTransaction"])
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
        self.assertEqual(self.reboot().tx.pending, 0)
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
