"""The local list on the real littlefs: updates, look-up, limits, a full flash, a restart."""

import gc
import unittest

from boards.sim.flash import mount
from firmware.auth.local_list import LocalList
from tests.sim.scratch import Image

_ACCEPTED = ("Accepted", None, None)


def send(local_list, version, full, entries):
    """Carry out an update; returns whether it was."""
    update = local_list.update()
    for id_token, info in entries:
        update.add(id_token, info)
    update.commit(version, full)
    done = None
    while done is None:
        done = update.step(50)
    return done


class LocalListTest(unittest.TestCase):
    def setUp(self):
        self.image = Image(64)
        self.flash = self.image.open()
        self.fs = mount(self.flash)
        self.list = LocalList(self.fs)

    def tearDown(self):
        self.image.remove()

    def _many(self, count, step=1):
        # In an order that is not the sorted one: 389 has no divisor in common with the counts.
        for number in range(count):
            yield "TAG%05d" % (number * 389 % count * step), ("Accepted", "P%d" % number, number)

    def test_list_never_sent_is_empty_with_version_0(self):
        # And costs nothing on flash.
        self.assertEqual(self.list.version, 0)
        self.assertIsNone(self.list.find("A"))

    def test_full_then_every_field_comes_back(self):
        # Status, parent and expiry of each kind; the case of the token does not matter.
        entries = (
            ("04a1", ("Accepted", "Group", None)),
            ("04B2", ("Blocked", None, 846_720_000)),
            ("a" * 20, ("Expired", "p" * 20, 0)),
            ("c", ("Invalid", None, 0xFFFF_FFFF_FFFF)),
            ("d", ("ConcurrentTx", None, None)),
        )
        self.assertTrue(send(self.list, 7, True, entries))
        self.assertEqual(self.list.version, 7)
        self.assertEqual(self.list.find("04A1"), ("Accepted", "Group", None))
        self.assertEqual(self.list.find("04b2"), ("Blocked", None, 846_720_000))
        self.assertEqual(self.list.find("A" * 20), ("Expired", "p" * 20, 0))
        self.assertEqual(self.list.find("C"), ("Invalid", None, 0xFFFF_FFFE))
        self.assertEqual(self.list.find("D"), ("ConcurrentTx", None, None))
        for unknown in ("", "0", "04A10", "zz", "a" * 21, "\0"):
            self.assertIsNone(self.list.find(unknown))

    def test_full_replaces_everything_with_a_lower_version_too(self):
        # OCPP 1.6 5.15: only a differential update is compared.
        send(self.list, 9, True, [("A", _ACCEPTED), ("B", _ACCEPTED)])
        self.assertTrue(send(self.list, 2, True, [("C", _ACCEPTED)]))
        self.assertEqual((self.list.version, self.list.count), (2, 1))
        self.assertIsNone(self.list.find("A"))

    def test_full_without_entries_empties(self):
        # The version is 0 then, whatever was sent (TC_042_2_CS).
        send(self.list, 9, True, [("A", _ACCEPTED)])
        self.assertTrue(send(self.list, 10, True, ()))
        self.assertEqual((self.list.version, self.list.count), (0, 0))
        self.assertIsNone(LocalList(self.fs).find("A"))

    def test_differential_adds_replaces_and_deletes(self):
        # Deleting an unknown token is no error.
        send(self.list, 1, True, [("A", _ACCEPTED), ("C", _ACCEPTED), ("E", _ACCEPTED)])
        changes = [("D", _ACCEPTED), ("c", ("Blocked", None, None)), ("A", None), ("X", None)]
        self.assertTrue(send(self.list, 2, False, changes))
        found = [self.list.find(name) for name in ("A", "C", "D", "E", "X")]
        blocked = ("Blocked", None, None)
        self.assertEqual(found, [None, blocked, _ACCEPTED, _ACCEPTED, None])
        self.assertEqual((self.list.version, self.list.count), (2, 3))

    def test_differential_that_deletes_the_last_is_version_0(self):
        # By the rule of the empty list.
        send(self.list, 1, True, [("A", _ACCEPTED)])
        self.assertTrue(send(self.list, 2, False, [("A", None)]))
        self.assertEqual(self.list.version, 0)

    def test_update_that_cannot_be_kept_changes_nothing(self):
        # A token twice (also in another case), one too long, one deleted in a full list.
        send(self.list, 3, True, [("A", _ACCEPTED), ("B", _ACCEPTED)])
        refused = (
            (True, [("C", _ACCEPTED), ("c", _ACCEPTED)]),
            (False, [("C", _ACCEPTED), ("C", None)]),
            (True, [("C" * 21, _ACCEPTED)]),
            (True, [("C", ("Accepted", "p" * 21, None))]),
            (True, [("", _ACCEPTED)]),
            (True, [("A", _ACCEPTED), ("B", None)]),
        )
        for full, entries in refused:
            self.assertFalse(send(self.list, 4, full, entries))
            self.assertEqual((self.list.version, self.list.count), (3, 2))
            self.assertEqual(self.list.find("A"), _ACCEPTED)

    def test_token_twice_far_apart_is_found(self):
        # The two are in different runs.
        entries = list(self._many(100)) + [("TAG00000", _ACCEPTED)]
        self.assertFalse(send(self.list, 1, True, entries))
        self.assertEqual(self.list.count, 0)

    def test_capacity_counts_what_is_left_after_the_update(self):
        # Exactly full is accepted, one more is not, one out and one in is.
        small = LocalList(self.fs, 30)
        self.assertTrue(send(small, 1, True, self._many(30)))
        self.assertFalse(send(small, 2, False, [("X", _ACCEPTED)]))
        self.assertEqual(small.version, 1)
        self.assertTrue(send(small, 3, False, [("X", _ACCEPTED), ("TAG00000", None)]))
        self.assertEqual(small.count, 30)

    def test_thousand_entries_are_all_found_after_a_restart(self):
        # Sent in three updates of at most 400; nothing else is left on the flash.
        for version, size in ((1, 400), (2, 800), (3, 1000)):
            first = (version - 1) * 400
            part = (entry for entry in self._many(1000) if first <= entry[1][2] < size)
            self.assertTrue(send(self.list, version, version == 1, part))
        again = LocalList(self.fs)
        self.assertEqual((again.version, again.count), (3, 1000))
        for id_token, info in self._many(1000):
            self.assertEqual(again.find(id_token), info)
        self.assertIsNone(again.find("TAG00000x"))
        names = sorted([entry[0] for entry in self.fs.ilistdir("/list")])
        self.assertEqual(len(names), 2)

    def test_heap_does_not_grow_with_the_list(self):
        # The same object with 10 and with 1000 entries.
        if not hasattr(gc, "mem_alloc"):
            return
        used = []
        for count in (10, 1000):
            send(self.list, count, True, self._many(count))
            gc.collect()
            before = gc.mem_alloc()
            again = LocalList(self.fs)
            again.find("TAG00005")
            gc.collect()
            used.append(gc.mem_alloc() - before)
            again = None
        self.assertTrue(abs(used[1] - used[0]) <= 32)
        self.assertTrue(used[1] < 600)

    def test_update_given_up_leaves_list_and_flash_alone(self):
        # A new update takes the place of the one that was under way, before and during its end.
        send(self.list, 1, True, [("A", _ACCEPTED)])
        first = self.list.update()
        for id_token, info in self._many(60):
            first.add(id_token, info)
        second = self.list.update()
        for id_token, info in self._many(60):
            second.add(id_token, info)
        second.commit(5, True)
        self.assertIsNone(second.step(10))
        self.list.update()
        self.assertEqual(first.step(1), False)
        self.assertEqual(second.step(1000), False)
        self.assertEqual(self.list.find("A"), _ACCEPTED)
        self.assertEqual(len(list(self.fs.ilistdir("/list"))), 2)

    def test_flash_full_fails_and_keeps_the_old_list(self):
        # Both while entries arrive and while the new list is written.
        send(self.list, 1, True, self._many(100))
        for free in (14, 5):
            self._fill(free)
            self.assertFalse(send(self.list, 2, True, self._many(900)))
            self.assertEqual((self.list.version, self.list.count), (1, 100))
            self.assertEqual(self.list.find("TAG00007")[0], "Accepted")

    def _fill(self, free):
        # All blocks but `free`.
        with self.fs.open("/ballast%d" % free, "wb") as file:
            for _ in range(self.fs.statvfs("/")[3] - free - 1):
                for _ in range(8):
                    file.write(bytes(512))

    def test_damaged_record_is_not_believed_and_refuses_changes(self):
        # A flipped bit in the status; a full list heals it.
        send(self.list, 1, True, [("A", ("Blocked", None, None))])
        with self.fs.open(self.list.path, "rb") as file:
            data = bytearray(file.read())
        data[44] = 0
        with self.fs.open(self.list.path, "wb") as file:
            file.write(data)
        self.assertIsNone(self.list.find("A"))
        self.assertEqual(self.list.damaged, 1)
        self.assertFalse(send(self.list, 2, False, [("B", _ACCEPTED)]))
        self.assertTrue(send(self.list, 2, True, [("B", _ACCEPTED)]))

    def test_file_of_another_size_is_an_empty_list(self):
        # The central system sees version 0 and sends it again.
        send(self.list, 4, True, [("A", _ACCEPTED)])
        with self.fs.open(self.list.path, "wb") as file:
            file.write(b"x")
        again = LocalList(self.fs)
        self.assertEqual((again.version, again.count, again.damaged), (0, 0, 1))

    def test_look_up_reads_a_few_records_of_1000(self):
        # Ten steps of a binary search, and what littlefs needs to find its blocks.
        send(self.list, 1, True, self._many(1000))
        flash = self.flash
        most = 0
        for id_token in ("TAG00000", "TAG00499", "TAG00999", "TAG00500x", "A", "Z"):
            before = flash.chunks_read
            self.list.find(id_token)
            most = max(most, flash.chunks_read - before)
        self.assertTrue(most < 100, most)
