"""Driver of the MFRC522 card reader chip on SPI (mode 0, 10 MHz at most), one small step a tick.

No tick waits or makes more than 16 SPI transactions. Register names and sequences follow NXP's
MFRC522 data sheet (rev. 3.9) chapters 8 to 10; what goes through the air is `iso14443a`.

The field is off between polls as long as no card is there. While one is held it stays on: the
card then keeps a UID that it made up, and HLTA and WUPA do the rest.
"""

import ticks
from micropython import const
from rfid.iso14443a import DONE, MORE, REQA, WUPA, Selection, append_crc
from rfid.presence import Presence

_COMMAND = const(0x01)
_COM_IRQ = const(0x04)
_ERROR = const(0x06)
_FIFO_DATA = const(0x09)
_FIFO_LEVEL = const(0x0A)
_CONTROL = const(0x0C)
_BIT_FRAMING = const(0x0D)
_COLL = const(0x0E)
_TX_CONTROL = const(0x14)
_VERSION = const(0x37)

_IDLE = const(0x00)
_TRANSCEIVE = const(0x0C)
_SOFT_RESET = const(0x0F)
_IRQ_CLEAR_ALL = const(0x7F)  # Set1 = 0: the marked bits are cleared
_IRQ_SET1 = const(0x80)  # write only, reads 0: a 1 means that nobody drives the line
_IRQ_RX = const(0x20)
_IRQ_TIMER = const(0x01)
_FIFO_FLUSH = const(0x80)
_ERROR_COLLISION = const(0x08)
_ERROR_FATAL = const(0x13)  # overflow, parity, protocol
_COLL_INVALID = const(0x20)
_START_SEND = const(0x80)
_FIELD_ON = const(0x83)
_FIELD_OFF = const(0x80)
_SHORT_FRAME_BITS = const(7)

# NXP 1.0 and 2.0, 0.0, then copies: FM17522 in three editions and one of unknown origin.
_VERSIONS = b"\x91\x92\x90\x88\x89\xb2\x12"

# Register, value: 106 kbit/s without CRC in the chip; timer 40 kHz x 1000 = 25 ms, started by
# the end of each transmission; 100 % ASK; bits after a collision read 0.
_SET_UP = (
    b"\x12\x00\x13\x00\x24\x26\x2a\x80\x2b\xa9\x2c\x03\x2d\xe8\x15\x40\x11\x3d\x0e\x00\x14\x80"
)

_OFF = const(0)
_RESETTING = const(1)
_RESTING = const(2)
_FIELD_RISES = const(3)
_CALLING = const(4)
_SELECTING = const(5)

_RESET_MS = const(50)
_RETRY_MS = const(1000)
_FIELD_MS = const(6)  # ISO/IEC 14443-3 5: 5 ms until a card must listen; one tick may be cut off
_STEP_MS = const(2)
_EXCHANGE_MS_MAX = const(36)
_REST_MS_MIN = const(20)
_SUCCESS_MS_MAX = const(60_000)
_STUCK_MAX = const(3)
_ANSWER_MAX = const(5)


class Mfrc522:
    """One reader chip.

    spi: as machine.SPI, a transfer of 10 bytes at most.
    select: chip select, called with 0 (selected) and 1, as machine.Pin.
    poll_ms: from one search for cards to the next, 60 or more.
    """

    def __init__(self, spi, select, poll_ms=160):
        self.is_silent = False
        self.restarts = 0
        self.failures = 0
        self._spi = spi
        self._select = select
        self._poll_ms = poll_ms
        self._out = bytearray(10)
        self._in = bytearray(10)
        self._out_view = memoryview(self._out)
        self._in_view = memoryview(self._in)
        self._data = self._in_view[1:]
        self._request = self._out_view[:2]
        self._two_out = bytearray(2)
        self._two_in = bytearray(2)
        self._halt = bytearray(b"\x50\x00\x00\x00")
        append_crc(self._halt, 2)
        self._selection = Selection()
        self._presence = Presence()
        self._state = _OFF
        self._next = ticks.Deadline()
        self._success = ticks.Deadline()
        self._started = 0
        self._poll_started = 0
        self._stuck = 0
        self._is_field_on = False

    @property
    def held(self):
        """The UID of the card that is held to the reader, or None."""
        return self._presence.uid

    def next_deadline(self):
        """Return the moment of the next useful tick, None before the first one."""
        return self._next.moment

    def tick(self, now):
        """Do one step. Returns an event tuple (see the package) or None. Tick every 5 to 20 ms."""
        if self._state >= _CALLING:
            return self._await_answer(now)
        if self._next.running and not self._next.expired(now):
            return None
        if self._state == _OFF:
            self._reset(now)
        elif self._state == _RESETTING:
            return self._set_up(now)
        elif self._state == _RESTING:
            self._begin_poll(now)
        else:
            self._call(now, REQA)
        return None

    def _reset(self, now):
        self.restarts += 1
        self._write(_COMMAND, _SOFT_RESET)
        self._is_field_on = False
        self._enter(_RESETTING, now, _RESET_MS)

    def _set_up(self, now):
        if self._read(_VERSION) not in _VERSIONS:
            self._enter(_OFF, now, _RETRY_MS)
            return self._report_silent()
        for i in range(0, len(_SET_UP), 2):
            self._write(_SET_UP[i], _SET_UP[i + 1])
        self._success.start(now, _SUCCESS_MS_MAX)
        self._enter(_RESTING, now, 0)
        # A chip that has a version but never ends a command is of no more use than none.
        return self._report_silent() if self._stuck >= _STUCK_MAX else None

    def _report_silent(self):
        if self.is_silent:
            return None
        self.is_silent = True
        return ("silent",)

    def _begin_poll(self, now):
        # 60 s without any card may be an idle night or a chip that lost its settings unnoticed.
        if self._read(_VERSION) not in _VERSIONS or self._success.expired(now):
            self._reset(now)
            return
        self._poll_started = now
        if self._is_field_on:
            self._call(now, WUPA)
            return
        self._write(_TX_CONTROL, _FIELD_ON)
        self._is_field_on = True
        self._enter(_FIELD_RISES, now, _FIELD_MS)

    def _call(self, now, request):
        self._out[1] = request
        self._send(now, 1, _SHORT_FRAME_BITS)
        self._state = _CALLING

    def _await_answer(self, now):
        """Look whether the chip is done with the last frame; 13 transactions at most."""
        irq = self._read(_COM_IRQ)
        if irq & _IRQ_SET1 or not irq & (_IRQ_RX | _IRQ_TIMER):
            if irq & _IRQ_SET1 or ticks.diff(now, self._started) > _EXCHANGE_MS_MAX:
                # The chip's own timer should have ended it: it has lost its settings, or more.
                self._stuck += 1
                self._reset(now)
            else:
                self._next.start(now, _STEP_MS)
            return None
        self._stuck = 0
        event = self._answered(now) if irq & _IRQ_RX else self._end_poll(now)
        if self.is_silent:
            self.is_silent = False
            return ("back",)
        return event

    def _answered(self, now):
        if self._state == _CALLING:
            # Whatever the ATQA says, also a collided one: somebody is there.
            self._selection.start()
            self._send_selection(now)
            return None
        result = self._receive()
        if result == MORE:
            self._send_selection(now)
            return None
        if result != DONE:
            self.failures += 1
            return self._end_poll(now)
        self._success.start(now, _SUCCESS_MS_MAX)
        self._send_frame(now, self._halt, 4, 0)  # No answer means success: none is awaited.
        self._rest(now)
        return self._presence.seen(memoryview(self._selection.uid)[: self._selection.uid_length])

    def _end_poll(self, now):
        """End a poll without a card. The field goes off: a card left half-way begins anew."""
        self._write(_TX_CONTROL, _FIELD_OFF)
        self._is_field_on = False
        self._rest(now)
        # The first sign of life after a silence is reported alone; a miss can wait.
        return None if self.is_silent else self._presence.missed()

    def _receive(self):
        """Fetch the answer out of the chip. Returns what the selection makes of it."""
        error = self._read(_ERROR)
        length = self._read(_FIFO_LEVEL)
        is_cut = self._read(_CONTROL) & 7
        collision = 0
        if error & _ERROR_COLLISION:
            position = self._read(_COLL)
            collision = -1 if position & _COLL_INVALID else position & 0x1F or 32
        elif is_cut:
            return None
        if error & _ERROR_FATAL or not 0 < length <= _ANSWER_MAX:
            return None
        for i in range(length):
            self._out[i] = 0x80 | _FIFO_DATA << 1
        self._out[length] = 0
        self._transfer(self._out_view[: length + 1], self._in_view[: length + 1])
        return self._selection.answer(self._data, length, collision)

    def _send_selection(self, now):
        selection = self._selection
        self._send_frame(now, selection.frame, selection.frame_length, selection.last_bits)
        self._state = _SELECTING

    def _send_frame(self, now, frame, length, last_bits):
        for i in range(length):
            self._out[1 + i] = frame[i]
        self._send(now, length, last_bits << 4 | last_bits)

    def _send(self, now, length, framing):
        """Transmit `_out[1:1 + length]` and listen; 7 transactions."""
        self._write(_COMMAND, _IDLE)
        self._write(_COM_IRQ, _IRQ_CLEAR_ALL)
        self._write(_FIFO_LEVEL, _FIFO_FLUSH)
        self._out[0] = _FIFO_DATA << 1
        self._select(0)
        self._spi.write(self._request if length == 1 else self._out_view[: length + 1])
        self._select(1)
        self._write(_BIT_FRAMING, framing)
        self._write(_COMMAND, _TRANSCEIVE)
        self._write(_BIT_FRAMING, framing | _START_SEND)
        self._started = now
        self._next.start(now, _STEP_MS)

    def _rest(self, now):
        left_ms = self._poll_ms - ticks.diff(now, self._poll_started)
        self._enter(_RESTING, now, max(left_ms, _REST_MS_MIN))

    def _enter(self, state, now, delay_ms):
        self._state = state
        self._next.start(now, delay_ms)

    def _write(self, register, value):
        self._two_out[0] = register << 1
        self._two_out[1] = value
        self._select(0)
        self._spi.write(self._two_out)
        self._select(1)

    def _read(self, register):
        self._two_out[0] = 0x80 | register << 1
        self._two_out[1] = 0
        self._transfer(self._two_out, self._two_in)
        return self._two_in[1]

    def _transfer(self, out, into):
        self._select(0)
        self._spi.write_readinto(out, into)
        self._select(1)
