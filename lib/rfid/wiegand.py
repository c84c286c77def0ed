"""Readers with a Wiegand output: 26 and 34 bits, over two lines that are low for a bit each.

The interrupts of the lines feed `WiegandInput`, `Wiegand` makes cards of its bits. Source: SIA
AC-01-1996.10 (26 bits); 34 bits extend it in the same way. Such a reader gives no sign of life,
and its parity bits are weak: a length that is not right, or a single wrong bit, is caught.

An interrupt that is served too late, behind more than eight others, loses a bit and with it the
frame: the user holds the card up again.
"""

import ticks
from micropython import const
from rfid.repeats import Repeats

_RING = const(128)
_MASK = const(127)
_BITS_MAX = const(37)
_BITS_A_TICK = const(64)
_GAP_MS = const(60)
_HOLD_MS = const(2000)


class WiegandInput:
    """The two lines. `zero` and `one` are for machine.Pin.irq, falling edges; no allocation."""

    def __init__(self):
        self._ring = bytearray(_RING)
        self._head = 0
        self._tail = 0

    def zero(self, _pin=None):
        """D0 went low."""
        self._put(0)

    def one(self, _pin=None):
        """D1 went low."""
        self._put(1)

    def take(self):
        """Return the next bit, None when there is none."""
        if self._tail == self._head:
            return None
        bit = self._ring[self._tail]
        self._tail = (self._tail + 1) & _MASK
        return bit

    def _put(self, bit):
        after = (self._head + 1) & _MASK
        if after != self._tail:  # a full ring holds three frames: they are noise anyway
            self._ring[self._head] = bit
            self._head = after


class Wiegand:
    """One reader. The UID is the data without parity, most significant byte first: 3 or 4 bytes.

    lines: WiegandInput, or what has its `take`.
    has_keypad: report keys, 4 bits, or 8 with their complement, as ("key", 0 .. 15).
    `garbled` counts frames of a wrong length or parity; keys, where not reported, are ignored.
    """

    is_silent = False

    def __init__(self, lines, has_keypad=False):
        self.garbled = 0
        self._lines = lines
        self._has_keypad = has_keypad
        self._bits = bytearray(_BITS_MAX)
        self._count = 0
        self._gap = ticks.Deadline()
        self._card = Repeats(_HOLD_MS)

    @property
    def held(self):
        """The UID of the card that was read last, for 2 s; or None."""
        return self._card.uid

    def next_deadline(self):
        """Return the end of the frame that comes in, None when none does."""
        return self._gap.moment

    def tick(self, now):
        """Take in bits, 64 at most. Returns an event tuple (see the package) or None.

        Tick every 50 ms or faster: longer, and two frames become one that is thrown away.
        """
        for _ in range(_BITS_A_TICK):
            bit = self._lines.take()
            if bit is None:
                break
            if self._count < _BITS_MAX:
                self._bits[self._count] = bit
            self._count += 1
            self._gap.start(now, _GAP_MS)
        if self._gap.expired(now):
            self._gap.stop()
            event = self._end(now)
            self._count = 0
            if event:
                return event
        return self._card.tick(now)

    def _end(self, now):
        count = self._count
        if count in (26, 34):
            half = count // 2
            # The first half has even parity, the second odd, each with its parity bit.
            if not self._sum(0, half) & 1 and self._sum(half, count) & 1:
                return self._card.seen(now, self._bytes(1, count - 1))
        elif count in (4, 8) and self._is_key(count):
            return ("key", self._bits_as_number(count - 4, count)) if self._has_keypad else None
        self.garbled += 1
        return None

    def _sum(self, first, end):
        return sum([self._bits[i] for i in range(first, end)])

    def _is_key(self, count):
        return count == 4 or all([self._bits[i] != self._bits[i + 4] for i in range(4)])

    def _bits_as_number(self, first, end):
        value = 0
        for i in range(first, end):
            value = value << 1 | self._bits[i]
        return value

    def _bytes(self, first, end):
        return bytes([self._bits_as_number(i, i + 8) for i in range(first, end, 8)])
