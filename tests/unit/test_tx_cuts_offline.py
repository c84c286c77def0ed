"""The power cut at every flash operation: sessions without a connection.

Three tearings of each operation, and several states of the file system to begin with.
"""

from tests.sim import cut_session


class PowerCutTest(cut_session.SweepTest):
    def test_inv5_offline_cut_before_any_operation_books_are_right(self):
        # One start and one stop, right values, right order; nothing left behind.
        for sessions in range(3):
            self.sweep(cut_session.offline, "none", sessions)

    def test_inv5_offline_cut_in_the_middle_of_any_operation_books_are_right(self):
        # The operation is half done.
        for sessions in range(3):
            self.sweep(cut_session.offline, "half", sessions)

    def test_inv5_offline_cut_one_byte_before_its_end_books_are_right(self):
        # The operation lacks its last byte.
        for sessions in range(3):
            self.sweep(cut_session.offline, "short", sessions)

    def test_inv5_recovery_cut_at_any_operation_books_are_right(self):
        # The power fails again while the last failure is being put right.
        for torn in ("none", "half", "short"):
            for sessions in range(3):
                cut_session.lead_in(self.image, sessions)
                witness = cut_session.interrupt(self.image)
                position = 1
                while cut_session.run_recovery(self.image, witness, position, torn):
                    position += 1
                self.assertTrue(position > 10)
