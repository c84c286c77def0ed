"""The millisecond counter across its wrap, and deadlines upon it."""

import unittest

import micropython
import ticks

_LAST = 0x3FFFFFFF


class TicksTest(unittest.TestCase):
    def test_diff_across_wrap_is_small(self):
        # A moment just after the wrap is later than one just before it.
        self.assertEqual(ticks.diff(4, _LAST), 5)
        self.assertEqual(ticks.diff(_LAST, 4), -5)

    def test_diff_at_half_range_is_negative(self):
        # The two halves meet at 2**29: from there on "later" would be a guess.
        self.assertEqual(ticks.diff(0x1FFFFFFF, 0), 0x1FFFFFFF)
        self.assertEqual(ticks.diff(0x20000000, 0), -0x20000000)

    def test_add_across_wrap_comes_round(self):
        # Adding and subtracting stay inside the counter's range.
        self.assertEqual(ticks.add(_LAST, 1), 0)
        self.assertEqual(ticks.add(0, -1), _LAST)
        self.assertEqual(ticks.add(_LAST, 0x1FFFFFFF), 0x1FFFFFFE)

    def test_add_then_diff_gives_the_delay(self):
        # add and diff are inverse over the whole range.
        for moment in (0, 1, 77_777_777, _LAST - 1, _LAST):
            for delay in (0, 1, 50, 60_000, 0x1FFFFFFF, -1, -60_000):
                self.assertEqual(ticks.diff(ticks.add(moment, delay), moment), delay)

    def test_arithmetic_near_wrap_allocates_nothing(self):
        # The guard calls it with the heap locked, at the wrap as anywhere else.
        results = [0, 0, 0]
        micropython.heap_lock()
        try:
            results[0] = ticks.add(_LAST, 1000)
            results[1] = ticks.add(5, -1000)
            results[2] = ticks.diff(0, _LAST)
        finally:
            micropython.heap_unlock()
        self.assertEqual(results, [999, _LAST - 994, 1])


class DeadlineTest(unittest.TestCase):
    def test_deadline_not_started_never_expires(self):
        # "Not running" is None, not moment zero.
        deadline = ticks.Deadline()
        self.assertFalse(deadline.running)
        self.assertFalse(deadline.expired(0))
        self.assertIsNone(deadline.left(0))

    def test_deadline_across_wrap_expires_on_time(self):
        # Started five ms before the wrap, it runs out after it, not before.
        deadline = ticks.Deadline()
        deadline.start(_LAST - 4, 10)
        self.assertFalse(deadline.expired(4))
        self.assertEqual(deadline.left(4), 1)
        self.assertTrue(deadline.expired(5))
        self.assertEqual(deadline.left(6), 0)

    def test_deadline_stopped_is_forgotten(self):
        # Stop after expiry clears the expiry too.
        deadline = ticks.Deadline()
        deadline.start(0, 0)
        self.assertTrue(deadline.expired(0))
        deadline.stop()
        self.assertFalse(deadline.expired(1000))
