"""Virtual time for MicroPython's asyncio.

Its task queue in C reads the real clock when a task becomes ready, which goes wrong as soon as the
two clocks are half a tick period apart. So queue and task are replaced by the ones below, together
with the clock and the wait for input; the rest of asyncio stays. This happens on import and for
good: an Event that was made before with a queue in C must never see a task of ours.
"""

import asyncio
from asyncio import core

import ticks

# What asyncio.core keeps in `state` of a task, besides the queue of those who wait for its end.
_RUNNING = True
_ENDED_UNSEEN = None
_ENDED_SEEN = False


class TaskQueue:
    """Tasks in the order they are due; those of the same moment in the order they came."""

    def __init__(self):
        self._tasks = []

    def peek(self):
        """Return the task that is due first, None if there is none."""
        return self._tasks[0] if self._tasks else None

    def push(self, task, due=None):
        """Add `task`, due at the moment `due` (ticks), or now."""
        task.data = None
        task.ph_key = core.ticks() if due is None else due
        place = len(self._tasks)
        while place and ticks.diff(task.ph_key, self._tasks[place - 1].ph_key) < 0:
            place -= 1
        self._tasks.insert(place, task)

    def pop(self):
        """Take the task that is due first."""
        return self._tasks.pop(0)

    def remove(self, task):
        """Take `task` out."""
        self._tasks.remove(task)


class Task:
    """A coroutine that runs, with the attributes that asyncio.core expects.

    `data`: the exception to throw into it, or what it waits for, or how it ended. `ph_key`: due.
    """

    def __init__(self, coro, _globals=None):
        self.coro = coro
        self.data = None
        self.state = _RUNNING
        self.ph_key = 0

    def __iter__(self):
        if self.done():
            self.state = _ENDED_SEEN
        elif self.state is _RUNNING:
            self.state = TaskQueue()
        elif not isinstance(self.state, TaskQueue):
            raise RuntimeError("can't wait")  # gather() put its callback there
        return self

    def __next__(self):
        if self.done():
            raise self.data
        self.state.push(core.cur_task)
        core.cur_task.data = self  # for cancel(), to find what the waiting task waits for

    def done(self):
        """Return True when the task has ended."""
        return not self.state

    def cancel(self):
        """Raise CancelledError where the task waits; False if it has ended already."""
        if self.done():
            return False
        if self is core.cur_task:
            raise RuntimeError("can't cancel self")
        sleeper = self
        while isinstance(sleeper.data, Task):
            sleeper = sleeper.data
        if hasattr(sleeper.data, "remove"):
            queue = sleeper.data  # of an Event or a Lock
        else:
            queue = core._task_queue
        queue.remove(sleeper)
        core._task_queue.push(sleeper)
        sleeper.data = asyncio.CancelledError()
        return True


class _Wait:
    """In the place of the poller: lets time pass instead of waiting for input."""

    def __init__(self, clock):
        self.map = {None: None}  # Not empty: else the loop ends when no task is scheduled.
        self._clock = clock

    def wait_io_event(self, delay_ms):
        """Let `delay_ms` pass; negative: nothing is scheduled."""
        if delay_ms < 0:
            self._clock.deadlock()
        self._clock.advance(delay_ms)


def install(clock):
    """Put asyncio on the time of `clock`."""
    core.ticks = clock.now
    core.ticks_add = ticks.add
    core.ticks_diff = ticks.diff
    core.Task = Task
    core.TaskQueue = TaskQueue


def run(main, clock, unseen):
    """Run `main` to its end; exceptions nobody asked for are appended to `unseen`."""
    asyncio.new_event_loop()
    core._io_queue = _Wait(clock)
    core.Loop.set_exception_handler(lambda _loop, context: unseen.append(context["exception"]))
    return asyncio.run(main)
