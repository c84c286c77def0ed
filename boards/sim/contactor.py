"""The contactor and its mirror contact: moves some ms after the coil, and may fail in two ways."""

from micropython import const

_STEP_MS = const(10)
_CLOSE_MS = const(20)
_OPEN_MS = const(20)


class Contactor:
    """`coil` is what the board drives; `closed` is where the contacts are, as the mirror says."""

    def __init__(self):
        self.coil = False
        self.closed = False
        self.welded = False
        self.stuck_open = False
        self.operations = 0
        self._moving_ms = 0

    def step(self):
        """Live through 10 ms."""
        target = (self.coil or self.welded) and not self.stuck_open
        if self.welded and not self.closed and not self.coil:
            # Contacts weld when they are closed, not before.
            target = False
        if target == self.closed:
            self._moving_ms = 0
            return
        self._moving_ms += _STEP_MS
        if self._moving_ms >= (_CLOSE_MS if target else _OPEN_MS):
            self.closed = target
            self.operations += 1
            self._moving_ms = 0
