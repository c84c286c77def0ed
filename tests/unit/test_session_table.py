"""The session's table: every state with every event, and what must never be in it."""

import unittest

from fsm import find

from firmware.evse import session

_ALL_STATES = range(len(session.STATES.split()))
_ALL_EVENTS = range(len(session.EVENTS.split()))
_ROWS = [tuple(session.TABLE[at : at + 3]) for at in range(0, len(session.TABLE), 3)]


# What follows each state (row) at each event (column); "." is refused. Columns: plug unplug
# authorise withdraw begun refused stop ended renewed; letters: the states' own, see _LETTERS.
_LETTERS = "ipasrtf"  # idle plugged authorised starting running (s)topping=t finishing
_EXPECTED = (
    "p.a......",  # idle
    ".is....f.",  # plugged
    "s..i.....",  # authorised
    ".a.prf...",  # starting
    "......t..",  # running
    ".......f.",  # stopping
    ".is.....p",  # finishing
)


class SessionTableTest(unittest.TestCase):
    def test_every_state_with_every_event_is_followed_as_written_down_here(self):
        # 7 x 9 pairs through the machine itself; what is refused changes nothing.
        for state in _ALL_STATES:
            for event in _ALL_EVENTS:
                machine = session.Session()
                machine.state = state
                letter = _EXPECTED[state][event]
                if letter == ".":
                    self.assertRaises(ValueError, machine.handle, event)
                    self.assertEqual(machine.state, state)
                else:
                    machine.handle(event)
                    self.assertEqual(_LETTERS[machine.state], letter, (state, event))

    def test_every_pair_has_at_most_one_row(self):
        # Two rows for one pair would make the order of the table a hidden rule.
        for state in _ALL_STATES:
            for event in _ALL_EVENTS:
                rows = [row for row in _ROWS if row[0] == state and row[1] == event]
                self.assertTrue(len(rows) <= 1, "%d rows for %d, %d" % (len(rows), state, event))

    def test_event_not_in_the_table_raises_and_changes_nothing(self):
        # All pairs that the table leaves out, one by one.
        for state in _ALL_STATES:
            for event in _ALL_EVENTS:
                if find(session.TABLE, state, event) is not None:
                    continue
                machine = session.Session()
                machine.state = state
                self.assertFalse(machine.accepts(event))
                self.assertRaises(ValueError, machine.handle, event)
                self.assertEqual(machine.state, state)

    def test_transaction_runs_only_after_its_record_is_written(self):
        # OCPP 1.6 3.7 and the ledger's promise: BEGUN is the only way into RUNNING.
        ways = [(row[0], row[1]) for row in _ROWS if row[2] == session.RUNNING]
        self.assertEqual(ways, [(session.STARTING, session.BEGUN)])

    def test_transaction_ends_only_with_its_stop_record(self):
        # From RUNNING there is one way, and from STOPPING one: no unplug shortens it.
        running = [(row[1], row[2]) for row in _ROWS if row[0] == session.RUNNING]
        stopping = [(row[1], row[2]) for row in _ROWS if row[0] == session.STOPPING]
        self.assertEqual(running, [(session.STOP, session.STOPPING)])
        self.assertEqual(stopping, [(session.ENDED, session.FINISHING)])

    def test_every_state_can_get_back_to_idle(self):
        # No state is a trap: walk the table backwards from IDLE.
        reached = {session.IDLE}
        for _ in _ALL_STATES:
            for before, _event, after in _ROWS:
                if after in reached:
                    reached.add(before)
        self.assertEqual(len(reached), len(session.STATES.split()))

    def test_first_stop_reason_counts(self):
        # A remote stop that comes while the card's stop is under way changes nothing.
        machine = session.Session()
        machine.state = session.RUNNING
        machine.stop("Local", "CAFE")
        self.assertRaises(ValueError, machine.stop, "Remote", None)
        self.assertEqual((machine.stop_reason, machine.stop_token), ("Local", "CAFE"))
