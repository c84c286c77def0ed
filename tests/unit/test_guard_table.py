"""The guard's table, exhaustively: every state under every combination of condition bits."""

import unittest

import micropython

from firmware import hal
from firmware.guard import guard
from firmware.guard.guard import CLOSED, LATCHED, OPEN
from tests.sim import guard_names as names

_COMBINATIONS = 1 << len(names.CONDITIONS)


def _bit(name):
    return 1 << names.CONDITIONS.index(name)


_TRIPS = (
    _bit("rcd") | _bit("emergency stop") | _bit("weld") | _bit("overcurrent") | _bit("not closing")
)
_AGAINST = _bit("pilot bad") | _bit("stale") | _bit("no diode") | _bit("not ready")
_FOR = _bit("request") | _bit("pilot C or D")
_CLEAR = _bit("clear")


def _expected(state, conditions):
    """The property, written without the table: a trip latches, a latch stays, all must agree."""
    if conditions & _TRIPS:
        return LATCHED
    if state == LATCHED:
        return OPEN if conditions & _CLEAR else LATCHED
    if conditions & _AGAINST == 0 and conditions & _FOR == _FOR:
        return CLOSED
    return OPEN


# The reasons by priority: (condition, True if its presence is the reason, False if its absence).
_PRIORITY = (
    ("rcd", True),
    ("emergency stop", True),
    ("weld", True),
    ("overcurrent", True),
    ("not closing", True),
    ("pilot bad", True),
    ("request", False),
    ("stale", True),
    ("pilot C or D", False),
    ("no diode", True),
    ("not ready", True),
)
_MASKS = tuple((_bit(name), presence) for name, presence in _PRIORITY)


def _expected_row(state, conditions):
    """The number of the reason, written without the table: the first of the list that applies."""
    row = 0
    for mask, presence in _MASKS:
        if state == LATCHED and row == 5:
            return 5 if conditions & _CLEAR else 6
        if (conditions & mask != 0) == presence:
            return row
        row += 1
    return row


class TableTest(unittest.TestCase):
    def test_next_state_in_every_case_has_the_property_and_allocates_nothing(self):
        # 3 states x 4096 combinations, with the heap locked from the first to the last.
        wrong = -1
        micropython.heap_lock()
        try:
            for state in range(3):
                for conditions in range(_COMBINATIONS):
                    if guard.next_state(state, conditions) != _expected(state, conditions):
                        wrong = state * _COMBINATIONS + conditions
        finally:
            micropython.heap_unlock()
        self.assertEqual(wrong, -1)

    def test_match_in_every_case_gives_the_first_reason(self):
        # The same walk for the reason that is shown to people.
        wrong = -1
        micropython.heap_lock()
        try:
            for state in range(3):
                for conditions in range(_COMBINATIONS):
                    if guard.match(state, conditions) != _expected_row(state, conditions):
                        wrong = state * _COMBINATIONS + conditions
        finally:
            micropython.heap_unlock()
        self.assertEqual(wrong, -1)

    def test_next_state_of_all_combinations_closes_in_exactly_one_per_state(self):
        # The bit "clear" means nothing outside LATCHED, hence two: with it and without it.
        for state, ways in ((OPEN, 2), (CLOSED, 2), (LATCHED, 0)):
            count = 0
            for conditions in range(_COMBINATIONS):
                if guard.next_state(state, conditions) == CLOSED:
                    count += 1
            self.assertEqual(count, ways)

    def test_table_bits_match_the_names(self):
        # Names and bits cannot drift apart: every bit is used, none is beyond the names.
        used = 0
        for rows in guard.TABLE:
            for all_set, all_clear, _ in rows:
                used |= all_set | all_clear
        self.assertEqual(used, _COMBINATIONS - 1)

    def test_trip_constants_are_their_condition_bits(self):
        # A trip input passes into the condition bits unchanged.
        self.assertEqual(guard.TRIP_RCD, _bit("rcd"))
        self.assertEqual(guard.TRIP_EMERGENCY, _bit("emergency stop"))
        self.assertEqual(guard.TRIP_WELD, _bit("weld"))
        self.assertEqual(guard.TRIP_OVERCURRENT, _bit("overcurrent"))
        self.assertEqual(guard.TRIP_NOT_CLOSING, _bit("not closing"))

    def test_trip_inputs_of_a_board_are_the_guards_bits(self):
        # The board's contract and the guard import nothing from each other, and must agree.
        self.assertEqual(hal.TRIP_RCD, guard.TRIP_RCD)
        self.assertEqual(hal.TRIP_EMERGENCY, guard.TRIP_EMERGENCY)

    def test_last_row_of_every_state_always_matches_and_is_safe(self):
        # Whatever the rows before it miss ends with the contactor open.
        for rows in guard.TABLE:
            all_set, all_clear, new_state = rows[-1]
            self.assertEqual((all_set, all_clear), (0, 0))
            self.assertTrue(new_state in (OPEN, LATCHED))

    def test_reasons_have_one_name_per_row(self):
        # A reason code always finds its name.
        self.assertEqual(len(names.REASONS), len(guard.TABLE))
        for reasons, rows in zip(names.REASONS, guard.TABLE):
            self.assertEqual(len(reasons), len(rows))
            self.assertTrue(len(rows) <= 16)
        self.assertEqual(len(names.STATES), len(guard.TABLE))

    def test_reasons_of_one_fault_are_named_after_it(self):
        # One condition at a time, against an otherwise perfect closed contactor.
        other = {"request": "no request", "stale": "stale request"}
        other["pilot C or D"] = "pilot not C or D"
        for name, _ in _PRIORITY:
            row = guard.match(CLOSED, _FOR ^ _bit(name))
            self.assertEqual(names.REASONS[CLOSED][row], other.get(name, name))
        self.assertEqual(names.REASONS[OPEN][guard.match(OPEN, _FOR)], "all proven")
