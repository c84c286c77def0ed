"""The scripts of tests/device on fakes: a stall of a known length must come out as that length."""

import builtins
import io
import json
import sys
import unittest

sys.path.insert(0, "tests/esp32")
from on_fakes import description

sys.path.insert(0, "tests/fakes")
from clock import Clock

sys.path.pop(0)
import firmware.preload
import esp32
import machine
import network
import vfs
from boards._esp32 import board as boards_module
from boards.sim.chips.modbus_meter import ModbusMeterChip

assert firmware.preload


class _Gc:
    """A collector that takes its time; `objects` fill the heap."""

    def __init__(self, clock, cost_us):
        self._clock = clock
        self._cost_us = cost_us

    def collect(self):
        self._clock.pass_us(self._cost_us)

    def mem_free(self):
        return 60_000

    def mem_alloc(self):
        return 50_000


class _File:
    """A file on a flash whose writes stall everything."""

    def __init__(self, clock, stall_us):
        self._clock = clock
        self._stall_us = stall_us

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._clock.pass_us(self._stall_us)
        self._clock.fire()

    def write(self, data):
        return len(data)


class _Tls:
    """A handshake of a known length."""

    PROTOCOL_TLS_CLIENT, CERT_REQUIRED, CERT_NONE = 0, 2, 0

    def __init__(self, clock, stall_us):
        self._clock = clock
        self._stall_us = stall_us
        self.verify_mode = None

    def SSLContext(self, _):
        return self

    def wrap_socket(self, connection, server_hostname):
        self._clock.pass_us(self._stall_us)
        self._clock.fire()
        return connection


class _Socket:
    """A connection to nobody."""

    def socket(self):
        return self

    def getaddrinfo(self, host, port):
        return [(0, 0, 0, "", (host, port))]

    def connect(self, address):
        pass

    def write(self, data):
        return len(data)

    def close(self):
        pass


class DeviceTest(unittest.TestCase):
    def setUp(self):
        machine.forget()
        esp32.stored.clear()
        self.clock = Clock()
        vfs.mounted[:] = ["flash"]
        self.open = builtins.open
        names = ("time", "gc", "os", "tls", "socket")
        self.saved = {name: sys.modules.get(name) for name in names}

    def tearDown(self):
        builtins.open = self.open
        for name in self.saved:
            if self.saved[name] is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = self.saved[name]

    def run_script(self, name, modules=None, opened=None, **names):
        """Run a script of tests/device; returns what it printed."""
        said = []
        text = json.dumps(description())

        def fake_open(path, *mode):
            if path == "/board.json":
                return io.StringIO(text)
            return opened(path) if opened else self.open(path, *mode)

        sys.modules["time"] = self.clock
        sys.modules.update(modules or {})
        sys.modules.pop("probe", None)
        sys.path.insert(0, "tests/device")
        source = self.open("tests/device/%s.py" % name).read()
        try:
            import probe

            probe.print = said.append
            probe.time = self.clock
            boards_module.time = self.clock
            builtins.open = fake_open
            exec(source, dict(names, __name__="__main__"))
        finally:
            sys.path.pop(0)
            builtins.open = self.open
        self.assertEqual(len(said), 1, said)
        found = json.loads(said[0])
        self.assertEqual(found["test"], name)
        return found

    def test_adc_read_then_tells_the_time_of_a_read_and_a_burst(self):
        """60 us a read: 102 of them make 6.1 ms, which holds; 100 us do not."""
        for cost_us, holds in ((60, True), (100, False)):

            def read(cost_us=cost_us):
                self.clock.pass_us(cost_us)
                return 2_533_000

            machine.voltages[36] = read
            found = self.run_script("adc_read")
            self.assertEqual(found["read_us"], cost_us)
            self.assertEqual(found["burst_6a_us"], 102 * cost_us)
            self.assertEqual(found["burst_steady_us"], 12 * cost_us)
            self.assertTrue(abs(found["steady_mv"][0] - 12000) < 20)
            self.assertIs(found["holds"], holds)
        self.assertEqual(machine.levels[26], 0)

    def test_meter_probe_then_names_the_meter_as_board_json_wants_it(self):
        """A simulated DTSU666 at address 3, behind the pins of the board; without one, nothing."""
        found = self.run_script("meter_probe", ADDRESSES=(3,))
        self.assertEqual((found["found"], found["holds"]), ([], False))
        chip = ModbusMeterChip(self.clock.ticks_ms, "DTSU666", 3)
        chip.voltage_mv = [230_200, 231_500, 228_300]
        chip.current_ma = [16_000, 15_900, 10_000]
        chip.power_w = [3680, 3500, 2200]
        chip.energy_wh = 1_234_500
        machine.devices["uart", 2] = chip.uart
        found = self.run_script("meter_probe", ADDRESSES=(1, 3))
        self.assertEqual(found["found"], [
            'board.json, connectors: "meter": {"map": "chint.DTSU666", "address": 3}',
            'board.json, rs485: "baud": 9600, "parity": null',
        ])
        self.assertNotIn(26, machine.levels)  # the coil stays as boot.py left it

    def test_guard_gap_then_finds_a_stall_that_was_put_in(self):
        """10 ms when nothing stalls; a JSON text that takes 80 ms shows."""
        found = self.run_script("guard_gap", SECONDS=3)
        self.assertEqual((found["gap_ms_max"], found["holds"]), (10, True))
        self.assertEqual(found["hal_errors"], 0)
        self.assertTrue(machine.state["fed"] > 250)
        clock = self.clock

        class Json:
            dumps = staticmethod(json.dumps)
            load = staticmethod(json.load)

            @staticmethod
            def loads(_):
                clock.pass_us(80_000)

        found = self.run_script("guard_gap", {"json": Json}, SECONDS=3)
        sys.modules["json"] = json
        self.assertTrue(80 <= found["gap_ms_max"] <= 90)
        self.assertIs(found["holds"], False)

    def test_gc_pause_then_tells_its_length(self):
        """The collector's own time, and nothing else."""
        for cost_us, holds in ((4_000, True), (30_000, False)):
            found = self.run_script("gc_pause", {"gc": _Gc(self.clock, cost_us)}, OBJECTS=10)
            self.assertEqual((found["collect_full_us"], found["holds"]), (cost_us, holds))

    def test_erase_stall_then_tells_the_gap_of_the_timer(self):
        """A sector erase of 60 ms holds up the timer by as much."""

        class Os:
            @staticmethod
            def remove(path):
                pass

        for stall_us, holds in ((60_000, True), (140_000, False)):
            found = self.run_script(
                "erase_stall", {"os": Os}, lambda path, us=stall_us: _File(self.clock, us))
            self.assertEqual(found["append_us_max"], stall_us)
            for name in ("replace_gap_ms", "append_gap_ms", "large_gap_ms"):
                self.assertTrue(0 <= found[name] - stall_us // 1000 <= 10, found)
            self.assertIs(found["holds"], holds)

    def test_tls_stall_then_tells_handshake_gap_and_memory(self):
        """1.2 s, as it was measured elsewhere; what is left is printed."""
        network.up.add("wifi")
        regions = [(100_000, 70_000, 50_000, 0), (20_000, 9_000, 8_000, 0)]
        esp32.idf_heap_info = lambda kind: regions
        found = self.run_script(
            "tls_stall", {"tls": _Tls(self.clock, 1_200_000), "socket": _Socket()},
            HOST="csms.example", PORT=443, SSID="house", PASSWORD="key", CA=None)
        network.up.clear()
        self.assertTrue(1200 <= found["gap_ms_max"] <= 1215, found)
        self.assertEqual(found["handshake_ms"], 1200)
        self.assertEqual((found["c_heap_tls"], found["c_block_tls"]), (79_000, 50_000))
        self.assertIs(found["holds"], True)

    def contactor(self, close_us, open_us, welded=False):
        """Put a contactor behind coil and mirror pin; each look at it takes 100 us."""
        state = {"coil": 0, "since": 0, "closed": 0}

        def coil(level):
            state["coil"], state["since"] = level, self.clock.us

        def mirror():
            self.clock.pass_us(100)
            travel_us = close_us if state["coil"] else open_us
            if self.clock.us - state["since"] >= travel_us and not (welded and state["closed"]):
                state["closed"] = state["coil"]
            return state["closed"]

        machine.watchers[26] = coil
        machine.readers[34] = mirror

    def test_relay_timing_then_tells_travel_both_ways(self):
        """18 ms to close, 25 ms to open; the coil is off afterwards."""
        self.contactor(18_000, 25_000)
        found = self.run_script("relay_timing", MAINS_IS_OFF=True)
        self.assertTrue(all(abs(us - 18_000) <= 200 for us in found["close_us"]), found)
        self.assertTrue(all(abs(us - 25_000) <= 200 for us in found["open_us"]), found)
        self.assertEqual((found["bounces"], found["holds"]), (0, True))
        self.assertEqual(machine.levels[26], 0)

    def test_relay_timing_of_a_slow_or_welded_contactor_does_not_hold(self):
        """60 ms to open; never."""
        self.contactor(18_000, 60_000)
        self.assertIs(self.run_script("relay_timing", MAINS_IS_OFF=True)["holds"], False)
        machine.forget()
        self.contactor(18_000, 25_000, welded=True)
        found = self.run_script("relay_timing", MAINS_IS_OFF=True)
        self.assertIs(found["holds"], False)
        self.assertEqual(machine.levels[26], 0)

    def test_relay_timing_without_consent_switches_nothing(self):
        """The coil's pin is not even made an output."""
        found = self.run_script("relay_timing")
        self.assertIn("MAINS_IS_OFF", found["error"])
        self.assertEqual(machine.calls, [])

    def test_calibrate_then_keeps_what_fits_the_drawing_only(self):
        """Within a tenth of the span; the pilot is back at X1 in the end."""
        for plus_uv, minus_uv, holds in ((2_600_000, 150_000, True), (3_000_000, 172_000, False),
                                         (2_533_000, 900_000, False)):
            machine.forget()
            esp32.stored.clear()
            duty = [65535]

            def drive(level, duty=duty):
                duty[0] = level

            machine.devices["pwm", 27] = drive
            levels_uv = (plus_uv, minus_uv)
            machine.voltages[36] = lambda on=duty, uv=levels_uv: uv[0] if on[0] else uv[1]
            found = self.run_script("calibrate")
            self.assertIs(found["holds"], holds)
            self.assertEqual(duty[0], 65535)
            wanted = {"cp1_plus": plus_uv, "cp1_minus": minus_uv} if holds else {}
            self.assertEqual(esp32.stored, wanted)
