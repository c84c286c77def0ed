"""Virtual time for a whole charger: nothing waits, a day passes in seconds.

Has the interface of boards.sim.runtime.Runtime, so the simulated board does not notice. The
counter starts shortly before its wrap.
"""

import ticks

_START = 0x3FFFFFFF - 3_000
_STEP_MS = 10


class VirtualTime:
    """Time that passes only in `step` and `stall`."""

    def __init__(self):
        self.now = _START
        self.uptime_ms = 0
        self.advance = None
        self._timers = []

    def ticks_ms(self):
        """Return the board's millisecond counter."""
        return self.now

    def every(self, period_ms, callback):
        """Call `callback(now)` each `period_ms`."""
        self._timers.append([ticks.add(self.now, period_ms), period_ms, callback])

    def stall(self, stall_ms):
        """The VM is blocked: time passes, no timer runs, the world goes on."""
        self.now = ticks.add(self.now, stall_ms)
        self.uptime_ms += stall_ms
        if self.advance:
            self.advance(self.now)

    def step(self):
        """Let 10 ms pass."""
        self.stall(_STEP_MS)
        for timer in self._timers:
            late_ms = ticks.diff(self.now, timer[0])
            if late_ms >= 0:
                # After a stall a timer runs once and keeps its rhythm, as on the board.
                timer[0] = ticks.add(timer[0], timer[1] * (late_ms // timer[1] + 1))
                timer[2](self.now)

    def keep_first_timer(self):
        """Drop all timers but the first, the guard's: for measurements of the firmware alone."""
        del self._timers[1:]
