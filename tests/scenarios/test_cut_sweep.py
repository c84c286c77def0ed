"""A power cut at the flash operations of a session; see tests/sim/cut_sweep.py.

On MicroPython every seventh operation, each way of tearing beginning at another one. The
environment variable PILOTWIRE_SWEEP_STRIDE sets the stride, 1 runs all.
"""

import os
import sys
import unittest

from tests.sim import cut_sweep

_STRIDE = int(
    os.getenv("PILOTWIRE_SWEEP_STRIDE") or (7 if sys.implementation.name == "micropython" else 1)
)


class CutSweepTest(unittest.TestCase):
    def sweep(self, course, least):
        for index, torn in enumerate(cut_sweep.TORN):
            first = min(1 + 2 * index, _STRIDE)
            cuts = cut_sweep.sweep(course, torn, _STRIDE, first)
            self.assertTrue(cuts >= least // _STRIDE, (course, torn, cuts))

    def test_cut_in_an_online_session_then_the_books_are_right(self):
        # One start and one stop with the meter's figures, or nothing at all.
        self.sweep("online", 25)

    def test_cut_in_an_offline_session_then_the_books_are_right(self):
        # Delivered after the restart.
        self.sweep("offline", 25)

    def test_cut_in_a_session_that_a_reset_ends_then_the_books_are_right(self):
        # With the reason of the reset, or that of the cut.
        self.sweep("reset", 14)

    def test_cut_in_the_boot_after_a_cut_then_the_books_are_right(self):
        # The transaction that the first cut left open is closed by the third boot.
        self.sweep("reboot", 4)
