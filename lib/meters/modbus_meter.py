"""A meter on a Modbus line, read as its register map says (meters.maps)."""

import ticks
from meters.meter import Meter
from meters.registers import number
from micropython import const

_TRIES = const(3)
_RETRY_MS = const(250)

# For each quantity of a map: where it begins among the fresh values, the lowest and the highest
# that can be. Not a number, or beyond: not a reading.
_QUANTITIES = "UIpkPfE"
_SLOTS = b"\x00\x03\x06\x09\x0c\x0d\x0e"
_LOWEST = (0, 0, -1_000_000, -2000, -3_000_000, 0, 0)
_HIGHEST = (600_000, 1_000_000, 1_000_000, 2000, 3_000_000, 1_000_000, 0x3FFFFFFF)
_ENERGY = const(14)


class ModbusMeter(Meter):
    """One meter, with the interface described in the package.

    master: modbus.master.Master; meters that share a line share it.
    meter_map: from a module of meters.maps.
    address: 1 .. 247, None for that of a new one.
    period_ms: from one reading to the next, 500 or more.
    """

    def __init__(self, master, meter_map, address=None, period_ms=1000, lost_ms=11_000):
        super().__init__(lost_ms)
        name, function, usual, _, _, gap_ms, reads, values = meter_map
        self.name = name
        self.line = master
        self._function = function
        self.address = usual if address is None else address
        self._period_ms = period_ms
        self._gap_ms = gap_ms
        self._reads = reads
        self._values = values
        self._fresh = [None] * 15
        self._read = 0
        self._sent_at = None
        self._is_asked = False
        self._is_urgent = False
        self._failures = 0
        self._due = ticks.Deadline()
        self._gap = ticks.Deadline()

    def tick(self, now):
        """Ask when it is time, take what came. Ticks the master too."""
        self._count_silence(now)
        self.line.tick(now)
        if self._is_asked:
            result = self.line.take()
            if result is not None:
                self._is_asked = False
                self._take(now, result)
        if not self._is_asked and self._is_due(now):
            self._ask(now)

    def poll_now(self, now):
        """Ask again as soon as the line is free; what is already under way was sent too early."""
        if self._is_asked:
            self._is_urgent = self._read > 0 or self.line.sent_at is not None
        else:
            self._begin_anew(now, 0)

    def _is_due(self, now):
        if self._gap.running and not self._gap.expired(now):
            return False
        return self._read > 0 or not self._due.running or self._due.expired(now)

    def _ask(self, now):
        first, count = self._reads[self._read]
        if self.line.request(now, self.address, self._function, first, count):
            self._is_asked = True
            self._gap.stop()
            if self._read == 0:
                self._due.start(now, self._period_ms)

    def _begin_anew(self, now, delay_ms):
        self._read = 0
        self._due.start(now, delay_ms)

    def _take(self, now, result):
        if self._gap_ms:
            self._gap.start(now, self._gap_ms)
        if self._read == 0:
            self._sent_at = self.line.sent_at
        is_good = result[0] == "reply"
        if is_good:
            is_good = self._decode(result[1])
            if not is_good:
                self.implausible += 1
        elif result[0] == "exception":
            self.refused += 1
        else:
            self.missed += 1
        if is_good:
            self._go_on()
        else:
            self._failures += 1
            retry_ms = _RETRY_MS if self._failures < _TRIES else self._period_ms
            self._begin_anew(now, retry_ms)
        if self._is_urgent:
            self._is_urgent = False
            self._begin_anew(now, 0)

    def _go_on(self):
        self._read += 1
        if self._read == len(self._reads):
            self._read = 0
            self._failures = 0
            self._publish()

    def _decode(self, data):
        """Fill `_fresh` from one read; returns False when something in it cannot be."""
        first, count = self._reads[self._read]
        values = self._values
        for at in range(0, len(values), 5):
            register = values[at + 1]
            if first <= register < first + count:
                if not self._decode_one(data, (register - first) * 2, at):
                    return False
        return True

    def _decode_one(self, data, offset, at):
        values = self._values
        kind = values[at + 3]
        what = _QUANTITIES.find(values[at])
        size = 2 if kind in "Hh" else 8 if kind == "Q" else 4
        for i in range(values[at + 2]):
            value = number(data, offset + i * size, kind, values[at + 4])
            if not self._keep(what, i, value, kind == "f"):
                return False
        return True

    def _keep(self, what, index, value, is_float):
        """Store one fresh value; returns False when it cannot be."""
        slot = _SLOTS[what] + index
        if value is None:
            # An integer may say that it does not exist. A float that is no number says nothing.
            if is_float or slot == _ENERGY:
                return False
        elif not _LOWEST[what] <= value <= _HIGHEST[what]:
            return False
        self._fresh[slot] = value
        return True

    def _publish(self):
        fresh = self._fresh
        for phase in range(3):
            self.voltage_mv[phase] = fresh[phase]
            self.current_ma[phase] = fresh[3 + phase]
            self.power_phase_w[phase] = fresh[6 + phase]
            self.power_factor_permille[phase] = fresh[9 + phase]
        self.power_w = self._total_w()
        self.frequency_mhz = fresh[13]
        self.energy_wh = fresh[_ENERGY]
        self._is_read(self._sent_at)

    def _total_w(self):
        fresh = self._fresh
        if fresh[12] is not None:
            return fresh[12]
        known = [power_w for power_w in fresh[6:9] if power_w is not None]
        return sum(known) if known else None
