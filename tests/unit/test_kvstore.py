"""The key/value store on the real littlefs: values, damage, a full flash and every power cut."""

import unittest

from kvstore import KvStore

from boards.sim.flash import mount
from tests.sim.scratch import Image


class KvStoreTest(unittest.TestCase):
    def setUp(self):
        self.image = Image(16)
        self.fs = mount(self.image.open())
        self.store = KvStore(self.fs, "/kv")

    def tearDown(self):
        self.image.remove()

    def test_get_of_unknown_key_is_none(self):
        # Also before the directory exists.
        self.assertIsNone(self.store.get("a"))
        self.assertEqual(self.store.keys(), [])
        self.store.delete("a")

    def test_set_then_get_returns_the_bytes(self):
        # Any length, empty included; each key has its own value.
        sizes = (0, 1, 119, 600, 5000)
        for size in sizes:
            self.store.set("k%d" % size, b"z" * size)
        for size in sizes:
            self.assertEqual(self.store.get("k%d" % size), b"z" * size)

    def test_set_again_replaces(self):
        # Shorter than before, too: nothing of the old value shows.
        self.store.set("a", b"x" * 900)
        self.store.set("a", b"y")
        self.assertEqual(self.store.get("a"), b"y")

    def test_keys_lists_files_only(self):
        # A folder in between is not a key.
        self.store.set("a", b"1")
        self.store.set("b.c", b"2")
        self.fs.mkdir("/kv/d")
        self.assertEqual(sorted(self.store.keys()), ["a", "b.c"])

    def test_delete_removes_one(self):
        # The others stay.
        self.store.set("a", b"1")
        self.store.set("b", b"2")
        self.store.delete("a")
        self.assertEqual(self.store.keys(), ["b"])
        self.assertIsNone(self.store.get("a"))

    def test_value_damaged_is_missing_and_counted(self):
        # A flipped bit, a cut tail and a piece of the CRC are all seen.
        self.store.set("a", b"12345678")
        with self.fs.open("/kv/a", "rb") as file:
            data = file.read()
        for bad in (data[:-1], data[:6] + b"\x00" + data[7:], data[:4], data[:3]):
            with self.fs.open("/kv/a", "wb") as file:
                file.write(bad)
            self.assertIsNone(self.store.get("a"))
        self.assertEqual(self.store.corrupt, 4)

    def test_file_without_content_is_a_key_never_set(self):
        # What a power cut leaves of the very first set: neither a value nor damage.
        self.store.set("a", b"1")
        self.fs.open("/kv/b", "wb").close()
        self.assertIsNone(self.store.get("b"))
        self.assertEqual(self.store.keys(), ["a"])
        self.assertEqual(self.store.corrupt, 0)

    def test_flash_full_raises_and_keeps_the_old_value(self):
        # ENOSPC is reported, and the value from before can still be read, after a reboot too.
        self.store.set("a", b"old" * 300)
        with self.assertRaises(OSError):
            for number in range(40):
                self.store.set("fill%d" % number, bytes(4000))
        with self.assertRaises(OSError):
            self.store.set("a", b"new" * 3000)
        self.assertEqual(self.store.get("a"), b"old" * 300)
        again = KvStore(mount(self.image.open()), "/kv")
        self.assertEqual(again.get("a"), b"old" * 300)


class PowerCutTest(unittest.TestCase):
    def setUp(self):
        self.image = Image(16)
        store = KvStore(mount(self.image.open()), "/kv")
        store.set("other", b"o" * 40)
        store.set("big", b"b" * 1000)
        store.set("key", b"old")
        self.image.keep()

    def tearDown(self):
        self.image.remove()

    def _sweep(self, values, delete=False):
        """Cut at every operation of a series of sets; the value must be one of two neighbours."""
        for torn in ("none", "half", "short"):
            position = 1
            while self._cut_at(position, torn, values, delete):
                position += 1
            self.assertTrue(position > 1)

    def _cut_at(self, position, torn, values, delete):
        self.image.reset()
        flash = self.image.open()
        store = KvStore(mount(flash), "/kv")
        flash.cut_after(position, torn)
        done = 0
        try:
            for value in values:
                store.set("key", value)
                done += 1
            if delete:
                store.delete("key")
                done += 1
        except OSError:
            pass
        was_cut = flash.dead
        states = [b"old"] + list(values) + ([None] if delete else [])
        after = KvStore(mount(self.image.open()), "/kv")
        self.assertIn(after.get("key"), states[done : done + 2])
        self.assertEqual(after.get("other"), b"o" * 40)
        self.assertEqual(after.get("big"), b"b" * 1000)
        self.assertEqual(after.corrupt, 0)
        # The store goes on from whatever the flash holds.
        after.set("key", b"again")
        self.assertEqual(after.get("key"), b"again")
        return was_cut

    def test_inv8_small_value_cut_anywhere_is_old_or_new(self):
        # Values inside the directory, up to its compaction; then the removal.
        self._sweep([b"%d" % number * 30 for number in range(20)], delete=True)

    def test_inv8_long_value_cut_anywhere_is_old_or_new(self):
        # Values with blocks of their own, and the change between the two kinds.
        self._sweep([b"1" * 700, b"2" * 5000, b"3" * 20, b"4" * 4100], delete=True)

    def test_inv8_first_value_cut_anywhere_leaves_a_usable_store(self):
        # The directory itself is made by the first set.
        self.image.remove()
        mount(self.image.open())
        self.image.keep()
        for torn in ("none", "half", "short"):
            position = 1
            cut = True
            while cut:
                self.image.reset()
                flash = self.image.open()
                store = KvStore(mount(flash), "/kv")
                flash.cut_after(position, torn)
                try:
                    store.set("key", b"new")
                except OSError:
                    pass
                cut = flash.dead
                after = KvStore(mount(self.image.open()), "/kv")
                self.assertIn(after.get("key"), (None, b"new"))
                self.assertEqual(after.corrupt, 0)
                after.set("key", b"again")
                self.assertEqual(after.get("key"), b"again")
                position += 1
