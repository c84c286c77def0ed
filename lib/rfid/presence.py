"""One report per presence: what a reader sees becomes "card" and "removed"."""

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


def _is_random(uid):
    # ISO/IEC 14443-3 6.5.4: a single size UID that starts with 08 is made anew whenever the card
    # loses the field. A phone that stays where it is must not look like a row of cards.
    return len(uid) == _RANDOM_LENGTH and uid[0] == _RANDOM_FIRST
