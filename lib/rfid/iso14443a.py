"""How one card of type A is selected: frames and answers of ISO/IEC 14443-3, no chip.

`Selection` is fed with answers and says what to send next. Lost bits, broken checks and cards
that leave in the middle end in FAILED, never in a wrong UID: the BCC and the CRC_A of the SAK
both have to be right.

Several cards: at each collision the card with a 1 in that bit is followed, so the same card of a
pair is read each time. Where the chip reports positions otherwise than we think (only three or
more cards can show it), no card answers the select and none is read until fewer are left.
"""

from micropython import const

REQA = const(0x26)
WUPA = const(0x52)
FAILED = const(0)
MORE = const(1)
DONE = const(2)

_SELECT_CODES = b"\x93\x95\x97"  # ISO/IEC 14443-3 table 9: cascade levels 1 to 3
_NVB_SELECT = const(0x70)
_CASCADE_TAG = const(0x88)
_SAK_INCOMPLETE = const(0x04)
_UID_BITS = const(32)
_ANSWER_BYTES = const(5)


def crc_a(data, length):
    """Return CRC_A over the first `length` bytes (ISO/IEC 14443-3 annex B), low byte first in
    the air: `crc & 0xff`, then `crc >> 8`."""
    crc = 0x6363
    for i in range(length):
        byte = (data[i] ^ crc) & 0xFF
        byte = (byte ^ (byte << 4)) & 0xFF
        crc = (crc >> 8) ^ (byte << 8) ^ (byte << 3) ^ (byte >> 4)
    return crc


def append_crc(frame, length):
    """Write the CRC_A of the first `length` bytes behind them."""
    crc = crc_a(frame, length)
    frame[length] = crc & 0xFF
    frame[length + 1] = crc >> 8


class Selection:
    """One walk from ATQA to the complete UID.

    After `start` and after each MORE the caller sends `frame[:frame_length]`, of whose last byte
    only `last_bits` bits count (0 = all), and receives with the same bit offset.
    """

    def __init__(self):
        self.frame = bytearray(9)
        self.frame_length = 0
        self.last_bits = 0
        self.uid = bytearray(10)
        self.uid_length = 0
        self._level = 0
        self._known_bits = 0
        self._is_select = False

    def start(self):
        """Begin at cascade level 1 with nothing known."""
        self.uid_length = 0
        self._level = 0
        self._begin_level()

    def answer(self, data, length, collision):
        """Take the answer to `frame`: `length` bytes, `collision` = first collided bit of the
        level's UID (1 .. 32), 0 = none, -1 = some, but unknown where. Returns MORE, DONE, FAILED.
        """
        if collision < 0:
            return FAILED
        if self._is_select:
            return FAILED if collision else self._selected(data, length)
        if length != _ANSWER_BYTES - self._known_bits // 8 and not collision:
            return FAILED
        if collision and not self._known_bits < collision <= _UID_BITS:
            return FAILED
        self._merge(data, length)
        if collision:
            self._follow_one(collision)
        elif not self._complete_level():
            return FAILED
        return MORE

    def _begin_level(self):
        self.frame[0] = _SELECT_CODES[self._level]
        for i in range(1, len(self.frame)):
            self.frame[i] = 0
        self._is_select = False
        self._ask(0)

    def _ask(self, known_bits):
        whole = known_bits // 8
        self._known_bits = known_bits
        self.last_bits = known_bits % 8
        self.frame[1] = (2 + whole) << 4 | self.last_bits
        self.frame_length = 2 + whole + (1 if self.last_bits else 0)

    def _merge(self, data, length):
        # The first byte holds new bits above those that we sent; the reader clears the latter.
        at = 2 + self._known_bits // 8
        known_mask = (1 << self._known_bits % 8) - 1
        for i in range(min(length, 7 - at)):
            self.frame[at + i] = (self.frame[at + i] & known_mask) | (data[i] & ~known_mask)
            known_mask = 0

    def _follow_one(self, collision):
        # ISO/IEC 14443-3 6.5.3.1 step 7: append a 1. What came after the collision is void.
        last = 2 + (collision - 1) // 8
        bit = 1 << (collision - 1) % 8
        self.frame[last] = (self.frame[last] & (bit - 1)) | bit
        for i in range(last + 1, 7):
            self.frame[i] = 0
        self._ask(collision)

    def _complete_level(self):
        frame = self.frame
        if frame[2] ^ frame[3] ^ frame[4] ^ frame[5] != frame[6]:
            return False
        frame[1] = _NVB_SELECT
        append_crc(frame, 7)
        self.frame_length = 9
        self.last_bits = 0
        self._is_select = True
        return True

    def _selected(self, data, length):
        if length != 3 or crc_a(data, 1) != data[1] | data[2] << 8:
            return FAILED
        # The SAK alone says whether the UID goes on: a 4-byte UID may begin with anything.
        if not data[0] & _SAK_INCOMPLETE:
            self._take(2)
            return DONE
        if self._level + 1 == len(_SELECT_CODES) or self.frame[2] != _CASCADE_TAG:
            return FAILED
        self._take(3)
        self._level += 1
        self._begin_level()
        return MORE

    def _take(self, first):
        for i in range(first, 6):
            self.uid[self.uid_length] = self.frame[i]
            self.uid_length += 1
