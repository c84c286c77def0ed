"""One report per presence, for readers that speak by themselves: "card" and "removed"."""

import ticks


class Repeats:
    """A card is there until nothing more was heard of it for `hold_ms`.

    Another one takes its place at once, for it may be sent only once.
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
