"""The test of the guard's table, tested: every small change of the table must be noticed.

A mutant drops a row, flips one bit of a row or changes one target. It must break the property of
the states or that of the reasons, as test_guard_table.py asserts them, or be proven to behave as
the original in every case.
"""

import unittest

from firmware.guard import guard
from tests.sim import guard_names as names
from tests.unit.test_guard_table import _COMBINATIONS, _TRIPS, _expected, _expected_row

_BITS = len(names.CONDITIONS)
_STATE = 0
_REASON = 1
_SAME = 2


def _mutants(rows):
    """Yield (kind, rows) for every mutant of the rows of one state, each once."""
    for index in range(len(rows)):
        before = rows[:index]
        after = rows[index + 1 :]
        all_set, all_clear, new_state = rows[index]
        yield 0, before + after
        for bit in range(_BITS):
            flip = 1 << bit
            yield 1, before + ((all_set ^ flip, all_clear, new_state),) + after
            yield 1, before + ((all_set, all_clear ^ flip, new_state),) + after
        for target in (guard.OPEN, guard.CLOSED, guard.LATCHED):
            if target != new_state:
                yield 2, before + ((all_set, all_clear, target),) + after


def _match(rows, conditions):
    """What `match` does, on the rows of a mutant."""
    row = 0
    for all_set, all_clear, _ in rows:
        if conditions & all_set == all_set and not conditions & all_clear:
            break
        row += 1
    return row


def _verdict(rows, state):
    """What gives the mutant away: _STATE, _REASON, or nothing in all cases: _SAME."""
    verdict = _SAME
    for conditions in range(_COMBINATIONS):
        row = _match(rows, conditions)
        if row == len(rows) or rows[row][2] != _expected(state, conditions):
            return _STATE
        if row != _expected_row(state, conditions):
            verdict = _REASON
    return verdict


def _closes_wrongly(rows, state):
    for conditions in range(_COMBINATIONS):
        row = _match(rows, conditions)
        if row < len(rows) and rows[row][2] == guard.CLOSED:
            if _expected(state, conditions) != guard.CLOSED:
                return True
    return False


class MutantsTest(unittest.TestCase):
    def test_every_mutant_is_caught_or_identical(self):
        # Survivors are compared with the real table in every case: equal state and equal reason.
        counts = [[0, 0, 0], [0, 0, 0], [0, 0, 0]]
        for state in range(len(guard.TABLE)):
            for kind, rows in _mutants(guard.TABLE[state]):
                verdict = _verdict(rows, state)
                counts[kind][verdict] += 1
                if verdict == _SAME:
                    for conditions in range(_COMBINATIONS):
                        row = _match(rows, conditions)
                        if row != guard.match(state, conditions):
                            self.fail("a survivor differs in its reason")
                        if rows[row][2] != guard.next_state(state, conditions):
                            self.fail("a survivor differs in its state")
        for kind, name in enumerate(("drop a row", "flip a bit", "change a target")):
            by_state, by_reason, same = counts[kind]
            print(
                "%s: %d caught by state, %d by reason, %d identical"
                % (name, by_state, by_reason, same)
            )
        rows = sum(len(rows) for rows in guard.TABLE)
        made = sum(sum(verdicts) for verdicts in counts)
        self.assertEqual(made, rows * (1 + 2 * _BITS + 2))

    def test_dropped_row_never_closes_wrongly_unless_it_is_a_trip(self):
        # Rows that only name a reason may be lost without harm: the closing row proves all.
        for state in range(len(guard.TABLE)):
            rows = guard.TABLE[state]
            for index in range(len(rows)):
                if not rows[index][0] & _TRIPS:
                    self.assertFalse(_closes_wrongly(rows[:index] + rows[index + 1 :], state))
