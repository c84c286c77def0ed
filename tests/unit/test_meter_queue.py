"""Samples that wait: RAM, batches on flash, and the rule by which they make room."""

import unittest

from kvstore import KvStore

from boards.sim.flash import mount
from firmware.clock import Clock
from firmware.ocpp.meter_queue import MeterQueue
from firmware.ocpp.sample_spool import Spool
from tests.sim.books import WALL_S, Books, Box
from tests.sim.scratch import Image
from tests.sim.unreliable import UnreliableFs


def _values(value, context="Sample.Periodic"):
    return [{"value": str(value), "context": context}]


def _widest_gap(seqs):
    return max(seqs[place + 1] - seqs[place] for place in range(len(seqs) - 1))


class QueueTest(unittest.TestCase):
    def setUp(self):
        self.image = Image(32)
        self.boot = 0
        self._boot()

    def tearDown(self):
        self.image.remove()

    def _boot(self):
        self.boot += 1
        self.flash = self.image.open()
        self.fs = mount(self.flash)
        self.clock = Clock(self.boot)
        self.clock.set(0, WALL_S)
        self.queue = MeterQueue(self.fs, self.clock)
        return self.queue.recover()

    def _add(self, seq, number=1, context="Sample.Periodic"):
        sample = (seq, number, 1, (0, WALL_S + seq, 0), "id-%d" % seq, _values(seq, context))
        self.queue.add(sample, context == "Sample.Clock")

    def _take_all(self):
        seqs = []
        while True:
            sample = self.queue.first()
            if sample is None:
                return seqs
            self.assertEqual(sample[0], self.queue.first_seq())
            self.assertEqual(sample[4], "id-%d" % sample[0])
            self.assertEqual(sample[5][0]["value"], str(sample[0]))
            seqs.append(sample[0])
            self.queue.consume(sample[0])

    def test_batch_when_the_heap_has_no_room_for_it_then_the_queue_is_thinned(self):
        # An error here would come again with every tick, and stop whatever comes after it.
        self.fs = UnreliableFs(self.fs, MemoryError())
        self.queue = MeterQueue(self.fs, self.clock)
        self.fs.broken = True
        for seq in range(1, 31):
            self._add(seq)
        self.fs.broken = False
        self.assertTrue(self.queue.dropped > 0)
        seqs = self._take_all()
        self.assertEqual((seqs[0], seqs[-1], seqs), (1, 30, sorted(seqs)))
        self.assertEqual(len(seqs) + self.queue.dropped, 30)

    def test_few_samples_never_touch_the_flash(self):
        # Online they leave within seconds; a write would only wear.
        writes = self.flash.writes
        for seq in range(1, 11):
            self._add(seq)
        self.assertEqual(self.flash.writes, writes)
        self.assertEqual(self.queue.count, 10)
        self.assertEqual(self._take_all(), list(range(1, 11)))
        self.assertEqual(self.flash.writes, writes)

    def test_many_samples_come_back_in_order(self):
        # RAM and two kinds of batches are one FIFO.
        for seq in range(1, 100):
            self._add(seq, 1, "Sample.Clock" if seq % 7 == 0 else "Sample.Periodic")
        self.assertEqual(self.queue.count, 99)
        self.assertEqual(self._take_all(), list(range(1, 100)))
        self.assertEqual(self.queue.count, 0)
        for directory in ("/mv", "/mva"):
            self.assertEqual(list(self.fs.ilistdir(directory)), [])

    def test_samples_on_flash_survive_a_reboot(self):
        # Only what was in RAM is lost; the counter goes on behind the last one on flash.
        for seq in range(1, 36):
            self._add(seq)
        self.assertEqual(self._boot(), 30)
        self.assertEqual(self.queue.count, 30)
        self.assertEqual(self._take_all(), list(range(1, 31)))

    def test_reboot_inside_a_batch_repeats_that_batch_only(self):
        # Whole batches that were delivered are gone; ids tell the repeated ones.
        for seq in range(1, 36):
            self._add(seq)
        while self.queue.first()[0] < 15:
            self.queue.consume(self.queue.first()[0])
        self._boot()
        self.assertEqual(self._take_all(), list(range(11, 31)))

    def test_sample_under_way_spilled_is_consumed_once(self):
        # It was taken from RAM, moved to flash behind the scenes, and is confirmed only then.
        for seq in range(1, 11):
            self._add(seq)
        self.assertEqual(self.queue.first()[0], 1)
        self._add(11)
        self.queue.consume(1)
        self.assertEqual(self.queue.count, 10)
        self.assertEqual(self._take_all(), list(range(2, 12)))

    def test_long_samples_spill_earlier(self):
        # The queue in RAM is bounded by its characters, too.
        for seq in range(1, 7):
            self.queue.add((seq, 1, 1, (0, WALL_S, 0), "id", _values("9" * 600)), False)
        self.assertTrue(len(list(self.fs.ilistdir("/mv"))) > 0)

    def test_settle_saves_a_grown_queue_but_not_a_single_sample(self):
        # At the end of a transaction that was offline; online there is one at most.
        self._add(1)
        self.queue.settle()
        self._add(2)
        self.assertEqual(self._boot(), 0)
        for seq in (1, 2):
            self._add(seq)
        self.queue.settle()
        self.assertEqual(self._boot(), 2)

    def test_uptime_stamp_becomes_wall_time_on_flash(self):
        # After a reboot the uptime of an older boot would mean nothing.
        self.clock.tick(10)
        for seq in range(1, 12):
            stamp = (self.boot, 0, 5)
            self.queue.add((seq, 0, 1, stamp, "id-%d" % seq, _values(seq)), False)
        self._boot()
        self.assertEqual(self.queue.first()[3], [0, WALL_S, 5])

    def test_damaged_batch_is_given_up_and_counted(self):
        # The rest of the queue is not held back by it.
        for seq in range(1, 36):
            self._add(seq)
        with self.fs.open("/mv/11", "wb") as file:
            file.write(b"rubbish")
        self._boot()
        self.assertEqual(self._take_all(), list(range(1, 11)) + list(range(21, 31)))
        self.assertTrue(self.queue.corrupt > 0)

    def _fill(self, blocks_left):
        store = KvStore(self.fs, "/fill")
        number = 0
        while self.fs.statvfs("/")[3] > blocks_left:
            store.set(str(number), bytes(4000))
            number += 1

    def test_flash_nearly_full_drops_aligned_samples_first(self):
        # No periodic sample is dropped while there is an aligned one on flash.
        self._add(1)
        for seq in range(2, 20):
            self._add(seq, 0, "Sample.Clock")
        for seq in range(20, 31):
            self._add(seq)
        self._fill(7)
        for seq in range(31, 42):
            self._add(seq)
        kept = self._take_all()
        self.assertTrue(self.queue.dropped > 0)
        self.assertEqual([seq for seq in kept if seq >= 20 or seq == 1], [1] + list(range(20, 42)))
        self.assertTrue(len(kept) < 41)

    def test_flash_nearly_full_thins_periodic_samples(self):
        # Every second one of each transaction goes; first and last values never do.
        self._fill(18)
        self._add(1, 1, "Transaction.Begin")
        for seq in range(2, 300):
            self._add(seq, 1 + seq % 2)
        self._add(300, 1, "Transaction.End")
        kept = self._take_all()
        self.assertEqual((kept[0], kept[-1]), (1, 300))
        self.assertEqual(kept, sorted(kept))
        self.assertTrue(40 < len(kept) < 150)
        # Both transactions keep their share, and the gaps are spread.
        odd = len([seq for seq in kept if seq % 2])
        self.assertTrue(len(kept) // 3 < odd < len(kept) * 2 // 3)
        self.assertTrue(_widest_gap(kept) < 30)

    def test_flash_full_thins_the_queue_in_ram(self):
        # Nothing on flash to give up: the queue stays bounded, and no exception comes out.
        self._fill(0)
        for seq in range(1, 200):
            self._add(seq)
        self.assertTrue(self.queue.count <= 10)
        self.assertEqual(self._take_all()[-1], 199)

    def test_flash_full_of_borders_still_bounds_the_queue(self):
        # First and last values are kept by preference, not without end.
        self._fill(0)
        for seq in range(1, 100):
            self._add(seq, seq, "Transaction.Begin")
        self.assertTrue(self.queue.count <= 10)


class ThinCutTest(unittest.TestCase):
    def setUp(self):
        self.image = Image(16)
        spool = Spool(KvStore(mount(self.image.open()), "/mv"))
        for first in range(1, 41, 10):
            seqs = range(first, first + 10)
            spool.append(first, ['[%d,1,1,[0,1,0],"x",[]]' % seq for seq in seqs])
        self.image.keep()

    def tearDown(self):
        self.image.remove()

    def _seqs(self, spool):
        seqs = []
        while spool.head(seqs[-1] if seqs else 0) is not None:
            seqs.append(spool.head(0)[0])
            spool.consume(seqs[-1])
        return seqs

    def test_inv5_thinning_cut_anywhere_keeps_the_order(self):
        # Merging two batches is two steps: after a cut in between no sample comes twice, and none
        # is lost that was to stay.
        for torn in ("none", "half", "short"):
            position = 1
            cut = True
            while cut:
                self.image.reset()
                flash = self.image.open()
                spool = Spool(KvStore(mount(flash), "/mv"))
                spool.recover()
                flash.cut_after(position, torn)
                try:
                    spool.thin()
                    spool.thin()
                except OSError:
                    pass
                cut = flash.dead
                after = Spool(KvStore(mount(self.image.open()), "/mv"))
                after.recover()
                seqs = self._seqs(after)
                self.assertEqual(seqs, sorted(set(seqs)))
                self.assertEqual((seqs[0], seqs[-1]), (1, 40))
                self.assertTrue(_widest_gap(seqs) <= 4)
                self.assertEqual(after.corrupt, 0)
                self.assertEqual(after.count, 0)
                position += 1


class FlashFullTest(unittest.TestCase):
    def setUp(self):
        self.image = Image(32)
        self.box = Box(self.image, 1)
        self.box.set_clock()

    def tearDown(self):
        self.image.remove()

    def _fill_up(self):
        store = KvStore(mount(self.box.flash), "/fill")
        for size in (4000, 400, 10):
            try:
                for number in range(2000):
                    store.set("%d-%d" % (size, number), bytes(size))
            except OSError:
                pass

    def test_begin_on_full_flash_raises_and_nothing_starts(self):
        # Invariant 6: no energy without a complete start record on flash.
        self._fill_up()
        with self.assertRaises(OSError):
            for number in range(30):
                self.box.end(self.box.begin(1, number), number)
        running = self.box.tx.running(1)
        pending = self.box.tx.pending
        self.assertIsNone(running)
        again = Box(self.image, 2)
        self.assertEqual(again.open, [])
        self.assertTrue(again.tx.pending <= pending)

    def test_weeks_offline_keep_every_start_and_stop(self):
        # 1 MB would hold a thousand; on 128 KB samples make room until begin says no.
        count = 0
        try:
            for _ in range(200):
                tx = self.box.begin(1, 100 * count)
                for value in range(15):
                    self.box.wait(60)
                    self.box.sample(tx, 100 * count + value)
                self.box.end(tx, 100 * count + 50)
                count += 1
        except OSError:
            pass
        self.assertTrue(count > 40)
        box = Box(self.image, 2)
        box.set_clock(WALL_S + 1_000_000)
        for tx in box.open:
            box.end(tx, None)
        self._drain(box, count)

    def test_two_at_a_time_until_the_flash_is_full_then_both_stops_are_kept(self):
        # What a running transaction may still need was there when it began, the longest too.
        box = self.box
        count = 0
        try:
            while count < 200:
                # One first, by itself: with this number of records the flash is full at a stop.
                for connector_id in (1, 2) if count else (1,):
                    tx = box.begin(connector_id, 1_000_000_000 + count, 20 * "C")
                    count += 1
                    box.tx.update(box.now, tx, 1_000_000_000 + count, True)
                self._end_at_length()
        except OSError:
            self._end_at_length()
        self.assertTrue(80 < count < 200, count)
        box = Box(self.image, 2)
        self.assertEqual(box.open, [])
        box.set_clock(WALL_S + 1_000_000)
        books = Books()
        box.drain(books)
        stops = [payload["meterStop"] for payload in books.of("StopTransaction")]
        self.assertEqual(stops, [2_000_000_000] * count)

    def _end_at_length(self):
        """End what runs, with every field as long as it can be."""
        for connector_id in (1, 2):
            tx = self.box.tx.running(connector_id)
            if tx is not None:
                more = "EVDisconnected", 20 * "D"
                self.box.tx.end(self.box.now, tx, 2_000_000_000, *more)

    def _drain(self, box, count):
        """Take everything, and compare as it comes: the books of weeks need no room here."""
        starts = stops = samples = 0
        call = box.tx.next_call(box.now)
        while call is not None:
            action, payload, _ = call
            if action == "StartTransaction":
                self.assertEqual(payload["meterStart"], 100 * starts)
                starts += 1
            elif action == "StopTransaction":
                self.assertEqual(payload["transactionId"], stops)
                self.assertEqual(payload["meterStop"], 100 * stops + 50)
                stops += 1
            else:
                self.assertEqual(payload["transactionId"], stops)
                samples += 1
            box.tx.on_result(box.now, {"transactionId": starts - 1})
            call = box.tx.next_call(box.now)
        self.assertEqual((starts, stops), (count, count))
        self.assertTrue(0 < samples < 15 * count)
        self.assertEqual(box.tx.pending, 0)
