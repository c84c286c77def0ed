"""How long to wait before the next try: doubling, capped, jittered, never giving up."""

from micropython import const

_FIRST_MS = const(1000)
_LONGEST_MS = const(60000)


class Backoff:
    """`next_ms()` after each failure, `reset()` after a success."""

    def __init__(self, random):
        """`random(count)` returns so many random bytes; it spreads a fleet that lost its CSMS."""
        self._random = random
        self._wait_ms = 0

    def reset(self):
        """The next failure is the first again."""
        self._wait_ms = 0

    def next_ms(self):
        """Return the wait before the next try, 1 s to 60 s, up to a quarter of it by chance."""
        self._wait_ms = min(_LONGEST_MS, self._wait_ms * 2) if self._wait_ms else _FIRST_MS
        jitter_ms = self._wait_ms // 4 * self._random(1)[0] // 255
        return self._wait_ms - self._wait_ms // 4 + jitter_ms
