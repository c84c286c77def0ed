"""Uptime and wall time of one boot, and the stamps by which records remember a moment.

A stamp is a tuple (boot, seconds, millis). boot 0: seconds since 2000-01-01 UTC. boot > 0: uptime
of that boot, taken while the wall time was unknown. Time unknown is never sent as a time: such a
stamp becomes a time only when it is resolved. Nothing here reads a clock; `now` is a tick in ms
(see lib/ticks.py), and whoever owns the clock calls `tick` at least once a day.
"""

import rfc3339
import ticks


class Clock:
    """The clock of boot number `boot` (1, 2, 3 ... , never used twice).

    floor_s: seconds since 2000 that it is surely later than: the last known time that was
    persisted, or the time of the build. Only stamps of older boots need it.
    """

    def __init__(self, boot, floor_s=0):
        if boot < 1:
            raise AssertionError("boot numbers begin with 1")
        self.boot = boot
        self.floor_s = floor_s
        self._seen = None
        self._uptime_s = 0
        self._uptime_ms = 0
        self._start_s = None
        self._start_ms = 0

    @property
    def known(self):
        """True once somebody has set the wall time."""
        return self._start_s is not None

    def tick(self, now):
        """Count the uptime on. A `now` before the last one is not believed and changes nothing."""
        if self._seen is None:
            self._seen = now
        elapsed_ms = ticks.diff(now, self._seen)
        if elapsed_ms <= 0:
            return
        self._seen = now
        elapsed_ms += self._uptime_ms
        self._uptime_s += elapsed_ms // 1000
        self._uptime_ms = elapsed_ms % 1000

    def uptime_s(self, now):
        """Return whole seconds since the first call that carried a `now`."""
        self.tick(now)
        return self._uptime_s

    def set(self, now, seconds, millis=0):
        """Set the wall time: seconds since 2000, millis 0..999; later and earlier both allowed.

        Returns by how many seconds the clock was moved (negative: back), None if it was unknown.
        """
        self.tick(now)
        before_s = self._start_s
        borrow = 1 if millis < self._uptime_ms else 0
        self._start_s = seconds - self._uptime_s - borrow
        self._start_ms = millis - self._uptime_ms + 1000 * borrow
        return None if before_s is None else self._start_s - before_s

    def wall(self, now):
        """Return (seconds since 2000, millis), or None while the wall time is unknown."""
        self.tick(now)
        return self._wall_of(self._uptime_s, self._uptime_ms) if self.known else None

    def stamp(self, now):
        """Return the stamp of `now`, a tuple that can be stored."""
        self.tick(now)
        if not self.known:
            return (self.boot, self._uptime_s, self._uptime_ms)
        seconds, millis = self._wall_of(self._uptime_s, self._uptime_ms)
        return (0, seconds, millis)

    def resolve(self, stamp):
        """Return (seconds since 2000, millis) of a stamp, or None if it cannot be known yet.

        Never None once the wall time is known, and then never later than the last tick: a record
        from the future would be refused. A stamp of this boot is exact. A stamp of another boot
        has lost its reference; it resolves to the floor, the latest moment known to be past.
        """
        boot, seconds, millis = stamp
        if not self.known:
            return (seconds, millis) if boot == 0 else None
        if boot == self.boot:
            seconds, millis = self._wall_of(seconds, millis)
        elif boot != 0:
            seconds, millis = self.floor_s, 0
        latest = self._wall_of(self._uptime_s, self._uptime_ms)
        return min(latest, (seconds, millis))

    def text(self, stamp):
        """Return the stamp as OCPP writes it, `2026-11-21T07:42:52.123Z`, or None if unknown."""
        moment = self.resolve(stamp)
        return None if moment is None else rfc3339.format(moment[0], moment[1])

    def _wall_of(self, uptime_s, uptime_ms):
        millis = self._start_ms + uptime_ms
        return self._start_s + uptime_s + millis // 1000, millis % 1000
