"""The clock of one boot: uptime across the tick wrap, setting it, stamps before and after."""

import unittest

from firmware.clock import Clock

_LAST = 0x3FFFFFFF
_NOON_S = 848_562_172  # 2026-11-21T07:42:52Z


class UptimeTest(unittest.TestCase):
    def test_uptime_across_tick_wrap_goes_on(self):
        # Twenty days in ticks of half a day: the counter wraps, the uptime does not.
        clock = Clock(1)
        now = _LAST - 1000
        self.assertEqual(clock.uptime_s(now), 0)
        for half_day in range(1, 41):
            now = (now + 43_200_000) & _LAST
            self.assertEqual(clock.uptime_s(now), half_day * 43_200)

    def test_uptime_in_small_ticks_loses_nothing(self):
        # Rests below a second are carried on: 3000 ticks of 7 ms are 21 s.
        clock = Clock(1)
        for count in range(3001):
            clock.tick(5 + 7 * count)
        self.assertEqual(clock.stamp(5 + 21_000), (1, 21, 0))

    def test_tick_backwards_changes_nothing(self):
        # A moment that was read before another one must not turn the uptime back.
        clock = Clock(1)
        clock.tick(1000)
        clock.tick(3500)
        clock.tick(3400)
        self.assertEqual(clock.stamp(3500), (1, 2, 500))

    def test_boot_zero_is_refused(self):
        # Zero marks wall time in a stamp; a boot of that number would be mistaken for it.
        with self.assertRaises(AssertionError):
            Clock(0)


class WallTest(unittest.TestCase):
    def setUp(self):
        self.clock = Clock(7, floor_s=800_000_000)
        self.clock.tick(_LAST - 500)

    def test_wall_before_set_is_unknown(self):
        # Time unknown is never given as a time.
        self.assertFalse(self.clock.known)
        self.assertIsNone(self.clock.wall(0))
        self.assertIsNone(self.clock.text(self.clock.stamp(0)))

    def test_wall_after_set_keeps_milliseconds(self):
        # Set in the middle of a second of the uptime, read in the middle of another.
        self.assertIsNone(self.clock.set(300, _NOON_S, 123))
        self.assertTrue(self.clock.known)
        self.assertEqual(self.clock.wall(300), (_NOON_S, 123))
        self.assertEqual(self.clock.wall(1176), (_NOON_S, 999))
        self.assertEqual(self.clock.wall(1177), (_NOON_S + 1, 0))
        self.assertEqual(self.clock.stamp(2300), (0, _NOON_S + 2, 123))

    def test_text_after_set_is_rfc3339(self):
        # The form that goes on the wire.
        self.clock.set(300, _NOON_S, 123)
        self.assertEqual(self.clock.text(self.clock.stamp(300)), "2026-11-21T07:42:52.123Z")

    def test_set_forwards_tells_the_step(self):
        # The step decides whether a SettingSystemTime event is due.
        self.clock.set(0, _NOON_S, 0)
        self.assertEqual(self.clock.set(1000, _NOON_S + 61, 0), 60)
        self.assertEqual(self.clock.wall(1000), (_NOON_S + 61, 0))

    def test_set_backwards_tells_the_step(self):
        # The CSMS is right, also when it says that it is earlier.
        self.clock.set(0, _NOON_S, 0)
        self.assertEqual(self.clock.set(1000, _NOON_S - 3599, 0), -3600)
        self.assertEqual(self.clock.wall(1000), (_NOON_S - 3599, 0))

    def test_set_leaves_uptime_alone(self):
        # Uptime is monotonic whatever the wall time does.
        self.clock.set(0, _NOON_S, 0)
        self.clock.set(1000, 5, 0)
        self.assertEqual(self.clock.uptime_s(9500), 10)

    def test_wall_after_twenty_days_is_exact(self):
        # The wall time follows the uptime across the wrap of the ticks.
        self.clock.set(0, _NOON_S, 250)
        now = 0
        for _ in range(20):
            now = (now + 86_400_000) & _LAST
            self.clock.tick(now)
        self.assertEqual(self.clock.wall(now), (_NOON_S + 20 * 86_400, 250))


class ResolveTest(unittest.TestCase):
    def setUp(self):
        self.clock = Clock(7, floor_s=800_000_000)
        self.clock.tick(1000)

    def test_resolve_stamp_taken_before_set_gives_its_moment(self):
        # A transaction started off line gets its true time after the first BootNotification.
        stamp = self.clock.stamp(31_250)
        self.assertEqual(stamp, (7, 30, 250))
        self.assertIsNone(self.clock.resolve(stamp))
        self.clock.set(61_000, _NOON_S, 0)
        self.assertEqual(self.clock.resolve(stamp), (_NOON_S - 30, 250))

    def test_resolve_stamp_of_older_boot_gives_the_floor(self):
        # Its reference is lost: unknown first, then the latest moment known to be past.
        self.assertIsNone(self.clock.resolve((6, 30, 250)))
        self.clock.set(2000, _NOON_S, 0)
        self.assertEqual(self.clock.resolve((6, 30, 250)), (800_000_000, 0))

    def test_resolve_wall_stamp_before_set_is_kept(self):
        # A time that an earlier boot knew is a time, also while this one knows none.
        self.assertEqual(self.clock.resolve((0, _NOON_S, 9)), (_NOON_S, 9))

    def test_resolve_is_never_later_than_now(self):
        # The clock goes back, the floor is wrong, a record is damaged: still not in the future.
        self.clock.set(2000, 700_000_000, 400)
        for stamp in (
            (0, _NOON_S, 0),
            (6, 1, 0),
            (8, 1, 0),
            (7, 99_999, 0),
            (0, 700_000_000, 401),
        ):
            self.assertEqual(self.clock.resolve(stamp), (700_000_000, 400))
        self.assertEqual(self.clock.resolve((0, 700_000_000, 399)), (700_000_000, 399))

    def test_resolve_after_second_set_follows_the_last(self):
        # The better knowledge wins for stamps that carry only an uptime.
        stamp = self.clock.stamp(11_000)
        self.clock.set(21_000, _NOON_S, 0)
        self.clock.set(21_000, _NOON_S + 100, 0)
        self.assertEqual(self.clock.resolve(stamp), (_NOON_S + 90, 0))

    def test_resolve_any_stamp_once_known_is_not_none(self):
        # Whatever was stored can be sent.
        self.clock.set(2000, _NOON_S, 0)
        for boot in (0, 1, 6, 7, 8, 1_000_000):
            self.assertIsNotNone(self.clock.resolve((boot, 0, 0)))
            self.assertIsNotNone(self.clock.text((boot, 0, 0)))
