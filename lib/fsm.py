"""A walk over a table of transitions. The table is the documentation; this only reads it.

A table is a bytes object with three bytes for each row: state, event, next state. An event that
is not in the table raises and changes nothing: the caller asks `accepts` first if the event comes
from outside.
"""


def find(table, state, event):
    """Return the state that follows, or None if `table` has no such row."""
    for at in range(0, len(table), 3):
        if table[at] == state and table[at + 1] == event:
            return table[at + 2]
    return None


class Machine:
    """One state and the only function that changes it."""

    def __init__(self, table, state):
        self.state = state
        self._table = table

    def accepts(self, event):
        """Return True if the table has a row for `event` in the present state."""
        return find(self._table, self.state, event) is not None

    def handle(self, event):
        """Take the transition of `event`; raises ValueError, unchanged, where there is none."""
        following = find(self._table, self.state, event)
        if following is None:
            raise ValueError("event %d in state %d" % (event, self.state))
        self.state = following
        return following
