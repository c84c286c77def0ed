"""The report of `doctor`: each check with its figure, and with the remedy if it is not ok.

Levels and tolerances of the pilot: IEC 61851-1:2017 Table A.2 and A.3.
"""

import gc

_VERDICTS = ("ok", "warn", "FAIL")
# The pilot: what the guard believes at most, the lowest level of A to D; half the diode's way.
_BOUNDS_MV = (15000, 10500, 7500, 4500, 1500)
_NEGATIVE_MV = -10300
_MARGIN_MV = 500
# Two buffers of 16 KB, and the handshake.
_TLS_BYTES = 45000
_GAP_MS = 100
# 1 << row of firmware.evse.faults.TABLE
_DIODE = 1 << 8


class Report:
    """Gathers (verdict, name, figure, remedy or "") in `rows`."""

    def __init__(self, app, now):
        self.rows = []
        self._mark = ""
        for connector in app.station.connectors:
            self._mark = " %d" % connector.id
            self._pilot(connector)
            self._power(connector, now)
        self._mark = ""
        self._parts(app)
        self._system(app)

    def _add(self, verdict, name, figure, remedy):
        remedy = remedy if verdict else ""
        self.rows.append((_VERDICTS[verdict], name + self._mark, figure, remedy))

    def _pilot(self, connector):
        high_mv, low_mv = connector.guard.high_mv, connector.guard.low_mv
        name = connector.cp_name
        number = "ABCD".find(name[0])
        margin_mv = -1
        if number >= 0:
            margin_mv = min(high_mv - _BOUNDS_MV[number + 1], _BOUNDS_MV[number] - high_mv)
        self._add(2 if margin_mv < 0 else margin_mv < _MARGIN_MV, "pilot",
                  "%s, %d mV, low %d mV, margin %d mV" % (name, high_mv, low_mv, margin_mv),
                  "a short, water? else calibrate")
        off_mv = high_mv - 12000
        # Table A.2: the generator gives 12 V within 0.6 V.
        is_free = name == "A1"
        self._add(min(abs(off_mv) // 300, 2) if is_free else 1, "calibration",
                  "%+d mV from 12 V" % off_mv if is_free else "not checked: a car",
                  "unplug, `doctor` again; then calibrate the board")
        is_seen = connector.pilot.diode_ok
        is_missing = connector.overlay.bits & _DIODE
        margin_mv = _NEGATIVE_MV - low_mv
        figure = "not checked: no offer to a car"
        if is_seen or is_missing:
            figure = "low %d mV, margin %d mV" % (low_mv, margin_mv)
        self._add(2 if is_missing else is_seen and margin_mv < _MARGIN_MV, "diode",
                  figure, "try another car; check the -12 V of the pilot")

    def _power(self, connector, now):
        guard = connector.guard
        figure = "coil %s, contacts %s" % (
            "on" if guard.close else "off", "closed" if guard.closed else "open")
        self._add(2 * (guard.close != guard.closed), "contactor", figure,
                  "breaker off; coil, mirror contact, wires; welded?")
        is_tripped = (guard.conditions | guard.trips_latched) & 1
        protection = connector.protection
        test = "passed" if protection.rcd_ok else "due"
        if protection.port.rcd_test is None:
            test = "not built"
        self._add(2 * is_tripped, "rcd",
                  "tripped" if is_tripped else "not tripped, self-test " + test,
                  "find the leak, reset the device, unplug")
        meter = connector.meter
        self._add(1 * (meter.implausible > 0) if meter.online else 2, "meter",
                  "%s mV, %s W, read %d ms ago, %d missed, %d implausible" % (
                      meter.voltage_mv[0], meter.power_w, meter.silent_ms(now), meter.missed,
                      meter.implausible),
                  "swap A and B; supply; address, speed, type: `meter probe`")
        for fault in connector.faults:
            self._add(2, "fault", fault.text, "`why`, `log`")

    def _parts(self, app):
        reader = app.board.reader
        is_silent = reader is not None and reader.is_silent
        figure = "silent" if is_silent else "answers" if reader else "none on this board"
        self._add(2 * is_silent, "reader", figure, "check its wires and supply")
        if hasattr(gc, "mem_free"):
            gc.collect()
            is_tls = app.access.url[:4].lower() == "wss:"
            free = gc.mem_free()
            self._add(1 * (is_tls and free < _TLS_BYTES), "tls memory",
                      "%d bytes free, %d needed" % (free, is_tls * _TLS_BYTES),
                      "take a board with PSRAM")
        invalid = app.config.invalid + app.settings.corrupt
        is_lost = app.config.get("StorageLost")
        self._add(2 if is_lost else min(invalid, 1), "flash",
                  "settings were lost" if is_lost else "%d values unreadable" % invalid,
                  "set InstallationCurrentMax, then StorageLost to false")
        loop = app.guard_loop
        self._add(1 * (loop.gap_ms_max > _GAP_MS or loop.hal_errors + app.crashes > 0), "guard",
                  "gap %d ms, %d driver errors, %d crashes" % (
                      loop.gap_ms_max, loop.hal_errors, app.crashes), "ask, with `log`")

    def _system(self, app):
        is_up = app.client.connected
        url = app.access.url
        figure = "connected" if is_up else "no central system is set"
        if url and not is_up:
            figure = app.link and app.link.why or "connecting"
        self._add(0 if is_up else 2 if url else 1, "network", figure,
                  "`ocpp`, `wifi`; cable, firewall, central system")
        registration = app.client.registration
        self._add(1 * (registration != "Accepted"), "registration", registration or "no answer",
                  "the central system must know the id %s" % app.access.identity)
        self._add(1 - app.clock.known, "clock", "set" if app.clock.known else "not set",
                  "the central system sets it")
