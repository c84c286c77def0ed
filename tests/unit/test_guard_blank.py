"""What the guard does not believe after a new duty cycle, and what it believes all the same."""

import unittest

from firmware.guard.guard import CLOSED, LATCHED, OPEN, TRIP_RCD
from tests.unit.guard_rig import PWM, X1, A, B, C, D, E, Rig, charging


def changed(duty=PWM + 2000):
    """Charging for a while, then another duty cycle."""
    rig = charging()
    rig.step(500)
    rig.guard.request_duty = duty
    rig.step()
    return rig


class BlankTest(unittest.TestCase):
    def test_b_after_a_new_duty_then_stays_closed_for_half_a_second(self):
        # Some EVs show 2700 ohm for 500 ms and go on charging.
        rig = changed()
        rig.high_mv = B
        rig.step(53)
        self.assertEqual((rig.guard.state, rig.guard.blanked), (CLOSED, True))
        rig.high_mv = C
        rig.step(100)
        self.assertEqual((rig.guard.state, rig.guard.blanked), (CLOSED, False))

    def test_b_that_stays_then_opens_after_the_blanking(self):
        # 550 ms and the three samples of every opening.
        rig = changed()
        rig.high_mv = B
        self.assertEqual(rig.steps_until(OPEN), 57)

    def test_unplugged_or_faulty_in_the_blanking_then_opens_at_once(self):
        # Only B is hidden.
        for level in (A, D, E, -12000, 20000):
            rig = changed()
            rig.high_mv = level
            self.assertEqual(rig.steps_until(OPEN), 3)

    def test_trip_in_the_blanking_then_opens_at_once(self):
        # Nor has it anything to do with what comes from elsewhere.
        rig = changed()
        rig.trips = TRIP_RCD
        self.assertEqual(rig.steps_until(LATCHED), 1)

    def test_next_duty_within_seconds_then_hides_nothing(self):
        # A stream of duties must not keep a contactor closed in B.
        rig = changed()
        rig.step(200)
        rig.guard.request_duty = PWM
        rig.step()
        rig.high_mv = B
        self.assertEqual(rig.steps_until(OPEN), 3)

    def test_duty_after_five_seconds_then_is_a_new_one(self):
        # So often the offer may rise.
        rig = changed()
        rig.step(500)
        rig.guard.request_duty = PWM
        rig.step()
        rig.high_mv = B
        rig.step(50)
        self.assertEqual(rig.guard.state, CLOSED)

    def test_x1_then_hides_nothing(self):
        # Whoever is asked to stop may say so at once.
        rig = changed(X1)
        rig.high_mv = B
        self.assertEqual(rig.steps_until(OPEN), 3)

    def test_duty_while_open_then_closes_no_earlier(self):
        # B never counts as a wish.
        rig = Rig()
        rig.offer()
        rig.guard.request_close = True
        for duty in (PWM, PWM + 3000) * 20:
            rig.guard.request_duty = duty
            rig.step(30)
            self.assertEqual((rig.guard.state, rig.guard.blanked), (OPEN, False))


class FaultyStateTest(unittest.TestCase):
    def test_f_is_driven_while_latched_if_it_is_asked_for(self):
        # Steady -12 V offers less than X1; nothing else is let through.
        rig = charging()
        rig.trips = TRIP_RCD
        for asked, driven in ((0, 0), (PWM, X1), (X1, X1), (70000, X1), (-1, X1)):
            rig.guard.request_duty = asked
            rig.step()
            self.assertEqual((rig.guard.state, rig.guard.duty), (LATCHED, driven))

    def test_f_is_not_driven_for_an_application_that_is_gone(self):
        # A stale request is none.
        rig = charging()
        rig.trips = TRIP_RCD
        rig.guard.request_duty = 0
        rig.step()
        rig.is_alive = False
        rig.step(102)
        self.assertEqual(rig.guard.duty, X1)
