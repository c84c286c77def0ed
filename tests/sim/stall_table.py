"""Which fault rows keep their reaction time although the VM stalls for 300 ms, and which cannot.

Each row is provoked while an EV charges. In the last column a stall of 300 ms begins at the moment
of the fault, the worst one, and again each second. What needs fast hands (100 and 250 ms) cannot
be kept by an interpreter that stands still: there the board's own hardware has to open.

`python -m tests.sim.stall_table` on CPython (PYTHONPATH as the runner sets it) prints the table;
firmware/guard/README.md holds it, and tests/scenarios/test_stall_table.py compares the two.
"""

import sys

from tests.sim.plant import Plant

STALL_MS = 300
_CARD = "04A1B2C3"
_EACH_MS = 1000
_GIVEN_UP_MS = 70_000
# (row, what must have happened, within ms, socket?); the names are those of faults.py, beside the
# sequences 2.2 and 8.1 of IEC 61851-1 Table A.6.
#   open: the contactor is open. x1: no offer any more; a soft reaction, the EV opens S2.
#   told: the central system can be told of it.
ROWS = (
    ("EV opens S2", "open", 100),
    ("unplugged under load", "open", 100),
    ("rcd_trip", "open", 100),
    ("emergency_stop", "open", 100),
    ("diode", "open", 250),
    ("pe_lost", "open", 500),
    ("contactor_stuck_open", "x1", 1000),
    ("lock slips", "open", 1000),
    ("cp_short", "open", 3000),
    ("cp_negative", "open", 3000),
    ("ventilation", "open", 3000),
    ("pp_open", "x1", 3000),
    ("pp_short", "x1", 3000),
    ("undervoltage", "x1", 3000),
    ("overvoltage", "x1", 3000),
    ("frequency", "x1", 3000),
    ("contactor_welded", "told", 4000),
    ("overcurrent", "open", 5000),
    ("overtemperature", "x1", 6000),
    ("cp_unstable", "x1", 8000),
    ("derating", "told", 10_000),
    ("temperature_sensor", "told", 30_000),
    ("meter_silent", "told", 60_000),
    ("phase_missing", "told", 60_000),
)


class _Case:
    """One row, provoked once."""

    def __init__(self, row, stalls):
        self._name, self._what, self._limit_ms = row
        self._stalls = stalls
        self._wave = self._name == "cp_unstable"
        socket = self._name in ("pp_open", "pp_short", "lock slips")
        self.plant = plant = Plant(socket=socket)
        self._outlet = plant.world.outlets[0]

    def measure(self):
        """Return the ms from the fault to the reaction; None if there was none."""
        plant = self.plant
        try:
            plant.run_until(lambda: plant.app.client.online)
            plant.run(1500)
            plant.do("plug")
            plant.run(1000)
            plant.do("card", id=_CARD)
            plant.run_until(lambda: plant.status() == "Charging")
            plant.run(6000)
            self._provoke()
            return self._wait()
        finally:
            plant.close()

    def _provoke(self):
        plant, name = self.plant, self._name
        ev = self._outlet.ev
        if name == "EV opens S2":
            ev.s2 = ev.wants = False
            ev.current_ma = 0
        elif name == "unplugged under load":
            plant.do("unplug")
        elif name == "lock slips":
            self._outlet.socket.lock.set(False)
        elif name == "cp_negative":
            self._outlet.circuit.source_mv = -12_000
        elif name == "ventilation":
            plant.do("ev", ventilation=True)
        elif name == "derating":
            plant.do("temperature", celsius=68)
        elif not self._wave:
            plant.do("fault", name=name)
        if name == "contactor_welded":
            plant.do("card", id=_CARD)
            plant.run_until(lambda: not self._outlet.contactor.coil)

    def _wait(self):
        plant = self.plant
        began_ms = plant.time.uptime_ms
        next_ms = 0
        while True:
            took_ms = plant.time.uptime_ms - began_ms
            if took_ms >= _GIVEN_UP_MS:
                return None
            if self._stalls and took_ms >= next_ms:
                next_ms += _EACH_MS
                plant.stall(STALL_MS)
            else:
                if self._wave and took_ms % 100 == 0:
                    self._outlet.ev.s2 = not self._outlet.ev.s2
                plant.run(10)
            if self._is_done():
                return plant.time.uptime_ms - began_ms

    def _is_done(self):
        if self._what == "open":
            return not self._outlet.contactor.closed
        if self._what == "x1":
            return not 0 < self._outlet.circuit.duty < 65535
        connector = self.plant.connector()
        faults = connector.faults + connector.warnings
        return self._name in [fault.name for fault in faults]


def table():
    """Yield (row, what, limit in ms, ms without stalls, ms with stalls)."""
    for row in ROWS:
        yield row + (_Case(row, False).measure(), _Case(row, True).measure())


def lines(rows):
    """Yield what `table` gave as lines of Markdown."""
    yield "| row | reaction | within | undisturbed | with stalls of 300 ms | |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name, what, limit_ms, quiet_ms, stalled_ms in rows:
        verdict = "holds" if stalled_ms is not None and stalled_ms <= limit_ms else "**cannot**"
        yield "| %s | %s | %d ms | %s ms | %s ms | %s |" % (
            name, what, limit_ms, quiet_ms, stalled_ms, verdict)


def main():
    """Print the table; returns the exit status."""
    for line in lines(table()):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
