"""Which status a charge point may report after which.

OCPP 1.6 edition 2, 4.9, the table of transitions A1 to I9. Written down here anew, so that a
mistake in a charge point's own table is found. Runs on MicroPython too: the simulated central
system of the tests judges by it.
"""

STATUSES = ("Available", "Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing",
            "Reserved", "Unavailable", "Faulted")
# For each status the numbers of the columns, from 1, in the same order.
_MAY_FOLLOW = ("2345789", "134569", "145689", "135689", "134689", "1289", "1289", "123459",
               "12345678")
_OF_STATION = ("Available", "Unavailable", "Faulted")


def may_follow(before, after):
    """Return True if a connector may go from `before` to `after`."""
    return str(STATUSES.index(after) + 1) in _MAY_FOLLOW[STATUSES.index(before)]


class StatusPairs:
    """What one listener has heard of the connectors of one charge point."""

    def __init__(self):
        self._last = {}

    def begin(self):
        """After a boot or a lost connection the listener may have missed something."""
        self._last.clear()

    def hear(self, connector, status):
        """Take one status; returns what is wrong with it as a text, or None.

        The same status again is a repetition, with other details or because it was asked for.
        """
        before = self._last.get(connector, status)
        self._last[connector] = status
        if status not in STATUSES:
            return None  # A matter of the schema.
        if connector == 0:
            return None if status in _OF_STATION else "connector 0 is never %s" % status
        if before == status or (before in STATUSES and may_follow(before, status)):
            return None
        return "status %s after %s at connector %s" % (status, before, connector)
