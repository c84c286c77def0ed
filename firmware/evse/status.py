"""From the facts of one connector to its OCPP 1.6 status (4.9 StatusNotification, the table).

The order of the questions is the meaning: a blocking fault hides everything, a running transaction
hides an availability change, and where both sides pause, the EVSE's pause is reported.
"""

from micropython import const

from firmware.evse import session as sessions

AVAILABLE = "Available"
PREPARING = "Preparing"
CHARGING = "Charging"
SUSPENDED_EV = "SuspendedEV"
SUSPENDED_EVSE = "SuspendedEVSE"
FINISHING = "Finishing"
RESERVED = "Reserved"
UNAVAILABLE = "Unavailable"
FAULTED = "Faulted"

# The table of allowed changes. TC_* cases and central systems judge a station by these.
# Each line: a status, then those that may follow.
ALLOWED = """
Available Preparing Charging SuspendedEV SuspendedEVSE Reserved Unavailable Faulted
Preparing Available Charging SuspendedEV SuspendedEVSE Finishing Faulted
Charging Available SuspendedEV SuspendedEVSE Finishing Unavailable Faulted
SuspendedEV Available Charging SuspendedEVSE Finishing Unavailable Faulted
SuspendedEVSE Available Charging SuspendedEV Finishing Unavailable Faulted
Finishing Available Preparing Unavailable Faulted
Reserved Available Preparing Unavailable Faulted
Unavailable Available Preparing Charging SuspendedEV SuspendedEVSE Faulted
Faulted Available Preparing Charging SuspendedEV SuspendedEVSE Finishing Reserved Unavailable
"""

# So long after the start an EV may take to close S2 before "SuspendedEV" is news and not noise:
# a regular start goes from Preparing to Charging (TC_003_CS, TC_010_CS).
START_GRACE_MS = const(5000)

# From these a transaction begins; Finishing where the EV stayed plugged in after the last one.
_BEFORE_START = (AVAILABLE, PREPARING, FINISHING, RESERVED)


def allowed(before, after):
    """Return True if OCPP 1.6 lets a connector go from `before` to `after`."""
    at = ALLOWED.find("\n" + before + " ")
    return after in ALLOWED[at : ALLOWED.find("\n", at + 1)].split()[1:]


def between(before, after):
    """Return the status to show between two that OCPP 1.6 4.9 does not let follow each other.

    None if the change is allowed, or is none. Available says that a user's part has ended,
    Preparing that one has begun: one of them is always a way.
    """
    if before == after or allowed(before, after):
        return None
    for status in (AVAILABLE, PREPARING):
        if allowed(before, status) and allowed(status, after):
            return status
    raise AssertionError((before, after))


def derive(connector, previous):
    """Return the status that the facts of `connector` amount to; `previous` is the last one."""
    if connector.faults:
        return FAULTED
    state = connector.session.state
    if state in (sessions.RUNNING, sessions.STOPPING):
        return _in_transaction(connector, state, previous)
    if not connector.operative:
        return UNAVAILABLE
    if state == sessions.FINISHING:
        return FINISHING
    # A plug alone is no use of a reservation (TC_046_2_CS): the holder's token is.
    if connector.reserved and state in (sessions.IDLE, sessions.PLUGGED):
        return RESERVED
    if state == sessions.IDLE:
        return AVAILABLE
    return PREPARING


def _in_transaction(connector, state, previous):
    if state == sessions.STOPPING:
        return FINISHING
    if connector.charging:
        return CHARGING
    if connector.starting_up and previous in _BEFORE_START:
        return PREPARING
    if not connector.plugged:
        return SUSPENDED_EV
    if not connector.offering:
        return SUSPENDED_EVSE
    if connector.ev_asks:
        # The contactor is about to close: what was true until now is still the best answer.
        return previous if previous != FAULTED else SUSPENDED_EV
    return SUSPENDED_EV
