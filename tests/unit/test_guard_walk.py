"""Random walks of one guard: whatever is done to it, what it may never do, it never does."""

import unittest

import ticks

from firmware.guard.guard import CLOSED, LATCHED, Guard
from tests.sim import guard_names as names

_LEVELS = (12000, 9000, 6000, 6000, 6000, 3000, 0, -12000, -32768)
_DUTIES = (65535, 0, 3277, 17476, 17476, 62914, 70000)


class World:
    """Everything that can happen to a guard, at random, and what must never follow."""

    def __init__(self, seed):
        self.seed = seed
        self.now = ticks.add(0x3FFFFFFF, -3000)
        self.guard = Guard()
        self.level = 12000
        self.low = -12000
        self.mirror = False
        self.stuck = None
        self.trips = 0
        self.alive = True
        # The oracle's own memory, in steps of 10 ms.
        self.outside = 0
        self.inside = 0
        self.since_refresh = 999
        self.closed_x1 = 0
        self.since_duty = 999
        self.closings = 0
        self.latches = 0

    def pick(self, count):
        self.seed = self.seed * 16363 % 65521
        return self.seed % count

    def disturb(self):
        """Change one thing; mostly back to what lets a charge begin."""
        kind = self.pick(12)
        unit = self.guard
        if kind < 3:
            self.level = _LEVELS[self.pick(len(_LEVELS))]
        elif kind == 3:
            self.low = (-12000, -5600, 0)[self.pick(3)]
        elif kind == 4:
            unit.request_duty = _DUTIES[self.pick(len(_DUTIES))]
        elif kind == 5:
            unit.request_close = not unit.request_close
        elif kind == 6:
            self.alive = self.pick(4) != 0
        elif kind == 7:
            self.stuck = (None, None, None, True, False)[self.pick(5)]
        elif kind == 8:
            self.trips = (0, 0, 0, 1, 2, 64)[self.pick(6)]
        elif kind == 9:
            unit.clear(self.now, self.pick(2) == 0)
        else:
            self.level, self.low, self.stuck, self.trips = 6000, -12000, None, 0
            unit.request_duty, unit.request_close, self.alive = 17476, True, True

    def step(self):
        """One step, and what the oracle remembers of it."""
        unit = self.guard
        self.now = ticks.add(self.now, 10)
        self.since_refresh += 1
        if self.alive:
            unit.requested_at = self.now
            self.since_refresh = 0
        # B, for half a second after a new offer, at most every 4.5 s, or 40 ms after closing.
        hides_b = unit.close and self.since_duty <= 55 and 0 < unit.duty < 65535
        self.since_duty += 1
        if 4500 < self.level < (10500 if hides_b else 7500) and unit.duty != 0:
            self.inside += 1
            self.outside = 0
        else:
            self.inside = 0
            self.outside += 1
        was_open = not unit.close
        before = unit.state
        clearing = unit._clear
        duty_before = unit.duty
        unit.step(self.now, self.level, self.low, self.mirror, self.trips)
        self.judge(was_open, before, clearing, duty_before)
        if self.since_duty > 450 and unit.close:
            if was_open:
                self.since_duty = 51
            elif unit.duty != duty_before:
                self.since_duty = 0
        self.mirror = unit.close if self.stuck is None else self.stuck

    def judge(self, was_open, before, clearing, duty_before):
        """Raise AssertionError for what must never be."""
        unit = self.guard
        if before == LATCHED and unit.state != LATCHED:
            assert clearing and self.trips == 0, "latch undone by itself"
        if unit.state == LATCHED:
            asked_f = unit.request_duty == 0 and self.since_refresh <= 100
            assert unit.duty == (0 if asked_f else 65535)
            assert not unit.close and unit.trips_latched
            self.latches += before != LATCHED
        if not unit.close:
            self.closed_x1 = 0
            return
        assert unit.state == CLOSED
        assert unit.request_close and self.trips == 0
        assert self.outside < 3, "closed outside of C"
        assert self.since_refresh <= 100, "closed on a stale request"
        self.closed_x1 = self.closed_x1 + 1 if unit.duty == 65535 else 0
        assert self.closed_x1 <= 651, "closed in X1 for too long"
        assert unit.duty == 65535 or 5243 <= unit.duty <= 62915
        if was_open:
            self.closings += 1
            assert self.inside >= 25, "closed without the filter"
            assert 5243 <= duty_before <= 62915, "closed without an offer before"
            assert not self.mirror, "closed upon a closed contactor"


class WalkTest(unittest.TestCase):
    def test_step_in_random_worlds_never_does_what_it_must_not(self):
        # 30 worlds of 50 s; the counts prove that the walks get somewhere.
        closings = latches = 0
        for seed in range(1, 31):
            world = World(seed * 1009)
            for count in range(5000):
                if count % 20 == 0 and world.pick(2) == 0:
                    world.disturb()
                world.step()
            closings += world.closings
            latches += world.latches
        print("%d closings, %d latches" % (closings, latches))
        self.assertTrue(closings > 100)
        self.assertTrue(latches > 50)

    def test_reasons_of_a_walk_always_have_a_name(self):
        # Every event of a walk can be told to a person.
        world = World(4711)
        for _ in range(3000):
            if world.pick(20) == 0:
                world.disturb()
            world.step()
            code = world.guard.take_event()
            while code >= 0:
                self.assertTrue(len(names.REASONS[code >> 4][code & 15]) > 0)
                code = world.guard.take_event()
