"""What a card means: which connector it is for, and whether it stops the running transaction.

OCPP 1.6 leaves the choice to the station. One reader, two connectors, and no display to ask on:
the rule must be one that a user can be told. A card means the first of these that applies:

1. Stop: a transaction that this card (or a card of its group) started.
2. Free the cable: a plug that is kept locked for this card after the EV's end was unplugged.
3. Take back: this card was accepted and waits for a plug; it is given up.
4. Start at the connector where an EV waits. If EVs wait at both, the one plugged in last.
5. Start again at a connector whose session is over and whose EV is still there; of two, the one
   plugged in last.
6. Start at a free connector: the lowest. The choice is open: if an EV is plugged in at the other
   one first, the authorisation follows it. It ends after ConnectionTimeOut, the time that there
   is to select a connector.

Connectors that are faulted, inoperative, or keep a plug for somebody else are passed over. A
remote start without connector id follows the rules 4 to 6; with one it is for that one alone.
"""

from micropython import const

from firmware.auth.authorizer import ACCEPTED, PENDING, REJECTED
from firmware.evse import session as sessions

# What a token is to a connector with regard to reservations.
HOLDER = const(0)  # The connector, or any, is reserved for it.
FREE = const(1)  # Nothing is reserved.
MAYBE = const(2)  # Reserved for a group: the central system has to tell the token's parent.
OTHERS = const(3)  # Reserved for somebody else.

# Most wanted first: an EV that waits, an ended session to be started again, a free connector.
_PREFERENCE = (sessions.PLUGGED, sessions.FINISHING, sessions.IDLE)


def connector_for(connectors, id_token):
    """Return the connector that a starting `id_token` is for, or None if all are taken."""
    for state in _PREFERENCE:
        found = None
        for connector in connectors:
            if connector.session.state != state or not can_start(connector, id_token):
                continue
            if found is None or (state != sessions.IDLE and _is_later(connector, found)):
                found = connector
        if found is not None:
            return found
    return None


def can_start(connector, id_token):
    """Return True if `id_token` may begin a session on this connector as it is now."""
    if connector.faults or not connector.operative:
        return False
    session = connector.session
    if not session.accepts(sessions.AUTHORISE):
        return False
    # A kept plug charges for its owner alone.
    owner = connector.socket.owner if connector.socket is not None else None
    if owner is not None and not same(owner, id_token):
        return False
    # What is left of an ended session is a cable without an EV: nothing to charge.
    return session.state != sessions.FINISHING or connector.plugged


def is_meant(connector, id_token):
    """Return True while `connector` is still a good choice: an EV is there and may start."""
    return connector is not None and connector.plugged and can_start(connector, id_token)


def keeps_plug_of(connector, id_token):
    """Return True if the socket keeps, or is about to keep, an abandoned plug for this token."""
    if connector.socket is None or connector.plugged:
        return False
    session = connector.session
    owner = connector.socket.owner
    if session.state == sessions.STOPPING and session.stop_reason == "EVDisconnected":
        owner = session.id_token
    return owner is not None and same(owner, id_token)


def follows(connectors, connector):
    """Return the connector whose open authorisation follows the EV now plugged in at `connector`,
    or None."""
    session = connector.session
    if session.state != sessions.PLUGGED:
        return None
    for other in connectors:
        waits = other is not connector and other.session.state == sessions.AUTHORISED
        if waits and other.session.is_open and can_start(connector, other.session.id_token):
            return other
    return None


def stops(connector, id_token, parent):
    """Does `id_token` (its parent as known here, or None) stop the transaction of `connector`?

    ACCEPTED: yes (the same token, or a token of the same group). PENDING: only the central system
    can tell, because the transaction has a parent and the token's is not known. REJECTED: no, and
    nothing is to be asked (TC_068_CS).
    """
    session = connector.session
    if same(session.id_token, id_token):
        return ACCEPTED
    if not session.parent:
        return REJECTED
    if parent is None:
        return PENDING
    return ACCEPTED if parent == session.parent else REJECTED


def same(one, other):
    """Return True for equal id tokens (OCPP 1.6 7.28: CiString, upper equals lower case)."""
    return one.upper() == other.upper()


def _is_later(connector, other):
    return connector.plug_number > other.plug_number
