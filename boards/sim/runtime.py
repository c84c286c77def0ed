"""Time, timers and the event loop of the simulated board, on MicroPython and on CPython.

A board's timer interrupts Python between two byte codes. Here the timers run whenever the event
loop waits, and never while a task computes: a task that blocks delays the guard just as a stalled
VM would, and the guard's gap shows it. The counter starts five minutes before its wrap, so that no
arithmetic error hides for 12 days.
"""

import asyncio
import sys
import time

from micropython import const

import ticks

_MICROPYTHON = sys.implementation.name == "micropython"
_START = const(0x3FFFFFFF - 300_000)


def _host_ms():
    if _MICROPYTHON:
        return time.ticks_ms()
    return int(time.monotonic() * 1000) & 0x3FFFFFFF


class Timer:
    """A periodic callback. After a stall it runs once and keeps its rhythm."""

    def __init__(self, now, period_ms, callback):
        self.due = ticks.add(now, period_ms)
        self.period_ms = period_ms
        self.callback = callback

    def poll(self, now):
        """Run the callback if it is due."""
        late_ms = ticks.diff(now, self.due)
        if late_ms < 0:
            return
        self.due = ticks.add(self.due, self.period_ms * (late_ms // self.period_ms + 1))
        self.callback(now)


class Runtime:
    """Real time. `advance` is called with each new moment before any timer runs."""

    def __init__(self):
        self._origin = _host_ms()
        self._timers = []
        self.advance = None
        self.uptime_ms = 0
        self._last = _START

    def ticks_ms(self):
        """Return the board's millisecond counter."""
        return ticks.add(_START, ticks.diff(_host_ms(), self._origin))

    def every(self, period_ms, callback):
        """Call `callback(now)` each `period_ms`."""
        self._timers.append(Timer(self.ticks_ms(), period_ms, callback))

    def stall(self, stall_ms):
        """Block everything, as a TLS handshake or a sector erase does."""
        if _MICROPYTHON:
            time.sleep_ms(stall_ms)
        else:
            time.sleep(stall_ms / 1000)

    def poll(self):
        """Run what is due; return the ms until the next timer."""
        now = self.ticks_ms()
        self.uptime_ms += ticks.diff(now, self._last)
        self._last = now
        if self.advance:
            self.advance(now)
        wait_ms = 1000
        for timer in self._timers:
            timer.poll(now)
            left_ms = ticks.diff(timer.due, self.ticks_ms())
            if left_ms < wait_ms:
                wait_ms = left_ms
        return wait_ms if wait_ms > 0 else 0

    def run(self, main):
        """Run the coroutine `main` to its end, with the timers beneath it."""
        if _MICROPYTHON:
            _patch_micropython(self)
            return asyncio.run(main)
        return asyncio.run(self._with_timers(main))

    async def _with_timers(self, main):
        task = asyncio.ensure_future(self._pump())
        try:
            return await main
        finally:
            task.cancel()

    async def _pump(self):
        while True:
            await asyncio.sleep(self.poll() / 1000)


def _patch_micropython(runtime):
    """Let the loop's own wait run the timers: it waits no longer than to the next of them."""
    core = sys.modules["asyncio.core"] if "asyncio.core" in sys.modules else asyncio.core

    class TimerQueue(core.IOQueue):
        """MicroPython's poll object, with timers."""

        def wait_io_event(self, wait_ms):
            left_ms = runtime.poll()
            if wait_ms < 0 or left_ms < wait_ms:
                wait_ms = left_ms
            super().wait_io_event(wait_ms)

    asyncio.new_event_loop()
    core._io_queue = TimerQueue()
