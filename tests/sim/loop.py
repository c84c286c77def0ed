"""asyncio on virtual time, on both interpreters: a simulated day takes milliseconds.

`run(main())` runs until `main` returns; whenever no task is ready, time jumps to the next one
that is due. `now()` is what `time.ticks_ms()` is on the device, and wraps as it does there; a run
starts five minutes before the wrap, so that every test crosses it. Nothing scheduled any more
while `main` waits is a Deadlock. There is no real input or output in here: importing this module
puts asyncio on virtual time for the whole process.

Both interpreters keep their own order among tasks that are due at the same moment; a trace of
several tasks repeats per interpreter, not across.
"""

import sys

import ticks

WRAP = 1 << 30
START = WRAP - 5 * 60 * 1000

if sys.implementation.name == "micropython":
    from tests.sim import loop_micropython as _engine
else:
    from tests.sim import loop_cpython as _engine


class Deadlock(Exception):
    """Nothing is scheduled, so nothing can ever happen again, and the main task is not done."""


class _Clock:
    """Virtual time. `elapsed_ms` does not wrap."""

    def __init__(self):
        self.start = START
        self.elapsed_ms = 0

    def now(self):
        """Return the moment, ticks in ms."""
        return (self.start + self.elapsed_ms) % WRAP

    def advance(self, delay_ms):
        """Let `delay_ms` (>= 0) pass."""
        assert delay_ms >= 0
        self.elapsed_ms += delay_ms

    def deadlock(self):
        """Stop the run: called by the engine when nothing is scheduled."""
        raise Deadlock("nothing is scheduled after %d ms" % self.elapsed_ms)


_clock = _Clock()
_engine.install(_clock)


def now():
    """Return the virtual moment, ticks in ms, 0 .. 2**30 - 1."""
    return _clock.now()


def elapsed_ms():
    """Return the virtual ms since the run began; does not wrap."""
    return _clock.elapsed_ms


def stall(delay_ms):
    """Let `delay_ms` pass while no task gets a turn, as a blocking call does."""
    _clock.advance(delay_ms)


def run(main, start=START):
    """Run the coroutine `main` on virtual time that begins at `start` (ticks); returns its result.

    Raises what `main` raises; Deadlock; and the first exception that a task of its own ended with
    unseen, once `main` is done. Tasks that are still there then are dropped.
    """
    _clock.start = ticks.add(start, 0)
    _clock.elapsed_ms = 0
    unseen = []
    result = _engine.run(main, _clock, unseen)
    if unseen:
        raise unseen[0]
    return result
