"""Offering and stopping: the sequences 10.1 and 10.2 of IEC 61851-1 Table A.6."""

import unittest

from boards.common.connector_port import ConnectorPort
from firmware.evse import power


# From each state (row) under offer, EV ready, closed (column: a binary number of the three):
# o off, f offer, s stopping. A lower-case state leaves the contactor alone, a capital wants it.
_EXPECTED = {
    power.OFF: "oooo" "ffFF",
    power.OFFER: "oooS" "ffFF",
    power.STOPPING: "ooo" "S" "ooo" "S",
}


class WalkTest(unittest.TestCase):
    def test_every_state_under_every_input_is_followed_as_written_down_here(self):
        # 3 x 8, without any time passing: no wait runs, the 6 s are not over.
        for state in _EXPECTED:
            for inputs in range(8):
                machine = power.Power()
                if state != power.OFF:
                    machine.tick(0, 16000, True, True)
                if state == power.STOPPING:
                    machine.tick(0, 0, True, True)
                self.assertEqual(machine.state, state)
                machine.tick(0, 16000 * (inputs >> 2), bool(inputs & 2), bool(inputs & 1))
                letter = "ofs"[machine.state]
                if machine.wants_contactor:
                    letter = letter.upper()
                self.assertEqual(letter, _EXPECTED[state][inputs], (state, inputs))
                # Nothing is offered but in OFFER, and OFF never wants the contactor.
                self.assertEqual(machine.offer_ma > 0, machine.state == power.OFFER)
                if machine.state == power.OFF:
                    self.assertFalse(machine.wants_contactor)


class PowerTest(unittest.TestCase):
    def setUp(self):
        self.power = power.Power()
        self.now = 0x3FFFFF00  # Just before the wrap.

    def step(self, elapsed_ms, offer_ma, ev_ready, closed):
        self.now = (self.now + elapsed_ms) & 0x3FFFFFFF
        self.power.tick(self.now, offer_ma, ev_ready, closed)

    def charge(self):
        self.step(50, 16000, False, False)
        self.step(50, 16000, True, False)
        self.step(50, 16000, True, True)

    def test_contactor_is_wanted_only_when_the_ev_is_ready(self):
        # PWM first, then the EV closes S2, then the contactor.
        self.step(50, 16000, False, False)
        self.assertEqual((self.power.offer_ma, self.power.wants_contactor), (16000, False))
        self.step(50, 16000, True, False)
        self.assertTrue(self.power.wants_contactor)

    def test_stop_goes_to_x1_and_keeps_the_contactor_for_the_ev(self):
        # 10.1: the EV gets its time to open S2 without load.
        self.charge()
        self.step(50, 0, True, True)
        self.assertEqual((self.power.offer_ma, self.power.wants_contactor), (0, True))

    def test_stop_opens_when_the_ev_has_opened_s2(self):
        # State B: nothing flows any more.
        self.charge()
        self.step(50, 0, True, True)
        self.step(1000, 0, False, True)
        self.assertEqual(self.power.state, power.OFF)
        self.assertFalse(self.power.wants_contactor)
        self.assertEqual(self.power.forced_opens, 0)

    def test_stop_forces_the_contactor_open_after_six_seconds(self):
        # 10.2: not before 6 s, but then under load too.
        self.charge()
        self.step(50, 0, True, True)
        self.step(5990, 0, True, True)
        self.assertTrue(self.power.wants_contactor)
        self.step(10, 0, True, True)
        self.assertFalse(self.power.wants_contactor)
        self.assertEqual(self.power.forced_opens, 1)

    def test_offer_comes_back_only_after_the_hold(self):
        # A car that is switched off and on at once may take offence.
        self.charge()
        self.step(50, 0, False, False)
        self.step(4990, 16000, True, False)
        self.assertEqual(self.power.state, power.OFF)
        self.assertTrue(self.power.rest.running)
        self.step(50, 16000, True, False)
        self.assertEqual(self.power.state, power.OFFER)

    def test_offer_that_returns_in_time_keeps_the_contactor(self):
        # An EV that has not opened S2 is not switched off under load for a short pause. The new
        # duty comes 5 s after X1, not sooner: so long it may take for the last one (sequence 6).
        self.charge()
        self.step(50, 0, True, True)
        self.step(4950, 10000, True, True)
        self.assertEqual((self.power.state, self.power.offer_ma), (power.STOPPING, 0))
        self.step(50, 10000, True, True)
        self.assertEqual((self.power.state, self.power.offer_ma), (power.OFFER, 10000))
        self.assertTrue(self.power.wants_contactor)

    def test_cut_withdraws_at_once(self):
        # The EV is gone, or a fault came: no six seconds for that.
        self.charge()
        self.power.cut(self.now)
        self.assertEqual((self.power.offer_ma, self.power.wants_contactor), (0, False))

    def test_ev_that_opens_s2_by_itself_keeps_its_offer(self):
        # A pause by the EV: PWM stays, so that it may come back.
        self.charge()
        self.step(50, 16000, False, False)
        self.assertEqual((self.power.state, self.power.offer_ma), (power.OFFER, 16000))
        self.assertFalse(self.power.wants_contactor)


class Sleeper:
    """An EV that stays in B with an offer; in its place its own pilot and guard."""

    def __init__(self):
        self.pilot = self.guard = self
        self.state = 1
        self.offering = True
        self.closed = False


class WakeUpTest(unittest.TestCase):
    def setUp(self):
        # A port without a switch for the pilot: what is left is X1.
        self.wake_up = power.WakeUp(ConnectorPort(None, None, None))
        self.wake_up.delay_s = 60
        self.sleeper = Sleeper()

    def x1_ms(self, first_ms, last_ms):
        """Tick every 50 ms; returns for how long X1 was wanted."""
        count = 0
        for now in range(first_ms, last_ms, 50):
            self.assertFalse(self.wake_up.tick(now, self.sleeper))
            count += self.wake_up.wants_x1
        return count * 50

    def test_asleep_for_the_delay_then_x1_for_four_seconds_once(self):
        # Without a switch the pilot tells the truth all the time, and the offer pauses.
        self.assertEqual(self.x1_ms(0, 60_000), 0)
        self.assertEqual(self.x1_ms(60_000, 600_000), 4000)

    def test_ev_has_asked_in_between_then_it_is_woken_again(self):
        # The next time that it falls asleep is another one.
        self.x1_ms(0, 70_000)
        self.sleeper.state = 2
        self.x1_ms(70_000, 80_000)
        self.sleeper.state = 1
        self.assertEqual(self.x1_ms(80_000, 200_000), 4000)

    def test_waking_switched_off_then_never(self):
        # WakeUpDelay 0.
        self.wake_up.delay_s = 0
        self.assertEqual(self.x1_ms(0, 600_000), 0)
