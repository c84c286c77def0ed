"""A .bin as MicroPython publishes them for ESP32 chips, made here: header, table, application."""

import hashlib
import struct

APP = 0x10000
NVS = ("nvs", 1, 2, 0x9000, 0x6000)
FACTORY = ("factory", 0, 0, APP, 0x1F0000)


def bootable(segments=(b"code" * 64, b"data" * 10), chip=0):
    """An application image with its digest, as ESP-IDF's tools make it."""
    header = struct.pack("<BBBBI4xHB8xB", 0xE9, len(segments), 2, 0x20, 0x400D_0000, chip, 0, 1)
    body = header + b"".join(
        struct.pack("<II", 0x3F40_0000, len(data)) + data for data in segments)
    body += b"\0" * (15 - len(body) % 16) + b"\x77"
    return body + hashlib.sha256(body).digest()


def table(*rows):
    """A partition table with its checksum."""
    entries = b"".join(
        struct.pack("<2sBBII16sI", b"\xaa\x50", kind, subtype, start, size, label.encode(), 0)
        for label, kind, subtype, start, size in rows)
    return entries + b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(entries).digest()


def official(rows=(NVS, FACTORY), chip=0, offset=0x1000, code=b"code" * 64):
    """The whole file: boot loader at `offset` of flash, table at 0x8000, application at 64 KB.

    code: what the application says.
    """
    data = bytearray(b"\xff" * (APP - offset)) + bootable((code, b"data" * 10), chip)
    loader = bootable((b"loader",), chip)
    data[: len(loader)] = loader
    partitions = table(*rows)
    at = 0x8000 - offset
    data[at : at + len(partitions)] = partitions
    return bytes(data)
