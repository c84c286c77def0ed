"""CSE7766 and HLW8032: meter chips that send 24 bytes every 50 ms, unasked, at 4800 baud 8E1.

Sources: Chipsea "CSE7766 user manual", HLW "HLW8032 data sheet"; the frames of both are the same.
A coefficient over the length of a period gives volts, amperes, watts; a counter of 16 bits counts
pulses of as many microjoules as the power's coefficient says, and wraps.

The energy is counted from 0 at each start. It is short of what flowed while no frame came for
longer than the counter needs to wrap (at 7 kW some 50 s), and never too high.
"""

import ticks
from meters.meter import Meter
from micropython import const

_FRAME = const(24)
_HAS_U = const(0x40)
_HAS_I = const(0x20)
_HAS_P = const(0x10)
_BAD_U = const(0x08)
_BAD_I = const(0x04)
_BAD_P = const(0x02)
_BAD_COEFFICIENTS = const(0x01)
_MJ_PER_WH = const(3_600_000)
_GAP_MS = const(500)
_READS_MAX = const(40)  # bytes taken in one tick: what 90 ms bring
_MV_MAX = const(600_000)
_MA_MAX = const(1_000_000)
_LIMIT = const(0x3FFFFFFF)


class Cse7766(Meter):
    """One chip, with the interface described in the package; it measures one phase.

    uart: as machine.UART at 4800 8E1 (`any`, `readinto`), a receive buffer of 100 bytes or more.
    voltage_permille, current_permille: of the board's divider and shunt against the chip's
    standard circuit; an HLW8032 commonly needs 1880 for its voltage.
    period_ms: a reading is published so often at most.
    """

    name = "CSE7766"

    def __init__(
        self, uart, voltage_permille=1000, current_permille=1000, period_ms=1000, lost_ms=11_000
    ):
        super().__init__(lost_ms)
        self._uart = uart
        self._voltage_permille = voltage_permille
        self._current_permille = current_permille
        self._period_ms = period_ms
        self._due = ticks.Deadline()
        self._frame = bytearray(_FRAME)
        self._byte = bytearray(1)
        self._length = 0
        self._begins = None
        self._drained_at = None
        self._wanted = None
        self._heard = ticks.Deadline()
        self._pulses = None
        self._rest_uj = 0
        self._rest_mj = 0
        self._energy_wh = 0
        self._fresh = [None] * 3

    def tick(self, now):
        """Take what came, 40 bytes at most."""
        self._count_silence(now)
        if not self.online:
            self._due.stop()
        if self._heard.expired(now):
            self._length = 0
            self._heard.stop()
        count = self._uart.any()
        for _ in range(min(count, _READS_MAX)):
            self._uart.readinto(self._byte)
            if self._drained_at is None:
                continue  # Who knows how long this has been lying there.
            if self._length == 0:
                self._begins = self._drained_at
            self._heard.start(now, _GAP_MS)
            self._frame[self._length] = self._byte[0]
            self._length += 1
            self._resync()
            if self._length == _FRAME:
                self._take(now)
        if count <= _READS_MAX:
            self._drained_at = now  # What comes from here on is newer.

    def poll_now(self, now):
        """Publish each frame until one has begun at or after `now`."""
        self._wanted = now

    def _resync(self):
        """Drop bytes from the front until what is left may be the beginning of a good frame."""
        frame, length = self._frame, self._length
        first = 0
        if length == _FRAME and sum(memoryview(frame)[2:23]) & 0xFF != frame[23]:
            self.missed += 1
            first = 1
        while first < length and not _is_head(frame, first, length):
            second = frame.find(b"\x5a", first + 2, length)
            first = second - 1 if second > 0 else max(first + 1, length - 1)
        if first:
            frame[: length - first] = frame[first:length]
            self._length -= first

    def _take(self, now):
        self._length = 0
        state = self._frame[0]
        errors = 0 if state == 0x55 else state & 0x0F
        if state == 0xAA or errors & _BAD_COEFFICIENTS or not self._decode(errors):
            self.implausible += 1
        elif self._wanted is not None or not self._due.running or self._due.expired(now):
            self._due.start(now, self._period_ms)
            self._publish()
            if self._wanted is not None and ticks.diff(self._begins, self._wanted) >= 0:
                self._wanted = None

    def _decode(self, errors):
        """Fill `_fresh` and count the energy; False when something in it cannot be."""
        frame = self._frame
        flags = frame[20]
        voltage_mv, current_ma, power_mw = self._fresh
        if errors & _BAD_P:
            power_mw = 0  # the period is too long to be measured: next to nothing flows
        elif flags & _HAS_P:
            power_mw = _quotient(frame, 14, self._voltage_permille * self._current_permille, 1000)
        if errors & _BAD_U:
            voltage_mv = None
        elif flags & _HAS_U:
            voltage_mv = _quotient(frame, 2, self._voltage_permille, 1)
        if errors & _BAD_I:
            current_ma = None if power_mw else 0
        elif flags & _HAS_I:
            current_ma = _quotient(frame, 8, self._current_permille, 1)
        if (voltage_mv or 0) > _MV_MAX or (current_ma or 0) > _MA_MAX or (power_mw or 0) > _LIMIT:
            return False
        self._count(frame[21] << 8 | frame[22])
        self._fresh[0], self._fresh[1], self._fresh[2] = voltage_mv, current_ma, power_mw
        return power_mw is not None

    def _count(self, pulses):
        if self._pulses is None:
            self._pulses = pulses
        delta = (pulses - self._pulses) & 0xFFFF
        self._pulses = pulses
        # In microjoules a pulse; counted in steps that stay small integers in normal operation.
        self._rest_uj += delta * _number(self._frame, 14)
        millijoules = self._rest_uj // 1000
        self._rest_uj -= millijoules * 1000
        scaled = millijoules * self._voltage_permille * self._current_permille // 1_000_000
        self._rest_mj += scaled
        self._energy_wh += self._rest_mj // _MJ_PER_WH
        self._rest_mj %= _MJ_PER_WH

    def _publish(self):
        voltage_mv, current_ma, power_mw = self._fresh
        self.voltage_mv[0] = voltage_mv
        self.current_ma[0] = current_ma
        self.power_w = self.power_phase_w[0] = (power_mw + 500) // 1000
        self.energy_wh = self._energy_wh
        self._is_read(self._begins)


def _is_head(frame, at, length):
    if not (frame[at] in b"\x55\xaa" or frame[at] >= 0xF0):
        return False
    return at + 1 == length or frame[at + 1] == 0x5A


def _number(frame, at):
    return frame[at] << 16 | frame[at + 1] << 8 | frame[at + 2]


def _quotient(frame, at, factor, divisor):
    """Return coefficient / period * factor / divisor, rounded; 2**30 when there is no period."""
    period = _number(frame, at + 3) * divisor
    if not period:
        return _LIMIT + 1
    return (_number(frame, at) * factor + period // 2) // period
