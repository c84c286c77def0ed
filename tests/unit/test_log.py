"""The log: levels, late formatting, the short memory."""

import unittest

from log import DEBUG, INFO, WARN, Log


class LogTest(unittest.TestCase):
    def test_line_above_the_level_is_not_even_formatted(self):
        # A wrong format would raise, if anybody formatted it.
        log = Log(WARN)
        log.info("x", "%d", "not a number")
        self.assertEqual(log.lines(), [])

    def test_last_lines_are_kept_in_order(self):
        # The ring forgets the oldest, and says so by its length.
        log = Log(INFO)
        for number in range(30):
            log.info("x", "line %d", number)
        lines = log.lines()
        self.assertEqual(len(lines), 24)
        self.assertEqual(lines[0], (INFO, "x", "line 6"))
        self.assertEqual(lines[-1], (INFO, "x", "line 29"))

    def test_sink_gets_each_line(self):
        # The simulator's host and the console listen here.
        told = []
        log = Log(DEBUG, lambda level, area, text: told.append((level, area, text)))
        log.warn("net", "no link")
        self.assertEqual(told, [(WARN, "net", "no link")])
