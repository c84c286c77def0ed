"""Transactions: their records, how often they are written, and a flash that fails."""

import unittest

from firmware.ocpp.transactions import Transactions
from firmware.ocpp.tx_record import Stop, Transaction, decode, encode
from tests.sim.books import WALL_S
from tests.sim.unreliable import UnreliableFs
from tests.unit.tx_rig import OneBoxTest


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
        again = self.reboot()
        self.assertEqual(again.open[0].energy_wh, 7)

    def test_power_loss_ends_at_the_last_record(self):
        # Nobody knows better when, and how much: the last record's time and meter.
        tx = self.box.begin(1, 100)
        self._updates(25, 2, tx)
        box = self.reboot()
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
        box = self.reboot()
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
        again = self.reboot()
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
        again = self.reboot()
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
        again = self.reboot()
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
        box = self.reboot()
        self.assertEqual([tx.number for tx in box.open], [2])
        self.assertEqual(box.tx.counters[2], 1)
        self.assertTrue(box.begin(1, 0).number > 2)
        self.assertIn("1", [entry[0] for entry in box.fs.ilistdir("/tx")])


def _id_maker():
    """Return a maker of message ids."""
    numbers = iter(range(1000))
    return lambda: "n-%d" % next(numbers)
