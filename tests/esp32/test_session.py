"""A whole session on the ESP32 port: the real board.json, drivers and firmware, the world's chips
behind the fakes of `machine`, in virtual time.
"""

import sys
import unittest

sys.path.insert(0, "tests/esp32")
from on_fakes import description

import firmware.preload
import esp32
import machine
import vfs
from boards._esp32.board import Esp32Board
from boards.sim.network import Network
from tests.sim import plant as plants

assert firmware.preload
_COIL, _MIRROR, _RCD, _TEST, _STOP, _DIRECTION = 26, 34, 35, 25, 39, 21
# The pilot circuit of the world shows this at the pin: 1334 mV + 102.2 mV per volt.
_PLUS_MV, _MINUS_MV = 2560, 108


class _Pilot:
    """The world's pilot line behind the fakes of ADC and PWM."""

    def __init__(self, circuit):
        self._circuit = circuit

    def read_uv(self):
        return (self._circuit.adc_read_u16() >> 4) * 3_300_000 // 4095

    def drive(self, duty):
        self._circuit.duty = duty


def _board(time, world, fs, *_, **__):
    """Build what boards.sim.board.SimBoard would be, of the ESP32 port."""
    machine.forget()
    esp32.stored.clear()
    outlet = world.outlets[0]
    row = description()
    # An order code of the meter with even parity.
    row["rs485"]["parity"] = 0
    outlet.meter.uart.speed = (9600, 0)
    connector = row["connectors"][0]
    connector["pilot"].update(plus_mv=_PLUS_MV, minus_mv=_MINUS_MV)
    pilot = _Pilot(outlet.circuit)
    machine.voltages[connector["pilot"]["adc"]] = pilot.read_uv
    machine.voltages[33] = lambda: 1_650_000
    machine.devices["pwm", connector["pilot"]["pwm"]] = pilot.drive
    machine.devices["uart", row["rs485"]["uart"]] = outlet.meter.uart
    machine.devices["spi", row["reader"]["spi"]] = world.reader.spi
    machine.watchers[row["reader"]["select"]] = world.reader.select
    machine.watchers[_COIL] = lambda level: setattr(outlet.contactor, "coil", level == 1)
    machine.readers[_MIRROR] = lambda: 1 if outlet.contactor.closed else 0
    if hasattr(outlet, "rcm"):  # the monitor as a chip of its own, with a test input
        machine.readers[_RCD] = lambda: 1 if outlet.rcm.output else 0
        machine.watchers[_TEST] = lambda level: setattr(outlet.rcm, "test", level == 1)
    else:
        machine.readers[_RCD] = lambda: 1 if outlet.rcd else 0
    machine.readers[_STOP] = lambda: 1 if outlet.emergency else 0
    vfs.mounted[:] = [fs]
    board = Esp32Board(row)
    board.world = world
    board.network = Network(board)
    board.feeds = 0
    board.ticks_ms = time.ticks_ms
    board.every = time.every
    board.watch()
    return board


class SessionTest(unittest.TestCase):
    def setUp(self):
        plants.SimBoard = _board
        self.plant = plants.Plant(real_pilot=True)

    def tearDown(self):
        self.plant.close()
        self.assertEqual(self.plant.violations, [])
        self.assertEqual(self.plant.csms.anomalies, [])
        self.assertEqual(self.plant.app.guard_loop.hal_errors, 0)

    def charge(self):
        plant = self.plant
        plant.run(3000)
        plant.do("plug")
        plant.run(1000)
        plant.do("card", id="04A1B2C3")
        plant.run_until(lambda: plant.status() == "Charging")
        plant.run(10_000)

    def test_session_from_plug_to_unplug_then_books_equal_the_meter(self):
        """Pilot, contactor, mirror, reader on SPI and meter on RS-485, through the ESP32 port."""
        plant = self.plant
        before_wh = plant.meter_wh()
        self.charge()
        self.assertEqual(machine.levels[_COIL], 1)
        plant.run(20_000)
        plant.do("card", id="04A1B2C3")
        plant.run_until(lambda: plant.status() == "Finishing")
        plant.run_until(lambda: plant.csms.books()[0][2] is not None)
        plant.do("unplug")
        plant.run_until(lambda: plant.status() == "Available")
        wh = plant.meter_wh() - before_wh
        self.assertTrue(wh > 100)
        self.assertEqual(plant.csms.books(), [(1, "04A1B2C3", wh, "Local")])
        self.assertEqual(machine.levels[_COIL], 0)
        self.assertEqual(plant.app.identity["meterType"], "SDM630")

    def test_meter_probe_at_the_console_then_finds_what_board_json_has(self):
        """Through UART and direction pin of the board, which are as they were afterwards."""
        plant = self.plant
        plant.run(3000)
        began = len(machine.calls)
        told = plant.do("console", line="meter probe")["lines"]
        while plant.control._commands.taking:
            plant.run(1000)
            told += plant.do("console", line="")["lines"]
        self.assertIn("map eastron.SDM630, rs485_baud 9600, rs485_parity even, ", told[-2])
        self.assertEqual(told[-1], "board.json is right")
        speeds = [call for call in machine.calls[began:] if call[0] == "speed"]
        self.assertEqual(speeds, [("speed", 9600, 0)] * 2)
        self.assertEqual(machine.levels[_DIRECTION], 0)
        read = plant.app.board.meters[0].reading_id
        plant.run(3000)
        self.assertTrue(plant.app.board.meters[0].reading_id >= read + 2)

    def test_coil_only_ever_moves_by_the_guard(self):
        """Between the boot and the permission the pin is low; each high one had its reason."""
        plant = self.plant
        plant.run(3000)
        plant.do("plug")
        plant.run(5000)
        self.assertNotIn(("pin", _COIL, 1), machine.calls)
        plant.do("card", id="04A1B2C3")
        plant.run_until(lambda: plant.status() == "Charging")
        self.assertEqual(machine.calls.count(("pin", _COIL, 1)), 1)

    def test_unplug_under_load_then_the_pin_falls_within_60_ms(self):
        """ADC bursts in uV, three steps of the guard, the pin (IEC 61851-1 sequence 2.2)."""
        plant = self.plant
        self.charge()
        plant.do("unplug")
        waited_ms = 0
        while machine.levels[_COIL] and waited_ms < 100:
            plant.run(10)
            waited_ms += 10
        self.assertTrue(waited_ms <= 60, waited_ms)
        plant.run(200)
        self.assertFalse(plant.closed())

    def test_watchdog_is_fed_by_the_guard_only(self):
        """100 times a second, and no more once the guard's timer stands still."""
        self.plant.run(1000)
        before = machine.state["fed"]
        self.plant.run(1000)
        self.assertTrue(95 <= machine.state["fed"] - before <= 105)
        before = machine.state["fed"]
        for _ in range(20):
            self.plant.app.tick(self.plant.time.now)
        self.assertEqual(machine.state["fed"], before)
