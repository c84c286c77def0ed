"""Meters with a pulse output (S0, EN 62053-31): each pulse is a fraction of a kWh.

`PulseInput` counts in the interrupt of a pin, `PulseMeter` makes readings of the count. There is
no sign of life: a meter whose wire is cut looks like one through which nothing flows. It knows
neither volts nor amperes.
"""

import ticks
from meters.meter import Meter
from micropython import const

_PULSE_MS = const(20)  # EN 62053-31 4.2: a pulse lasts 30 ms at least
_MASK = const(0x3FFFFFFF)
_MINUTE_MS = const(60_000)
_NEVER_MS = const(0x1FFFFFFF)


class PulseInput:
    """Counts pulses of a pin; `count` is their number modulo 2**30.

    An interrupt that is served late makes a pulse short, and a short one does not count: where
    the port has a hardware counter with a filter, that is the better source.
    """

    def __init__(self):
        self.count = 0
        self._is_active = False
        self._since = 0

    def edge(self, now, is_active):
        """The pin is `is_active` (the output conducts) at `now`, in ticks. Allocates nothing.

        A pulse counts at its end, if it lasted 20 ms: spikes and bounces are shorter.
        """
        if is_active and not self._is_active:
            self._since = now
        elif self._is_active and not is_active and ticks.diff(now, self._since) >= _PULSE_MS:
            self.count = (self.count + 1) & _MASK
        self._is_active = is_active


class PulseMeter(Meter):
    """A meter behind an object with `count`, a number of pulses modulo 2**30.

    pulses_per_kwh: 1 .. 100000, as printed on the meter.
    start_wh: where its energy begins; it counts from there at each start.
    """

    name = "S0"

    def __init__(self, source, pulses_per_kwh=1000, start_wh=0, period_ms=1000):
        super().__init__(_NEVER_MS)
        self._source = source
        self._per_kwh = pulses_per_kwh
        self._period_ms = period_ms
        self._due = ticks.Deadline()
        self._seen = source.count
        self._rest = 0  # pulses times 1000, less than one Wh of them
        self._energy_wh = start_wh
        self._pulse_at = None
        self._power_w = 0

    def tick(self, now):
        """Take the pulses that came since the last call."""
        self._count_silence(now)
        self._silent_ms = 0
        new = (self._source.count - self._seen) & _MASK
        if new:
            self._seen = self._source.count
            self._rest += new * 1000
            self._energy_wh += self._rest // self._per_kwh
            self._rest %= self._per_kwh
            self._measure(now, new)
        elif self._pulse_at is not None:
            self._fade(now)
        if not self._due.running or self._due.expired(now):
            self._due.start(now, self._period_ms)
            self._publish(now)

    def poll_now(self, now):
        """Publish at the next tick."""
        self._due.start(now, 0)

    def _measure(self, now, new):
        if self._pulse_at is not None:
            self._power_w = self._watts(new, ticks.diff(now, self._pulse_at))
        self._pulse_at = now

    def _fade(self, now):
        # As long as no pulse comes, the power is less than one pulse in the time that has passed.
        passed_ms = ticks.diff(now, self._pulse_at)
        if passed_ms < 0 or passed_ms > 60 * _MINUTE_MS:
            self._pulse_at = None
            self._power_w = 0
        elif self._power_w:
            self._power_w = min(self._power_w, self._watts(1, passed_ms))

    def _watts(self, pulses, passed_ms):
        passed_ms = max(1, passed_ms)
        return (pulses * 3_600_000_000 // self._per_kwh + passed_ms // 2) // passed_ms

    def _publish(self, now):
        self.power_w = self._power_w
        self.energy_wh = self._energy_wh
        self._is_read(now)
