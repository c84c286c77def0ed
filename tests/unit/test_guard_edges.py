"""One guard at the exact edges of its thresholds, counts and times."""

import unittest

from firmware.guard.guard import CLOSED, LATCHED, OPEN, Guard
from tests.sim import guard_names as names
from tests.unit.guard_rig import LOW, PWM, X1, C, E, Rig, charging


class LevelTest(unittest.TestCase):
    def test_step_at_the_thresholds_of_c(self):
        # The bounds themselves are outside.
        for level, state in ((7499, CLOSED), (7500, OPEN), (4501, CLOSED), (4500, OPEN)):
            rig = charging()
            rig.high_mv = level
            rig.step(10)
            self.assertEqual(rig.guard.state, state)

    def test_step_at_the_thresholds_of_bad(self):
        # 1.5 V is E; 15 V is still a level, above it the measurement is broken.
        for level, why in (
            (1501, "pilot not C or D"),
            (1500, "pilot bad"),
            (15000, "pilot not C or D"),
            (15001, "pilot bad"),
        ):
            rig = charging()
            rig.high_mv = level
            rig.step(3)
            self.assertEqual(rig.why(), why)

    def test_step_at_the_threshold_of_the_diode(self):
        # -10.3 V is the highest level that passes.
        for level, state in ((-10300, CLOSED), (-10299, OPEN)):
            rig = charging()
            rig.low_mv = level
            rig.step(26)
            self.assertEqual(rig.guard.state, state)

    def test_step_at_the_edges_of_the_offer(self):
        # 8..96 % is an offer, closed or about to close; beyond it nothing is.
        for duty, state in ((5242, OPEN), (5243, CLOSED), (62915, CLOSED), (62916, OPEN)):
            rig = charging()
            rig.guard.request_duty = duty
            rig.step(2)
            self.assertEqual(rig.guard.state, state)
            rig = Rig()
            rig.guard.request_duty = duty
            rig.guard.request_close = True
            rig.high_mv = C
            rig.step(100)
            self.assertEqual(rig.guard.state, state)

    def test_step_from_no_offer_to_offer_closes_one_step_later(self):
        # The line must have carried the offer when the levels were read.
        rig = charging()
        rig.guard.request_close = False
        rig.guard.request_duty = 5242
        rig.step(50)
        rig.guard.request_close = True
        rig.guard.request_duty = 5243
        self.assertEqual(rig.steps_until(CLOSED), 2)


class DiodeTest(unittest.TestCase):
    def test_step_proves_the_diode_after_25_steps_of_pwm(self):
        # The first step drives the PWM, the 25 after it see the low half.
        rig = Rig()
        rig.high_mv = C
        rig.low_mv = C
        rig.guard.request_close = True
        rig.step(50)
        rig.low_mv = LOW
        rig.guard.request_duty = PWM
        self.assertEqual(rig.steps_until(CLOSED), 26)

    def test_step_with_a_bad_low_half_begins_the_proof_anew(self):
        # 25 in a row, not in sum; also after a lost proof and after two steps of A only.
        rig = charging()
        rig.low_mv = -5600
        rig.steps_until(OPEN)
        rig.low_mv = LOW
        rig.step(24)
        rig.dip(1, low_mv=-5600)
        self.assertEqual(rig.steps_until(CLOSED), 25)

    def test_step_in_a_forgets_the_diode_on_the_third_sample(self):
        # Two samples of A are noise; the third is an unplugged EV. 10.5 V itself is B.
        for level, steps, why in (
            (10501, 2, "all proven"),
            (10501, 3, "no diode"),
            (10500, 3, "pilot not C or D"),
        ):
            rig = charging()
            rig.guard.request_duty = X1
            rig.step()
            rig.high_mv = level
            rig.step(steps)
            if steps == 3 and level == 10500:
                self.assertEqual(rig.why(), why)
                continue
            rig.high_mv = C
            rig.step(30)
            self.assertEqual(rig.why(), why)

    def test_step_after_e_asks_for_the_diode_again(self):
        # Whatever caused E, the circuit behind it is not trusted any more.
        rig = charging()
        rig.guard.request_duty = X1
        rig.step()
        rig.high_mv = E
        rig.step(3)
        rig.high_mv = C
        rig.step(30)
        self.assertEqual(rig.why(), "no diode")

    def test_step_in_x1_adds_nothing_to_a_bad_low_half_and_takes_nothing_off(self):
        # 15 bad samples, half a second of X1, 5 more: 20 are too few, the next is the 21st.
        rig = charging()
        rig.low_mv = -5600
        rig.step(15)
        rig.guard.request_duty = X1
        rig.step(50)
        rig.guard.request_duty = PWM
        rig.step(5)
        self.assertEqual(rig.guard.state, CLOSED)
        rig.step()
        self.assertEqual(rig.guard.state, OPEN)


class TimeTest(unittest.TestCase):
    def test_step_after_a_stall_of_4000_ms_stays_closed_and_of_4001_opens(self):
        # The application stood still as well. A request from the future gets no such time.
        stays, opens = (CLOSED, PWM), (OPEN, X1)
        for age, seen in ((4000, stays), (4001, opens), (-900, stays), (-901, opens)):
            rig = charging(100_000)
            rig.is_alive = False
            rig.guard.requested_at = rig.now + 10 - age
            rig.step()
            self.assertEqual((rig.guard.state, rig.guard.duty), seen)

    def test_step_after_a_stall_with_a_dead_application_opens_with_the_eleventh(self):
        # So long it has to speak again; and once it has, the next stall gets as many.
        rig = charging(100_000)
        for _ in range(3):
            rig.is_alive = False
            rig.now += 1500
            rig.step(10)
            self.assertEqual(rig.guard.state, CLOSED)
            rig.is_alive = True
            rig.step()
        rig.is_alive = False
        rig.now += 1500
        rig.step(10)
        self.assertEqual(rig.guard.state, CLOSED)
        rig.step()
        self.assertEqual((rig.guard.state, rig.guard.duty, rig.why()), (OPEN, X1, "stale request"))

    def test_step_in_stalls_without_end_opens_within_4_s(self):
        # Something that blocks again and again, and an application that is never run.
        for stall_ms in (20, 100, 500, 1000, 3000):
            rig = charging(100_000)
            rig.is_alive = False
            since = rig.now
            while rig.guard.state == CLOSED:
                rig.now += stall_ms
                rig.step()
            self.assertTrue(rig.now - since <= 4010 + stall_ms)

    def test_step_after_a_stall_with_an_old_request_does_not_close(self):
        # What is offered stays; but what was asked for then is nothing to close upon now.
        offered = (OPEN, PWM)
        for age, seen in ((900, (CLOSED, PWM)), (901, offered), (4000, offered)):
            rig = Rig(100_000)
            rig.offer()
            rig.high_mv = C
            rig.step(30)
            rig.guard.request_close = True
            rig.is_alive = False
            rig.guard.requested_at = rig.now + 10 - age
            rig.step()
            self.assertEqual((rig.guard.state, rig.guard.duty), seen)

    def test_step_never_requested_drives_x1_even_at_tick_zero(self):
        # "Never" is None, not the moment zero.
        unit = Guard()
        unit.request_close = True
        unit.request_duty = PWM
        for now in range(0, 900, 10):
            unit.step(now, C, LOW, False, 0)
            self.assertEqual((unit.close, unit.duty), (False, X1))

    def test_step_once_stale_is_stale_at_tick_zero(self):
        # The same after the request has been forgotten.
        unit = Guard()
        unit.requested_at = 0x30000000
        unit.request_duty = PWM
        unit.step(0x30000000, C, LOW, False, 0)
        self.assertEqual(unit.duty, PWM)
        unit.step(0x30002000, C, LOW, False, 0)
        for now in range(0, 900, 10):
            unit.step(now, C, LOW, False, 0)
            self.assertEqual(unit.duty, X1)

    def test_step_with_weld_at_start_takes_its_second(self):
        # The time begins with the first step, whatever the counter says.
        rig = Rig(500_000)
        rig.is_stuck = rig.mirror = True
        self.assertEqual(rig.steps_until(LATCHED), 101)

    def test_step_in_x1_twice_gives_the_time_twice(self):
        # An offer in between ends the first X1.
        rig = charging()
        rig.guard.request_duty = X1
        rig.step(600)
        rig.guard.request_duty = PWM
        rig.step(30)
        rig.guard.request_duty = X1
        rig.step(600)
        self.assertEqual(rig.guard.state, CLOSED)

    def test_facts_before_the_first_step_are_open(self):
        # Whoever asks early gets the safe answer.
        unit = Guard()
        self.assertEqual(
            (unit.state, unit.close, unit.closed, unit.duty), (OPEN, False, False, X1)
        )
        self.assertEqual((unit.trips_latched, unit.conditions, unit.reason), (0, 0, 0))
        self.assertEqual(unit.take_event(), -1)
        self.assertEqual(names.STATES[unit.state], "open")
