"""The simulated NOR flash: chip behaviour, power cuts, mounting and what it refuses to wipe."""

import os
import unittest

import micropython

from boards.sim.flash import FlashError, NorFlash, mount, recover
from tests.sim.scratch import Image

_BLOCK = 4096


def _write(fs, path, data):
    with fs.open(path, "wb") as file:
        file.write(data)


def _read(fs, path):
    with fs.open(path, "rb") as file:
        return file.read()


class NorFlashTest(unittest.TestCase):
    def setUp(self):
        self.image = Image(8)
        self.flash = self.image.open()

    def tearDown(self):
        self.image.remove()

    def _bytes(self, block, size=128, offset=0):
        buf = bytearray(size)
        self.assertEqual(self.flash.readblocks(block, buf, offset), 0)
        return buf

    def test_image_new_is_erased(self):
        # A chip from the factory reads 0xff everywhere.
        self.assertTrue(self.flash.is_blank())
        self.assertEqual(self._bytes(7, _BLOCK), b"\xff" * _BLOCK)

    def test_program_twice_only_clears_bits(self):
        # Programming cannot set a bit: the result is the AND of both.
        self.flash.writeblocks(2, b"\xf0" * 128, 128)
        self.flash.writeblocks(2, b"\x3c" * 256, 0)
        self.assertEqual(self._bytes(2, 128, 128), b"\x30" * 128)
        self.assertEqual(self._bytes(2, 128, 0), b"\x3c" * 128)

    def test_erase_sets_one_block_and_counts_wear(self):
        # Erasing touches its block only, and is counted for it.
        for block in (2, 3):
            self.flash.writeblocks(block, bytes(256), 0)
        self.assertEqual(self.flash.ioctl(6, 2), 0)
        self.assertEqual(self._bytes(2, _BLOCK), b"\xff" * _BLOCK)
        self.assertEqual(self._bytes(3), bytes(128))
        self.assertEqual(list(self.flash.wear), [0, 0, 1, 0, 0, 0, 0, 0])
        self.assertEqual((self.flash.erases, self.flash.writes), (1, 2))
        self.assertEqual(self.flash.chunks_written, 4)

    def test_geometry_is_answered(self):
        # VfsLfs2 asks for block count and size.
        self.assertEqual(self.flash.ioctl(4, 0), 8)
        self.assertEqual(self.flash.ioctl(5, 0), _BLOCK)
        self.assertEqual(self.flash.ioctl(3, 0), 0)

    def test_access_out_of_range_is_refused(self):
        # Neither behind the end, nor across a block, nor in odd pieces.
        self.assertTrue(self.flash.readblocks(8, bytearray(128), 0) < 0)
        self.assertTrue(self.flash.writeblocks(8, bytes(128), 0) < 0)
        self.assertTrue(self.flash.writeblocks(0, bytes(256), _BLOCK - 128) < 0)
        self.assertTrue(self.flash.writeblocks(0, bytes(100), 0) < 0)
        self.assertTrue(self.flash.ioctl(6, 8) < 0)
        self.assertTrue(self.flash.is_blank())

    def test_image_reopened_keeps_what_was_programmed(self):
        # Nothing is buffered in the process: a second device on the file sees it at once.
        self.flash.writeblocks(1, b"\x55" * 128, 0)
        self.flash = NorFlash(self.image.path, 8)
        self.assertEqual(self._bytes(1), b"\x55" * 128)
        self.flash.close()

    def test_image_of_wrong_size_is_refused(self):
        # A clear line instead of a file system with the wrong geometry.
        with self.assertRaises(FlashError):
            NorFlash(self.image.path, 16)

    def test_operations_with_heap_locked_allocate_nothing(self):
        # The finaliser of an open file calls the device from inside the garbage collector.
        page = bytearray(b"\x0f" * 512)
        results = [9, 9, 9, 9, 9]
        self._heap_locked_round(page, results)
        self.assertEqual(results, [0, 0, 0, 0, -5])

    def _heap_locked_round(self, page, results):
        flash = self.flash
        flash.cut_after(5, "short")
        micropython.heap_lock()
        try:
            results[0] = flash.writeblocks(3, page, 256)
            results[1] = flash.writeblocks(3, page, 0)  # overlaps: the slow way
            results[2] = flash.readblocks(3, page, 0)
            results[3] = flash.ioctl(6, 3)
            flash.ioctl(6, 4)
            results[4] = flash.writeblocks(3, page, 0)  # the cut
        finally:
            micropython.heap_unlock()


class CutTest(unittest.TestCase):
    def setUp(self):
        self.image = Image(8)
        self.cuts = []

    def tearDown(self):
        self.image.remove()

    def _on_cut(self):
        self.cuts.append(1)

    def _after_cut(self, torn, erase):
        """Cut at the second operation upon a block of zeros or ff; return the block."""
        flash = self.image.open()
        if erase:
            flash.writeblocks(1, bytes(_BLOCK), 0)
        flash.cut_after(2, torn, self._on_cut)
        self.assertEqual(flash.ioctl(6, 0), 0)
        if erase:
            self.assertTrue(flash.ioctl(6, 1) < 0)
        else:
            self.assertTrue(flash.writeblocks(1, bytes(512), 0) < 0)
        self.assertTrue(flash.dead)
        after = self.image.open()
        buf = bytearray(_BLOCK)
        self.assertEqual(after.readblocks(1, buf, 0), 0)
        return buf

    def test_program_cut_leaves_that_much(self):
        # The n-th operation is done not at all, half, or but for one byte.
        for torn, size in (("none", 0), ("half", 256), ("short", 511)):
            block = self._after_cut(torn, False)
            self.assertEqual(block, bytes(size) + b"\xff" * (_BLOCK - size))
            self.image.open().ioctl(6, 1)
        self.assertEqual(len(self.cuts), 3)

    def test_erase_cut_leaves_that_much(self):
        # The same for an erase: the rest keeps its old bytes.
        for torn, size in (("none", 0), ("half", 2048), ("short", 4095)):
            block = self._after_cut(torn, True)
            self.assertEqual(block, b"\xff" * size + bytes(_BLOCK - size))

    def test_device_after_cut_refuses_everything(self):
        # Dead is dead: no read, no write, one callback only.
        flash = self.image.open()
        flash.cut_after(1, "none", self._on_cut)
        flash.writeblocks(0, bytes(128), 0)
        self.assertTrue(flash.readblocks(0, bytearray(128), 0) < 0)
        self.assertTrue(flash.writeblocks(0, bytes(128), 0) < 0)
        self.assertTrue(flash.ioctl(6, 0) < 0)
        self.assertTrue(flash.ioctl(3, 0) < 0)
        self.assertEqual(len(self.cuts), 1)
        self.assertTrue(self.image.open().is_blank())

    def test_cut_after_zero_switches_it_off(self):
        # A cut that was ordered can be taken back.
        flash = self.image.open()
        flash.cut_after(1)
        flash.cut_after(0)
        self.assertEqual(flash.writeblocks(0, bytes(128), 0), 0)
        self.assertFalse(flash.dead)


class MountTest(unittest.TestCase):
    def setUp(self):
        self.image = Image(16)

    def tearDown(self):
        self.image.remove()

    def test_mount_blank_image_formats_it(self):
        # A new charger starts without a person.
        fs = mount(self.image.open())
        _write(fs, "/a", b"hello")
        self.assertEqual(_read(mount(self.image.open()), "/a"), b"hello")

    def test_file_system_methods_are_those_of_vfslfs2(self):
        # The firmware sees the same names, results and error numbers on both interpreters.
        fs = mount(self.image.open())
        fs.mkdir("/d")
        _write(fs, "/d/x", b"12345")
        fs.rename("/d/x", "/d/y")
        self.assertEqual([entry[:2] for entry in fs.ilistdir("/")], [("d", 0x4000)])
        self.assertEqual(list(fs.ilistdir("/d")), [("y", 0x8000, 0, 5)])
        self.assertEqual((fs.stat("/d/y")[0], fs.stat("/d/y")[6]), (0x8000, 5))
        self.assertEqual(fs.statvfs("/")[0], _BLOCK)
        self.assertEqual(fs.statvfs("/")[2], 16)
        for number, action in (
            (2, lambda: fs.open("/d/x", "rb")),
            (2, lambda: fs.remove("/d/x")),
            (2, lambda: list(fs.ilistdir("/e"))),
            (17, lambda: fs.mkdir("/d")),
            (39, lambda: fs.rmdir("/d")),
        ):
            self.assertEqual(_errno(action), number)
        fs.remove("/d/y")
        fs.rmdir("/d")
        self.assertEqual(list(fs.ilistdir("/")), [])

    def test_mount_damaged_image_raises_and_writes_nothing(self):
        # Somebody's data may still be in there: only a person, or a rule, may give it up.
        _write(mount(self.image.open()), "/a", b"hello")
        flash = self.image.open()
        for block in (0, 1):
            flash.writeblocks(block, bytes(1024), 0)
        flash = self.image.open()
        with self.assertRaises(FlashError):
            mount(flash)
        self.assertEqual((flash.erases, flash.writes), (0, 0))

    def test_recover_moves_the_damaged_image_aside(self):
        # The old bytes stay in <path>.bad-1, then .bad-2; the image is usable again.
        for number in (1, 2):
            flash = self.image.open()
            for block in (0, 1):
                flash.writeblocks(block, bytes(1024), 0)
            copy = recover(flash)
            self.assertEqual(copy, "%s.bad-%d" % (self.image.path, number))
            self.assertEqual(os.stat(copy)[6], 16 * _BLOCK)
            with open(copy, "rb") as file:
                self.assertEqual(file.read(1024), bytes(1024))
            self.assertEqual(list(mount(self.image.open()).ilistdir("/")), [])

    def test_first_format_cut_anywhere_is_recoverable(self):
        # After a cut in the very first format the image mounts, or says so and can be recovered.
        for torn in ("none", "half", "short"):
            position = 1
            while self._format_is_cut(position, torn):
                flash = self.image.open()
                try:
                    mount(flash)
                except FlashError:
                    recover(flash)
                _write(mount(flash), "/a", b"1")
                position += 1
            self.assertTrue(position > 4)

    def _format_is_cut(self, position, torn):
        self.image.remove()
        flash = self.image.open()
        flash.cut_after(position, torn)
        try:
            mount(flash)
        except FlashError:
            pass
        return flash.dead


def _errno(action):
    try:
        action()
    except OSError as error:
        return error.errno
    return 0
