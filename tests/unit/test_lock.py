"""The lock of a socket: its table, its tries, and that nothing opens under load."""

import unittest

from fsm import find

from firmware.evse import lock

_STATES = range(len(lock.STATES.split()))
_EVENTS = range(len(lock.EVENTS.split()))
_ROWS = [tuple(lock.TABLE[at : at + 3]) for at in range(0, len(lock.TABLE), 3)]
_TICK_MS = 50


class _Motor:
    """A bolt that arrives 200 ms after a pulse begins, unless it is jammed."""

    def __init__(self):
        self.is_at_lock = False
        self.jammed = False
        self.pulses = []
        self._target = None
        self._arrives_in = 0

    def start(self, now, locked):
        self.pulses.append((now, locked))
        self._target = locked
        self._arrives_in = 200

    def tick(self, now):
        self._arrives_in -= _TICK_MS
        if self._target is not None and self._arrives_in <= 0:
            if not self.jammed:
                self.is_at_lock = self._target
            self._target = None

    def is_locked(self):
        return self.is_at_lock


# What follows each state (row) at each event (column: lock unlock arrived gave_up slipped again).
_LETTERS = "olLuFU"  # open locking Locked unlocking lock_Failed Unlock_failed
_EXPECTED = (
    "l...uu",  # open
    ".uLF..",  # locking
    ".u..l.",  # locked
    "l.oU..",  # unlocking
    ".u....",  # lock_failed
    "l.o..u",  # unlock_failed
)


class LockTableTest(unittest.TestCase):
    def test_every_state_with_every_event_is_followed_as_written_down_here(self):
        # 6 x 6 pairs; what is refused is in the test after the next.
        for state in _STATES:
            for event in _EVENTS:
                following = find(lock.TABLE, state, event)
                letter = "." if following is None else _LETTERS[following]
                self.assertEqual(letter, _EXPECTED[state][event], (state, event))

    def test_every_pair_has_at_most_one_row(self):
        # Two rows for one pair would make the order of the table a hidden rule.
        for state in _STATES:
            for event in _EVENTS:
                rows = [row for row in _ROWS if row[0] == state and row[1] == event]
                self.assertTrue(len(rows) <= 1, "%d %d" % (state, event))

    def test_every_pair_outside_the_table_raises_and_changes_nothing(self):
        # All of them, one by one.
        for state in _STATES:
            for event in _EVENTS:
                if find(lock.TABLE, state, event) is not None:
                    continue
                machine = lock.Lock(_Motor())
                machine.state = state
                self.assertRaises(ValueError, machine.handle, event)
                self.assertEqual(machine.state, state)

    def test_locked_is_reached_by_the_feedback_alone(self):
        # No wish, no time-out and no retry makes it "locked".
        ways = [(row[0], row[1]) for row in _ROWS if row[2] == lock.LOCKED]
        self.assertEqual(ways, [(lock.LOCKING, lock.ARRIVED)])

    def test_locked_is_left_by_a_wish_or_by_the_feedback_alone(self):
        # Nothing else may take the lock from a plug that may carry current.
        events = [row[1] for row in _ROWS if row[0] == lock.LOCKED]
        self.assertEqual(sorted(events), [lock.UNLOCK, lock.SLIPPED])

    def test_every_state_can_come_to_open(self):
        # No plug is held for ever.
        reached = {lock.OPEN}
        for _ in _STATES:
            for before, _event, after in _ROWS:
                if after in reached:
                    reached.add(before)
        self.assertEqual(len(reached), len(lock.STATES.split()))


class LockTest(unittest.TestCase):
    def setUp(self):
        self.now = 0x3FFFFFFF - 5_000
        self.motor = _Motor()
        self.lock = lock.Lock(self.motor)
        self.run_for(500, False)

    def run_for(self, duration_ms, wants_lock, live=False):
        for _ in range(duration_ms // _TICK_MS):
            self.now = (self.now + _TICK_MS) & 0x3FFFFFFF
            self.lock.tick(self.now, wants_lock, live)

    def pulses(self):
        return [locked for _, locked in self.motor.pulses]

    def locked(self):
        self.run_for(1000, True)
        self.assertTrue(self.lock.confirmed)
        self.motor.pulses = []

    def test_wish_to_lock_is_one_pulse_and_confirmed_by_the_feedback(self):
        # The way there takes 200 ms, the feedback must then hold for 100 ms.
        self.run_for(200, True)
        self.assertFalse(self.lock.confirmed)
        self.run_for(300, True)
        self.assertTrue(self.lock.confirmed)
        self.assertEqual(self.pulses(), [True])

    def test_jammed_bolt_is_tried_five_times_in_at_most_ten_seconds(self):
        # Then it is a fault, and the motor rests.
        self.motor.jammed = True
        self.run_for(10_000, True)
        self.assertEqual(self.lock.state, lock.LOCK_FAILED)
        self.assertEqual(self.pulses(), [True] * 5)
        moments = [moment for moment, _ in self.motor.pulses]
        gaps = [(b - a) & 0x3FFFFFFF for a, b in zip(moments, moments[1:])]
        self.assertEqual(gaps, [lock.TRAVEL_MS + lock.PAUSE_MS] * 4)
        self.run_for(120_000, True)
        self.assertEqual(len(self.motor.pulses), 5)

    def test_bolt_that_moves_at_the_third_try_is_locked(self):
        # A plug that was not quite in.
        self.motor.jammed = True
        self.run_for(3000, True)
        self.motor.jammed = False
        self.run_for(2000, True)
        self.assertTrue(self.lock.confirmed)
        self.assertEqual(self.pulses(), [True] * 3)

    def test_after_a_failed_lock_the_bolt_is_drawn_back(self):
        # A plug that is half held must come out again.
        self.motor.jammed = True
        self.run_for(10_000, True)
        self.motor.jammed = False
        self.run_for(1000, False)
        self.assertEqual(self.lock.state, lock.OPEN)

    def test_nothing_opens_while_the_contactor_may_be_closed(self):
        # Neither a wish nor a command, from every state; not even a pulse towards open.
        for state in _STATES:
            self.setUp()
            self.motor.is_at_lock = state in (lock.LOCKED, lock.UNLOCKING, lock.UNLOCK_FAILED)
            self.lock.state = state
            self.lock.prove_open()
            self.run_for(150_000, False, live=True)
            self.assertFalse(False in self.pulses(), state)

    def test_opening_that_meets_a_closing_contactor_goes_back_to_locked(self):
        # By construction that does not happen; if it does, the plug is held.
        self.locked()
        self.run_for(50, False)
        self.run_for(1000, False, live=True)
        self.assertTrue(self.lock.confirmed)

    def test_jammed_bolt_is_tried_again_each_minute_until_it_opens(self):
        # The user stands there with a cable.
        self.locked()
        self.motor.jammed = True
        self.run_for(10_000, False)
        self.assertEqual(self.lock.state, lock.UNLOCK_FAILED)
        self.run_for(70_000, False)
        self.assertEqual(self.pulses(), [False] * 10)
        self.motor.jammed = False
        self.run_for(60_000, False)
        self.assertEqual(self.lock.state, lock.OPEN)

    def test_command_moves_the_motor_of_an_open_lock_and_says_unlocked(self):
        # TC_017_1_CS: also with no cable in the socket.
        self.lock.prove_open()
        self.assertIsNone(self.lock.result)
        self.run_for(1000, False)
        self.assertEqual(self.lock.result, "Unlocked")
        self.assertEqual(self.pulses(), [False])

    def test_command_to_a_jammed_bolt_says_unlock_failed_after_all_tries(self):
        # TC_030_CS; within what a central system waits.
        self.locked()
        self.motor.jammed = True
        self.lock.prove_open()
        self.run_for(10_000, False)
        self.assertEqual(self.lock.result, "UnlockFailed")

    def test_command_after_a_failure_begins_a_new_round_at_once(self):
        # "Retry on command", not after the minute.
        self.locked()
        self.motor.jammed = True
        self.run_for(15_000, False)
        self.motor.jammed = False
        self.lock.prove_open()
        self.run_for(1000, False)
        self.assertEqual(self.lock.result, "Unlocked")

    def test_feedback_that_goes_away_takes_the_confirmation_and_locks_anew(self):
        # The contactor opens meanwhile: `confirmed` is its condition.
        self.locked()
        self.motor.is_at_lock = False
        self.run_for(200, True)
        self.assertTrue(self.lock.confirmed)
        self.run_for(100, True, live=True)
        self.assertFalse(self.lock.confirmed)
        self.run_for(1000, True)
        self.assertTrue(self.lock.confirmed)

    def test_feedback_that_bounces_for_a_moment_changes_nothing(self):
        # A contact that shakes when the contactor closes.
        self.locked()
        self.motor.is_at_lock = False
        self.run_for(150, True)
        self.motor.is_at_lock = True
        self.run_for(1000, True)
        self.assertEqual(self.pulses(), [])

    def test_bolt_found_locked_after_a_boot_is_drawn_back(self):
        # The last run left a cable locked; nobody is authorised now.
        self.motor = _Motor()
        self.motor.is_at_lock = True
        self.lock = lock.Lock(self.motor)
        self.run_for(1500, False)
        self.assertEqual((self.lock.state, self.motor.is_at_lock), (lock.OPEN, False))
