"""Operative or not: the charge point and each connector (OCPP 1.6 5.2 ChangeAvailability).

One record for all of them, replaced as a whole, so a power cut leaves the old or the new answer.
"""

from firmware.evse import session as sessions

_RECORD = "availability"


class Availability:
    """Owner of `connector.operative` and of the charge point's own flag."""

    def __init__(self, connectors, store):
        self.operative = True
        self._connectors = connectors
        self._store = store
        stored = store.get(_RECORD)
        if stored is not None and len(stored) == len(connectors) + 1:
            self.operative = stored[0] != 0
            for connector in connectors:
                connector.operative = stored[connector.id] != 0

    def change(self, connector_id, operative):
        """Set one connector, or everything with 0. Returns the OCPP status; stored before it."""
        connectors = self._connectors
        if not 0 <= connector_id <= len(connectors):
            return "Rejected"
        wanted = [self.operative] + [_wanted(connector) for connector in connectors]
        for index in range(len(wanted)):
            if connector_id in (0, index):
                wanted[index] = operative
        try:
            self._store.set(_RECORD, bytes(wanted))
        except OSError:
            return "Rejected"
        self.operative = wanted[0]
        answer = "Accepted"
        for connector in connectors:
            if connector_id in (0, connector.id) and not _switch(connector, operative):
                answer = "Scheduled"
        return answer


def settle(connector):
    """The transaction is over: what was scheduled for then holds now."""
    if connector.scheduled_operative is not None:
        connector.operative = connector.scheduled_operative
        connector.scheduled_operative = None


def _switch(connector, operative):
    """Set it now, or schedule it while a transaction runs; returns False if scheduled."""
    connector.scheduled_operative = None
    if connector.transaction is not None and operative != connector.operative:
        connector.scheduled_operative = operative
        return False
    if operative and not connector.operative and connector.session.accepts(sessions.RENEWED):
        connector.session.handle(sessions.RENEWED)
    connector.operative = operative
    return True


def _wanted(connector):
    if connector.scheduled_operative is not None:
        return connector.scheduled_operative
    return connector.operative
