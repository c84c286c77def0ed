"""Control pilot: levels to states over time, current to duty and back."""

import unittest

import micropython
import ticks

from firmware.evse import pilot
from firmware.evse.pilot import A, B, C, D, E, F, PilotReader

_NOMINAL_MV = (12000, 9000, 6000, 3000, 0, -12000)
_BOUNDS_MV = (10500, 7500, 4500, 1500, -1500)
_HYSTERESIS_MV = 400


class Rig:
    """A reader fed every 10 ms."""

    def __init__(self, state=A, now=0x3FFFFFFF - 500):
        self.reader = PilotReader()
        self.now = now
        self.changes = 0
        self.hold(_NOMINAL_MV[state], 1500)
        assert self.reader.state == state
        self.changes = 0

    def hold(self, high_mv, time_ms, low_mv=-12000, pwm_on=True):
        """Keep a level for a time; returns the state after it."""
        for _ in range(time_ms // 10):
            self.now = ticks.add(self.now, 10)
            if self.reader.update(self.now, high_mv, low_mv, pwm_on):
                self.changes += 1
        return self.reader.state

    def time_to(self, state, high_mv):
        """The ms until the state is `state`."""
        start = self.now
        for _ in range(500):
            self.hold(high_mv, 10)
            if self.reader.state == state:
                # The first sample with the new level starts the time.
                return ticks.diff(self.now, start) - 10
        return None


class StateTest(unittest.TestCase):
    def test_update_in_every_state_reaches_every_other_after_its_debounce(self):
        # 6 x 6: the table of times is what happens, to the next sample, and in one change.
        for start in range(6):
            for target in range(6):
                if start == target:
                    continue
                rig = Rig(start)
                elapsed = rig.time_to(target, _NOMINAL_MV[target])
                due = 25 * pilot.DEBOUNCE[6 * start + target]
                self.assertTrue(due <= elapsed < due + 10)
                self.assertEqual(rig.changes, 1)

    def test_update_leaving_c_or_d_takes_at_most_75_ms(self):
        # Sequences 2.2 and 8: of the 100 ms the contactor needs its share.
        for start in (C, D):
            for target in (A, B):
                self.assertTrue(25 * pilot.DEBOUNCE[6 * start + target] <= 75)

    def test_classify_at_every_threshold_in_every_state(self):
        # All states x all bounds: the own bounds are 0.4 V further out, the others nominal.
        for state in range(6):
            for index in range(5):
                bound = _BOUNDS_MV[index]
                if index == state:
                    bound -= _HYSTERESIS_MV
                elif index == state - 1:
                    bound += _HYSTERESIS_MV
                self.assertEqual(pilot.classify(state, bound + 1), index)
                self.assertEqual(pilot.classify(state, bound), index + 1)

    def test_tables_have_six_rows_and_no_delay_to_themselves(self):
        # Tables and names cannot drift apart.
        self.assertEqual(len(pilot.NAMES), 6)
        self.assertEqual(len(pilot.DEBOUNCE), 36)
        for state in range(6):
            self.assertEqual(pilot.DEBOUNCE[7 * state], 0)

    def test_update_with_noise_below_the_hysteresis_never_changes_the_state(self):
        # From every nominal level and from every bound, +-0.39 V around it, pseudo-random.
        seed = 12345
        for state in range(6):
            levels = [_NOMINAL_MV[state]]
            if state > 0:
                levels.append(_BOUNDS_MV[state - 1])
            if state < 5:
                levels.append(_BOUNDS_MV[state])
            for level in levels:
                rig = Rig(state)
                for _ in range(300):
                    seed = (seed * 1103 + 12345) % 1000003
                    rig.hold(level + seed % 781 - 390, 10)
                self.assertEqual((rig.reader.state, rig.changes), (state, 0))

    def test_update_with_c_pulse_of_300_ms_in_b_stays_b(self):
        # Sequence 11: an EV that signals by B-C-B must not close the contactor.
        rig = Rig(B)
        for _ in range(4):
            rig.hold(6000, 300)
            rig.hold(9000, 300)
        self.assertEqual((rig.reader.state, rig.changes), (B, 0))

    def test_update_with_c_of_two_seconds_in_b_is_c(self):
        # Sequence 4.
        rig = Rig(B)
        self.assertEqual(rig.hold(6000, 2000), C)
        self.assertEqual(rig.changes, 1)

    def test_update_with_plug_bounce_waits_for_its_end(self):
        # Contacts bounce for 5..50 ms: one change, to B.
        rig = Rig(A)
        for _ in range(10):
            rig.hold(9000, 40)
            rig.hold(12000, 20)
        self.assertEqual(rig.changes, 0)
        self.assertEqual(rig.hold(9000, 300), B)
        self.assertEqual(rig.changes, 1)

    def test_update_from_b_to_d_passes_no_c(self):
        # Some EVs and testers go there directly.
        rig = Rig(B)
        self.assertEqual(rig.hold(3000, 600), D)
        self.assertEqual(rig.changes, 1)

    def test_update_with_pilot_short_of_80_ohm_in_c_is_e(self):
        # The short of the conformance test leaves +-0.9 V.
        rig = Rig(C)
        self.assertEqual(rig.hold(889, 600, -889), E)

    def test_update_at_steady_minus_12_is_f(self):
        # Driven by us, or a broken generator: whoever reads it knows which.
        rig = Rig(B)
        self.assertEqual(rig.hold(-12000, 600, -12000, False), F)

    def test_since_tells_the_time_since_the_last_raw_change(self):
        # Also of a change that the filter has not let through.
        rig = Rig(B)
        rig.hold(6000, 200)
        self.assertEqual(rig.reader.since(rig.now), 190)
        self.assertEqual(rig.reader.raw, C)
        self.assertEqual(rig.reader.state, B)

    def test_since_after_weeks_is_still_long(self):
        # An idle wallbox outlives the wrap of the counter.
        rig = Rig(A)
        for _ in range(30):
            rig.now = ticks.add(rig.now, 86_400_000)
            rig.hold(12000, 10)
        self.assertTrue(rig.reader.since(rig.now) > 86_400_000)

    def test_update_allocates_nothing(self):
        # It runs hundreds of times a minute.
        rig = Rig(B)
        micropython.heap_lock()
        try:
            rig.hold(6000, 2000)
            rig.hold(9000, 200, -8800)
        finally:
            micropython.heap_unlock()
        self.assertEqual(rig.changes, 2)


class DiodeTest(unittest.TestCase):
    def test_diode_ok_needs_pwm_and_the_low_half(self):
        # In X1 nothing can be seen.
        rig = Rig(A)
        rig.hold(9000, 1000, 9000, False)
        self.assertFalse(rig.reader.diode_ok)
        rig.hold(9000, 10)
        self.assertTrue(rig.reader.diode_ok)

    def test_diode_missing_in_b_is_never_ok(self):
        # -8.8 V is negative, but no -12 V.
        rig = Rig(A)
        rig.hold(8790, 2000, -8790)
        self.assertFalse(rig.reader.diode_ok)

    def test_diode_lost_is_noticed_after_250_ms(self):
        # A single missed low half at a high duty is not a missing diode.
        rig = Rig(C)
        rig.hold(5620, 250, -5620)
        self.assertTrue(rig.reader.diode_ok)
        rig.hold(5620, 20, -5620)
        self.assertFalse(rig.reader.diode_ok)

    def test_diode_ok_is_forgotten_in_a_and_kept_in_x1(self):
        # The next EV shows its own; a pause of this one proves nothing against it.
        rig = Rig(B)
        rig.hold(9000, 5000, 9000, False)
        self.assertTrue(rig.reader.diode_ok)
        rig.hold(12000, 300, 12000, False)
        self.assertFalse(rig.reader.diode_ok)


class DutyTest(unittest.TestCase):
    def test_duty_at_every_tenth_of_an_ampere_is_never_above_and_little_below(self):
        # Exact integers: the current on the wire against the limit, 13, 14 and 16 bits.
        for bits in (13, 14, 16):
            for current in range(6000, 80001, 100):
                duty = pilot.duty_u16(current, bits)
                if duty * 20 <= 17 * 65536:
                    offered = duty * 60000  # in mA * 65536
                else:
                    offered = duty * 250000 - 160000 * 65536
                self.assertTrue(offered <= current * 65536)
                if 51000 < current <= 52500:
                    # The two formulas of Table A.7 leave a gap: 51 A are offered.
                    self.assertTrue(offered > 50900 * 65536)
                else:
                    self.assertTrue(offered > (current - 100) * 65536)
                self.assertEqual(duty % (1 << (16 - bits)), 0)

    def test_duty_of_coarse_timers_is_never_above(self):
        # 8 and 10 bits cannot keep 0.1 A; above the limit they must not be either.
        for bits, step in ((8, 980), (10, 245), (12, 100)):
            for current in range(6000, 80001, 100):
                offered = pilot.current_ma(pilot.duty_u16(current, bits))
                self.assertTrue(offered <= current)
                if not 51000 < current < 53600:
                    self.assertTrue(offered > current - step)

    def test_duty_of_known_currents_is_the_table_of_the_standard(self):
        # Per mille, both formulas and their common point.
        for amperes, permille in (
            (6, 100),
            (10, 167),
            (13, 217),
            (16, 267),
            (20, 333),
            (32, 533),
            (48, 800),
            (51, 850),
            (63, 892),
            (80, 960),
        ):
            duty = pilot.duty_u16(amperes * 1000)
            self.assertEqual(pilot.duty_permille(duty), permille)

    def test_duty_rises_with_the_current(self):
        # Also across 51 A, in steps of 10 mA.
        last = 0
        for current in range(50000, 52001, 10):
            duty = pilot.duty_u16(current)
            self.assertTrue(duty >= last)
            last = duty

    def test_duty_outside_the_range_raises(self):
        # Below 6 A there is no smaller offer, only X1: no clamping.
        for current, bits in ((5999, 16), (0, 16), (-1, 16), (80001, 16), (16000, 7), (16000, 17)):
            self.assertRaises(ValueError, pilot.duty_u16, current, bits)

    def test_duty_and_back_allocate_nothing(self):
        # All products stay small integers on 32 bits.
        total = 0
        micropython.heap_lock()
        try:
            for current in (6000, 51000, 51001, 80000):
                total += pilot.current_ma(pilot.duty_u16(current)) & 1
            for duty in (0, 32768, 55705, 62914, 65535):
                total += pilot.current_ma(duty) & pilot.duty_permille(duty) & 1
        finally:
            micropython.heap_unlock()
        self.assertTrue(total >= 0)

    def test_current_of_the_duties_of_the_standard(self):
        # What an EV reads, at the edges of each range, in per mille of the period.
        for permille, current in (
            (0, 0),
            (50, 0),
            (79, 0),
            (81, 6000),
            (99, 6000),
            (961, 80000),
            (969, 80000),
            (971, 0),
            (999, 0),
        ):
            self.assertEqual(pilot.current_ma(permille * 65536 // 1000), current)
        self.assertEqual(pilot.current_ma(32768), 30000)
        self.assertEqual(pilot.current_ma(58982), 64998)

    def test_permille_of_the_steady_levels(self):
        # X1 is 1000, F is 0.
        self.assertEqual(pilot.duty_permille(65535), 1000)
        self.assertEqual(pilot.duty_permille(0), 0)
        self.assertEqual(pilot.duty_permille(6553), 100)
