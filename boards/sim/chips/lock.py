"""A socket's lock: a bolt that travels while its motor runs, a switch at its locked end."""

from micropython import const

_STEP_MS = const(10)
TRAVEL_MS = const(200)


class LockChip:
    """Driven by the firmware: `towards_locked`, `towards_open` (both at once: nothing moves, and
    the bridge's `shorts` counts). `locked` is the feedback switch. Fault: `jammed`.
    `pulses` and `longest_ms` tell how the motor was treated."""

    def __init__(self):
        self.towards_locked = False
        self.towards_open = False
        self.jammed = False
        self.shorts = 0
        self.pulses = 0
        self.longest_ms = 0
        self._way_ms = 0
        self._driven_ms = 0

    @property
    def locked(self):
        """True while the bolt is at its locked end: the plug cannot be pulled."""
        return self._way_ms >= TRAVEL_MS

    def set(self, locked):
        """Put the bolt there: how the last run left it."""
        self._way_ms = TRAVEL_MS if locked else 0

    def step(self):
        """Live through 10 ms."""
        if not self.towards_locked and not self.towards_open:
            self._driven_ms = 0
            return
        if not self._driven_ms:
            self.pulses += 1
        self._driven_ms += _STEP_MS
        self.longest_ms = max(self.longest_ms, self._driven_ms)
        if self.towards_locked and self.towards_open:
            self.shorts += 1
        elif not self.jammed:
            step_ms = _STEP_MS if self.towards_locked else -_STEP_MS
            self._way_ms = min(max(self._way_ms + step_ms, 0), TRAVEL_MS)
