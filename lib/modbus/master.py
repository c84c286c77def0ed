"""The master of one serial line: it reads registers, one request at a time, and waits for nothing.

The line may be bad: leading 00 or FF of line bias, our own bytes coming back, lost or flipped
bytes, a babbling neighbour. A reply counts only with the address, function and size that were
asked for and a correct CRC; anything else ends in a time-out.
"""

import ticks
from micropython import const
from modbus import rtu

_REGISTERS_MAX = const(80)  # the largest block that the meters in use deliver
_REPLY_EXTRA = const(5)
_REQUEST_SIZE = const(8)
_RECEIVED_MAX = const(200)  # the largest reply, our own echo, and some noise
_BITS_PER_CHARACTER = const(11)  # start, 8 data, parity, stop; without parity a little too much
_QUIET_BITS = const(39)  # 3.5 characters (Modbus over Serial Line 2.5.1.1)
_QUIET_FIXED_MS = const(2)  # above 19200 bit/s: 1.75 ms
_BABBLE_MS = const(250)

_IDLE = const(0)
_QUIET = const(1)
_SENDING = const(2)
_WAITING = const(3)


class Master:
    """One line. `tick` it every 5 to 20 ms, so that the direction is turned in time.

    uart: as machine.UART (`any`, `readinto`, `write`) with a receive buffer of 200 bytes or more,
    a transmit buffer that takes a request, so that `write` does not wait until it has left, and no
    time-out of its own; with `direction` also `txdone`.
    baud: its speed in bit/s.
    direction: None, or called with 1 to send and 0 to receive, as machine.Pin.
    reply_ms: how long a slave may think before its reply; 250 .. 500.
    For whoever borrows the line: `uart`; `turn`, the direction; `baud_rate`, and `parity_bit` as
    machine.UART has it, to which the port must return.
    Counters: `replies`, `exceptions`, `silences` (nothing came), `garbled` (nothing legible).
    """

    def __init__(self, uart, baud, direction=None, reply_ms=300):
        self.sent_at = None
        self.replies = 0
        self.exceptions = 0
        self.silences = 0
        self.garbled = 0
        self.uart = uart
        self.baud_rate = baud
        self.parity_bit = None
        self.turn = direction
        self._reply_ms = reply_ms
        self._quiet_ms = _QUIET_FIXED_MS if baud > 19200 else 1 + _QUIET_BITS * 1000 // baud
        self._request = bytearray(_REQUEST_SIZE)
        self._received = bytearray(_RECEIVED_MAX)
        self._view = memoryview(self._received)
        self._length = 0
        self._reply_head = bytearray(3)
        self._reply_size = 0
        self._exception_head = bytearray(2)
        self._state = _IDLE
        self._quiet = ticks.Deadline()
        self._limit = ticks.Deadline()
        self._result = None
        if direction:
            direction(0)

    @property
    def idle(self):
        """True when a request would be taken."""
        return self._state == _IDLE and self._result is None

    def request(self, now, address, function, register, count):
        """Ask a slave for `count` registers (1 .. 80) from `register` on, with function 03 or 04.

        Returns False, and does nothing, while a request runs or a result has not been taken.
        `sent_at` is the moment it went out, None until then.
        """
        assert function in (rtu.READ_HOLDING, rtu.READ_INPUT)
        assert 0 < count <= _REGISTERS_MAX
        if not self.idle:
            return False
        rtu.build_request(self._request, address, function, register, count)
        self._reply_head[0] = self._exception_head[0] = address
        self._reply_head[1] = function
        self._reply_head[2] = 2 * count
        self._reply_size = 2 * count + _REPLY_EXTRA
        self._exception_head[1] = function | rtu.EXCEPTION_FLAG
        self.sent_at = None
        self._state = _QUIET
        self._limit.start(now, _BABBLE_MS)
        self.tick(now)
        return True

    def take(self):
        """Return the result once, else None.

        ("reply", data)      bytes-like: the registers, valid until the next request
        ("exception", code)  the slave refuses
        ("timeout",)         nothing, or nothing legible, came in time
        """
        result = self._result
        self._result = None
        return result

    def tick(self, now):
        """Move on: send when the line is quiet, gather what came, give up in time."""
        has_new = self._receive()
        if self._state == _IDLE or self._state == _QUIET:
            self._length = 0  # Nobody was asked: a late reply, or noise.
            if has_new:
                self._quiet.start(now, self._quiet_ms)
            elif self._quiet.expired(now):
                self._quiet.stop()
            if self._state == _QUIET:
                self._try_to_send(now)
            return
        self.listen(now)
        # What came is looked at before the clock: a late tick is no reason to throw it away.
        if has_new and self._find_result():
            self._end(now)
        elif self._limit.expired(now):
            self._give_up(now)

    def listen(self, now):
        """Turn the line round once the request is out; returns True while it is not.

        A slave may answer 3.5 characters later (Modbus over Serial Line 2.5.1.1), and what it
        says before the line is turned is lost: so ask oftener than `tick` in that time.
        """
        if self._state == _SENDING and self._is_sent(now):
            self.turn(0)
            self._state = _WAITING
        return self._state == _SENDING

    def _try_to_send(self, now):
        if self._quiet.running:
            if self._limit.expired(now):
                self._length = 1  # The line never falls silent: something babbles.
                self._give_up(now)
            return
        if self.turn:
            self.turn(1)
        self.uart.write(self._request)
        self.sent_at = now
        self._limit.start(now, self._wire_ms(_REQUEST_SIZE + self._reply_size) + self._reply_ms)
        self._state = _SENDING if self.turn else _WAITING

    def _is_sent(self, now):
        # Both: `txdone` may answer before the port has begun, the time may end before it is done.
        is_due = ticks.diff(now, self.sent_at) >= self._wire_ms(_REQUEST_SIZE)
        return is_due and self.uart.txdone()

    def _wire_ms(self, characters):
        return 1 + characters * _BITS_PER_CHARACTER * 1000 // self.baud_rate

    def _receive(self):
        """Read what the port has. Returns True when there was something."""
        count = self.uart.any()
        if not count:
            return False
        if self._length + count > _RECEIVED_MAX:
            self._drop_oldest()
        count = min(count, _RECEIVED_MAX - self._length)
        self._length += self.uart.readinto(self._view[self._length : self._length + count]) or 0
        return True

    def _drop_oldest(self):
        # The last bytes may be the beginning of the reply; a whole one was found before.
        keep = min(self._length, self._reply_size - 1)
        first = self._length - keep
        for i in range(keep):
            self._received[i] = self._received[first + i]
        self._length = keep

    def _find_result(self):
        data = self._received
        size = self._reply_size
        first = rtu.find_frame(data, self._length, self._reply_head, size)
        if first >= 0:
            self.replies += 1
            self._result = ("reply", self._view[first + 3 : first + size - 2])
            return True
        first = rtu.find_frame(data, self._length, self._exception_head, rtu.EXCEPTION_SIZE)
        if first >= 0:
            self.exceptions += 1
            self._result = ("exception", data[first + 2])
            return True
        return False

    def _give_up(self, now):
        if self._length == 0 or self._length == _REQUEST_SIZE:  # at most our own echo
            self.silences += 1
        else:
            self.garbled += 1
        self._result = ("timeout",)
        self._end(now)

    def _end(self, now):
        if self._state == _SENDING:
            self.turn(0)
        self._length = 0
        self._state = _IDLE
        self._limit.stop()
        self._quiet.start(now, self._quiet_ms)
