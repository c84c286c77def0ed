"""A contactless card of type A up to its selection (ISO/IEC 14443-3), bit by bit."""

from micropython import const

_POWER_OFF = const(0)
_IDLE = const(1)
_READY = const(2)
_ACTIVE = const(3)
_HALT = const(4)

_REQA = const(0x26)
_WUPA = const(0x52)
_SELECT_CODES = b"\x93\x95\x97"
_SAK_INCOMPLETE = const(0x04)


def crc_a(data):
    """CRC_A bit by bit, on purpose not the driver's: one checks the other."""
    crc = 0x6363
    for byte in data:
        for i in range(8):
            bit = (crc ^ byte >> i) & 1
            crc = crc >> 1 ^ (0x8408 if bit else 0)
    return bytes((crc & 0xFF, crc >> 8))


class Card:
    """uid: 4, 7 or 10 bytes. sak: after the last level. new_uid: called without arguments at each
    power-up for the UID of that time, as a phone makes it."""

    def __init__(self, uid, sak=None, new_uid=None):
        self.uid = bytes(uid)
        if len(uid) not in (4, 7, 10):
            raise ValueError("uid length")
        self.sak = sak if sak is not None else (0x08 if len(uid) == 4 else 0x00)
        self._new_uid = new_uid
        self._state = _POWER_OFF
        self._level = 0
        self._was_halted = False

    def power(self, is_on):
        """The field came or went; without it the card forgets everything."""
        if not is_on:
            self._state = _POWER_OFF
        elif self._state == _POWER_OFF:
            if self._new_uid:
                self.uid = bytes(self._new_uid())
            self._state = _IDLE
            self._was_halted = False

    def receive(self, frame, bits):
        """Take a frame of `bits` bits; return the answer's bytes or None. `first_bit` tells how
        many bits of the answer's first byte were already in the frame."""
        self.first_bit = 0
        if self._state == _POWER_OFF:
            return None
        if bits == 7:
            return self._called(frame[0])
        if self._state == _READY and len(frame) >= 2 and frame[0] == _SELECT_CODES[self._level]:
            return self._asked(frame, bits)
        if self._state == _ACTIVE and frame == b"\x50\x00\x57\xcd":
            self._state = _HALT
            return None
        self._fall_back()
        return None

    def _called(self, command):
        if self._state == _IDLE or (self._state == _HALT and command == _WUPA):
            if command in (_REQA, _WUPA):
                self._was_halted = self._state == _HALT
                self._state = _READY
                self._level = 0
                return bytes(((len(self.uid) - 4) // 3 << 6 | 0x04, 0))
        elif self._state != _HALT:
            self._fall_back()
        return None

    def _fall_back(self):
        # ISO/IEC 14443-3 6.3: what is not expected ends in IDLE, or HALT for a card once halted.
        if self._state in (_READY, _ACTIVE):
            self._state = _HALT if self._was_halted else _IDLE

    def _level_uid(self):
        first = 3 * self._level
        if len(self.uid) - first > 4:
            part = b"\x88" + self.uid[first : first + 3]
        else:
            part = self.uid[first:]
        return part + bytes((part[0] ^ part[1] ^ part[2] ^ part[3],))

    def _asked(self, frame, bits):
        part = self._level_uid()
        if frame[1] == 0x70:
            if bits != 72 or frame[2:7] != part or frame[7:] != crc_a(frame[:7]):
                self._fall_back()
                return None
            return self._select()
        known = (frame[1] >> 4) * 8 + (frame[1] & 7) - 16
        if bits != known + 16 or not 0 <= known <= 32:
            self._fall_back()
            return None
        for i in range(known):
            if (frame[2 + i // 8] ^ part[i // 8]) >> i % 8 & 1:
                self._fall_back()
                return None
        self.first_bit = known % 8
        return part[known // 8 :]

    def _select(self):
        if len(self.uid) - 3 * self._level > 4:
            self._level += 1
            sak = bytes((_SAK_INCOMPLETE,))
        else:
            self._state = _ACTIVE
            sak = bytes((self.sak,))
        return sak + crc_a(sak)
