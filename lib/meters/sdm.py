"""Eastron SDM630: one block of input registers a second.

Source: Eastron "SDM630 Modbus protocol". The block 0000 .. 0049 is one read of 74 registers, below
the meter's limit of 80: all values are of one moment, and the line is asked once.
"""

import ticks
from meters.float32 import float32_scaled
from micropython import const
from modbus.rtu import READ_INPUT

_FIRST = const(0x0000)
_COUNT = const(74)
_TRIES = const(3)
_RETRY_MS = const(250)
_ID_MAX = const(0x3FFFFFFF)
_SILENT_MS_MAX = const(0x1FFFFFFF)

# First register, how many floats, scale, lowest, highest: V, A, W, power factor for each phase,
# then W, Hz and kWh (imported) of the whole. Not a number, or beyond: not a reading.
_VALUES = (
    (0x00, 3, 1000, 0, 600_000),
    (0x06, 3, 1000, 0, 1_000_000),
    (0x0C, 3, 1, -1_000_000, 1_000_000),
    (0x1E, 3, 1000, -2000, 2000),
    (0x34, 1, 1, -3_000_000, 3_000_000),
    (0x46, 1, 1000, 0, 1_000_000),
    (0x48, 1, 1000, 0, 0x3FFFFFFF),
)


class Sdm630:
    """One meter, with the interface described in the package.

    master: modbus.master.Master; meters that share a line share it.
    address: 1 .. 247.
    period_ms: from one request to the next, 500 or more.
    lost_ms: after so long without a good reading it is not `online` any more.
    """

    def __init__(self, master, address=1, period_ms=1000, lost_ms=11_000):
        self.reading_id = 0
        self.sampled_at = None
        self.online = False
        self.voltage_mv = [None, None, None]
        self.current_ma = [None, None, None]
        self.power_phase_w = [None, None, None]
        self.power_factor_permille = [None, None, None]
        self.power_w = None
        self.frequency_mhz = None
        self.energy_wh = None
        self.implausible = 0
        self.refused = 0
        self.missed = 0
        self._master = master
        self._address = address
        self._period_ms = period_ms
        self._lost_ms = lost_ms
        self._fresh = [0] * 15
        self._is_asked = False
        self._is_urgent = False
        self._failures = 0
        self._due = ticks.Deadline()
        self._silent_ms = 0
        self._last_tick = None

    def tick(self, now):
        """Ask when it is time, take what came. Ticks the master too."""
        self._count_silence(now)
        self._master.tick(now)
        if self._is_asked:
            result = self._master.take()
            if result is not None:
                self._is_asked = False
                self._take(now, result)
        if not self._is_asked and (not self._due.running or self._due.expired(now)):
            self._ask(now)

    def poll_now(self, now):
        """Ask again as soon as the line is free; a request still under way was sent too early."""
        if self._is_asked:
            self._is_urgent = self._master.sent_at is not None
        else:
            self._due.start(now, 0)

    def silent_ms(self, now):
        """Return the ms since the last good reading was taken in, or since the first tick."""
        if self._last_tick is None:
            return 0
        return min(self._silent_ms + ticks.diff(now, self._last_tick), _SILENT_MS_MAX)

    def _count_silence(self, now):
        # Counted, not subtracted: a meter may be silent for longer than ticks can tell apart.
        self._silent_ms = self.silent_ms(now)
        self._last_tick = now
        if self._silent_ms >= self._lost_ms:
            self.online = False

    def _ask(self, now):
        if self._master.request(now, self._address, READ_INPUT, _FIRST, _COUNT):
            self._is_asked = True
            self._due.start(now, self._period_ms)

    def _take(self, now, result):
        is_good = False
        if result[0] == "reply":
            is_good = self._decode(result[1])
            if is_good:
                self._publish()
            else:
                self.implausible += 1
        elif result[0] == "exception":
            self.refused += 1
        else:
            self.missed += 1
        self._failures = 0 if is_good else self._failures + 1
        if self._is_urgent:
            self._is_urgent = False
            self._due.start(now, 0)
        elif 0 < self._failures < _TRIES:
            self._due.start(now, _RETRY_MS)
        elif self._failures:
            self._due.start(now, self._period_ms)

    def _decode(self, data):
        """Fill `_fresh`; returns False when something in it cannot be."""
        at = 0
        for first, count, scale, lowest, highest in _VALUES:
            for i in range(count):
                value = float32_scaled(data, 2 * (first - _FIRST) + 4 * i, scale)
                if value is None or not lowest <= value <= highest:
                    return False
                self._fresh[at] = value
                at += 1
        return True

    def _publish(self):
        fresh = self._fresh
        for phase in range(3):
            self.voltage_mv[phase] = fresh[phase]
            self.current_ma[phase] = fresh[3 + phase]
            self.power_phase_w[phase] = fresh[6 + phase]
            self.power_factor_permille[phase] = fresh[9 + phase]
        self.power_w = fresh[12]
        self.frequency_mhz = fresh[13]
        self.energy_wh = fresh[14]
        self.sampled_at = self._master.sent_at
        self.reading_id = self.reading_id % _ID_MAX + 1
        self.online = True
        self._silent_ms = 0
