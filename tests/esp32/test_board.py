"""From board.json to objects: every part of every board, with its pins, ports and levels."""

import sys
import unittest

sys.path.insert(0, "tests/esp32")
from on_fakes import description

import firmware.preload
import esp32
import machine
import onewire
import vfs
from boards._esp32.board import Esp32Board
from firmware.evse.proximity import classify, resistance_ohm
from firmware.hal import TRIP_EMERGENCY, TRIP_RCD

assert firmware.preload
_BOARDS = ("breadboard", "esp32_evse_minimal", "esp32_evse_minimal_s3", "esp32_devkitc_evse",
           "esp32_s2_da")
_SPI = {"spi": 2, "sck": 18, "miso": 19, "mosi": 23, "select": 22}
_UART = {"uart": 1, "tx": 4, "rx": 5}


class BoardTest(unittest.TestCase):
    def setUp(self):
        machine.forget()
        esp32.stored.clear()
        vfs.mounted[:] = ["the flash"]

    def build(self, name="breadboard", **changes):
        """Build a board of ours, with other parts of its connector or of itself."""
        board = description(name)
        for key in changes:
            where = board if key in ("reader", "rs485", "keys") else board["connectors"][0]
            if changes[key] is None:
                where.pop(key, None)
            else:
                where[key] = changes[key]
        return Esp32Board(board)

    def called(self, what):
        return [call for call in machine.calls if call[0] == what]

    def test_each_board_of_ours_is_built_and_drives_nothing_towards_power(self):
        """Constructors: coils off, motors still, X1; no timer, no watchdog."""
        for name in _BOARDS:
            machine.forget()
            box = self.build(name)
            row = description(name)
            self.assertEqual(len(box.connectors), 1)
            self.assertEqual(machine.levels[row["connectors"][0]["coil"]], 0)
            self.assertEqual({call[2] for call in self.called("pwm")}, {65535})
            self.assertEqual(self.called("timer") + self.called("wdt"), [])
            self.assertEqual({call[2] for call in self.called("pin")}, {0} if name !=
                             "breadboard" else {0, 1})  # the reader's select and reset
            self.assertEqual(box.identity("1.2")["chargePointModel"], row["model"])
            self.assertEqual(box.identity("1.2")["chargePointSerialNumber"], "240ac4010203")
            self.assertEqual(box.fs, "the flash")
            self.assertEqual((box.current_ma_max, box.phases), (32000, row["phases"]))

    def test_pilot_runs_at_1_khz_and_reads_adc_with_its_attenuation(self):
        """11 dB unless said otherwise; an inverting driver turns the generator round."""
        pilot = description()["connectors"][0]["pilot"]
        for db, atten in ((0, 0), (2, 1), (6, 2), (11, 3), (None, 3)):
            machine.forget()
            changed = dict(pilot, low=True)
            if db is not None:
                changed["db"] = db
            self.build(pilot=changed)
            self.assertIn(("generator", 27, 1000, True), machine.calls)
            self.assertIn(("adc", 36, atten), machine.calls)

    def test_pilot_levels_come_from_the_drawing_or_from_the_calibration(self):
        """2533 mV is +12 V; after the calibration 2600 mV are."""
        levels = [0, 0]
        machine.voltages[36] = lambda: 1_943_000
        self.build().connectors[0].read_pilot(levels)
        self.assertTrue(abs(levels[0] - 6000) < 20 and abs(levels[1] - 6000) < 20, levels)
        esp32.stored.update(cp1_plus=2_600_000, cp1_minus=200_000)
        machine.voltages[36] = lambda: 2_000_000
        self.build().connectors[0].read_pilot(levels)
        self.assertTrue(abs(levels[0] - 6000) < 20, levels)

    def test_pilot_burst_allocates_nothing(self):
        """It runs in the timer's callback; so does all else of the port."""
        import micropython

        port = self.build().connectors[0]
        levels = [0, 0]
        values = iter([2_533_000, 172_000] * 500)
        machine.voltages[36] = values.__next__
        port.read_pilot(levels)
        machine.voltages.clear()
        micropython.heap_lock()
        try:
            port.read_pilot(levels)
            port.mirror()
            port.trips()
        finally:
            micropython.heap_unlock()

    def test_mirror_contact_reads_its_pin_and_is_none_without(self):
        """None: the guard then takes the command for the fact."""
        port = self.build().connectors[0]
        for level in (0, 1):
            machine.levels[34] = level
            self.assertIs(port.mirror(), level == 1)
        self.assertIsNone(self.build("esp32_s2_da").connectors[0].mirror())

    def test_trip_inputs_tell_their_bits_with_and_without_inversion(self):
        """Broken wires of the bread-board read as trips: high is a trip."""
        port = self.build().connectors[0]
        for rcd, stop, bits in ((0, 0, 0), (1, 0, TRIP_RCD), (0, 1, TRIP_EMERGENCY),
                                (1, 1, TRIP_RCD | TRIP_EMERGENCY)):
            machine.levels.update({35: rcd, 39: stop})
            self.assertEqual(port.trips(), bits)
        port = self.build(rcd={"pin": 35, "low": True, "pull": "up"}).connectors[0]
        machine.levels.update({35: 1, 39: 0})
        self.assertEqual(port.trips(), 0)
        machine.levels[35] = 0
        self.assertEqual(port.trips(), TRIP_RCD)
        self.assertIn(("in", 35, machine.Pin.PULL_UP), machine.calls)

    def test_coil_that_is_on_while_low_is_off_while_high(self):
        """Also before the first command."""
        port = self.build(coil={"pin": 26, "low": True}).connectors[0]
        self.assertEqual(machine.levels[26], 1)
        port.contactor(True)
        self.assertEqual(machine.levels[26], 0)
        port.contactor(False)
        self.assertEqual(machine.levels[26], 1)

    def test_lights_drive_their_pins_and_the_button_is_high_while_pressed(self):
        """Both may be active low; a board without them has none."""
        box = self.build()
        self.assertIsNone(box.button)
        self.assertEqual(machine.levels[4], 0)
        box.lights["status"].value(1)
        self.assertEqual(machine.levels[4], 1)
        box = self.build("esp32_evse_minimal")
        self.assertEqual(box.lights, {})
        for level, pressed in ((1, 0), (0, 1)):
            machine.readers[0] = lambda: level  # noqa: B023  called at once
            self.assertEqual(box.button.value(), pressed)

    def test_pilot_switch_is_connected_and_phase_switch_is_at_one_phase(self):
        """The levels at the start, as firmware/hal.py names them."""
        port = self.build(cp_switch={"pin": 12, "low": True}, phase_switch=14).connectors[0]
        self.assertEqual((machine.levels[12], machine.levels[14]), (0, 0))
        self.assertEqual((port.cp_switch.value(), port.phase_switch.value()), (1, 0))
        self.assertIsNone(port.earth)

    def test_socket_measures_each_cable_and_an_empty_socket_through_the_adc(self):
        """Its ADC ends below the supply: at the end, it is the supply."""
        box = self.build("esp32_s2_da")
        socket = box.sockets[0]
        self.assertFalse(box.tethered)
        for ohm, rating in ((1500, 13000), (680, 20000), (220, 32000), (100, 63000), (20, -2)):
            machine.voltages[3] = lambda ohm=ohm: 3_300_000 * ohm // (ohm + 1000)
            found = resistance_ohm(socket.pp_mv(), socket.pp_supply_mv, socket.pp_pull_ohm)
            self.assertEqual(classify(found), rating, ohm)
        machine.voltages[3] = lambda: 3_300_000
        found = resistance_ohm(socket.pp_mv(), socket.pp_supply_mv, socket.pp_pull_ohm)
        self.assertEqual(classify(found), 0)

    def test_lock_pulses_its_motor_pins(self):
        """close is the first of the two; never both."""
        socket = self.build("esp32_s2_da").sockets[0]
        socket.start(0, True)
        self.assertEqual((machine.levels[20], machine.levels[19]), (1, 0))
        socket.tick(400)
        self.assertEqual((machine.levels[20], machine.levels[19]), (0, 0))

    def test_temperature_by_ntc_and_by_one_wire(self):
        """Half of the supply is 25 degrees; the DS18B20 tells its own."""
        port = self.build().connectors[0]
        machine.voltages[33] = lambda: 1_650_000
        self.assertTrue(240 <= port.thermistor.read() <= 260, port.thermistor.read())
        machine.voltages[33] = lambda: 3_200_000
        self.assertIsNone(port.thermistor.read())
        port = self.build("esp32_s2_da").connectors[0]
        onewire.scratch[0] = None
        self.assertIsNone(port.thermistor.read())

    def test_meters_share_one_line_and_get_its_speed(self):
        """RS-485: one UART, direction at rest; a map by its name."""
        box = self.build(rs485={"uart": 2, "tx": 17, "rx": 16, "direction": 21, "baud": 19200,
                                "parity": 0})
        ports = self.called("uart")
        self.assertEqual([call[:3] for call in ports], [("uart", 2, 19200)])
        self.assertEqual(ports[0][3]["parity"], 0)
        self.assertEqual((ports[0][3]["tx"], ports[0][3]["rx"]), (17, 16))
        self.assertTrue(ports[0][3]["rxbuf"] >= 200)
        self.assertEqual(machine.levels[21], 0)
        self.assertEqual(box.meters[0].name, "SDM630")

    def test_meter_of_pulses_counts_them(self):
        """By interrupts of both edges; a pulse of 30 ms counts, a spike does not."""
        times = iter((0, 30, 100, 101, 200, 240))
        import boards._esp32.board as module

        class Time:
            ticks_ms = staticmethod(lambda: next(times))

        real, module.time = module.time, Time
        try:
            meter = self.build(meter={"pulses": 4, "per_kwh": 1000}).meters[0]
        finally:
            module.time = real
        handler, trigger = machine.handlers[4]
        self.assertEqual(trigger, machine.Pin.IRQ_RISING | machine.Pin.IRQ_FALLING)
        for level in (1, 0) * 3:
            machine.levels[4] = level
            handler(machine.Pin(4))
        meter.tick(0)
        self.assertEqual(meter.energy_wh, 2)

    def test_meter_chip_gets_4800_baud_and_even_parity(self):
        """CSE7766."""
        self.build("esp32_evse_minimal", meter=_UART)
        number, baud, options = self.called("uart")[-1][1:]
        self.assertEqual((number, baud, options["parity"]), (1, 4800, 0))

    def test_readers_are_built_on_their_buses(self):
        """One of each; the select pin is high before the bus is used."""
        for row, kind, bus in (
            (dict(_SPI, driver="mfrc522", reset=13), "Mfrc522", "spi"),
            (dict(_SPI, driver="pn532"), "Pn532", "spi"),
            (dict(_UART, driver="pn532"), "Pn532", "uart"),
            ({"driver": "pn532", "i2c": 0, "scl": 4, "sda": 5}, "Pn532", "i2c"),
            (dict(_UART, driver="rdm6300"), "Rdm6300", "uart"),
            ({"driver": "wiegand", "zero": 4, "one": 5}, "Wiegand", None),
        ):
            machine.forget()
            reader = self.build("esp32_devkitc_evse", reader=row).reader
            self.assertEqual(type(reader).__name__, kind)
            if bus:
                self.assertTrue(self.called(bus), row)
            if bus == "spi":
                self.assertEqual(machine.levels[22], 1)
            self.assertIsNone(reader.tick(0))
        self.assertEqual(sorted(machine.handlers), [4, 5])

    def test_every_hands_on_the_ticks_and_takes_a_timer_each(self):
        """Hard timers do not exist there; virtual ones only from 1.29 on."""
        box = self.build()
        seen = []
        box.every(10, seen.append)
        box.every(500, seen.append)
        self.assertEqual(self.called("timer"), [("timer", 0, 10), ("timer", 1, 500)])
        machine.fire(0)
        self.assertTrue(0 <= seen[0] < 1 << 30)

    def test_release_opens_every_contactor_before_any_pilot(self):
        """After a mistake there may be no second call."""
        board = description("esp32_devkitc_evse")
        second = description("breadboard")["connectors"][0]
        second["coil"] = 23
        second["pilot"]["pwm"] = 22
        board["connectors"].append(second)
        box = Esp32Board(board)
        del machine.calls[:]
        box.release()
        self.assertEqual(machine.calls, [("pin", 26, 0), ("pin", 23, 0),
                                         ("pwm", 27, 65535), ("pwm", 22, 65535)])
