"""Driver of the PN532 card reader chip: one command after the other, a small step a tick.

`link` carries the bytes: `rfid.pn532_uart`, `rfid.pn532_i2c` or `rfid.pn532_spi`. A tick either
sends a frame or looks for one. Frames and commands follow NXP's UM0701-02, "PN532 User
Manual", chapters 6.2 and 7.

The chip is told how often to call: by default a search without a card never ends. The field goes
off after each search, so each one finds the card as if it had just come, whatever its type.
"""

import ticks
from micropython import const
from rfid.presence import Presence

_SAM = const(0)
_VERSION = const(1)
_RETRIES = const(2)
_LIST = const(3)
_RELEASE = const(4)
_FIELD_OFF = const(5)
# D4 = to the chip, then the command: normal mode, 1 s, IRQ pin; firmware; retries FF, 01, 02; one
# card of 106 kbit/s type A; release all; field off.
_COMMANDS = (
    b"\xd4\x14\x01\x14\x01",
    b"\xd4\x02",
    b"\xd4\x32\x05\xff\x01\x02",
    b"\xd4\x4a\x01\x00",
    b"\xd4\x52\x00",
    b"\xd4\x32\x01\x00",
)
_ACK = b"\x00\x00\xff\x00\xff\x00"
_NACK = b"\x00\x00\xff\xff\x00\x00"
_FROM_CHIP = const(0xD5)
_IC = const(0x32)
_HEAD = const(6)  # 00 00 FF LEN LCS, and TFI
_UID_AT = const(7)  # in the answer to _LIST: code, count, target, SENS_RES, SEL_RES, length, UID

_OFF = const(0)
_RESTING = const(1)
_ACK_DUE = const(2)
_ANSWER_DUE = const(3)

_NOTHING = const(0)
_IS_ACK = const(1)
_IS_ANSWER = const(2)
_IS_BROKEN = const(3)

_ACK_MS_MAX = const(30)
_ANSWER_MS_MAX = const(150)
_RETRY_MS = const(100)
_SILENT_RETRY_MS = const(1000)
_REST_MS_MIN = const(20)
_SUCCESS_MS_MAX = const(60_000)
_NACKS_MAX = const(2)
_FAILURES_MAX = const(3)
_BUFFER = const(112)


class Pn532:
    """One reader chip.

    link: `wake()`, `send(frame)`, `receive(view)` -> number of bytes. None waits or raises.
    poll_ms: from one search for cards to the next, 100 or more.
    `restarts`, `failures` count set-ups and commands that went wrong.
    """

    def __init__(self, link, poll_ms=200):
        self.is_silent = False
        self.restarts = 0
        self.failures = 0
        self._link = link
        self._poll_ms = poll_ms
        self._out = bytearray(16)
        self._out_view = memoryview(self._out)
        self._in = bytearray(_BUFFER)
        self._in_view = memoryview(self._in)
        self._length = 0
        self._answer_at = 0
        self._answer_length = 0
        self._presence = Presence()
        self._state = _OFF
        self._command = _SAM
        self._nacks = 0
        self._reply = None
        self._failed = 0
        self._next = ticks.Deadline()
        self._success = ticks.Deadline()
        self._poll_started = 0

    @property
    def held(self):
        """The UID of the card that is held to the reader, or None."""
        return self._presence.uid

    def next_deadline(self):
        """Return the moment until when nothing is to be done, unless the chip answers before."""
        return self._next.moment

    def tick(self, now):
        """Do one step. Returns an event tuple (see the package) or None. Tick every 5 to 20 ms."""
        if self._reply:
            frame, state, limit_ms = self._reply
            self._reply = None
            self._await(now, state, limit_ms)
            self._link.send(frame)
            return None
        if self._state >= _ACK_DUE:
            return self._listen(now)
        if self._next.running and not self._next.expired(now):
            return None
        if self._state == _OFF:
            self.restarts += 1
            self._link.wake()
            self._rest(now, _SAM, 0)
        else:
            self._send(now)
        return None

    def _send(self, now):
        if self._command == _LIST:
            # An idle minute, or a chip that lost its settings unnoticed: who can tell?
            if self._success.expired(now):
                self._state = _OFF
                return
            self._poll_started = now
        size = build_frame(self._out, _COMMANDS[self._command])
        self._nacks = 0
        self._length = 0
        self._await(now, _ACK_DUE, _ACK_MS_MAX)
        self._link.send(self._out_view[:size])

    def _await(self, now, state, limit_ms):
        self._state = state
        self._next.start(now, limit_ms)

    def _rest(self, now, command, delay_ms):
        self._state = _RESTING
        self._command = command
        self._next.start(now, delay_ms)

    def _listen(self, now):
        """Take in what came; go on, or give up when it is late."""
        if self._length == _BUFFER:
            self._length = 0  # no frame of ours is so long
        self._length += self._link.receive(self._in_view[self._length :])
        found = self._find()
        if found == _IS_ACK:
            self._await(now, _ANSWER_DUE, _ANSWER_MS_MAX)
            found = self._find()
        if found == _IS_ANSWER:
            return self._answered(now)
        if found == _IS_BROKEN or self._next.expired(now):
            return self._go_wrong(now)
        return None

    def _find(self):
        """Look for a frame in what came, and take it out. Returns which kind."""
        data = self._in
        for at in range(self._length - 3):
            if data[at] or data[at + 1] != 0xFF:
                continue
            size = data[at + 2]
            if size == 0 and data[at + 3] == 0xFF:
                self._drop(at + 4)
                return _IS_ACK
            if (size + data[at + 3]) & 0xFF or size == 0:
                continue
            end = at + 4 + size
            if end >= self._length:
                return _NOTHING
            if sum(self._in_view[at + 4 : end + 1]) & 0xFF or data[at + 4] != _FROM_CHIP:
                self._drop(end + 1)
                return _IS_BROKEN
            if self._state == _ANSWER_DUE and data[at + 5] == _COMMANDS[self._command][1] + 1:
                self._answer_at = at + 5
                self._answer_length = size - 1
                return _IS_ANSWER
        return _NOTHING

    def _drop(self, count):
        for i in range(count, self._length):
            self._in[i - count] = self._in[i]
        self._length -= count

    def _go_wrong(self, now):
        """The frame was broken or is missing: ask for it once more, or begin from the wake-up; at
        the next tick, for this one has used the bus already."""
        self._next.start(now, 0)
        if self._state == _ANSWER_DUE and self._nacks < _NACKS_MAX:
            self._nacks += 1
            self._length = 0
            self._reply = (_NACK, _ANSWER_DUE, _ANSWER_MS_MAX)
            return None
        # UM0701 6.2.1.3: an ACK ends the command that runs.
        self._reply = (_ACK, _OFF, _SILENT_RETRY_MS if self.is_silent else _RETRY_MS)
        self.failures += 1
        self._failed += 1
        if self._failed < _FAILURES_MAX or self.is_silent:
            return None
        self.is_silent = True
        return ("silent",)

    def _answered(self, now):
        command = self._command
        data = self._in_view[self._answer_at : self._answer_at + self._answer_length]
        if command == _SAM:
            self._rest(now, _VERSION, 0)
        elif command == _VERSION:
            if len(data) < 2 or data[1] != _IC:
                return self._go_wrong(now)
            self._success.start(now, _SUCCESS_MS_MAX)
            self._rest(now, _RETRIES, 0)
        elif command == _RETRIES:
            self._rest(now, _LIST, 0)
        elif command == _LIST:
            return self._listed(now, data)
        elif command == _RELEASE:
            self._rest(now, _FIELD_OFF, 0)
        else:
            left_ms = self._poll_ms - ticks.diff(now, self._poll_started)
            self._rest(now, _LIST, max(left_ms, _REST_MS_MIN))
        return None

    def _listed(self, now, data):
        """A search has ended. Returns the event that it makes."""
        uid = _uid(data)
        self._failed = 0
        self._rest(now, _RELEASE if uid else _FIELD_OFF, 0)
        if self.is_silent:
            self.is_silent = False
            return ("back",)  # reported alone; the card is still there at the next search
        if uid is None:
            return self._presence.missed()
        if not uid:
            self.failures += 1
            return None
        self._success.start(now, _SUCCESS_MS_MAX)
        return self._presence.seen(uid)


def build_frame(frame, payload):
    """Write `payload` (D4 and a command) into `frame` as a normal frame; returns its length."""
    size = len(payload)
    frame[0] = frame[1] = 0
    frame[2] = 0xFF
    frame[3] = size
    frame[4] = -size & 0xFF
    for i in range(size):
        frame[5 + i] = payload[i]
    frame[5 + size] = -sum(payload) & 0xFF
    frame[6 + size] = 0
    return size + 7


def frame_size(data):
    """Return how many bytes of `data`, which begin with 00 00 FF, are the frame."""
    size = data[3]
    return min(len(data), 6 if size in (0x00, 0xFF) else size + 7)


def _uid(data):
    """Return the UID in an answer to _LIST, None for no card, b"" for what cannot be."""
    if len(data) < 2 or data[1] == 0:
        return None
    length = data[6] if len(data) > _UID_AT else 0
    # A card of ISO/IEC 14443-4 adds its ATS behind the UID.
    if length not in (4, 7, 10) or len(data) < _UID_AT + length:
        return b""
    return bytes(data[_UID_AT : _UID_AT + length])
