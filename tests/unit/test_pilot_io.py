"""The pilot driver on the simulated line: plateaus, and the way from the line to the contactor."""

import unittest

import micropython
import ticks

from boards.common.pilot_io import PilotIo
from boards.sim import pilot_circuit
from boards.sim.pilot_circuit import PilotCircuit, SimAdc, SimPwm
from firmware.evse import pilot
from firmware.guard.guard import CLOSED, OPEN, Guard
from firmware.guard.loop import GuardLoop

_6_A, _16_A, _32_A, _51_A, _80_A = 6553, 17476, 34952, 55705, 62914
_DUTIES = (_6_A, _16_A, _32_A, _51_A, _80_A)
_X1 = 65535


def _rig(seed=1, offset_mv=1334, gain_permyriad=1022):
    circuit = PilotCircuit(seed, 8, offset_mv, gain_permyriad)
    return circuit, PilotIo(SimAdc(circuit), SimPwm(circuit), circuit.calibration())


class ReadTest(unittest.TestCase):
    def test_read_at_every_load_and_duty_gives_both_plateaus(self):
        # Within 0.15 V: the noise of +-8 mV is +-0.08 V at the line, one ADC step 0.008 V.
        circuit, io = _rig()
        levels = [0, 0]
        for has_diode in (True, False):
            circuit.has_diode = has_diode
            for ohm in (None, 2740, 882, 246):
                circuit.ev_ohm = ohm
                for duty in _DUTIES:
                    io.set_duty_u16(duty)
                    io.read(levels)
                    self.assertTrue(abs(levels[0] - circuit.high_mv()) <= 150)
                    self.assertTrue(abs(levels[1] - circuit.low_mv()) <= 150)

    def test_read_at_steady_duty_gives_the_level_twice_with_few_reads(self):
        # X1 and F have no halves to find.
        circuit, io = _rig()
        levels = [0, 0]
        for duty, level in ((_X1, 12000), (0, -12000)):
            io.set_duty_u16(duty)
            before = circuit.reads
            io.read(levels)
            self.assertEqual(circuit.reads - before, 12)
            self.assertTrue(abs(levels[0] - level) <= 150)
            self.assertTrue(abs(levels[1] - level) <= 150)

    def test_read_takes_fewer_samples_in_the_middle(self):
        # A burst has to fit into 10 ms; at 10 % duty it needs the most.
        circuit, io = _rig()
        levels = [0, 0]
        for duty, most in ((_6_A, 102), (_16_A, 42), (_32_A, 42), (_80_A, 102)):
            io.set_duty_u16(duty)
            before = circuit.reads
            io.read(levels)
            self.assertEqual(circuit.reads - before, most)

    def test_read_of_another_front_end_needs_only_its_two_points(self):
        # Other offset, other gain, same millivolts at the line.
        circuit, io = _rig(1, 1500, 900)
        circuit.ev_ohm = pilot_circuit.OHM_C
        io.set_duty_u16(_16_A)
        levels = [0, 0]
        io.read(levels)
        self.assertTrue(abs(levels[0] - 6000) <= 150)
        self.assertTrue(abs(levels[1] + 12000) <= 150)

    def test_read_a_thousand_times_never_misses_the_high_half(self):
        # A missed high half counts towards opening; a missed low half only after 250 ms.
        levels = [0, 0]
        for duty, low_max in ((_6_A, 0), (_16_A, 0), (_80_A, 30)):
            circuit, io = _rig(11)
            circuit.ev_ohm = pilot_circuit.OHM_C
            io.set_duty_u16(duty)
            low_missed = 0
            for _ in range(1000):
                circuit.wait_ms(5)
                io.read(levels)
                self.assertTrue(abs(levels[0] - 6000) <= 400)
                if levels[1] > -10300:
                    low_missed += 1
            self.assertTrue(low_missed <= low_max)

    def test_read_and_set_duty_allocate_nothing(self):
        # They run in the timer callback.
        circuit, io = _rig()
        circuit.ev_ohm = pilot_circuit.OHM_B
        levels = [0, 0]
        micropython.heap_lock()
        try:
            for duty in _DUTIES:
                io.set_duty_u16(duty)
                io.read(levels)
            io.set_duty_u16(_X1)
            io.read(levels)
        finally:
            micropython.heap_unlock()
        self.assertTrue(abs(levels[0] - 9000) <= 150)

    def test_calibration_that_cannot_be_is_refused(self):
        # Exchanged points, no span, too few samples.
        circuit = PilotCircuit()
        adc, pwm = SimAdc(circuit), SimPwm(circuit)
        for calibration, samples in (((2112, 50828), 100), ((900, 0), 100), ((50828, 2112), 29)):
            self.assertRaises(ValueError, PilotIo, adc, pwm, calibration, samples)


class _Connector:
    """The connector of a board in the simulator's shape: line, contactor, mirror."""

    def __init__(self, seed):
        self.circuit, self.io = _rig(seed)
        self.is_closed = False
        self.read_pilot = self.io.read
        self.set_duty = self.io.set_duty_u16

    def mirror(self):
        return self.is_closed

    def trips(self):
        return 0

    def contactor(self, is_closed):
        self.is_closed = is_closed


class _Watchdog:
    def feed(self):
        pass


class _Wallbox:
    """Line, driver, guard and pilot reader together, every 10 ms; the simplest application."""

    def __init__(self, seed, duty):
        self.connector = _Connector(seed)
        self.guard = Guard()
        self.loop = GuardLoop((self.connector,), (self.guard,), _Watchdog(), ticks)
        self.reader = pilot.PilotReader()
        self.levels = [0, 0]
        self.duty = duty
        self.now = 0x3FFFFFFF - 3000

    def run(self, time_ms):
        for _ in range(time_ms // 10):
            self.now = ticks.add(self.now, 10)
            self.connector.circuit.wait_ms(7)
            self.loop.step(self.now)
            self.connector.io.read(self.levels)
            is_pwm = 0 < self.guard.duty < _X1
            self.reader.update(self.now, self.levels[0], self.levels[1], is_pwm)
            state = self.reader.state
            self.guard.request_duty = _X1 if state == pilot.A else self.duty
            self.guard.request_close = state == pilot.C and self.reader.diode_ok
            self.guard.requested_at = self.now

    def time_to_open(self):
        for count in range(1, 30):
            self.run(10)
            if not self.connector.is_closed:
                return count * 10
        return None


class WholeTest(unittest.TestCase):
    def test_session_at_every_duty_closes_and_opens_in_time(self):
        # Plug in, C, back to B: closed within 3 s (sequence 4), open within 40 ms (8.1).
        for duty in _DUTIES:
            box = _Wallbox(duty, duty)
            box.run(500)
            box.connector.circuit.ev_ohm = pilot_circuit.OHM_B
            box.run(1000)
            self.assertEqual(box.reader.state, pilot.B)
            self.assertFalse(box.connector.is_closed)
            box.connector.circuit.ev_ohm = pilot_circuit.OHM_C
            box.run(800)
            self.assertTrue(box.connector.is_closed)
            box.run(2000)
            self.assertTrue(box.connector.is_closed)
            box.connector.circuit.ev_ohm = pilot_circuit.OHM_B
            self.assertTrue(box.time_to_open() <= 40)
            box.run(100)
            self.assertEqual(box.reader.state, pilot.B)

    def test_session_with_faults_of_the_line_opens_in_time(self):
        # Unplugged, short, 80 ohm short, broken wire at the EVSE: all within 40 ms.
        for fault in range(4):
            box = _Wallbox(fault + 1, _16_A)
            circuit = box.connector.circuit
            circuit.ev_ohm = pilot_circuit.OHM_C
            box.run(3000)
            self.assertEqual(box.guard.state, CLOSED)
            if fault == 0:
                circuit.ev_ohm = None
            elif fault == 1:
                circuit.short_ohm = 0
            elif fault == 2:
                circuit.short_ohm = pilot_circuit.OHM_SHORT_TEST
            else:
                circuit.is_connected = False
            self.assertTrue(box.time_to_open() <= 40)

    def test_session_with_a_load_without_diode_never_closes(self):
        # A resistor for an EV, in B and in C.
        box = _Wallbox(1, _16_A)
        circuit = box.connector.circuit
        circuit.has_diode = False
        circuit.ev_ohm = pilot_circuit.OHM_B
        box.run(1000)
        circuit.ev_ohm = pilot_circuit.OHM_C
        for _ in range(20):
            box.run(100)
            self.assertFalse(box.connector.is_closed)
        self.assertEqual(box.guard.state, OPEN)

    def test_session_with_signalling_pulses_never_closes(self):
        # B-C-B pulses of 300 ms (sequence 11).
        box = _Wallbox(1, _16_A)
        circuit = box.connector.circuit
        circuit.ev_ohm = pilot_circuit.OHM_B
        box.run(1000)
        for _ in range(4):
            circuit.ev_ohm = pilot_circuit.OHM_C
            box.run(300)
            self.assertFalse(box.connector.is_closed)
            circuit.ev_ohm = pilot_circuit.OHM_B
            box.run(300)
            self.assertFalse(box.connector.is_closed)
