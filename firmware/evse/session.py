"""Plugged in x authorised x transaction: the session of one connector, as a table.

A session lasts from the first sign of a user (plug or id token) until the connector is free again;
a transaction, what OCPP bills, lies inside it. Power is not decided here (`power.py`), status
names for OCPP are derived from this state in `status.py`.
"""

from micropython import const

from fsm import Machine

# States.
IDLE = const(0)  # Nobody.
PLUGGED = const(1)  # EV there, nobody authorised.
AUTHORISED = const(2)  # Id token accepted, no EV yet.
STARTING = const(3)  # Both: the start record is being written.
RUNNING = const(4)  # Transaction open.
STOPPING = const(5)  # Stop wanted: waiting for the contactor and the last meter reading.
FINISHING = const(6)  # Transaction closed, EV still there.
STATES = "idle plugged authorised starting running stopping finishing"

# Events.
PLUG = const(0)
UNPLUG = const(1)
AUTHORISE = const(2)
WITHDRAW = const(3)  # The accepted token is given up: time-out, second tap, cancelled.
BEGUN = const(4)  # The start record is complete on flash.
REFUSED = const(5)  # The start record could not be written.
STOP = const(6)
ENDED = const(7)  # The stop record is complete on flash.
RENEWED = const(8)  # The connector is operative again: the EV at it begins anew.
EVENTS = "plug unplug authorise withdraw begun refused stop ended renewed"

TABLE = bytes([
    IDLE, PLUG, PLUGGED,
    IDLE, AUTHORISE, AUTHORISED,
    PLUGGED, UNPLUG, IDLE,
    PLUGGED, AUTHORISE, STARTING,
    PLUGGED, ENDED, FINISHING,  # The transaction that the last run left open was closed.
    AUTHORISED, PLUG, STARTING,
    AUTHORISED, WITHDRAW, IDLE,
    STARTING, UNPLUG, AUTHORISED,
    STARTING, BEGUN, RUNNING,
    STARTING, REFUSED, FINISHING,
    STARTING, WITHDRAW, PLUGGED,
    RUNNING, STOP, STOPPING,
    STOPPING, ENDED, FINISHING,
    FINISHING, AUTHORISE, STARTING,
    FINISHING, UNPLUG, IDLE,
    FINISHING, RENEWED, PLUGGED,  # Unavailable may become Preparing, not Finishing (4.9).
])  # fmt: skip


class Session(Machine):
    """The session's state and what belongs to it: the token, its parent, why it stopped."""

    def __init__(self):
        super().__init__(TABLE, IDLE)
        self.id_token = None
        self.parent = None
        # The connector was our choice, not the user's: the authorisation may follow the EV.
        self.is_open = False
        self.stop_reason = None
        self.stop_token = None
        self.reservation_id = None

    def authorise(self, id_token, parent, is_open=False):
        """An id token was accepted for this connector."""
        self.handle(AUTHORISE)
        self.id_token = id_token
        self.parent = parent
        self.is_open = is_open
        self.stop_reason = None
        self.stop_token = None

    def stop(self, reason, id_token):
        """End the transaction for `reason` (OCPP 1.6 Reason literal); the first reason counts."""
        self.handle(STOP)
        self.stop_reason = reason
        self.stop_token = id_token

    def forget(self):
        """Drop what belonged to the user."""
        self.reservation_id = None
        self.id_token = None
        self.parent = None
