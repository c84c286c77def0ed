"""CRC-32 of stored records (IEEE 802.3, as in zip): computed in C on both interpreters."""

from binascii import crc32 as _crc32


def crc32(data, start=0):
    """Return the CRC-32 of the bytes `data`, 0 .. 2**32 - 1; `start` continues an earlier one."""
    return _crc32(data, start)
