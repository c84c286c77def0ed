"""Differences of a millisecond counter that wraps at 2**30, as MicroPython's `time.ticks_ms` does.

Everything here works on plain integers and allocates nothing: on a 32-bit port a small integer
ends at 2**30 - 1, so no intermediate value may leave that range. A moment and another one may be
at most 2**29 ms (6.2 days) apart.
"""

from micropython import const

_MASK = const(0x3FFFFFFF)
_HALF = const(0x20000000)


def add(moment, delay_ms):
    """Return the moment `delay_ms` (-2**29 .. 2**29 - 1) after `moment`."""
    if delay_ms < 0:
        return (moment + delay_ms) & _MASK
    # One period less first: the sum would leave the small integers just before the wrap.
    return (moment - _MASK - 1 + delay_ms) & _MASK


def diff(later, earlier):
    """Return `later - earlier` in ms; negative if `later` comes first."""
    distance = (later - earlier) & _MASK
    return distance if distance < _HALF else distance - _MASK - 1


class Deadline:
    """A moment that may be set or not. It decides nothing; somebody asks it on each tick."""

    def __init__(self):
        self.moment = None

    @property
    def running(self):
        """True between `start` and `stop`, also after the moment has passed."""
        return self.moment is not None

    def start(self, now, delay_ms):
        """Run out `delay_ms` (0 .. 2**29 - 1) after `now`; a running deadline is replaced."""
        self.moment = add(now, delay_ms)

    def stop(self):
        """Forget the moment; `expired` is False from here on."""
        self.moment = None

    def expired(self, now):
        """Return True when the deadline runs and its moment is reached or passed."""
        return self.moment is not None and diff(now, self.moment) >= 0

    def left(self, now):
        """Return the ms that are left, 0 when passed, None when the deadline does not run."""
        if self.moment is None:
            return None
        left_ms = diff(self.moment, now)
        return left_ms if left_ms > 0 else 0
