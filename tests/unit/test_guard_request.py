"""What the guard makes of an old request, a diode that fails in a pause, B before a new duty."""

import unittest

from firmware.guard.guard import CLOSED, LATCHED, OPEN
from tests.unit.guard_rig import PWM, X1, B, C, Rig, charging


class RequestTest(unittest.TestCase):
    def test_step_after_a_stall_right_after_closing_stays_closed(self):
        # The contacts were still on their way when the VM stood still: the command counts.
        rig = Rig(100_000)
        rig.ask()
        rig.steps_until(CLOSED)
        rig.mirror = False
        rig.is_alive = False
        rig.step()
        rig.mirror = True
        rig.now += 3000
        rig.step()
        self.assertEqual(rig.guard.state, CLOSED)

    def test_step_undone_by_the_loop_does_not_close_again_upon_an_old_request(self):
        # The loop opens what could not be decided; CLOSED is then only the word for it.
        rig = charging(100_000)
        rig.is_alive = False
        rig.guard.close = False
        rig.mirror = False
        rig.now += 1500
        rig.step()
        self.assertEqual((rig.guard.state, rig.guard.close), (OPEN, False))

    def test_step_with_an_old_request_says_that_it_is_not_ready(self):
        # It is still asked for: "no request" would be a lie to whoever looks for the reason.
        rig = Rig(100_000)
        rig.offer()
        rig.high_mv = C
        rig.step(30)
        rig.guard.request_close = True
        rig.is_alive = False
        rig.guard.requested_at = rig.now + 10 - 2000
        rig.step()
        self.assertEqual(rig.why(), "not ready")

    def test_clear_of_a_latch_needs_no_fresh_request(self):
        # Service may undo it while the application is gone: it only opens.
        rig = charging(100_000)
        rig.trips = 2
        rig.step()
        rig.trips = 0
        rig.is_alive = False
        rig.step(200)
        self.assertEqual((rig.guard.state, rig.guard.requested_at), (LATCHED, None))
        rig.guard.clear(rig.now)
        rig.step()
        self.assertEqual(rig.guard.state, OPEN)

    def test_step_once_stale_gives_no_new_steps_to_a_request_that_is_old_already(self):
        # Who was cut off has to speak in time, not a second too late again and again.
        rig = charging(100_000)
        rig.is_alive = False
        rig.step(101)
        self.assertEqual(rig.why(), "stale request")
        rig.step(5)
        rig.guard.requested_at = rig.now + 10 - 1000
        rig.step()
        self.assertEqual((rig.guard.requested_at, rig.guard.duty), (None, 65535))


class DiodeTest(unittest.TestCase):
    def test_step_with_a_low_half_that_is_missing_now_does_not_close(self):
        # What was proven before the pause is gone: one bad low half is nothing to close upon.
        rig = charging(100_000)
        rig.guard.request_close = False
        rig.guard.request_duty = X1
        rig.step(50)
        rig.low_mv = -5600
        rig.guard.request_duty = PWM
        rig.guard.request_close = True
        for _ in range(60):
            rig.step()
            self.assertEqual(rig.guard.state, OPEN)

    def test_step_with_one_missed_low_half_closes_with_the_next(self):
        rig = charging(100_000)
        rig.guard.request_close = False
        rig.step(50)
        rig.guard.request_close = True
        rig.dip(1, low_mv=C)
        self.assertEqual(rig.guard.state, OPEN)
        self.assertEqual(rig.steps_until(CLOSED), 1)


class BlankTest(unittest.TestCase):
    def test_step_with_b_before_the_new_duty_then_believes_it(self):
        # Not the duty's doing: the EV has opened S2, perhaps in a stall that a tick ends.
        for before in (1, 2):
            rig = charging(100_000)
            rig.step(500)
            rig.high_mv = B
            rig.step(before)
            rig.guard.request_duty = PWM + 1000
            rig.step(3 - before)
            self.assertEqual((rig.guard.state, rig.why()), (OPEN, "pilot not C or D"))
