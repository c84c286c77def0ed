"""What a card means: which connector it is for, and whether it stops the running transaction.

OCPP 1.6 4.10 and 5.? leave the choice of the connector to the station; the rule here is written
down so that a user can be told: the connector that waits for a card, else the first free one.
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


def connector_for(connectors):
    """Return the connector that a starting card is for, or None if all are taken."""
    for state in _PREFERENCE:
        for connector in connectors:
            if connector.session.state == state and connector.operative and not connector.faults:
                return connector
    return None


def stops(connector, id_token, parent):
    """Does `id_token` (its parent as known here, or None) stop the transaction of `connector`?

    ACCEPTED: yes (the same token, or a token of the same group). PENDING: only the central system
    can tell, because the transaction has a parent and the token's is not known. REJECTED: no, and
    nothing is to be asked (TC_068_CS).
    """
    session = connector.session
    if session.id_token.upper() == id_token.upper():
        return ACCEPTED
    if not session.parent:
        return REJECTED
    if parent is None:
        return PENDING
    return ACCEPTED if parent == session.parent else REJECTED
