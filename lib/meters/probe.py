"""Find out which meter hangs on a Modbus line: every map is tried, what it reads must make sense.

One map is in the heap at a time. Nothing is ever written to a meter.
"""

import ticks
from micropython import const
from modbus.master import Master

# What is tried, as board.json names it. The first two ask with function 04 and 03: who is silent
# to both, is asked once for each of the others, not three times. Of those that fit equally well
# the one that leaves its meter more time is told, and then the first.
MAPS = (
    "eastron.SDM630 chint.DTSU666 eastron.SDM72D_V2 eastron.SDM72D_V1 eastron_single.SDM120 "
    "eastron_single.SDM230 chint.DDSU666 abb.B23 gavazzi.EM340 pzem.PZEM_004T"
)
# Baud and parity (None, 0 even) of new ones; the makers' order codes differ in the parity.
LINES = ((9600, None), (2400, None), (19200, 0), (9600, 0), (2400, 0), (19200, None))

PAUSE_MS = const(500)  # an SDM72 that is asked more often locks up, under whichever map
_MISSES_MAX = const(3)
_CERTAIN = const(2)  # so many maps show whether somebody is there
_FITS_MAX = const(16)
_MV_MIN, _MV_MAX = const(85_000), const(300_000)
_MHZ_MIN, _MHZ_MAX = const(45_000), const(65_000)
_LOAD_MA = const(500)

_GAP = const(5)


class Fit:
    """A map that fits at an address, and the reading that says so."""

    def __init__(self, points, name, gap_ms, speed, meter):
        self.points = points
        self.map = name  # as board.json has it
        self.gap_ms = gap_ms
        self.speed = speed  # (baud, parity)
        self.type = meter.name
        self.address = meter.address
        self.voltage_mv = meter.voltage_mv
        self.frequency_mhz = meter.frequency_mhz
        self.energy_wh = meter.energy_wh


class Probe:
    """One search, a ticked object.

    line: modbus.master.Master whose port and direction it may have until the end; `close` gives
    the port its speed back, and must be called then, and wherever the search is given up.
    meter_class: meters.modbus_meter.ModbusMeter, which whoever has a line has in the heap already.
    load: called with a name of MAPS for that map.
    addresses: 1 .. 247.
    lines: ((baud, parity), ...), None for the speed as it is and LINES. The search ends with the
    first on which something fits.

    `fits` gathers Fits, 16 at most.
    """

    def __init__(self, line, meter_class, load, addresses=(1,), lines=None):
        self.fits = []
        self.is_done = False
        self._line = line
        self._meter_class = meter_class
        self._load = load
        self._addresses = addresses
        own = line.baud_rate, line.parity_bit
        self._lines = lines or [own] + [other for other in LINES if other != own]
        self._names = MAPS.split()
        self._at = -1
        self._gap_ms = 0
        self._is_heard = False
        self._master = None
        self._meter = None
        self._first_wh = None
        self._first_at = None
        self._pause = ticks.Deadline()

    def tick(self, now):
        """Go on; every 5 to 50 ms. Returns None or an event.

        ("found", fit)  this map reads sensible values
        ("nothing", (baud, parity), address, is_heard)  no map does; is_heard: somebody answers
        ("done",)  once, at the end
        """
        if self.is_done or (self._pause.running and not self._pause.expired(now)):
            return None
        if self._meter is None:
            return self._try_next()
        meter = self._meter
        meter.tick(now)
        if meter.refused or meter.implausible or meter.reading_id:
            self._is_heard = True
        is_sure = self._is_heard or self._at % len(self._names) < _CERTAIN
        if meter.refused or meter.implausible or meter.missed >= (_MISSES_MAX if is_sure else 1):
            return self._drop(now)
        if meter.reading_id == 1 and self._first_wh is None:
            self._first_wh, self._first_at = meter.energy_wh, meter.sampled_at
        elif meter.reading_id > 1:
            return self._judge(now)
        return None

    def best(self, address):
        """Return the Fits that fit `address` best, [] if none does.

        The first of them leaves its meter most time: types that differ in nothing else cannot be
        told apart.
        """
        best = []
        for fit in self.fits:
            if fit.address != address or best and fit.points < best[0].points:
                continue
            if best and fit.points > best[0].points:
                best = []
            best.insert(0 if best and fit.gap_ms > best[0].gap_ms else len(best), fit)
        return best

    def close(self):
        """Give the port its speed back, and the direction to those who listen."""
        line = self._line
        self.is_done = True
        line.uart.init(line.baud_rate, 8, line.parity_bit, 1)
        if line.turn:
            line.turn(0)

    def _place(self):
        """Return the numbers of line, address and map."""
        at, name = divmod(self._at, len(self._names))
        line, address = divmod(at, len(self._addresses))
        return line, address, name

    def _try_next(self):
        self._at += 1
        line, address, name = self._place()
        if line == len(self._lines) or (address == name == 0 and self.fits):
            self.is_done = True
            return ("done",)
        if address == name == 0:
            baud, parity = self._lines[line]
            self._line.uart.init(baud, 8, parity, 1)
            self._master = Master(self._line.uart, baud, self._line.turn)
        if name == 0:
            self._is_heard = False
        entry = self._load(self._names[name])
        self._gap_ms = entry[_GAP]
        patient = entry[:_GAP] + (PAUSE_MS,) + entry[_GAP + 1 :]
        self._meter = self._meter_class(self._master, patient, self._addresses[address])
        self._first_wh = None
        return None

    def _drop(self, now):
        """The map is done with; returns the event of an address that is."""
        self._meter = None
        self._pause.start(now, PAUSE_MS)
        line, address, name = self._place()
        address = self._addresses[address]
        line = self._lines[line]
        if name < len(self._names) - 1:
            return None
        for fit in self.fits:
            if fit.address == address and fit.speed == line:
                return None
        return ("nothing", line, address, self._is_heard)

    def _judge(self, now):
        meter = self._meter
        result = points(meter, self._first_wh, ticks.diff(meter.sampled_at, self._first_at))
        line, _, name = self._place()
        fit = None
        if result is not None and len(self.fits) < _FITS_MAX:
            fit = Fit(result, self._names[name], self._gap_ms, self._lines[line], meter)
            self.fits.append(fit)
        event = self._drop(now)
        return ("found", fit) if fit else event


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
