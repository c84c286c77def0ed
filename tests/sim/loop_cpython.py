"""Virtual time for CPython's asyncio: the selector advances the clock instead of waiting."""

import asyncio
import selectors


class _Selector(selectors.DefaultSelector):
    """Says at once that nothing happened, and lets the time asked for pass."""

    def __init__(self, clock):
        super().__init__()
        self._clock = clock

    def select(self, timeout=None):
        """Return what is ready for real (wake-ups from threads), else let `timeout` s pass."""
        ready = super().select(0)
        if not ready:
            if timeout is None:
                self._clock.deadlock()
            if timeout > 0:
                self._clock.advance(max(1, round(timeout * 1000)))
        return ready


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, clock):
        super().__init__(_Selector(clock))
        self._clock = clock
        # Half a tick: seconds in floating point do not hit whole milliseconds exactly.
        self._clock_resolution = 0.0005

    def time(self):
        return self._clock.elapsed_ms / 1000


def install(_clock):
    """Give asyncio what the device's has besides the standard names."""
    asyncio.sleep_ms = sleep_ms
    asyncio.wait_for_ms = wait_for_ms


def run(main, clock, unseen):
    """Run `main` to its end; exceptions nobody asked for are appended to `unseen`."""
    loop = _Loop(clock)
    loop.set_exception_handler(lambda _loop, context: _remember(context, unseen))
    try:
        return loop.run_until_complete(main)
    finally:
        # Not awaited: a dropped task must not run on, nor cry that it was never finished.
        for task in asyncio.all_tasks(loop):
            task._log_destroy_pending = False
            task.get_coro().close()
        loop.close()


def _remember(context, unseen):
    if "exception" in context:
        unseen.append(context["exception"])


async def sleep_ms(delay_ms):
    """Stand in for MicroPython's asyncio.sleep_ms."""
    await asyncio.sleep(delay_ms / 1000)


async def wait_for_ms(awaitable, timeout_ms):
    """Stand in for MicroPython's asyncio.wait_for_ms."""
    return await asyncio.wait_for(awaitable, timeout_ms / 1000)
