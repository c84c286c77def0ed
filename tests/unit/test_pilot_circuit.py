"""The simulated control pilot: levels, PWM, ADC front end."""

import unittest

from boards.sim import pilot_circuit
from boards.sim.pilot_circuit import PilotCircuit, SimPwm

_READS_OF_SEED_7 = [50812, 50732, 50748, 50908]


class LevelTest(unittest.TestCase):
    def test_levels_of_the_ev_are_those_of_the_standard(self):
        # Table A.3: A 12, B 9, C 6, D 3 V, within 0.1 V; the low half stays at -12 V.
        circuit = PilotCircuit()
        for ohm, level in (
            (None, 12000),
            (pilot_circuit.OHM_B, 9000),
            (pilot_circuit.OHM_C, 6000),
            (pilot_circuit.OHM_D, 3000),
        ):
            circuit.ev_ohm = ohm
            self.assertTrue(abs(circuit.high_mv() - level) <= 100)
            self.assertEqual(circuit.low_mv(), -12000)

    def test_levels_without_diode_are_symmetrical(self):
        # Only the low half gives it away: +-8.8, +-5.6, +-2.4 V.
        circuit = PilotCircuit()
        circuit.has_diode = False
        for ohm, level in ((2740, 8790), (882, 5620), (246, 2370)):
            circuit.ev_ohm = ohm
            self.assertTrue(abs(circuit.high_mv() - level) <= 20)
            self.assertTrue(abs(circuit.low_mv() + level) <= 20)

    def test_levels_with_a_short_are_near_zero(self):
        # A dead short, and the 80 ohm of the conformance test while in C.
        circuit = PilotCircuit()
        circuit.ev_ohm = pilot_circuit.OHM_C
        circuit.short_ohm = 0
        self.assertEqual((circuit.high_mv(), circuit.low_mv()), (0, 0))
        circuit.short_ohm = pilot_circuit.OHM_SHORT_TEST
        self.assertTrue(800 < circuit.high_mv() < 950)
        self.assertTrue(-950 < circuit.low_mv() < -800)

    def test_levels_with_open_cp_relay_are_those_of_no_ev(self):
        # The EVSE measures before its relay.
        circuit = PilotCircuit()
        circuit.ev_ohm = pilot_circuit.OHM_C
        circuit.is_connected = False
        self.assertEqual(circuit.high_mv(), 12000)

    def test_line_at_steady_duties_has_no_edges(self):
        # X1 is +12 V, F is -12 V, at every phase.
        circuit = PilotCircuit()
        for duty, level in ((65535, 12000), (0, -12000)):
            circuit.duty = duty
            for phase in range(0, 65536, 999):
                self.assertEqual(circuit.line_mv(phase), level)

    def test_line_under_pwm_is_high_for_the_duty(self):
        # A fifth of the time, and 20 us of edge on both sides.
        circuit = PilotCircuit()
        circuit.duty = 13107
        self.assertEqual(circuit.line_mv(13106), 12000)
        self.assertEqual(circuit.line_mv(65535), -12000)
        self.assertTrue(-12000 < circuit.line_mv(600) < 12000)
        self.assertTrue(-12000 < circuit.line_mv(13107 + 600) < 12000)


class AdcTest(unittest.TestCase):
    def test_adc_follows_the_linear_fit(self):
        # 1334 mV + 102.2 mV/V at the pin, 12 bits of 3.3 V.
        circuit = PilotCircuit()
        for line_mv, pin_mv in ((12000, 2560), (9000, 2254), (0, 1334), (-12000, 108)):
            u16 = circuit.adc_u16(line_mv)
            self.assertTrue(abs(u16 * 3300 // 65535 - pin_mv) <= 2)

    def test_adc_clips_at_its_range(self):
        # A front end with too much gain saturates, it does not wrap.
        circuit = PilotCircuit(offset_mv=1334, gain_permyriad=5000)
        self.assertEqual(circuit.adc_u16(12000), 65535)
        self.assertEqual(circuit.adc_u16(-12000), 0)

    def test_reads_with_the_same_seed_are_the_same(self):
        # The first samples are written down: both interpreters must give them.
        first = PilotCircuit(7)
        second = PilotCircuit(7)
        for circuit in (first, second):
            circuit.duty = 20000
        reads = [first.adc_read_u16() for _ in range(50)]
        self.assertEqual(reads, [second.adc_read_u16() for _ in range(50)])
        self.assertEqual(reads[:4], _READS_OF_SEED_7)

    def test_reads_hit_the_high_half_as_often_as_it_lasts(self):
        # The phase is spread evenly: 10 % duty, 10 % of the reads within 1.5 points.
        circuit = PilotCircuit(3)
        circuit.duty = 6554
        middle = circuit.adc_u16(0)
        high = 0
        for _ in range(5000):
            if circuit.adc_read_u16() > middle:
                high += 1
        self.assertTrue(425 <= high <= 575)

    def test_noise_stays_within_its_amplitude(self):
        # +-8 mV at the pin and one step of the converter.
        circuit = PilotCircuit(5)
        exact = circuit.adc_u16(12000)
        for _ in range(500):
            self.assertTrue(abs(circuit.adc_read_u16() - exact) <= 8 * 65536 // 3300 + 32)

    def test_pwm_rounds_down_to_the_timer_step(self):
        # A 13 bit timer; X1 stays X1.
        circuit = PilotCircuit()
        pwm = SimPwm(circuit, 13)
        pwm.duty_u16(17476)
        self.assertEqual(pwm.duty_u16(), 17472)
        pwm.duty_u16(65535)
        self.assertEqual(circuit.duty, 65535)
