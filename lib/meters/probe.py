"""Find out which meter hangs on a Modbus line: every map is tried, what it reads must make sense.

The maps come as an argument, so that only the tool that probes needs them all. Nothing is ever
written to a meter.
"""

import ticks
from meters.modbus_meter import ModbusMeter
from micropython import const

_PAUSE_MS = const(500)  # an SDM72 that is asked more often locks up, under whichever map
_MISSES_MAX = const(3)
_MV_MIN, _MV_MAX = const(85_000), const(300_000)
_MHZ_MIN, _MHZ_MAX = const(45_000), const(65_000)
_LOAD_MA = const(500)

_BAUD = const(3)
_PARITY = const(4)
_GAP = const(5)


class Probe:
    """One search, a ticked object.

    open_line: called with (baud, parity) for a modbus.master.Master of such a line.
    maps: of meters.maps, each tried at each address. One that is silent takes three seconds.
    addresses: 1 .. 247.
    lines: ((baud, parity), ...), None for those that the maps name. The search ends with the
    first line on which something fits.

    `fits` gathers (points, map, address, baud, parity), 16 at most.
    """

    def __init__(self, open_line, maps, addresses=(1,), lines=None):
        self.fits = []
        self.is_done = False
        self._open_line = open_line
        self._maps = maps
        self._addresses = addresses
        self._lines = _lines_of(maps) if lines is None else lines
        self._at = -1
        self._master = None
        self._meter = None
        self._first_wh = None
        self._first_at = None
        self._pause = ticks.Deadline()

    def tick(self, now):
        """Go on; every 5 to 20 ms. Returns None or an event.

        ("found", name, address, baud, parity, points)  this map reads sensible values
        ("done",)  once, at the end
        """
        if self.is_done or (self._pause.running and not self._pause.expired(now)):
            return None
        if self._meter is None:
            return self._try_next()
        meter = self._meter
        meter.tick(now)
        if meter.refused or meter.implausible or meter.missed >= _MISSES_MAX:
            self._drop(now)
        elif meter.reading_id == 1 and self._first_wh is None:
            self._first_wh, self._first_at = meter.energy_wh, meter.sampled_at
        elif meter.reading_id > 1:
            return self._judge(now)
        return None

    def best(self, address):
        """Return the map that fits `address` best, None if none does.

        Of two that fit as well the one that leaves its meter more time: types that differ in
        nothing else cannot be told apart.
        """
        best = None
        for points, fit, where, _, _ in self.fits:
            if where == address and (best is None or (points, fit[_GAP]) > best[0]):
                best = ((points, fit[_GAP]), fit)
        return best and best[1]

    def _try_next(self):
        self._at += 1
        per_line = len(self._addresses) * len(self._maps)
        line, at = divmod(self._at, per_line)
        if line == len(self._lines) or (at == 0 and self.fits):
            self.is_done = True
            return ("done",)
        if at == 0:
            self._master = self._open_line(self._lines[line][0], self._lines[line][1])
        address = self._addresses[at // len(self._maps)]
        entry = self._maps[at % len(self._maps)]
        patient = entry[:_GAP] + (_PAUSE_MS,) + entry[_GAP + 1 :]
        self._meter = ModbusMeter(self._master, patient, address)
        self._first_wh = None
        return None

    def _drop(self, now):
        self._meter = None
        self._pause.start(now, _PAUSE_MS)

    def _judge(self, now):
        meter = self._meter
        self._drop(now)
        result = points(meter, self._first_wh, ticks.diff(meter.sampled_at, self._first_at))
        if result is None or len(self.fits) == 16:
            return None
        line, at = divmod(self._at, len(self._addresses) * len(self._maps))
        baud, parity = self._lines[line]
        address = self._addresses[at // len(self._maps)]
        self.fits.append((result, self._maps[at % len(self._maps)], address, baud, parity))
        return ("found", meter.name, address, baud, parity, result)


def points(meter, before_wh, passed_ms):
    """Judge a reading: None when it cannot be, else how much speaks for it, -2 .. 8.

    meter: as in the package. before_wh: its register `passed_ms` ago.
    """
    if not _is_energy_plausible(meter, before_wh, passed_ms):
        return None
    if meter.voltage_mv[0] is None and not meter.energy_wh and not meter.power_w:
        return None  # registers of anything that read 0
    total = 0
    phases_w = 0
    for phase in range(3):
        judged = _points_of_phase(meter, phase)
        if judged is None:
            return None
        total += judged
        phases_w += meter.power_phase_w[phase] or 0
    if meter.power_phase_w[0] is not None and not _is_near(phases_w, meter.power_w):
        return None
    if meter.frequency_mhz is not None:
        if not _MHZ_MIN <= meter.frequency_mhz <= _MHZ_MAX:
            return None
        total += 1
    return total


def _is_energy_plausible(meter, before_wh, passed_ms):
    # Never less than before, and no more than twice what the power says.
    most_wh = 100 + abs(meter.power_w) * passed_ms // 1_800_000
    return 0 <= meter.energy_wh - before_wh <= most_wh


def _points_of_phase(meter, phase):
    voltage_mv = meter.voltage_mv[phase]
    if voltage_mv is None:
        return 0
    if voltage_mv == 0 and phase:
        return -1  # a meter of one phase, or one that is wired so
    if not _MV_MIN <= voltage_mv <= _MV_MAX:
        return None
    current_ma = meter.current_ma[phase] or 0
    power_w = abs(meter.power_phase_w[phase] or 0)
    # Volts, amperes and watts are measured one after the other, while a load may change.
    apparent_va = (voltage_mv // 100) * (current_ma // 10) // 1000
    if power_w > apparent_va + apparent_va // 5 + 30:
        return None
    # A real load, and watts that fit it, are hard to come by with wrong registers.
    return 2 if current_ma >= _LOAD_MA and power_w * 10 > apparent_va else 1


def _is_near(phases_w, total_w):
    return abs(phases_w - total_w) <= 30 + abs(total_w) // 5


def _lines_of(maps):
    lines = []
    for entry in maps:
        if (entry[_BAUD], entry[_PARITY]) not in lines:
            lines.append((entry[_BAUD], entry[_PARITY]))
    return lines
