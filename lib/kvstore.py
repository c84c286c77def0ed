"""A small key/value store: one file per key, protected by a CRC, replaced in place.

A file holds the CRC-32 of the rest in its first four bytes (little end first). On littlefs the
truncation of an `open(path, "wb")` is committed together with the new content when the file is
closed: after a power cut the old or the new value is there, never a mix. Only the name of a new
file is committed before its content: an empty file is a key that was never set. A value that is
cut by anything else, or rots, fails its CRC and counts as missing. On a file system without that
property (FAT) this store would lose values; a value is always one fact, never half of one.

Given: `fs` with open, ilistdir, remove and mkdir as MicroPython's VfsLfs2. Values below some 500
bytes live inside the directory and cost 0.1 sector erases; longer ones cost a block of their own.
"""

import crc
from micropython import const

_CRC_SIZE = const(4)
# Of the tuples of ilistdir.
_TYPE_FILE = const(0x8000)
_SIZE = const(3)

_ENOENT = const(2)
_ECORRUPT = const(84)  # LFS_ERR_CORRUPT


class KvStore:
    """Values (bytes) under keys (file names) in one directory, which is made when first needed.

    `corrupt` counts the values found damaged. Every method raises OSError only.
    """

    def __init__(self, fs, directory):
        self._fs = fs
        self._directory = directory
        self.corrupt = 0

    def get(self, key):
        """Return the value of `key`, or None if there is none or it is damaged."""
        try:
            with self._fs.open(self._path(key), "rb") as file:
                data = file.read()
        except OSError as error:
            if error.errno == _ENOENT:
                return None
            if error.errno != _ECORRUPT:
                raise
            data = b"\0"
        if not data:
            return None
        value = data[_CRC_SIZE:]
        if len(data) < _CRC_SIZE or data[:_CRC_SIZE] != _crc_of(value):
            self.corrupt += 1
            return None
        return value

    def set(self, key, value):
        """Store `value`. On return it is safe; on OSError the old value is still there."""
        # The whole content in one write: an exception between two could commit half of it.
        data = _crc_of(value) + value
        try:
            file = self._fs.open(self._path(key), "wb")
        except OSError as error:
            if error.errno != _ENOENT:
                raise
            self._fs.mkdir(self._directory)
            file = self._fs.open(self._path(key), "wb")
        try:
            file.write(data)
        finally:
            # littlefs does not commit a file whose write failed.
            file.close()

    def delete(self, key):
        """Remove `key`; nothing happens if it does not exist."""
        try:
            self._fs.remove(self._path(key))
        except OSError as error:
            if error.errno != _ENOENT:
                raise

    def keys(self):
        """Return the list of all keys, in no particular order."""
        names = []
        try:
            for entry in self._fs.ilistdir(self._directory):
                if entry[1] == _TYPE_FILE and entry[_SIZE] > 0:
                    names.append(entry[0])
        except OSError as error:
            if error.errno != _ENOENT:
                raise
        return names

    def _path(self, key):
        assert key
        assert "/" not in key
        return self._directory + "/" + key


def _crc_of(value):
    return crc.crc32(value).to_bytes(_CRC_SIZE, "little")
