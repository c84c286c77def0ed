"""Read the .bin that MicroPython publishes for ESP32 chips: chip, partitions, whether it is whole.

Such a file is flash as it will be, from the boot loader on: `offset` bytes of flash before it are
missing. Formats: ESP-IDF, "App Image Format" and "Partition Tables".
"""

import hashlib
import re
import struct
from dataclasses import dataclass

TABLE = 0x8000
_TABLE_BYTES = 0xC00
_IMAGE_MAGIC = 0xE9
_ENTRY = b"\xaa\x50"
_MD5 = b"\xeb\xeb" + b"\xff" * 14
_HEADER = 24
_APP = 0
_VFS = "vfs"
# As it stands in sys.version.
_VERSION = re.compile(rb"MicroPython v(\d{1,3})\.(\d{1,3})")

# chip_id of the image header -> (name, where in flash the boot loader lies)
CHIPS = {
    0: ("esp32", 0x1000),
    2: ("esp32s2", 0x1000),
    5: ("esp32c3", 0),
    9: ("esp32s3", 0),
    12: ("esp32c2", 0),
    13: ("esp32c6", 0),
    16: ("esp32h2", 0),
    18: ("esp32p4", 0x2000),
    23: ("esp32c5", 0x2000),
}


class ImageError(Exception):
    """The file cannot be used; the text says why, and what to do."""


@dataclass
class Partition:
    """One row of the table; `offset` and `size` in bytes of flash."""

    label: str
    kind: int
    offset: int
    size: int

    @property
    def end(self):
        """The first byte of flash behind it."""
        return self.offset + self.size


class EspImage:
    """A .bin, checked. `chip`: name; `offset`: where in flash it begins; `partitions`: in order;
    `version`: of MicroPython, such as (1, 25), None if it does not say.

    Raises ImageError.
    """

    def __init__(self, data, name="the file"):
        self.data = data
        self._name = name
        if len(data) < _HEADER or data[0] != _IMAGE_MAGIC:
            self._fail("begins with no ESP32 image: take the .bin that micropython.org offers for "
                       "first installation, not an .app-bin or .uf2")
        chip_id = struct.unpack_from("<H", data, 12)[0]
        if chip_id not in CHIPS:
            self._fail("is for a chip with the unknown number %d" % chip_id)
        self.chip, self.offset = CHIPS[chip_id]
        self.partitions = self._table()
        found = _VERSION.search(data)
        self.version = found and (int(found[1]), int(found[2]))
        for partition in self.partitions:
            if partition.kind == _APP and partition.offset - self.offset < len(data):
                self._check_app(partition)
                break
        else:
            self._fail("ends before its application begins: it is truncated, download it again")

    def file_system(self, flash_bytes):
        """Return (offset, size) in flash of MicroPython's file system. Raises ImageError.

        An older image has a partition `vfs`; since 1.26 it is what the last partition leaves.
        """
        for partition in self.partitions:
            if partition.label == _VFS:
                if partition.end > flash_bytes:
                    self._too_small(flash_bytes, partition.end)
                return partition.offset, partition.size
        start = max(partition.end for partition in self.partitions)
        if start + 16 * 4096 > flash_bytes:
            self._too_small(flash_bytes, start)
        return start, flash_bytes - start

    def _too_small(self, flash_bytes, end):
        self._fail("needs more than the %d KB of flash that were said, its partitions reach to "
                   "%d KB: take --flash-size of the board, or another image"
                   % (flash_bytes // 1024, end // 1024))

    def _table(self):
        at = TABLE - self.offset
        table = self.data[at : at + _TABLE_BYTES]
        if len(table) < 64:
            self._fail("ends before its partition table: it is truncated, download it again")
        partitions = []
        for place in range(0, len(table) - 31, 32):
            entry = table[place : place + 32]
            if entry.startswith(_ENTRY):
                kind, _subtype, offset, size, label = struct.unpack("<BBII16s", entry[2:28])
                partitions.append(Partition(_text(label), kind, offset, size))
            elif entry.startswith(_MD5):
                if hashlib.md5(table[:place]).digest() != entry[16:]:
                    self._fail("has a damaged partition table (wrong checksum): download it again")
                break
            else:
                self._fail("has %s: download it again" % (
                    "a damaged partition table" if partitions else
                    "no partition table where it belongs"))
        if not partitions:
            self._fail("has an empty partition table: download it again")
        return partitions

    def _check_app(self, partition):
        """Walk the segments of the application to its end, and check its digest."""
        start = partition.offset - self.offset
        data = self.data
        if data[start] != _IMAGE_MAGIC:
            self._fail("has no application in partition %s: download it again" % partition.label)
        at = start + _HEADER
        for _ in range(data[start + 1]):
            if at + 8 > len(data):
                self._truncated()
            at += 8 + struct.unpack_from("<I", data, at + 4)[0]
        at += 16 - (at - start) % 16  # padding, whose last byte is a checksum
        has_digest = data[start + 23] == 1
        if at + (32 if has_digest else 0) > len(data):
            self._truncated()
        if has_digest and hashlib.sha256(data[start:at]).digest() != data[at : at + 32]:
            self._fail("has a damaged application (wrong checksum): download it again")

    def _truncated(self):
        self._fail("ends in the middle of its application: it is truncated, download it again")

    def _fail(self, text):
        raise ImageError("%s %s" % (self._name, text))


def _text(label):
    return label.partition(b"\0")[0].decode("ascii", "replace")
