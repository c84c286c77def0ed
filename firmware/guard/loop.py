"""The guard's cycle: read the hardware, step the guards, drive, feed the watchdog.

Called every 10 ms by a timer callback, never by asyncio: no slow coroutine may stand in front of
it. It decides nothing. It neither raises nor allocates; what the hardware raises is counted and
taken for a bad pilot, which opens.
"""

from micropython import const

_NO_PILOT_MV = const(-32768)  # a level that no threshold accepts
_LATE_MS = const(50)
_UNKNOWN = const(-1)  # a duty that no guard asks for
_DEAD_MS = const(60_000)  # without a request for so long the application does not come back


class GuardLoop:
    """All guards of a board with the connectors they drive.

    A connector of the HAL has: read_pilot(buffer) fills [high_mv, low_mv]; mirror() -> bool or
    None; trips() -> TRIP_ bits; contactor(is_closed); set_duty(duty_u16). None of them may wait.

    Facts: last_step (ticks of the last step, None before the first), gap_ms_max (longest time
    between two steps), gaps_over_50_closed (how many were over 50 ms with a contactor closed),
    hal_errors (calls into the HAL, a guard or the watchdog that raised).
    """

    def __init__(self, connectors, guards, watchdog, ticks):
        """connectors, guards: sequences of equal length. watchdog: has feed().

        ticks: has diff(later, earlier) in ms.
        """
        assert len(connectors) == len(guards)
        self._connectors = connectors
        self._guards = guards
        self._watchdog = watchdog
        self._ticks = ticks
        self._count = len(guards)
        self._pilot_mv = [0, 0]
        self._mirrors = [False] * self._count
        self._trips = [0] * self._count
        # What is known to be driven; the contactor is unknown at first, so it is opened.
        self._driven = [None] * self._count
        self._duties = [_UNKNOWN] * self._count
        self.last_step = None
        self.gap_ms_max = 0
        self.gaps_over_50_closed = 0
        self.hal_errors = 0
        # True: the application was ended by a person, and is not to be brought back by a reset.
        self.is_alone = False
        self._heard_at = None

    def step(self, now):
        """One cycle for all connectors. now: ticks."""
        self._measure_gap(now)
        is_obeyed = True
        for index in range(self._count):
            self._read(index)
            if not self._decide(index, now):
                is_obeyed = False
            if not self._apply(index):
                is_obeyed = False
        if is_obeyed and self._is_heard(now):
            # What cannot be opened by its pin, or is not decided, is opened by the reset.
            try:
                self._watchdog.feed()
            except Exception:  # noqa: BLE001  nothing may leave the timer callback
                self._count_error()

    def reset_gaps(self):
        """Begin the gap statistics anew."""
        self.gap_ms_max = 0
        self.gaps_over_50_closed = 0

    def _is_heard(self, now):
        """Is there an application that asks for something, or was there one a minute ago?"""
        for index in range(self._count):
            if self._guards[index].requested_at is not None:
                self._heard_at = None
                return True
        if self._heard_at is None:
            self._heard_at = now
        return self.is_alone or self._ticks.diff(now, self._heard_at) < _DEAD_MS

    def _measure_gap(self, now):
        if self.last_step is not None:
            gap_ms = self._ticks.diff(now, self.last_step)
            if gap_ms > self.gap_ms_max:
                self.gap_ms_max = gap_ms
            if gap_ms > _LATE_MS and self._is_any_closed():
                self.gaps_over_50_closed += 1
        self.last_step = now

    def _is_any_closed(self):
        for index in range(self._count):
            if self._guards[index].close:
                return True
        return False

    def _read(self, index):
        """Read one connector; what cannot be read keeps its value, the pilot becomes bad."""
        connector = self._connectors[index]
        try:
            connector.read_pilot(self._pilot_mv)
            self._mirrors[index] = connector.mirror()
            self._trips[index] = connector.trips()
            if self._duties[index] == _UNKNOWN:
                # A pilot that cannot be driven says nothing about the EV.
                self._pilot_mv[0] = self._pilot_mv[1] = _NO_PILOT_MV
        except Exception:  # noqa: BLE001  a driver's fault opens, whatever it is
            self._pilot_mv[0] = self._pilot_mv[1] = _NO_PILOT_MV
            self._count_error()

    def _decide(self, index, now):
        """Step one guard; returns False if it could not: then it is opened."""
        guard = self._guards[index]
        high_mv, low_mv = self._pilot_mv
        try:
            guard.step(now, high_mv, low_mv, self._mirrors[index], self._trips[index])
        except Exception:  # noqa: BLE001  a request that is no integer must not keep it closed
            guard.close = False
            self._count_error()
            return False
        return True

    def _apply(self, index):
        """Drive one connector; returns False if its contactor should open and did not obey."""
        guard = self._guards[index]
        if guard.close:
            # Closing: the pilot first, and the contactor only if the pilot obeyed.
            if self._set_duty(index, guard.duty):
                self._set_contactor(index, True)
            return True
        is_open = self._set_contactor(index, False)
        self._set_duty(index, guard.duty)
        return is_open

    def _set_contactor(self, index, is_closed):
        if self._driven[index] is is_closed:
            return True
        try:
            # Unknown until the call has come back: one that failed is repeated.
            self._driven[index] = None
            self._connectors[index].contactor(is_closed)
            self._driven[index] = is_closed
        except Exception:  # noqa: BLE001
            self._count_error()
            return False
        return True

    def _set_duty(self, index, duty):
        if self._duties[index] == duty:
            return True
        try:
            self._duties[index] = _UNKNOWN
            self._connectors[index].set_duty(duty)
            self._duties[index] = duty
        except Exception:  # noqa: BLE001
            self._count_error()
            return False
        return True

    def _count_error(self):
        self.hal_errors = (self.hal_errors + 1) & 0x3FFFFFFF
