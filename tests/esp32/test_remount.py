"""The mount that boot.py makes, on a littlefs that MicroPython has made with its own sizes.

The device takes programs of 32 bytes, as the chip does: files are written under either mount and
read under the other, as a fallback to the first mount, an old box and `make image` bring it about.
"""

import io
import json
import sys
import unittest

sys.path.insert(0, "tests/esp32")
from on_fakes import description, program

import flashbdev
import machine
import vfs
from boards import LITTLEFS
from kvstore import KvStore

_BLOCK = 4096
_ERASED = b"\xff" * _BLOCK
# Either side of what lies within a directory's block: 128 bytes for MicroPython, 512 for us.
_SIZES = (0, 20, 124, 128, 129, 300, 508, 512, 513, 3000, 9000)


class _Ram:
    """NOR flash in RAM: an erase sets all bits of a block, nothing is programmed twice.

    cut: at which write or erase from now the power goes, which is done to its half then.
    """

    def __init__(self, blocks):
        self.data = [bytearray(_ERASED) for _ in range(blocks)]
        self.erases = 0
        self.cut = -1

    def cut_now(self):
        self.cut -= self.cut > 0
        return not self.cut

    def readblocks(self, block, buf, offset=0):
        buf[:] = memoryview(self.data[block])[offset : offset + len(buf)]
        return 0

    def writeblocks(self, block, buf, offset=0):
        assert len(buf) % 32 == 0 and offset % 32 == 0
        if not self.cut:
            return -5
        if self.cut_now():
            buf = memoryview(buf)[: len(buf) // 2]
        for index, value in enumerate(buf):
            assert self.data[block][offset + index] == 0xFF, "programmed twice"
            self.data[block][offset + index] = value
        return 0 if self.cut else -5

    def ioctl(self, request, argument):
        if request == 6:
            if not self.cut:
                return -5
            self.erases += 1
            size = _BLOCK // 2 if self.cut_now() else _BLOCK
            self.data[argument][:size] = memoryview(_ERASED)[:size]
            return 0 if self.cut else -5
        return {4: len(self.data), 5: _BLOCK}.get(request, 0)


class RemountTest(unittest.TestCase):
    def setUp(self):
        machine.forget()
        vfs.refused = None
        self.device = flashbdev.bdev = _Ram(48)
        vfs.VfsLfs2.mkfs(self.device)
        self.as_micropython()

    def tearDown(self):
        flashbdev.bdev = "partition vfs"

    def as_micropython(self):
        """Mount as _boot.py does; returns the file system."""
        vfs.mounted[:] = [vfs.VfsLfs2(self.device)]
        return vfs.mounted[0]

    def boot(self):
        """Run boot.py; returns the file system at the root."""
        space = program("boards/_esp32/boot.py",
                        open=lambda path: io.StringIO(json.dumps(description())))
        self.assertIsNone(space["flash_trouble"])
        return vfs.mounted[0]

    def write(self, fs, seed):
        for size in _SIZES:
            with fs.open("/f%d" % size, "wb") as file:
                file.write(_content(size, seed))

    def check(self, fs, seed):
        for size in _SIZES:
            with fs.open("/f%d" % size, "rb") as file:
                self.assertEqual(file.read(), _content(size, seed), size)

    def test_files_of_either_mount_are_whole_under_the_other(self):
        """Read, replaced and read again, in turn; no bit is programmed twice."""
        fs = self.as_micropython()
        self.write(fs, 0)
        for seed in range(1, 13):
            fs = self.boot() if seed % 2 else self.as_micropython()
            self.check(fs, seed - 1)
            self.write(fs, seed)
            self.check(fs, seed)

    def test_file_of_ours_when_the_other_mount_appends_to_it_then_whole(self):
        """400 bytes within the directory do not fit into the cache of MicroPython's mount."""
        with self.boot().open("/log", "wb") as file:
            file.write(_content(400, 1))
        fs = self.as_micropython()
        with fs.open("/log", "ab") as file:
            file.write(b"more")
        with self.boot().open("/log", "rb") as file:
            self.assertEqual(file.read(), _content(400, 1) + b"more")

    def test_power_cut_after_the_first_new_mount_then_old_or_new_values(self):
        """At each write and erase of the first changes to what MicroPython's mount has written."""
        cut = done = 0
        while not done:
            cut += 1
            for block in range(len(self.device.data)):
                self.device.ioctl(6, block)
            vfs.VfsLfs2.mkfs(self.device)
            store = KvStore(self.as_micropython(), "/kv")
            for size in (20, 100, 350, 600):
                store.set(str(size), _content(size, 0))
            store = KvStore(self.boot(), "/kv")
            self.device.cut = cut
            seeds = {}
            try:
                for seed in range(1, 10):
                    for size in (20, 100, 350, 600):
                        seeds[size] = seed
                        store.set(str(size), _content(size, seed))
                done = 1
            except OSError:
                pass
            self.device.cut = -1
            for fs in (self.as_micropython(), self.boot()):
                store = KvStore(fs, "/kv")
                for size in (20, 100, 350, 600):
                    seed = seeds.get(size, 0)
                    values = [_content(size, number) for number in (seed, seed - 1)]
                    self.assertIn(store.get(str(size)), values, (cut, size))
        self.assertTrue(cut > 50, cut)

    def test_record_of_350_bytes_when_replaced_then_a_tenth_of_the_erases(self):
        """What the remount is for: the whole price of a record, with MicroPython's sizes one each.

        (A record of a transaction is some 300 bytes, replaced five times in a session.)
        """
        self.assertTrue(90 <= self.erases_of_100(self.as_micropython()) <= 130)
        self.assertTrue(self.erases_of_100(self.boot()) <= 20)

    def erases_of_100(self, fs):
        store = KvStore(fs, "/records")
        store.set("1", _content(350, 0))
        before = self.device.erases
        for seed in range(100):
            store.set("1", _content(350, seed))
        return self.device.erases - before

    def test_sizes_when_a_file_is_as_long_as_the_cache_then_it_is_within_its_directory(self):
        """The simulator mounts with the same table: what it proves of wear holds for a board."""
        from boards.sim import flash

        self.assertIs(flash.LITTLEFS, LITTLEFS)
        fs = self.boot()
        with fs.open("/a", "wb") as file:
            file.write(_content(4 * LITTLEFS["progsize"], 0))
        free = fs.statvfs("/")[3]
        with fs.open("/b", "wb") as file:
            file.write(_content(4 * LITTLEFS["progsize"], 1))
        self.assertEqual(fs.statvfs("/")[3], free)


def _content(size, seed):
    return bytes((index * 7 + seed * 31 + size) & 255 for index in range(size))
