"""The rig of the guard's tests over time: one guard, an obedient contactor, a live application."""

import ticks

from firmware.guard import guard
from firmware.guard.guard import CLOSED, Guard
from tests.sim import guard_names as names

PWM = 17476  # 16 A
X1 = guard.DUTY_X1
LOW = -12000
A, B, C, D, E = 12000, 9000, 6000, 3000, 0


class Rig:
    """A guard with a contactor whose mirror follows one step later, stepped every 10 ms."""

    def __init__(self, now=1000):
        self.guard = Guard()
        self.now = now
        self.high_mv = B
        self.low_mv = LOW
        self.trips = 0
        self.is_alive = True  # the application refreshes its request
        self.is_stuck = None  # True: welded, False: does not close
        self.mirror = False

    def step(self, count=1):
        """Step `count` times, 10 ms each."""
        for _ in range(count):
            self.now = ticks.add(self.now, 10)
            if self.is_alive:
                self.guard.requested_at = self.now
            self.guard.step(self.now, self.high_mv, self.low_mv, self.mirror, self.trips)
            self.mirror = self.guard.close if self.is_stuck is None else self.is_stuck

    def steps_until(self, state, limit=2000):
        """Step until the state is `state`; returns the number of steps."""
        for count in range(1, limit + 1):
            self.step()
            if self.guard.state == state:
                return count
        raise AssertionError("state %d not reached" % state)

    def dip(self, count, high_mv=C, low_mv=LOW):
        """For `count` steps the pilot has other levels; then C with a diode, not stepped yet."""
        self.high_mv = high_mv
        self.low_mv = low_mv
        self.step(count)
        self.high_mv = C
        self.low_mv = LOW

    def offer(self):
        """B2: pilot offers, diode seen."""
        self.guard.request_duty = PWM
        self.step(50)

    def ask(self, high_mv=C):
        """B2, then C and the wish to close, not stepped yet."""
        self.offer()
        self.guard.request_close = True
        self.high_mv = high_mv

    def charge(self):
        """C2 with the contactor closed."""
        self.ask()
        self.steps_until(CLOSED)
        self.step(5)

    def why(self):
        return names.REASONS[self.guard.reason >> 4][self.guard.reason & 15]


def charging(now=1000):
    rig = Rig(now)
    rig.charge()
    return rig
