"""A residual current module: one output, one test input, as Western Automation's RCM14 has them.

The output goes high at a leak, and some ms after the test input does; it falls with its cause.
"""

from micropython import const

_STEP_MS = const(10)
_REACTION_MS = const(60)


class RcmChip:
    """`test` is driven by the board, `output` read by it. Faults: `leak`; `dead` (the test does
    nothing)."""

    def __init__(self):
        self.test = False
        self.leak = False
        self.dead = False
        self.tests = 0
        self._tested = False
        self._moving_ms = 0

    @property
    def output(self):
        """True while the module says that there is residual current."""
        return self.leak or self._tested

    def step(self):
        """Live through 10 ms."""
        target = self.test and not self.dead
        if target == self._tested:
            self._moving_ms = 0
            return
        self._moving_ms += _STEP_MS
        if self._moving_ms >= _REACTION_MS:
            self._tested = target
            self._moving_ms = 0
            self.tests += 1 if target else 0
