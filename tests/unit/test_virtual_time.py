"""asyncio on virtual time behaves alike on both interpreters."""

import asyncio
import unittest

import ticks

from tests.sim import loop

DAY_MS = 24 * 60 * 60 * 1000


class VirtualTimeTest(unittest.TestCase):
    def test_heartbeats_when_a_day_is_simulated_then_come_every_five_minutes(self):
        """A day takes no time and crosses the tick wrap, which no interval may notice."""

        async def beat(intervals_ms):
            last = loop.now()
            while True:
                await asyncio.sleep_ms(300_000)
                intervals_ms.append(ticks.diff(loop.now(), last))
                last = loop.now()

        async def main():
            intervals_ms = []
            asyncio.create_task(beat(intervals_ms))
            await asyncio.sleep_ms(DAY_MS + 1)
            return intervals_ms

        intervals_ms = loop.run(main())
        self.assertEqual(len(intervals_ms), 288)
        self.assertEqual(set(intervals_ms), {300_000})
        self.assertEqual(loop.elapsed_ms(), DAY_MS + 1)
        self.assertTrue(loop.now() < loop.START)

    def test_time_when_a_month_is_simulated_then_does_not_drift(self):
        """Five tick periods' worth of hours, each exactly on time."""

        async def main():
            for _ in range(30 * 24):
                await asyncio.sleep_ms(3_600_000)

        loop.run(main())
        self.assertEqual(loop.elapsed_ms(), 30 * DAY_MS)
        self.assertEqual(loop.now(), (loop.START + 30 * DAY_MS) % loop.WRAP)

    def test_wake_ups_when_due_on_both_sides_of_the_wrap_then_come_in_order(self):
        """The one due after the wrap has the smaller number, and is still the later one."""
        woken = []

        async def sleeper(name, delay_ms):
            await asyncio.sleep_ms(delay_ms)
            woken.append((name, loop.elapsed_ms()))

        async def main():
            for name, delay_ms in (("after", 300_005), ("before", 299_995), ("soon", 1)):
                asyncio.create_task(sleeper(name, delay_ms))
            await asyncio.sleep_ms(400_000)

        loop.run(main())
        self.assertEqual(woken, [("soon", 1), ("before", 299_995), ("after", 300_005)])

    def test_tasks_when_due_at_the_same_moment_then_run_in_the_order_they_slept(self):
        """What is due together runs first come, first served."""
        woken = []

        async def sleeper(name):
            await asyncio.sleep_ms(10)
            woken.append(name)

        async def main():
            for name in "abc":
                asyncio.create_task(sleeper(name))
            await asyncio.sleep_ms(20)

        loop.run(main())
        self.assertEqual(woken, ["a", "b", "c"])

    def test_run_when_nothing_is_scheduled_then_is_a_deadlock(self):
        """A wait that nobody will ever end is found at once."""

        async def main():
            await asyncio.Event().wait()

        self.assertRaises(loop.Deadlock, lambda: loop.run(main()))

    def test_run_when_one_has_deadlocked_then_the_next_starts_clean(self):
        """Nothing of a broken run is left behind."""

        async def stuck():
            asyncio.create_task(asyncio.Event().wait())
            await asyncio.Event().wait()

        async def sound():
            await asyncio.sleep_ms(5)
            return "done"

        self.assertRaises(loop.Deadlock, lambda: loop.run(stuck()))
        self.assertEqual(loop.run(sound()), "done")
        self.assertEqual(loop.elapsed_ms(), 5)

    def test_wait_for_when_it_times_out_then_exactly_that_time_has_passed(self):
        """Time-outs run on virtual time too, and the waiting task is cancelled."""
        seen = []

        async def stuck():
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                seen.append("cancelled")
                raise

        async def main():
            try:
                await asyncio.wait_for_ms(stuck(), 30_000)
            except asyncio.TimeoutError:
                seen.append("timeout")

        loop.run(main())
        self.assertEqual(seen, ["cancelled", "timeout"])
        self.assertEqual(loop.elapsed_ms(), 30_000)

    def test_event_when_made_before_the_run_then_wakes_its_waiter(self):
        """The application's objects are built before the loop starts."""
        event = asyncio.Event()

        async def set_later():
            await asyncio.sleep_ms(100)
            event.set()

        async def main():
            task = asyncio.create_task(set_later())
            await event.wait()
            await task
            return loop.elapsed_ms()

        self.assertEqual(loop.run(main()), 100)

    def test_gather_when_tasks_end_at_different_times_then_gives_all_results(self):
        """Awaiting several tasks works."""

        async def later(delay_ms):
            await asyncio.sleep_ms(delay_ms)
            return delay_ms

        async def main():
            return await asyncio.gather(later(30), later(10), later(20))

        self.assertEqual(list(loop.run(main())), [30, 10, 20])

    def test_task_when_cancelled_in_its_sleep_then_ends_at_once(self):
        """Cancelling brings the wake-up forward."""

        async def sleeper():
            await asyncio.sleep_ms(DAY_MS)

        async def main():
            task = asyncio.create_task(sleeper())
            await asyncio.sleep_ms(1)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                return loop.elapsed_ms()

        self.assertEqual(loop.run(main()), 1)

    def test_task_when_it_dies_unseen_then_the_run_raises_its_exception(self):
        """A background task must not fail in silence."""

        async def die():
            raise ValueError("nobody looks")

        async def main():
            asyncio.create_task(die())
            await asyncio.sleep_ms(10)

        self.assertRaises(ValueError, lambda: loop.run(main()))

    def test_main_when_it_raises_then_run_raises_it(self):
        """The plain case of failing."""

        async def main():
            raise KeyError("x")

        self.assertRaises(KeyError, lambda: loop.run(main()))

    def test_stall_when_a_task_blocks_then_the_others_are_late(self):
        """A blocking call takes the time of everybody."""
        woken = []

        async def sleeper():
            await asyncio.sleep_ms(10)
            woken.append(loop.elapsed_ms())

        async def main():
            task = asyncio.create_task(sleeper())
            await asyncio.sleep_ms(0)
            loop.stall(500)
            await task

        loop.run(main())
        self.assertEqual(woken, [500])
