"""The methods of MicroPython's VfsLfs2 on CPython, over littlefs-python and the same NorFlash.

Only what the firmware uses. Errors become OSError with the number MicroPython gives. Imported by
`boards.sim.flash` on CPython only; the geometry is the one that VfsLfs2 makes of the same
arguments, so that an image moves freely between the two interpreters.
"""

from littlefs import LittleFS, LittleFSError, lfs

_EIO = 5
_ENOSPC = 28
_TYPE_FILE = 0x8000
_TYPE_FOLDER = 0x4000
_NAME_MAX = 255


class _Context:
    """The block device as littlefs-python calls it."""

    def __init__(self, flash):
        self._flash = flash

    def read(self, cfg, block, offset, size):
        # littlefs-python has no way to report a failed read: the caller looks at flash.dead.
        buf = bytearray(b"\xff" * size)
        self._flash.readblocks(block, buf, offset)
        return buf

    def prog(self, cfg, block, offset, data):
        return self._flash.writeblocks(block, data, offset)

    def erase(self, cfg, block):
        return self._flash.ioctl(6, block)

    def sync(self, cfg):
        return self._flash.ioctl(3, 0)


def _littlefs(flash, readsize, progsize, lookahead, mtime):
    assert not mtime
    return LittleFS(
        context=_Context(flash),
        mount=False,
        block_size=flash.block_size,
        block_count=flash.blocks,
        read_size=readsize,
        prog_size=progsize,
        cache_size=4 * max(readsize, progsize),  # as VfsLfs2 does
        lookahead_size=lookahead,
        block_cycles=100,
    )


class Lfs:
    """A mounted littlefs with the method names and results of VfsLfs2. Raises OSError."""

    def __init__(self, flash, **sizes):
        self._flash = flash
        self._lfs = _littlefs(flash, **sizes)
        # littlefs keeps pointers to open files: none may be collected before it is closed.
        self._open_files = []
        self._is_stale = False
        self._call(self._lfs.mount)

    @staticmethod
    def mkfs(flash, **sizes):
        """Format `flash`."""
        try:
            _littlefs(flash, **sizes).format()
        except LittleFSError as error:
            raise OSError(-error.code, str(error)) from None

    def open(self, path, mode):
        """Open a file; modes r, w, a with b and +, as VfsLfs2."""
        handle = self._call(lfs.file_open, self._lfs.fs, path, mode)
        self._open_files.append(handle)
        return _File(self, handle)

    def ilistdir(self, path="/"):
        """Yield (name, type, 0, size) of each entry."""
        for entry in self._call(lambda: list(self._lfs.scandir(path))):
            kind = _TYPE_FILE if entry.type == 1 else _TYPE_FOLDER
            yield (entry.name, kind, 0, entry.size)

    def remove(self, path):
        """Remove a file."""
        self._call(lfs.remove, self._lfs.fs, path)

    def rmdir(self, path):
        """Remove an empty folder."""
        self._call(lfs.remove, self._lfs.fs, path)

    def rename(self, old, new):
        """Rename; replaces an existing file."""
        self._call(lfs.rename, self._lfs.fs, old, new)

    def mkdir(self, path):
        """Make a folder."""
        self._call(lfs.mkdir, self._lfs.fs, path)

    def stat(self, path):
        """Return the ten-tuple of os.stat: type first, size seventh."""
        entry = self._call(lfs.stat, self._lfs.fs, path)
        kind = _TYPE_FILE if entry.type == 1 else _TYPE_FOLDER
        return (kind, 0, 0, 0, 0, 0, entry.size, 0, 0, 0)

    def statvfs(self, path="/"):
        """Return the ten-tuple of os.statvfs: block size, same, blocks, free, free, ..."""
        free = self._flash.blocks - self._call(lfs.fs_size, self._lfs.fs)
        size = self._flash.block_size
        return (size, size, self._flash.blocks, free, free, 0, 0, 0, 0, _NAME_MAX)

    def mount(self, readonly, mkfs):
        """Part of the interface; the constructor has mounted already."""

    def umount(self):
        """Unmount."""
        self._call(self._lfs.unmount)

    def _call(self, function, *args):
        if self._flash.dead:
            raise OSError(_EIO, "flash is dead")
        if self._is_stale and not self._open_files:
            # A commit that found no room stays in a cache of littlefs. VfsLfs2, built without
            # assertions, drops it with the next write; this build would end the process there.
            self._is_stale = False
            self._lfs.unmount()
            self._lfs.mount()
        try:
            result = function(*args)
        except LittleFSError as error:
            if -error.code == _ENOSPC:
                self._is_stale = True
            raise OSError(-error.code, str(error)) from None
        except OSError as error:
            # scandir and the like raise CPython's own classes without the number's sign.
            raise OSError(abs(error.args[0]), str(error)) from None
        if self._flash.dead:
            raise OSError(_EIO, "flash is dead")
        return result

    def _close(self, handle):
        try:
            return self._call(lfs.file_close, self._lfs.fs, handle)
        finally:
            self._open_files.remove(handle)


class _File:
    """An open file with the methods of MicroPython's."""

    def __init__(self, owner, handle):
        self._owner = owner
        self._handle = handle

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()

    def _call(self, function, *args):
        return self._owner._call(function, self._owner._lfs.fs, self._handle, *args)

    def read(self, size=-1):
        """Read `size` bytes, or the rest."""
        if size < 0:
            size = self._call(lfs.file_size) - self._call(lfs.file_tell)
        return bytes(self._call(lfs.file_read, size))

    def readinto(self, buf):
        """Fill `buf`; returns the number of bytes."""
        data = self.read(len(buf))
        buf[: len(data)] = data
        return len(data)

    def write(self, data):
        """Write bytes; returns their number."""
        return self._call(lfs.file_write, bytes(data))

    def seek(self, offset, whence=0):
        """Move the position."""
        return self._call(lfs.file_seek, offset, whence)

    def tell(self):
        """Return the position."""
        return self._call(lfs.file_tell)

    def flush(self):
        """Commit what was written."""
        self._call(lfs.file_sync)

    def close(self):
        """Commit and close."""
        if self._handle is not None:
            handle = self._handle
            self._handle = None
            self._owner._close(handle)
