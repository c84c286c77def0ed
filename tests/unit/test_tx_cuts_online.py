"""The power cut at every flash operation: sessions that are delivered as they happen.

Three tearings of each operation, and several states of the file system to begin with.
"""

from tests.sim import cut_session


class PowerCutTest(cut_session.SweepTest):
    def test_inv5_online_cut_before_any_operation_books_are_right(self):
        # One start and one stop, right values, right order; nothing left behind.
        for sessions in range(7):
            self.sweep(cut_session.online, "none", sessions)

    def test_inv5_online_cut_in_the_middle_of_any_operation_books_are_right(self):
        # The operation is half done.
        for sessions in range(7):
            self.sweep(cut_session.online, "half", sessions)

    def test_inv5_online_cut_one_byte_before_its_end_books_are_right(self):
        # The operation lacks its last byte.
        for sessions in range(7):
            self.sweep(cut_session.online, "short", sessions)
