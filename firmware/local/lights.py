"""The lights of the box and its service button: what they show, as a table. Pure, ticked.

A light shows 8 bits, one each 256 ms, the lowest first, over and over: 2 s. The lights that a
board may name: `status` shows the row of the table, `error` too while it is the first one,
`charging` is on while a contactor is closed, `wifi` while the central system is there, and
flashes while it should be.

The button `service`, held for 3 s, restarts the box when running sessions have ended.
"""

from micropython import const

import ticks

# The first four letters of each OCPP status, and below what it shows. Of two connectors the one
# whose status stands first counts.
_STATUS = "FaulCharSuspPrepFiniReseUnavAvai"
_SHOWS = b"\x55\x0f\x7f\x33\x33\x3f\x01\xff"
_HOLD_MS = const(3000)


class Lights:
    """`tick` each 50 ms. `patterns`: what each light shows, by its name.

    app: as in firmware/app.py; its board's `lights` are pins by name, its `button` a pin or None.
    """

    def __init__(self, app):
        self.patterns = None
        self._app = app
        self._step = None
        # When the button has been held long enough. None: it was pressed from the start on, which
        # is a fault of it, or has done its work.
        self._due = None

    def tick(self, now):
        """Move on."""
        app = self._app
        board = app.board
        step = now >> 8
        if step != self._step:
            self._step = step
            at = len(_STATUS)
            is_closed = False
            for connector in app.station.connectors:
                at = min(at, _STATUS.find(connector.status[:4]))
                is_closed = is_closed or connector.guard.closed
            shows = _SHOWS[at // 4]
            self.patterns = {
                "status": shows,
                "error": 0 if at else shows,
                "charging": 255 * is_closed,
                "wifi": 255 if app.client.connected else 17 * bool(app.access.url),
            }
            for name in board.lights:
                board.lights[name].value(self.patterns[name] >> (step & 7) & 1)
        if board.button and not board.button.value():
            self._due = ticks.add(now, _HOLD_MS)
        elif self._due is not None and ticks.diff(now, self._due) >= 0:
            self._due = None
            app.station.reset(now, False, "Reboot")
