"""Frames of Modbus RTU: requests are built, replies are found in what a bad line delivers."""

from micropython import const

READ_HOLDING = const(0x03)
READ_INPUT = const(0x04)
WRITE_SINGLE = const(0x06)
WRITE_MULTIPLE = const(0x10)
EXCEPTION_FLAG = const(0x80)
EXCEPTION_SIZE = const(5)
_CHECKED_MAX = const(160)

# The CRC of each half byte (polynomial A001, reflected): two steps a byte instead of eight.
_TABLE = (0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401,
          0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400)  # fmt: skip


def crc16(data, first, end):
    """Return the CRC of `data[first:end]`; it goes low byte first on the line."""
    crc = 0xFFFF
    for i in range(first, end):
        crc ^= data[i]
        crc = crc >> 4 ^ _TABLE[crc & 15]
        crc = crc >> 4 ^ _TABLE[crc & 15]
    return crc


def build_request(frame, address, function, register, value):
    """Write a request of functions 03, 04 or 06 into `frame`; returns its length, 8.

    value: number of registers for 03 and 04, what to write for 06; 0 .. 65535.
    """
    _put_head(frame, address, function, register, value)
    return append_crc(frame, 6)


def build_write(frame, address, register, data):
    """Write a request of function 10 into `frame`; returns its length, 9 + len(data).

    data: the registers' bytes, two each, high byte first.
    """
    _put_head(frame, address, WRITE_MULTIPLE, register, len(data) // 2)
    frame[6] = len(data)
    for i in range(len(data)):
        frame[7 + i] = data[i]
    return append_crc(frame, 7 + len(data))


def append_crc(frame, length):
    """Write the CRC behind the first `length` bytes; returns the new length."""
    crc = crc16(frame, 0, length)
    frame[length] = crc & 0xFF
    frame[length + 1] = crc >> 8
    return length + 2


def find_frame(data, end, head, size):
    """Return where in `data[:end]` a complete frame begins, -1 if there is none.

    The frame begins with the bytes `head`, is `size` bytes long and has a correct CRC. Noise
    before and behind it does not matter, so line bias, echoes and half frames are skipped. Since
    a check takes its time, so many places that look like a beginning are tried that 160 bytes are
    checked, or one of a longer frame.
    """
    checks = _CHECKED_MAX // size
    for first in range(end - size + 1):
        if data[first] == head[0] and _starts_with(data, first, head):
            crc = crc16(data, first, first + size - 2)
            if data[first + size - 2] == crc & 0xFF and data[first + size - 1] == crc >> 8:
                return first
            checks -= 1
            if checks <= 0:
                break
    return -1


def _starts_with(data, first, head):
    for i in range(len(head)):
        if data[first + i] != head[i]:
            return False
    return True


def _put_head(frame, address, function, register, value):
    frame[0] = address
    frame[1] = function
    frame[2] = register >> 8
    frame[3] = register & 0xFF
    frame[4] = value >> 8
    frame[5] = value & 0xFF
