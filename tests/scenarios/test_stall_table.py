"""The fault rows under stalls of the VM, row by row as the README of the guard prints them."""

import unittest

from tests.sim import stall_table

_README = "firmware/guard/README.md"


class StallTableTest(unittest.TestCase):
    def test_each_row_under_stalls_is_as_the_readme_of_the_guard_says(self):
        # Time without stalls, time with them, and whether the row's limit is kept. Without stalls
        # every row holds; with them none that has less than 600 ms, and each other.
        with open(_README) as file:
            printed = [line.strip() for line in file if line.startswith("| ")]
        rows = []
        for row in stall_table.table():
            name, _what, limit_ms, quiet_ms, stalled_ms = row
            self.assertTrue(quiet_ms is not None and quiet_ms <= limit_ms, (name, quiet_ms))
            self.assertEqual(stalled_ms > limit_ms, limit_ms < 600, name)
            rows.append(row)
        self.assertEqual(len(printed), len(rows) + 2)
        for at, line in enumerate(stall_table.lines(rows)):
            print(line)
            self.assertEqual(printed[at], line)
