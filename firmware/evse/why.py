"""Why no energy flows: one function over the facts of a connector, the worst reason first.

The order is that of help: what is broken, what is forbidden, what a user has to do, what only
takes its time, what the EV does. The texts fit into the info of a StatusNotification (50).
"""

from firmware.evse import pilot as pilots
from firmware.evse import session as sessions
from firmware.evse.limiter import NAMES


def reasons(connector):
    """Return a list of short texts; empty while energy flows, or an EV could take it."""
    if connector.charging:
        return []
    found = [fault.text for fault in connector.faults]
    state = connector.session.state
    if not connector.operative:
        found.append("connector is inoperative (ChangeAvailability)")
    if not connector.plugged:
        found.append("no EV plugged in")
    if state in (sessions.IDLE, sessions.PLUGGED):
        found.append("not authorised: no card shown, no remote start")
    elif state in (sessions.STOPPING, sessions.FINISHING):
        found.append("session is over: unplug, or show a card again")
    elif state != sessions.AUTHORISED:
        if connector.socket is not None and not connector.socket.ready:
            found.append("plug is not locked")
        if state == sessions.RUNNING:
            _add_running(connector, found)
        if not connector.protection.rcd_ok and not found:
            found.append("RCD is being tested")
    return found


def _add_running(connector, found):
    pilot = connector.pilot.state
    for fault in connector.warnings:
        if fault.reaction == "0":
            found.append(fault.text)
    if connector.paused:
        found.append("id token was refused by the central system")
    if connector.held_off:
        found.append("connecting to the central system first")
    if not connector.limiter.minimum_ma() and connector.overlay.limit_ma:
        found.append("limit below 6 A: " + NAMES[connector.limiter.tightest()])
    elif connector.power.rest.running:
        # Nothing that is latched is no fault, but this: it is tried three times.
        is_tried = connector.guard.trips_latched and not connector.faults
        text = "contactor did not close: next try soon"
        found.append(text if is_tried else "waiting before current is offered again")
    elif connector.offering and connector.plugged:
        if pilot == pilots.B:
            found.append("EV does not ask for energy (pilot B)")
        elif not connector.pilot.diode_ok:
            found.append("EV diode not seen yet")
