"""What the drivers of an ESP32 block, as its port has wired them: speeds and time-outs are those
that boards/_esp32/board.py asks `machine` for. tests/unit/test_blocking_*.py has the faults.
"""

import sys
import unittest

sys.path.insert(0, "tests/esp32")
from on_fakes import description

import firmware.preload
import machine
import onewire
import vfs
from boards._esp32 import board as boards_module
from boards.sim.chips.cse7766 import Cse7766Chip
from boards.sim.chips.mfrc522 import Mfrc522Chip
from boards.sim.chips.modbus_meter import ModbusMeterChip
from boards.sim.chips.pn532 import Pn532Chip
from boards.sim.chips.rdm6300 import Rdm6300Chip
from tests.sim import blocking

assert firmware.preload
_UID = bytes.fromhex("04A1B2C3D4E580")
_LINE_OF_FAKE = onewire.OneWire
_TAG = bytes.fromhex("1A002B3C4D")
_SPI = {"spi": 2, "sck": 18, "miso": 19, "mosi": 23, "select": 22}
_UART = {"uart": 1, "tx": 4, "rx": 5}
_I2C = {"i2c": 0, "scl": 4, "sda": 5}
_LINE = {"uart": 2, "tx": 17, "rx": 16, "direction": 21}
_ADC_PINS = (3, 33, 36)


class _Nobody:
    """The far end of a line on which nobody is."""

    def any(self):
        return 0

    def readinto(self, view):
        return None

    def write(self, data):
        return len(data)

    def txdone(self):
        return True


class _Box(blocking.Rig):
    """A board of ours with a chip behind one of its buses; all that it has is used.

    chip: called with the clock. bus: ("uart", "spi" or "i2c", number).
    """

    def __init__(self, chip=None, bus=None, name="breadboard", **changes):
        super().__init__()
        machine.forget()
        vfs.mounted[:] = ["the flash"]
        watch = self.watch
        boards_module.time = watch
        onewire.OneWire = lambda pin: blocking.OneWire(watch, _LINE_OF_FAKE(pin))
        for pin in _ADC_PINS:
            machine.voltages[pin] = self.convert
        for number in (1, 2):
            machine.makers["uart", number] = lambda baud, options: self.uart(None, baud, options)
        self.chip = chip and chip(watch.ticks_ms)
        if bus:
            make, part = getattr(self, bus[0]), getattr(self.chip, bus[0])
            machine.makers[bus] = lambda speed, options: make(part, speed, options)
        if hasattr(self.chip, "select"):
            machine.watchers[_SPI["select"]] = self.chip.select
        row = description(name)
        for key in changes:
            where = row if key in ("reader", "rs485") else row["connectors"][0]
            where[key] = changes[key]
        self.board = watch.call("board", boards_module.Esp32Board, row)
        self.port = watch.measure(self.board.connectors[0])
        self.meter = watch.measure(self.board.meters[0])
        self.reader = watch.measure(self.board.reader) if self.board.reader else None

    def uart(self, part, baud, options):
        bits = 10 if options["parity"] is None else 11
        return blocking.Uart(self.watch, part or _Nobody(), baud, bits, options["timeout"])

    def spi(self, part, hertz, _):
        return blocking.Spi(self.watch, part, hertz)

    def i2c(self, part, hertz, options):
        self.wires = blocking.I2c(self.watch, part, hertz, options["timeout"])
        return self.wires

    def convert(self):
        """A conversion of the ADC."""
        self.watch.pass_us(60)
        return 1_650_000

    def step(self):
        now = self.watch.ticks_ms()
        del machine.calls[:]
        if hasattr(self.chip, "step"):
            self.chip.step()
        self.port.read_pilot([0, 0])
        self.port.mirror()
        self.port.trips()
        if self.port.thermistor is not None:
            self.watch.call("temperature", self.port.thermistor.read)
        for socket in self.board.sockets:
            timed = self.watch.measure(socket)
            timed.pp_mv()
            timed.is_locked()
            timed.tick(now)
        self.meter.tick(now)
        return self.reader.tick(now) if self.reader else None


class BlockingTest(unittest.TestCase):
    def tearDown(self):
        onewire.OneWire = _LINE_OF_FAKE
        machine.forget()
        import time

        boards_module.time = time

    def assertKeeps(self, rig):
        """No call of `rig` broke the limit; there were some."""
        watch = rig.watch
        self.assertTrue(watch.calls > 100)
        self.assertTrue(watch.longest_us <= blocking.LIMIT_US, (watch.longest, watch.longest_us))

    def test_readers_as_they_are_wired_then_no_call_blocks_10_ms(self):
        """A card comes and goes, the plug too; each driver on each of its buses."""
        for chip, bus, row in (
            (Mfrc522Chip, ("spi", 2), dict(_SPI, driver="mfrc522")),
            (Pn532Chip, ("spi", 2), dict(_SPI, driver="pn532")),
            (Pn532Chip, ("uart", 1), dict(_UART, driver="pn532")),
            (Pn532Chip, ("i2c", 0), dict(_I2C, driver="pn532")),
        ):
            rig = _Box(chip, bus, reader=row)
            rig.chip.present(_UID)
            rig.run(1500)
            rig.chip.remove()
            rig.run(1500)
            rig.chip.silent = True
            rig.run(3000)
            rig.chip.silent = False
            rig.run(2500)
            self.assertEqual(rig.events, [("card", _UID), ("removed",), ("silent",), ("back",)])
            self.assertKeeps(rig)
        rig = _Box(Rdm6300Chip, ("uart", 1), reader=dict(_UART, driver="rdm6300"))
        rig.chip.tag = _TAG
        rig.run(1500)
        self.assertEqual(rig.events, [("card", _TAG)])
        self.assertKeeps(rig)

    def test_i2c_whose_clock_is_held_then_no_call_blocks_10_ms(self):
        """The time-out that the board gives its bus is short enough for it."""
        rig = _Box(Pn532Chip, ("i2c", 0), reader=dict(_I2C, driver="pn532"))
        for stretch_us in (1000, 1_000_000):
            rig.chip.present(_UID)
            rig.run(1500)
            rig.wires.stretch_us = stretch_us
            rig.run(3000)
            rig.chip.remove()
            rig.wires.stretch_us = 0
            rig.run(3000)
        self.assertIn(("silent",), rig.events)
        self.assertKeeps(rig)

    def test_meters_as_they_are_wired_then_no_call_blocks_10_ms(self):
        """RS-485 with its direction at 2400 and 9600 bit/s, and a chip that speaks by itself."""
        for kind, name, baud in (("SDM120", "eastron_single.SDM120", 2400),
                                 ("DTSU666", "chint.DTSU666", 9600)):  # fmt: skip
            rig = _Box(lambda now, kind=kind: ModbusMeterChip(now, kind), ("uart", 2),
                       meter={"map": name}, rs485=dict(_LINE, baud=baud))  # fmt: skip
            rig.run(5000)
            rig.chip.silent = True
            rig.run(3000)
            self.assertTrue(rig.meter.reading_id > 2)
            self.assertKeeps(rig)
        rig = _Box(Cse7766Chip, ("uart", 1), "esp32_evse_minimal", meter=_UART)
        rig.run(3000)
        self.assertTrue(rig.meter.reading_id > 1)
        self.assertKeeps(rig)

    def test_socket_and_one_wire_as_they_are_wired_then_no_call_blocks_10_ms(self):
        """The board with the socket, its lock and its DS18B20; the pilot at its shortest."""
        onewire.scratch[0] = b"\x91\x01\x4b\x46\x7f\xff\x0c\x10\x25"
        rig = _Box(name="esp32_s2_da")
        rig.port.set_duty(6553)
        for lock in (True, False):
            rig.watch.measure(rig.board.sockets[0]).start(rig.watch.ticks_ms(), lock)
            rig.run(1500)
        onewire.scratch[0] = None
        rig.run(1500)
        self.assertKeeps(rig)
        self.assertTrue(rig.watch.longest_us > 5000)

    def test_interrupts_then_no_call_blocks_10_ms(self):
        """Wiegand's two lines, and the pulses of a meter."""
        rig = _Box(reader={"driver": "wiegand", "zero": 4, "one": 5},
                   meter={"pulses": 15, "per_kwh": 1000})  # fmt: skip
        for at in range(200):
            for pin in (4, 5, 15):
                machine.levels[pin] = at & 1
                rig.watch.call("interrupt", machine.handlers[pin][0], machine.Pin(pin))
            rig.run(30)
        self.assertTrue(rig.meter.energy_wh > 50)
        self.assertKeeps(rig)

    def test_time_out_of_a_port_that_is_too_long_is_caught(self):
        """The check sees what the board asks for: 20 ms for I2C are too much."""
        wired = machine.I2C

        def patient(number, **options):
            return wired(number, **dict(options, timeout=20_000))

        machine.I2C = patient
        try:
            rig = _Box(Pn532Chip, ("i2c", 0), reader=dict(_I2C, driver="pn532"))
        finally:
            machine.I2C = wired
        rig.wires.stretch_us = 1_000_000
        rig.run(1000)
        self.assertTrue(rig.watch.longest_us > blocking.LIMIT_US)

    def test_wait_in_any_part_of_the_board_is_caught(self):
        """11 ms in each thing that the step of a board calls."""
        def run(rig):
            rig.run(1000)

        for find, names in (
            (lambda board: board.connectors[0], ("read_pilot", "mirror", "trips")),
            (lambda board: board.connectors[0].thermistor, ("read",)),
            (lambda board: board.sockets[0], ("pp_mv", "is_locked", "tick")),
            (lambda board: board.meters[0], ("tick",)),
        ):
            for name in names:
                rig = _Box(name="esp32_s2_da")
                self.assertFalse(rig.misses(find(rig.board), name, (("run", run),)), name)
        rig = _Box()
        self.assertFalse(rig.misses(rig.board.reader, "tick", (("run", run),)))
