"""A NOR flash in a plain file: what lies under littlefs when the charger is simulated.

It behaves like the chip: an erase sets a whole block to 0xff, a program only clears bits, and a
power cut may leave either half done. After a cut the device is dead and refuses everything, as
the finaliser of a forgotten file must not change an image that has lost its power. Reading,
writing and erasing allocate nothing, for that finaliser runs inside the garbage collector.

The image is opened unbuffered: whatever was programmed survives the process, SIGKILL included.
Interface: the extended block device protocol of MicroPython's `vfs` (readblocks, writeblocks,
ioctl); failures are returned as negative error numbers, since an exception would leave the C code
of littlefs half way.
"""

import os
import sys
from array import array

from boards import LITTLEFS
from micropython import const

_EIO = const(5)
_CHUNK = const(128)  # smallest program and read, and the piece in which the file is touched

_IOCTL_INIT = const(1)
_IOCTL_DEINIT = const(2)
_IOCTL_SYNC = const(3)
_IOCTL_BLOCK_COUNT = const(4)
_IOCTL_BLOCK_SIZE = const(5)
_IOCTL_BLOCK_ERASE = const(6)

_TORN = ("none", "half", "short")


class FlashError(Exception):
    """The image cannot be used; the text is one line for a person."""


class NorFlash:
    """NOR flash of `blocks` blocks of `block_size` bytes in the file `path`.

    A file that does not exist is made, all erased. Raises FlashError if it has another size.
    `erases` and `writes` count operations, `chunks_written` and `chunks_read` pieces of 128 bytes,
    `wear[block]` the erases of one block; all since the start of the process.
    """

    def __init__(self, path, blocks=256, block_size=4096):
        assert block_size % _CHUNK == 0
        self.path = path
        self.blocks = blocks
        self.block_size = block_size
        self.dead = False
        self.erases = 0
        self.writes = 0
        self.chunks_written = 0
        self.chunks_read = 0
        self.wear = array("I", [0] * blocks)
        self._chunk = bytearray(_CHUNK)
        self._erased = b"\xff" * _CHUNK
        self._cut_left = 0
        self._torn = "none"
        self._on_cut = None
        self._file = self._open()

    def _open(self):
        try:
            image = open(self.path, "r+b", buffering=0)
        except OSError:
            self._create()
            image = open(self.path, "r+b", buffering=0)
        size = image.seek(0, 2)
        if size != self.blocks * self.block_size:
            image.close()
            wanted = self.blocks * self.block_size
            raise FlashError("%s has %d bytes, not %d" % (self.path, size, wanted))
        return image

    def _create(self):
        # Under another name first: a process killed here leaves no image of half the size.
        fresh = self.path + ".new"
        with open(fresh, "wb") as image:
            for _ in range(self.blocks * self.block_size // _CHUNK):
                image.write(self._erased)
        os.rename(fresh, self.path)

    def close(self):
        """Close the file; the device is dead from here on."""
        self.dead = True
        self._file.close()

    def cut_after(self, operations, torn="none", on_cut=None):
        """Cut the power at the `operations`-th program or erase from now (1: the next; 0: never).

        torn: that operation is done not at all ("none"), to its half ("half") or but for its last
        byte ("short"). `on_cut()` is called once, from inside the device: it must not allocate if
        the heap may be locked.
        """
        if torn not in _TORN:
            raise ValueError("torn is none, half or short")
        self._torn = torn
        self._on_cut = on_cut
        self._cut_left = operations

    def cost_ms(self):
        """Estimate how long a board's flash would have been busy with everything counted so far.

        Usual figures of SPI NOR data sheets: 45 ms per sector erase, 0.3 ms per page program.
        """
        return 45 * self.erases + 3 * self.chunks_written // 20

    def readblocks(self, block, buf, offset=0):
        """Fill `buf` from `offset` in `block`. Returns 0, or -5 when dead or out of range."""
        start = block * self.block_size + offset
        if self.dead or start + len(buf) > self.blocks * self.block_size:
            return -_EIO
        self._file.seek(start)
        if self._file.readinto(buf) != len(buf):
            return -_EIO
        self.chunks_read += (len(buf) + _CHUNK - 1) // _CHUNK
        return 0

    def writeblocks(self, block, buf, offset=0):
        """Program `buf`, a multiple of 128 bytes, at `offset` in `block`. Returns 0 or -5."""
        start = block * self.block_size + offset
        size = len(buf)
        if self.dead or size % _CHUNK or offset + size > self.block_size or block >= self.blocks:
            return -_EIO
        if self._cut_now():
            self._program(start, buf, self._torn_size(size))
            return self._die()
        self.writes += 1
        self.chunks_written += size // _CHUNK
        if not self._is_erased(start, size):
            return self._program(start, buf, size)
        self._file.seek(start)
        return 0 if self._file.write(buf) == size else -_EIO

    def ioctl(self, request, argument):
        """Answer block count (4) and size (5), erase block `argument` (6); 0 for the rest."""
        if request == _IOCTL_BLOCK_COUNT:
            return self.blocks
        if request == _IOCTL_BLOCK_SIZE:
            return self.block_size
        if request == _IOCTL_BLOCK_ERASE:
            return self._erase(argument)
        return -_EIO if self.dead else 0

    def is_blank(self):
        """Return True if every byte is erased, as on a chip from the factory."""
        return self._is_erased(0, self.blocks * self.block_size)

    def _erase(self, block):
        if self.dead or block >= self.blocks:
            return -_EIO
        start = block * self.block_size
        if self._cut_now():
            self._fill(start, self._torn_size(self.block_size))
            return self._die()
        self.erases += 1
        self.wear[block] += 1
        return self._fill(start, self.block_size)

    def _fill(self, start, size):
        """Set `size` bytes from `start` to 0xff."""
        for done in range(0, size - _CHUNK + 1, _CHUNK):
            self._file.seek(start + done)
            if self._file.write(self._erased) != _CHUNK:
                return -_EIO
        if size % _CHUNK:
            self._load(start + size - size % _CHUNK)
            for index in range(size % _CHUNK):
                self._chunk[index] = 0xFF
            return self._store(start + size - size % _CHUNK)
        return 0

    def _program(self, start, buf, size):
        """Clear the bits that are clear in the first `size` bytes of `buf`."""
        for done in range(0, size, _CHUNK):
            if self._load(start + done) < 0:
                return -_EIO
            for index in range(min(_CHUNK, size - done)):
                self._chunk[index] &= buf[done + index]
            if self._store(start + done) < 0:
                return -_EIO
        return 0

    def _is_erased(self, start, size):
        for done in range(0, size, _CHUNK):
            if self._load(start + done) < 0 or self._chunk != self._erased:
                return False
        return True

    def _load(self, position):
        self._file.seek(position)
        return 0 if self._file.readinto(self._chunk) == _CHUNK else -_EIO

    def _store(self, position):
        self._file.seek(position)
        return 0 if self._file.write(self._chunk) == _CHUNK else -_EIO

    def _cut_now(self):
        if self._cut_left == 0:
            return False
        self._cut_left -= 1
        return self._cut_left == 0

    def _torn_size(self, size):
        if self._torn == "none":
            return 0
        return size // 2 if self._torn == "half" else size - 1

    def _die(self):
        self.dead = True
        if self._on_cut is not None:
            self._on_cut()
        return -_EIO


def mount(flash):
    """Mount littlefs on `flash` and return the file system (methods of MicroPython's VfsLfs2).

    A blank image is formatted first. Anything else that does not mount may hold somebody's data:
    FlashError is raised and nothing is written; see `recover`.
    """
    try:
        return _file_system(flash)
    except OSError as error:
        if not flash.is_blank():
            text = "%s holds no valid file system (error %s)"
            raise FlashError(text % (flash.path, error.args[0])) from None
    try:
        _format(flash)
        return _file_system(flash)
    except OSError as error:
        raise FlashError("%s cannot be formatted (%s)" % (flash.path, error)) from None


def recover(flash):
    """Copy an image that does not mount to `<path>.bad-N`, erase and format it.

    Returns the path of the copy. Raises OSError if the copy cannot be written; nothing is erased
    then.
    """
    copy = _copy_aside(flash)
    for block in range(flash.blocks):
        flash.ioctl(_IOCTL_BLOCK_ERASE, block)
    _format(flash)
    return copy


def _copy_aside(flash):
    number = 1
    while _exists("%s.bad-%d" % (flash.path, number)):
        number += 1
    copy = "%s.bad-%d" % (flash.path, number)
    buf = bytearray(_CHUNK)
    with open(copy, "wb") as target:
        for block in range(flash.blocks):
            for offset in range(0, flash.block_size, _CHUNK):
                if flash.readblocks(block, buf, offset) < 0:
                    raise OSError(_EIO)
                target.write(buf)
    return copy


def _exists(path):
    try:
        os.stat(path)
    except OSError:
        return False
    return True


def _file_system(flash):
    if sys.implementation.name != "micropython":
        from boards.sim.lfs_cpython import Lfs

        return Lfs(flash, **LITTLEFS)
    from vfs import VfsLfs2

    return VfsLfs2(flash, **LITTLEFS)


def _format(flash):
    if sys.implementation.name != "micropython":
        from boards.sim.lfs_cpython import Lfs

        Lfs.mkfs(flash, **LITTLEFS)
        return
    from vfs import VfsLfs2

    VfsLfs2.mkfs(flash, **LITTLEFS)
