"""A file system whose flash fails at times, without losing its power."""

_EIO = 5


class UnreliableFs:
    """Hands everything to `fs`; while `broken`, nothing can be written or removed: `error`."""

    def __init__(self, fs, error=None):
        self._fs = fs
        self._error = error or OSError(_EIO)
        self.broken = False

    def _check(self):
        if self.broken:
            raise self._error

    def open(self, path, mode):
        """As VfsLfs2."""
        if mode != "rb":
            self._check()
        return self._fs.open(path, mode)

    def remove(self, path):
        """As VfsLfs2."""
        self._check()
        self._fs.remove(path)

    def mkdir(self, path):
        """As VfsLfs2."""
        self._check()
        self._fs.mkdir(path)

    def ilistdir(self, path):
        """As VfsLfs2."""
        return self._fs.ilistdir(path)

    def statvfs(self, path):
        """As VfsLfs2."""
        return self._fs.statvfs(path)
