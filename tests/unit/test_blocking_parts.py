"""No call into what else a board drives (pilot, pins, socket, sensors) blocks for 10 ms."""

import unittest

from boards.common.connector_port import ConnectorPort
from boards.common.ds18b20 import Ds18b20
from boards.common.pilot_io import PilotIo
from boards.common.socket_port import SocketPort
from boards.common.thermistor import Thermistor
from boards.sim.board import Pin
from boards.sim.chips.lock import LockChip
from boards.sim.chips.proximity import PULL_OHM, SUPPLY_MV, ProximityChip
from boards.sim.chips.rcm import RcmChip
from boards.sim.chips.thermistor import ThermistorChip
from boards.sim.contactor import Contactor
from boards.sim.pilot_circuit import PilotCircuit, SimAdc, SimPwm
from tests.fakes import onewire
from tests.sim import blocking

_DUTIES = (65535, 6553, 17476, 34952, 62914, 0)
_OHMS = (None, 2740, 882, 246)
_DATA = b"\x91\x01\x4b\x46\x7f\xff\x0c\x10"
_CRC = onewire.OneWire(None).crc8(_DATA)
_SCRATCH = _DATA + bytes((_CRC,))  # 25 degrees
# Nobody; a wrong checksum; a line that is shorted, or open.
_ANSWERS = (None, _DATA + bytes((_CRC ^ 1,)), bytes(9), b"\xff" * 9)


class _OneWire(blocking.Rig):
    def __init__(self):
        super().__init__(step_ms=50)
        self.chip = onewire
        onewire.scratch[0] = _SCRATCH
        line = blocking.OneWire(self.watch, onewire.OneWire(None))
        self.put(Ds18b20(line, self.watch.ticks_ms))

    def step(self):
        del onewire.written[:]
        return self.measured.read()


class _Connector(blocking.Rig):
    """Pilot, contactor, residual current monitor, emergency stop and NTC, read in each step."""

    emergency = False

    def __init__(self):
        super().__init__()
        watch = self.watch
        self.circuit = PilotCircuit()
        self.contactor, self.rcm, self.ntc = Contactor(), RcmChip(), ThermistorChip()
        adc = blocking.Adc(watch, SimAdc(self.circuit))
        pwm = blocking.Part(watch, SimPwm(self.circuit))
        self.pilot = PilotIo(adc, pwm, self.circuit.calibration())
        pins = ((self.contactor, "coil"), (self.contactor, "closed"), (self.rcm, "output"),
                (self, "emergency"))  # fmt: skip
        pins = [blocking.Part(watch, Pin(target, name)) for target, name in pins]
        self.put(ConnectorPort(self.pilot, *pins))
        self.driver.rcd_test = blocking.Part(watch, Pin(self.rcm, "test"))
        self.thermistor = Thermistor(blocking.Adc(watch, self.ntc))
        self.sensor = watch.measure(self.thermistor)

    def step(self):
        levels = [0, 0]
        self.measured.read_pilot(levels)
        self.measured.mirror()
        self.measured.trips()
        self.sensor.read()
        self.contactor.step()
        self.rcm.step()


class _Socket(blocking.Rig):
    def __init__(self):
        super().__init__(step_ms=50)
        self.chip, self.plug = LockChip(), ProximityChip()
        motor = [blocking.Part(self.watch, Pin(self.chip, name))
                 for name in ("towards_locked", "towards_open")]  # fmt: skip
        feedback = blocking.Part(self.watch, Pin(self.chip, "locked"))
        adc = blocking.Adc(self.watch, self.plug)
        self.put(SocketPort(adc, motor, feedback, (SUPPLY_MV, PULL_OHM, SUPPLY_MV)))

    def step(self):
        for _ in range(5):
            self.chip.step()
        self.measured.pp_mv()
        self.measured.is_locked()
        self.measured.tick(self.watch.ticks_ms())


def _temperatures(rig):
    rig.run(4000)


def _broken_sensor(rig):
    for answer in _ANSWERS:
        onewire.scratch[0] = answer
        rig.run(3000)


def _plugs_at_any_moment(rig):
    for steps in range(30):
        onewire.scratch[0] = _SCRATCH
        rig.run(50 * steps)
        onewire.scratch[0] = None
        rig.run(50 * (steps % 7))


def _charging(rig):
    for ohm in _OHMS:
        rig.circuit.ev_ohm = ohm
        for duty in _DUTIES:
            rig.measured.set_duty(duty)
            rig.measured.contactor(ohm == 882)
            rig.run(100)
    rig.measured.test_rcd(True, True)
    rig.run(200)
    rig.measured.rcd_active()
    rig.measured.test_rcd(False, False)
    rig.run(200)


def _faulty_wires(rig):
    rig.circuit.short_ohm = 0
    rig.circuit.noise_mv = 3000
    rig.circuit.has_diode = False
    rig.rcm.leak = rig.emergency = rig.ntc.is_open = rig.contactor.welded = True
    _charging(rig)


def _locking(rig):
    for cable_a in (0, 13, 20, 32, 63):
        rig.plug.cable_a = cable_a
        rig.measured.start(rig.watch.ticks_ms(), cable_a > 0)
        rig.run(600)


def _jammed(rig):
    rig.chip.jammed = rig.plug.is_open = True
    _locking(rig)
    rig.plug.shorted = True
    _locking(rig)


class BlockingTest(unittest.TestCase):
    def test_ds18b20_when_anything_happens_then_no_read_blocks_10_ms(self):
        # Measured, absent, wrong checks, shorted, open, plugged at any moment.
        rig = _OneWire()
        self.assertEqual(rig.live((("temperatures", _temperatures),)), [])
        self.assertEqual(rig.driver.read(), 250)
        troubles = (("broken", _broken_sensor), ("plugs", _plugs_at_any_moment))
        self.assertEqual(rig.live(troubles), [])
        self.assertTrue(rig.watch.longest_us > 5000)  # it is no small thing

    def test_pilot_and_pins_of_a_connector_then_no_call_blocks_10_ms(self):
        # Each load at each duty, with noise and shorts; the longest burst has 102 conversions.
        rig = _Connector()
        troubles = (("charging", _charging), ("faulty wires", _faulty_wires))
        self.assertEqual(rig.live(troubles), [])
        self.assertTrue(rig.watch.longest_us >= 102 * 60)

    def test_socket_then_no_call_blocks_10_ms(self):
        # Its motor runs for 300 ms, between the calls.
        rig = _Socket()
        troubles = (("locking", _locking), ("jammed", _jammed))
        self.assertEqual(rig.live(troubles), [])
        self.assertTrue(rig.chip.pulses >= 5)


class PlantedWaitTest(unittest.TestCase):
    def test_wait_in_any_part_is_caught(self):
        # 11 ms in each of these methods, with nothing wrong.
        for make, owner, methods, happen in (
            (_OneWire, "driver", ("_command", "_decode", "read"), _temperatures),
            (_Connector, "pilot", ("set_duty_u16", "read", "_plateau_mv"), _charging),
            (_Connector, "driver", ("contactor", "mirror", "trips", "rcd_active", "test_rcd"),
             _charging),
            (_Connector, "thermistor", ("read",), _charging),
            (_Socket, "driver", ("start", "tick", "pp_mv", "is_locked"), _locking),
        ):  # fmt: skip
            for name in methods:
                rig = make()
                self.assertFalse(rig.misses(getattr(rig, owner), name, (("use", happen),)), name)

    def test_burst_that_is_too_long_for_the_guard_is_caught(self):
        # 170 conversions of 60 us.
        rig = _Connector()
        circuit = rig.circuit
        long = PilotIo(blocking.Adc(rig.watch, SimAdc(circuit)), SimPwm(circuit),
                       circuit.calibration(), samples=170)  # fmt: skip
        long.set_duty_u16(6553)
        rig.watch.call("read", long.read, [0, 0])
        self.assertTrue(rig.watch.longest_us > blocking.LIMIT_US)
