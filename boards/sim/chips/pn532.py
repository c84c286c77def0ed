"""The PN532 behind its three interfaces, with cards in its field (NXP UM0701-02).

Commands: GetFirmwareVersion, SAMConfiguration, RFConfiguration, InListPassiveTarget, InRelease.
A search without a card ends only if the retries were set. Asleep until woken: on the UART by a
stretch of zeros, on I2C by its address, on SPI by the select line.
"""

import ticks
from micropython import const

_ACK = b"\x00\x00\xff\x00\xff\x00"
_NACK = b"\x00\x00\xff\xff\x00\x00"
_ERROR = b"\x00\x00\xff\x01\xff\x7f\x81\x00"
_ACK_MS = const(2)
_WORK_MS = const(3)
_SEARCH_MS = const(12)
_LEVEL_MS = const(5)


class _I2c:
    """The bus, with the methods of machine.I2C."""

    def __init__(self, chip):
        self._chip = chip

    def writeto(self, address, data):
        self._begin(address)
        self._chip.take(bytes(data))
        return len(data)

    def readfrom_into(self, address, into):
        self._begin(address)
        is_ready, data = self._chip.look(len(into) > 1)
        for i in range(len(into)):
            into[i] = 0 if i == 0 or i > len(data) else data[i - 1]
        into[0] = 1 if is_ready else 0

    def _begin(self, address):
        if address != 0x24 or self._chip.silent:
            raise OSError(19)
        self._chip.is_awake = True


class _Spi:
    """The bus, with the methods of machine.SPI; highest bit first, as the chip does not."""

    def __init__(self, chip):
        self._chip = chip
        self.is_selected = False

    def select(self, level):
        self.is_selected = not level
        if self.is_selected and not self._chip.silent:
            self._chip.is_awake = True

    def write(self, out):
        data = bytes([_turned(byte) for byte in out])
        if self.is_selected and not self._chip.silent and data[0] == 1:
            self._chip.take(data[1:])

    def write_readinto(self, out, into):
        first = _turned(out[0])
        data = b""
        if self.is_selected and not self._chip.silent and first in (2, 3):
            is_ready, data = self._chip.look(first == 3)
            if first == 2:
                data = b"\x01" if is_ready else b"\x00"
        for i in range(len(into)):
            if self._chip.silent:
                into[i] = self._chip.silent_level
            else:
                into[i] = _turned(data[i - 1]) if 0 < i <= len(data) else 0


def _turned(byte):
    turned = 0
    for i in range(8):
        turned |= (byte >> i & 1) << 7 - i
    return turned


class _Port:
    """The chip's UART, with the methods of machine.UART: 11 bytes come through in a ms.

    `lose_permille`, `flip_permille`: chance of each byte, in both directions.
    """

    def __init__(self, chip, seed):
        self._chip = chip
        self._incoming = bytearray()
        self._visible = 0
        self._looked_at = chip.clock_ms()
        self._noise = seed % 65537
        self.lose_permille = 0
        self.flip_permille = 0

    def write(self, data):
        self._chip.take(bytes(self._disturbed(data)))
        return len(data)

    def any(self):
        now = self._chip.clock_ms()
        for data in self._chip.say_all():
            self._incoming += self._disturbed(data)
        room = 11 * min(1000, ticks.diff(now, self._looked_at))
        self._looked_at = now
        self._visible = min(len(self._incoming), self._visible + room)
        return self._visible

    def readinto(self, into):
        count = min(len(into), self._visible)
        for i in range(count):
            into[i] = self._incoming[i]
        self._incoming = self._incoming[count:]
        self._visible -= count
        return count or None

    def _disturbed(self, data):
        disturbed = bytearray()
        for byte in data:
            if self._draw() % 1000 >= self.lose_permille:
                is_flipped = self._draw() % 1000 < self.flip_permille
                disturbed.append(byte ^ 1 << self._draw() % 8 if is_flipped else byte)
        return disturbed

    def _draw(self):
        self._noise = (self._noise * 75 + 74) % 65537
        return self._noise


class Pn532Chip:
    """One chip with its antenna.

    `silent`: it is not there. `spoil`: None or callable(frame) -> what arrives instead.
    `frames`: what it was sent. `is_deaf`: it acknowledges, but no command ever ends.
    """

    def __init__(self, clock_ms, seed=1):
        self.clock_ms = clock_ms
        self.silent = False
        self.silent_level = 0
        self.is_deaf = False
        self.spoil = None
        self.frames = []
        self.cards = []
        self.uart = _Port(self, seed)
        self.i2c = _I2c(self)
        self.spi = _Spi(self)
        self.select = self.spi.select
        self.power_cycle()

    def power_cycle(self):
        """All settings are gone, and it sleeps."""
        self.is_awake = False
        self.is_field_on = False
        self._is_set_up = False
        self._retries = 0xFF
        self._queue = []
        self._last = None
        self._searching = False

    def present(self, uid, sens=None, sak=None, ats=b""):
        """Hold a card to the antenna; `ats` is what one of ISO/IEC 14443-4 adds."""
        if sens is None:
            sens = {4: b"\x00\x04", 7: b"\x00\x44", 10: b"\x00\x84"}[len(uid)]
        if sak is None:
            sak = 0x20 if ats else {4: 0x08}.get(len(uid), 0x00)
        self.cards.append((bytes(uid), sens, sak, ats))

    def remove(self):
        """Take all cards away."""
        self.cards = []

    # --- what the interfaces call ---

    def take(self, data):
        """Bytes have come from the host, in one write."""
        if self.silent:
            return
        if data[:2] == b"\x55\x55" and data.count(b"\x00") >= 14:
            self.is_awake = True
            return
        if not self.is_awake:
            return
        self.frames.append(data)
        if data == _ACK:
            self._queue = []
            self._searching = False
        elif data == _NACK:
            if self._last:
                self._say(self._last, _ACK_MS)
        else:
            self._take_frame(data)

    def look(self, is_read):
        """Return (whether a frame is ready, the frame), which is gone after a read."""
        self._search_again()
        if not self._queue or ticks.diff(self.clock_ms(), self._queue[0][0]) < 0:
            return False, b""
        data = self._queue.pop(0)[1] if is_read else self._queue[0][1]
        return True, data

    def say_all(self):
        """Return the frames that are ready now, for the UART does not wait to be asked."""
        said = []
        is_ready, data = self.look(True)
        while is_ready and not self.silent:
            said.append(data)
            is_ready, data = self.look(True)
        return said

    # --- inside ---

    def _say(self, data, delay_ms):
        if self.spoil:
            data = self.spoil(data)
        if data:
            self._queue.append((ticks.add(self.clock_ms(), delay_ms), data))

    def _take_frame(self, data):
        is_good = len(data) > 7 and data[:3] == b"\x00\x00\xff" and data[3] == len(data) - 7
        is_good = is_good and not (data[3] + data[4]) & 0xFF and data[5] == 0xD4
        if not is_good or sum(data[5:-1]) & 0xFF:
            return
        self._queue = []
        self._searching = False
        self._say(_ACK, _ACK_MS)
        if self.is_deaf:
            return
        payload = data[6:-2]
        if payload[0] == 0x4A:
            self._search(payload)
            return
        answer = self._answer(payload)
        self._finish(answer, _ACK_MS + _WORK_MS)

    def _answer(self, payload):
        if payload == b"\x02":
            return b"\x03\x32\x01\x06\x07"
        if payload[0] == 0x14:
            self._is_set_up = payload[1] == 1
            return b"\x15"
        if payload[:2] == b"\x32\x05" and len(payload) == 5:
            self._retries = payload[4]
            return b"\x33"
        if payload[:2] == b"\x32\x01":
            self.is_field_on = bool(payload[2] & 1)
            return b"\x33"
        if payload[0] == 0x52:
            return b"\x53\x00"
        return None

    def _search(self, payload):
        if payload != b"\x4a\x01\x00" or not self._is_set_up:
            self._finish(None, _ACK_MS + _WORK_MS)
            return
        self.is_field_on = True
        if not self.cards:
            self._searching = self._retries == 0xFF
            if not self._searching:
                self._finish(b"\x4b\x00", _ACK_MS + _SEARCH_MS * (1 + self._retries))
            return
        uid, sens, sak, ats = self.cards[0]
        answer = b"\x4b\x01\x01" + sens + bytes((sak, len(uid))) + uid + ats
        self._finish(answer, _ACK_MS + _SEARCH_MS + _LEVEL_MS * (len(uid) // 3))

    def _search_again(self):
        # Retries FF: it goes on for ever, until a card comes.
        if self._searching and self.cards:
            self._searching = False
            self._search(b"\x4a\x01\x00")

    def _finish(self, answer, delay_ms):
        self._last = _ERROR if answer is None else _frame(b"\xd5" + answer)
        self._say(self._last, delay_ms)


def _frame(payload):
    size = len(payload)
    head = bytes((0, 0, 0xFF, size, (256 - size) & 0xFF))
    return head + payload + bytes(((256 - sum(payload) % 256) & 0xFF, 0))
