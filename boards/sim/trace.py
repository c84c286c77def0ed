"""Events in JSON lines for the host: frames, pilot, contactor, status, faults, gaps, log."""

import json

from micropython import const

import ticks
from boards.sim.state import duty_permille

_GAP_MS = const(50)
_LEVELS = ("error", "warn", "info", "debug")


class Trace:
    """Looks at the charger every 10 ms and tells changes. `write(line)` gets one JSON text."""

    def __init__(self, write, t_ms, full):
        """full: everything; else only the log, a reset and what the host needs."""
        self._write = write
        self._t_ms = t_ms
        self._full = full
        self._app = None
        self._world = None
        self._seen = []
        self._last_step = None

    def event(self, name, fields):
        """Tell one event."""
        fields["event"] = name
        fields["t_ms"] = self._t_ms()
        self.tell(fields)

    def tell(self, fields):
        """Write the event `fields`."""
        if "text" in fields:
            fields["text"] = "".join(fields["text"])
        self._write(json.dumps(fields))

    def watch(self, app, world):
        """Begin to look at a charger."""
        self._app = app
        self._world = world
        self._seen = [[None] * 5 for _ in world.outlets]
        app.log.sink = self._log
        if self._full:
            app.frame_trace = self._frame
            self._follow_status(app.station)

    def _log(self, level, area, text):
        self.event("log", {"level": _LEVELS[level], "area": area, "text": text})

    def _frame(self, direction, text):
        self.event("frame", {"dir": direction, "text": text})

    def _follow_status(self, station):
        told = station.on_change

        def changed(now, connector):
            fields = {
                "connector": connector.id,
                "status": connector.status,
                "error_code": connector.error_code,
            }
            self.event("status", fields)
            told(now, connector)

        station.on_change = changed

    def poll(self, now):
        """Compare with the last look; called after the guard's step."""
        if not self._full:
            return
        loop = self._app.guard_loop
        gap_ms = 0 if self._last_step is None else ticks.diff(loop.last_step, self._last_step)
        self._last_step = loop.last_step
        if gap_ms > _GAP_MS:
            self.event("gap", {"ms": gap_ms})
        for index, outlet in enumerate(self._world.outlets):
            self._compare(index, outlet)

    def _compare(self, index, outlet):
        connector = self._app.station.connectors[index]
        seen = self._seen[index]
        number = index + 1
        if seen[0] is not outlet.contactor.closed:
            seen[0] = outlet.contactor.closed
            self.event("contactor", {"connector": number, "closed": seen[0]})
        bolt = outlet.socket is not None and outlet.socket.lock.locked
        if outlet.socket is not None and seen[4] is not bolt:
            seen[4] = bolt
            self.event("lock", {"connector": number, "locked": bolt})
        load = outlet.load
        if seen[1] != load:
            seen[1] = load
            self.event("ev", {"connector": number, "load": load})
        duty = self._app.guards[index].duty
        cp_name = connector.cp_name
        if seen[2] != cp_name or seen[3] != duty:
            seen[2], seen[3] = cp_name, duty
            fields = {"connector": number, "state": cp_name, "duty_permille": duty_permille(duty)}
            self.event("cp", fields)
