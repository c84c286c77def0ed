"""One report per presence: what a reader sees becomes "card" and "removed"."""

import ticks
from micropython import const

_MISSES_MAX = const(3)
_RANDOM_LENGTH = const(4)
_RANDOM_FIRST = const(0x08)


class Presence:
    """Remembers the card that is held to a reader that is polled.

    Another card counts as a miss of the held one: it is reported after the held one is gone, so
    two cards in one wallet that answer in turns do not flap.
    """

    def __init__(self):
        self.uid = None
        self._misses = 0

    def seen(self, uid):
        """A poll has read `uid` (bytes-like). Returns an event tuple or None."""
        if self.uid is None:
            self.uid = bytes(uid)
            self._misses = 0
            return ("card", self.uid)
        if uid == self.uid or (_is_random(uid) and _is_random(self.uid)):
            self._misses = 0
            return None
        return self.missed()

    def missed(self):
        """A poll has read no card. Returns ("removed",) at the third in a row, else None."""
        if self.uid is None:
            return None
        self._misses += 1
        if self._misses < _MISSES_MAX:
            return None
        self.uid = None
        return ("removed",)


class Repeats:
    """The same for a reader that speaks by itself: a card is there until nothing more was heard
    of it for `hold_ms`. Another one takes its place at once: it may be sent only once.
    """

    def __init__(self, hold_ms):
        self.uid = None
        self._hold_ms = hold_ms
        self._following = None
        self._held = ticks.Deadline()

    def seen(self, now, uid):
        """The reader has sent `uid`. Returns an event tuple or None."""
        if self.uid is not None and uid != self.uid:
            self._following = uid
            self.uid = None
            return ("removed",)
        self._held.start(now, self._hold_ms)
        if self.uid is not None or uid == self._following:
            return None
        self._following = None
        self.uid = uid
        return ("card", uid)

    def tick(self, now):
        """Returns ("removed",) when it is time, ("card", uid) after that of another, or None."""
        if self._following is not None:
            uid = self._following
            self._following = None
            return self.seen(now, uid)
        if self.uid is None or not self._held.expired(now):
            return None
        self.uid = None
        self._held.stop()
        return ("removed",)


def _is_random(uid):
    # ISO/IEC 14443-3 6.5.4: a single size UID that starts with 08 is made anew whenever the card
    # loses the field. A phone that stays where it is must not look like a row of cards.
    return len(uid) == _RANDOM_LENGTH and uid[0] == _RANDOM_FIRST
