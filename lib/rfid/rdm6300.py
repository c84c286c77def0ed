"""RDM6300: a reader of 125 kHz tags (EM4100) that sends 14 characters at 9600 8N1 while one is
there: 02, ten hexadecimal digits, two of their checksum, 03. Without a tag it says nothing, so it
gives no sign of life. Source: Itead "RDM6300 Specifications".
"""

import ticks
from micropython import const
from rfid.repeats import Repeats

_FRAME = const(14)
_BEGIN = const(0x02)
_END = const(0x03)
_BYTES_A_TICK = const(32)
_GAP_MS = const(50)
_HOLD_MS = const(1000)  # a tag is repeated every 65 ms or so; some modules make longer pauses


class Rdm6300:
    """One reader. The UID is 5 bytes: version or customer, then the number of the tag.

    uart: as machine.UART at 9600 8N1 (`any`, `readinto`), a receive buffer of 64 bytes or more.
    `garbled` counts frames with a wrong checksum or character, and those that break off.
    """

    is_silent = False

    def __init__(self, uart):
        self.garbled = 0
        self._uart = uart
        self._byte = bytearray(1)
        self._frame = bytearray(_FRAME)
        self._count = 0
        self._gap = ticks.Deadline()
        self._card = Repeats(_HOLD_MS)

    @property
    def held(self):
        """The UID of the tag that is held to the reader, or None."""
        return self._card.uid

    def next_deadline(self):
        """Return None: what comes is not known before."""
        return None

    def tick(self, now):
        """Take in bytes, 32 at most. Returns an event tuple (see the package) or None."""
        event = None
        if self._gap.expired(now):
            self._give_up()
        for _ in range(min(self._uart.any(), _BYTES_A_TICK)):
            self._uart.readinto(self._byte)
            uid = self._take(now, self._byte[0])
            if uid:
                event = self._card.seen(now, uid) or event
        return event or self._card.tick(now)

    def _take(self, now, byte):
        """Add a byte. Returns the UID when it was the last of a good frame."""
        if byte == _BEGIN:
            self._give_up()  # a frame within a frame: bytes of the first were lost
        elif not self._count:
            return None
        self._frame[self._count] = byte
        self._count += 1
        self._gap.start(now, _GAP_MS)
        if self._count < _FRAME:
            return None
        uid = decode(self._frame)
        if uid:
            self._count = 0
        self._give_up()
        return uid

    def _give_up(self):
        self.garbled += self._count > 0
        self._count = 0
        self._gap.stop()


def decode(frame):
    """Return the 5 bytes in a frame of 14, None if it is not one or its checksum is wrong."""
    if frame[0] != _BEGIN or frame[_FRAME - 1] != _END:
        return None
    numbers = bytearray(6)
    check = 0
    for i in range(6):
        high = _digit(frame[1 + 2 * i])
        low = _digit(frame[2 + 2 * i])
        if high is None or low is None:
            return None
        numbers[i] = high << 4 | low
        check ^= numbers[i]
    return bytes(numbers[:5]) if check == 0 else None


def _digit(character):
    if 0x30 <= character <= 0x39:
        return character - 0x30
    return character - 0x37 if 0x41 <= character <= 0x46 else None
