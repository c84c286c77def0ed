"""The wait between two tries: doubling, capped, jittered, never giving up."""

import unittest

from backoff import Backoff


class BackoffTest(unittest.TestCase):
    def test_wait_doubles_up_to_the_cap(self):
        # Without luck in either direction.
        backoff = Backoff(lambda count: b"\xff" * count)
        waits = [backoff.next_ms() for _ in range(9)]
        self.assertEqual(waits, [1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000])

    def test_jitter_takes_up_to_a_quarter(self):
        # A fleet that lost its central system does not come back in one second.
        backoff = Backoff(lambda count: b"\x00" * count)
        self.assertEqual([backoff.next_ms() for _ in range(3)], [750, 1500, 3000])

    def test_success_begins_anew(self):
        # The next failure waits the shortest time.
        backoff = Backoff(lambda count: b"\xff" * count)
        backoff.next_ms()
        backoff.next_ms()
        backoff.reset()
        self.assertEqual(backoff.next_ms(), 1000)
