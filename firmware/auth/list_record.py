"""One entry of the local authorisation list as it lies on flash.

A record has 48 bytes: id token (20, upper case), parent (20), expiry (4, seconds since 2000),
status, a spare byte, check (2). Both texts are UTF-8, filled up with zero bytes.
"""

import crc
from micropython import const

RECORD_BYTES = const(48)
KEY_BYTES = const(20)
STATUSES = ("Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx")

_EXPIRY = const(40)
_STATUS = const(44)
_CHECK = const(46)
_DELETED = const(0xFF)
_NEVER = b"\xff\xff\xff\xff"
_EXPIRY_MAX = const(0xFFFFFFFE)


def key_of(id_token):
    """Return the first field of the record of `id_token`, None if no record can hold it."""
    key = _field(id_token)
    return None if key is None or not id_token else key.upper()


def unpack(record):
    """Return (status, parent or None, expiry in seconds since 2000 or None); None if damaged."""
    if len(record) != RECORD_BYTES or record[_CHECK:] != _check(record[:_CHECK]):
        return None
    expiry = record[_EXPIRY:_STATUS]
    parent = str(record[KEY_BYTES:_EXPIRY].rstrip(b"\0"), "utf-8")
    expires_s = None if expiry == _NEVER else int.from_bytes(expiry, "big")
    return STATUSES[record[_STATUS]], parent or None, expires_s


def is_deletion(record):
    """Return True if the record takes its token off the list."""
    return record[_STATUS] == _DELETED


def pack(id_token, info):
    """Return the record of an entry, None if it cannot be kept; `info` as in Update.add."""
    key = key_of(id_token)
    if key is None:
        return None
    parent, expiry, status = "", _NEVER, _DELETED
    if info is not None:
        status = STATUSES.index(info[0])
        parent = info[1] or ""
        if info[2] is not None:
            expiry = min(info[2], _EXPIRY_MAX).to_bytes(4, "big")
    parent = _field(parent)
    if parent is None:
        return None
    record = key + parent + expiry + bytes((status, 0))
    return record + _check(record)


def _field(text):
    # OCPP 1.6 7.6: a CiString is printable ASCII, so 20 characters are 20 bytes.
    try:
        data = text.encode()
    except UnicodeError:
        return None
    if len(data) > KEY_BYTES or b"\0" in data:
        return None
    return data + bytes(KEY_BYTES - len(data))


def _check(data):
    return (crc.crc32(data) & 0xFFFF).to_bytes(2, "big")
