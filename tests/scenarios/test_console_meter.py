"""`meter probe` on a whole charger: what it finds, what ends it, and that the meter comes back."""

import gc
import json
import sys

# First what lies deepest, see tests/sim/plant.py.
from tests.sim.scenario import CARD, Scenario

import ticks
from boards.sim.chips.modbus_meter import ModbusMeterChip
from firmware.local.console_shell import Commands
from meters.pulse import PulseInput, PulseMeter

_TEXT = "\n".join
_LOADED = ("firmware.console.meter", "meters.probe", "meters.maps.chint", "meters.maps.pzem")


class Searching(Scenario):
    """A charger with a person at its console who looks for the meter."""

    def say(self, line):
        """Type a line; returns the lines of the answer."""
        return self.plant.do("console", line=line)["lines"]

    def meter(self, number=1):
        """Return a connector's meter."""
        return self.plant.app.station.connectors[number - 1].meter

    def put_in(self, kind, address=1, speed=(9600, None), number=1):
        """Put another type of meter in the place of a connector's; returns the chip."""
        line = self.plant.world.outlets[number - 1].meter.uart
        chip = ModbusMeterChip(self.plant.time.ticks_ms, kind, address)
        chip.energy_wh = 1234
        line.slave = chip.answer
        line.speed = speed
        return chip

    def rest(self, limit_s=600):
        """Wait for the end of a search as the serial line does; returns what was told."""
        told = []
        for _ in range(limit_s):
            self.plant.run(1000)
            told += self.say("")
            if not self.plant.control._commands.taking:
                return told
        raise AssertionError("no end: %r" % told)

    def search(self, line="meter probe"):
        """Search to the end; returns what was told."""
        told = self.say(line)
        self.assertIn("searching, ", told[0])
        return told + self.rest()

    def assert_refused(self, line, *words):
        """The line is an error with all of `words` in it, and nobody has taken the meter."""
        text = _TEXT(self.say(line))
        self.assertTrue(text.startswith("error: "), text)
        for word in words:
            self.assertIn(word, text)
        self.assertTrue(hasattr(self.meter().line, "uart"))

    def assert_comes_back(self, number=1):
        """The firmware reads the meter of its board again, at the old speed, within 3 s."""
        line = self.plant.world.outlets[number - 1].meter.uart
        line.slave = self.plant.world.outlets[number - 1].meter.answer
        line.speed = (9600, None)
        meter = self.meter(number)
        before = meter.reading_id
        self.plant.run(3000)
        self.assertEqual(line.port_speed, (9600, None))
        self.assertTrue(meter.online)
        self.assertTrue(meter.reading_id > before)


class FindTest(Searching):
    def test_probe_when_all_is_as_described_then_says_so(self):
        # Twins are named, and the one that is described is right; the readings stand beside it.
        plant = self.begin()
        register_wh = plant.app.station.connectors[0].energy.register_wh
        told = _TEXT(self.search())
        self.assertIn("found          1\n", told)
        self.assertIn("type SDM630, map eastron.SDM630, rs485_baud 9600, rs485_parity none", told)
        self.assertIn("voltage_mv 230000; 230000; 230000, mains_mhz 50000, energy_wh 1234", told)
        self.assertIn("fits_too eastron.SDM72D_V2", told)
        self.assertEqual(told.split("\n")[-1], "board.json is right")
        self.assert_comes_back()
        self.assertEqual(plant.app.station.connectors[0].energy.register_wh, register_wh)

    def test_probe_when_another_type_is_there_then_the_lines_for_board_json(self):
        # The map of the board fails; the right one is found, word for word as it has to stand.
        self.begin()
        self.put_in("DTSU666")
        self.assertEqual(self.search()[-2:], [
            'board.json, connectors: "meter": {"map": "chint.DTSU666", "address": 1}',
            'board.json, rs485: "baud": 9600, "parity": null',
        ])
        self.assert_comes_back()

    def test_probe_when_address_and_speed_differ_then_found_there(self):
        # An order code with even parity, at the second of the addresses.
        self.begin()
        self.put_in("SDM120", 3, (2400, 0))
        told = self.search("meter probe 2-3")
        self.assertIn("2400 baud, parity none, address 3: silent", told)
        self.assertEqual(told[-2:], [
            'board.json, connectors: "meter": {"map": "eastron_single.SDM120", "address": 3}',
            'board.json, rs485: "baud": 2400, "parity": 0',
        ])
        self.assert_comes_back()

    def test_probe_when_for_tools_then_an_object_a_line(self):
        # The last one is the answer.
        self.begin()
        self.put_in("ABB B23")
        told = [json.loads(line) for line in self.search("meter probe 1 --json")]
        self.assertEqual([answer["ok"] for answer in told], [True] * len(told))
        self.assertEqual(told[-1]["found"], 1)
        meter = told[-1]["address 1"]
        self.assertEqual((meter["map"], meter["rs485_baud"]), ("abb.B23", 9600))
        self.assertEqual(meter["voltage_mv"], [230_000] * 3)
        self.assertIn('"map": "abb.B23", "address": 1', told[-1]["lines"][0])
        self.assertNotIn("found", told[0])

    def test_probe_when_an_sdm72_is_there_then_it_survives(self):
        # Before the first question, between two, and when the firmware asks again: 500 ms.
        self.begin()
        chip = self.put_in("SDM72D-M v2")
        for _ in range(2):
            self.search()
            self.plant.run(3000)
        for wait_ms in range(500, 2500, 90):
            self.say("meter probe")
            self.plant.run(wait_ms)
            self.say("cancel")
            self.plant.run(3000)
        self.assertEqual((chip.hurried, chip.silent), (0, False))
        self.assertTrue(self.meter().online)

    def test_probe_then_nothing_is_written_to_the_meter(self):
        # Every frame on the line reads: function 03 or 04.
        self.begin()
        line = self.plant.world.outlets[0].meter.uart
        answer = line.slave
        functions = []

        def note(frame):
            functions.append(frame[1])
            return answer(frame)

        line.slave = note
        self.search()
        self.assertEqual(sorted(set(functions)), [3, 4])

    def test_probe_when_there_are_two_lines_then_the_other_meter_is_read_on(self):
        # Connector 1 is searched; connector 2 has its readings every second.
        self.begin(connectors=2)
        self.put_in("EM340")
        before = self.meter(2).reading_id
        began = self.plant.time.now
        told = self.search()
        self.assertIn('"map": "gavazzi.EM340"', told[-2])
        passed_s = ticks.diff(self.plant.time.now, began) // 1000
        self.assertTrue(self.meter(2).reading_id - before >= passed_s - 2)
        self.assert_comes_back()

    def test_probe_when_meters_share_the_line_then_both_come_back(self):
        # As on every real board: one transceiver, two addresses.
        self.begin(connectors=2)
        one, other = self.meter(1), self.meter(2)
        other.line, other.address = one.line, 2
        self.plant.run(3000)
        self.say("meter probe")
        self.assertFalse(hasattr(one.line, "uart") or hasattr(other.line, "uart"))
        self.assertEqual(self.rest()[-1], "board.json is right")
        self.assertIs(one.line, other.line)
        self.assert_comes_back()


class EndTest(Searching):
    def test_probe_when_the_line_is_silent_then_says_what_to_look_at(self):
        # Two minutes an address; then the meter answers again, and is read.
        plant = self.begin()
        plant.do("fault", name="meter_silent")
        began = plant.time.now
        told = self.search()
        self.assertTrue(ticks.diff(plant.time.now, began) < 120_000)
        self.assertIn("9600 baud, parity none, address 1: silent", told)
        self.assertEqual(told[-2], "found          0")
        self.assertIn("swap A and B", told[-1])
        plant.do("clear", name="meter_silent")
        self.assert_comes_back()

    def test_probe_when_a_car_charges_then_refused(self):
        # The meter is what its bill is made of.
        self.begin()
        self.charge()
        self.assert_refused("meter probe", "a transaction runs", "end it first")
        self.finish()
        self.assertEqual(self.search()[-1], "board.json is right")

    def test_probe_when_a_transaction_waits_then_refused(self):
        # The EV is full and the contactor open, but the transaction goes on.
        plant = self.begin()
        self.charge()
        plant.do("ev", wants=False)
        plant.run_until(lambda: not plant.app.station.connectors[0].guard.closed)
        self.assert_refused("meter probe", "a transaction runs")

    def test_probe_when_a_session_begins_then_it_yields(self):
        # Whoever comes to charge does not wait, and the books equal the meter.
        plant = self.begin()
        self.say("meter probe 5-9")
        plant.run(5000)
        self.charge(run_ms=20_000)
        self.assertIn("a transaction begins", self.rest()[-1])
        self.assertTrue(self.meter().online)
        self.finish()
        plant.run(2000)
        flowed_wh = plant.world.outlets[0].energy_mwh // 1000 - 1234
        self.assertTrue(flowed_wh > 50)
        self.assertEqual(plant.csms.books(), [(1, CARD, flowed_wh, "Local")])

    def test_probe_when_cancelled_then_the_meter_comes_back(self):
        # In the middle of a question, on a line of another speed.
        plant = self.begin()
        line = plant.world.outlets[0].meter.uart
        self.say("meter probe 7")
        plant.run_until(lambda: line.port_speed[0] == 2400)
        plant.run(330)
        self.assertEqual(self.say("nonsense"), ["error: a search runs: `cancel` ends it"])
        self.assertEqual(self.say("cancel"), ["cancelled; the meter is read as before"])
        self.assert_comes_back()

    def test_probe_when_cancelled_at_once_then_the_meter_comes_back(self):
        # Before it has begun, while the last question of the firmware is under way.
        for wait_ms in range(0, 1000, 50):
            plant = self.plant or self.begin()
            plant.run(wait_ms)
            self.say("meter probe")
            plant.run(wait_ms)
            self.say("cancel")
            self.assert_comes_back()
            self.assertEqual(self.meter().missed, 0)

    def test_probe_when_the_console_goes_then_the_meter_comes_back(self):
        # Ctrl-C, the end of the line: the commands leave the heap.
        plant = self.begin()
        self.say("meter probe 7")
        plant.run(4000)
        plant.control._commands.drop()
        self.assert_comes_back()
        for name in _LOADED:
            self.assertNotIn(name, sys.modules)

    def test_probe_when_it_breaks_then_the_meter_comes_back(self):
        # A port that refuses when the search begins, and three times more when it is over.
        plant = self.begin()
        line = plant.world.outlets[0].meter.uart
        init = line.init
        refused = []

        def refuse(*arguments):
            if len(refused) < 4:
                refused.append(arguments)
                raise OSError(5)
            init(*arguments)

        line.init = refuse
        told = self.search()
        self.assertIn("the search failed (OSError", told[-1])
        self.assertEqual(plant.app.crashes, 0)
        self.plant.run(6000)
        self.assertEqual(len(refused), 4)
        self.assert_comes_back()

    def test_probe_when_another_console_searches_then_refused(self):
        # The serial line and a control port: the second one has to wait.
        self.begin()
        self.say("meter probe 7")
        self.plant.control._commands = None
        text = self.say("meter probe")[0]
        self.assertIn("another search has the meter", text)
        self.assertEqual(self.plant.app.crashes, 0)

    def test_probe_when_no_meter_is_on_a_line_then_refused(self):
        # S0 pulses have no address.
        plant = self.begin()
        meter = self.meter()
        plant.app.station.connectors[0].meter = PulseMeter(PulseInput(), 1000)
        text = self.say("meter probe")[0]
        self.assertIn("no meter is on a Modbus line", text)
        plant.app.station.connectors[0].meter = meter

    def test_meter_when_the_heap_is_nearly_full_then_refused(self):
        # A board without PSRAM: rather no answer than a firmware that runs out of memory.
        if not hasattr(gc, "mem_free"):
            return
        commands = Commands(self.begin().app)
        self.assertEqual(len(list(commands.run("help help"))), 3)
        gc.collect()
        ballast = None
        for _ in range((gc.mem_free() - 10_000) // 64):
            ballast = (bytearray(32), ballast)  # 64 bytes, in whichever hole
        (text,) = commands.run("meter probe")
        ballast = None
        gc.collect()
        self.assertIn("error: needs 16000 bytes of heap, ", text)
        self.assertIn("take tests/device/meter_probe.py", text)
        (text,) = commands.run("meter probe")
        self.assertEqual(text[:9], "searching")
        commands.drop()
        self.assert_comes_back()

    def test_addresses_that_cannot_be_then_refused(self):
        # Before anything is taken.
        self.begin()
        for words in ("0", "248", "5-2", "1-999999999", "x", "1-2-3", "-3"):
            self.assert_refused("meter probe " + words, "addresses are 1 to 247")
        self.assert_refused("meter prove", "help meter")
        self.assert_refused("meter", "help meter")
        self.assertEqual(self.say("meter probe 1, 3")[0][:9], "searching")
        self.say("cancel")
