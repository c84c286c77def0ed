"""boot.py, main.py and the whole firmware on fakes: what is driven, in which order, how it ends.

Nothing is connected but a pilot line: what matters is the order of calls from the reset on.
"""

import asyncio
import builtins
import io
import json
import sys
import unittest

sys.path.insert(0, "tests/esp32")
from on_fakes import Imports, description, program

# First what lies deepest: a chain of imports takes the interpreter's stack.
import firmware.preload
import esp32
import firmware.app
import flashbdev
import machine
import network
import tls
import vfs
from boards._esp32 import board as boards_module
from boards._esp32 import start
from boards.sim.flash import mount
from boards.sim.pilot_circuit import PilotCircuit
from kvstore import KvStore
from tests.sim import loop
from tests.sim.scratch import Image

assert firmware.app
_COIL, _PWM, _ADC = 26, 27, 36
_OURS = ("boards", "firmware")
# A root certificate, to be parsed only: its key is nobody's any more.
_ROOT = b"""-----BEGIN CERTIFICATE-----
MIIBPzCB5qADAgECAhRK++Gv1XNUGuAhOl+5C9qcwvxDjzAKBggqhkjOPQQDAjAM
MQowCAYDVQQDDAFSMB4XDTI2MTEyMDE0NTgyNFoXDTI2MTIyMTE0NTgyNFowDDEK
MAgGA1UEAwwBUjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNDSJ5TS+0W06Wn2
g/q/JXSCG0uS8qJv9WTxOQ9WEue2WL+pxwJjgKhao89bzlgKfTBywO97oodljWgC
EKiz+E6jJjAkMBIGA1UdEwEB/wQIMAYBAf8CAQAwDgYDVR0PAQH/BAQDAgEGMAoG
CCqGSM49BAMCA0gAMEUCIBkqCHLokToZ11GfG6kEnA1IW4Ua5KUGjLetAlhQkveY
AiEAu9BS0fiz7mL+OQPmGSqUmTiH10yqupyZ4Nib6pSsltU=
-----END CERTIFICATE-----
"""


class _Time:
    """The module `time` of a board, on virtual time; `offset_s` is what the RTC says at 0."""

    offset_s = 0
    ticks_ms = staticmethod(loop.now)

    @classmethod
    def time(cls):
        return cls.offset_s + loop.elapsed_ms() // 1000

    @staticmethod
    def gmtime(seconds):
        return (seconds, 1, 1, 0, 0, 0, 5, 1)


class _Serial:
    """The serial line of a board: `sys.stdin`, `sys.stdout` and the reader upon it.

    What is in `typed` has arrived; `shown` is what was written.
    """

    def __init__(self):
        self.buffer = self
        self.typed = b""
        self.shown = b""

    def write(self, data):
        self.shown += data

    async def read(self, size):
        while not self.typed:
            await asyncio.sleep_ms(10)
        data, self.typed = self.typed[:size], self.typed[size:]
        return data


class _Asyncio:
    """The module `asyncio` of a board, whose `run` lives in virtual time."""

    create_task = staticmethod(asyncio.create_task)
    sleep = staticmethod(asyncio.sleep)
    StreamReader = staticmethod(lambda line: line)


class StartTest(unittest.TestCase):
    def setUp(self):
        machine.forget()
        esp32.stored.clear()
        network.up.clear()
        del network.calls[:]
        self.image = Image(64)
        self.flash = self.image.open()
        vfs.mounted[:] = [mount(self.flash)]
        flashbdev.bdev = self.flash
        boards_module.time = start.time = _Time
        _Time.offset_s = 0
        self.circuit = PilotCircuit(1)
        machine.voltages[_ADC] = lambda: self.circuit.adc_read_u16() * 50
        self.apps = []
        self.said = []
        self.stdin = self.stdout = _Serial()
        self.open = builtins.open
        self.keep = start._keep

    def tearDown(self):
        builtins.open = self.open
        start._keep = self.keep
        flashbdev.bdev = "partition vfs"
        self.flash.close()
        self.image.remove()

    def power_on(self, run_ms, end=KeyboardInterrupt, cause=machine.PWRON_RESET, step_ms=10):
        """boot.py, main.py and `run_ms` of the firmware, then `end` is raised in its loop."""
        text = json.dumps(description())
        machine.state["cause"] = cause
        del machine.calls[:]

        def opened(path, *mode):
            return io.StringIO(text) if path == "/board.json" else self.open(path, *mode)

        async def live(main):
            task = asyncio.create_task(main)
            for _ in range(run_ms // step_ms):
                await asyncio.sleep(step_ms / 1000)
                if machine.timers:
                    machine.fire()
                if task.done():
                    return await task
            if end is None:
                self.apps[-1].exit_reason = "HardReset"
                return await task
            raise end("by the test")

        async def keep(app, box):
            self.apps.append(app)
            await self.keep(app, box)

        async def begin():
            pass

        loop.run(begin())  # the clock begins anew
        builtins.open = opened
        start.asyncio = _Asyncio
        _Asyncio.run = staticmethod(lambda main: loop.run(live(main)))
        start._keep = keep
        with Imports(machine.calls):
            try:
                space = program("boards/_esp32/boot.py", open=opened, print=self.said.append)
                start.print = lambda *words: self.said.append(" ".join(map(str, words)))
                start.sys = self
                program("boards/_esp32/main.py", **space)
            except machine.Reset:
                pass
            finally:
                builtins.open = self.open

    def print_exception(self, error):
        """What `sys` would print."""
        self.said.append(repr(error))

    def first(self, *call):
        """Return where `call` stands among the calls, by its first items."""
        for index, made in enumerate(machine.calls):
            if made[: len(call)] == call:
                return index
        raise AssertionError("%r was not called" % (call,))

    def levels(self, number):
        return [call[2] for call in machine.calls if call[:2] == ("pin", number)]

    def test_start_up_drives_outputs_before_anything_of_ours_is_imported(self):
        """The coil is off, the pilot at X1, then come our modules, then the watchdog."""
        self.power_on(500)
        ours = min(
            index for index, call in enumerate(machine.calls)
            if call[0] == "import" and call[1].split(".")[0] in _OURS
        )  # fmt: skip
        self.assertTrue(self.first("pin", _COIL, 0) < self.first("pin", _PWM, 1) < ours)
        self.assertTrue(ours < self.first("generator", _PWM) < self.first("wdt", 8000))
        self.assertTrue(self.first("wdt", 8000) < self.first("timer", 0, 10))

    def test_start_up_never_drives_the_coil_and_the_pilot_only_for_its_test(self):
        """Two seconds with nobody plugged in: X1, but for a moment of -12 V, the pilot's test."""
        self.power_on(2000)
        self.assertEqual(set(self.levels(_COIL)), {0})
        self.assertEqual(set(self.levels(_PWM)), {1})
        duties = [call[2] for call in machine.calls if call[0] == "pwm"]
        self.assertEqual([duty for duty in duties if duty != 65535], [0])
        self.assertEqual(duties[-1], 65535)
        self.assertEqual(self.apps[0].guard_loop.hal_errors, 0)
        self.assertTrue(machine.state["fed"] > 150)

    def test_start_up_mounts_before_the_firmware_opens_anything(self):
        """The firmware writes where boot.py has mounted; the log is silent."""
        first = vfs.mounted[0]
        self.power_on(500)
        self.assertTrue(self.first("mount") < self.first("import", "boards._esp32"))
        self.assertIs(self.apps[0].board.fs, vfs.mounted[0])
        self.assertFalse(vfs.mounted[0] is first)
        self.assertNotIn("flash", [area for _, area, _ in self.apps[0].log.lines()])

    def test_start_up_when_the_flash_does_not_mount_again_then_runs_and_the_log_tells(self):
        """On the console and in the log."""
        first = vfs.mounted[0]
        vfs.refused = "littlefs"
        self.power_on(500)
        self.assertIs(self.apps[0].board.fs, first)
        self.assertIn("wears faster: OSError(84", self.said[0])
        self.assertIn((1, "flash", self.said[0]), self.apps[0].log.lines())

    def test_pilot_is_read_in_millivolts_of_the_line(self):
        """Through uV, the two points of the description and 64 uV steps."""
        self.power_on(1000)
        guard = self.apps[0].guards[0]
        # The circuit of the test shows 1334 mV + 102 mV/V of 3300 mV full scale, times 50 uV.
        found = 50 * self.circuit.adc_u16(12000)
        expected = (found // 1000 - 172) * 24000 // (2533 - 172) - 12000
        self.assertTrue(abs(guard.high_mv - expected) < 200, (guard.high_mv, expected))

    def test_ctrl_c_opens_and_lets_the_guard_go_on(self):
        """The prompt gets a box whose coil is off, whose watchdog is fed, and no reset."""
        self.power_on(1000)
        last = [call for call in machine.calls if call[0] in ("pin", "pwm", "reset")][-2:]
        self.assertEqual(last, [("pin", _COIL, 0), ("pwm", _PWM, 65535)])
        fed = machine.state["fed"]
        loop.stall(120_000)
        machine.fire()
        machine.fire()
        self.assertEqual((machine.state["fed"], esp32.stored["starts"]), (fed + 2, 0))

    def test_wss_then_the_server_must_be_signed_by_what_provision_has_left(self):
        """The address and the authority's certificate lie on the flash: the link connects with a
        context that knows that certificate and verifies, and to nobody without one."""
        settings = KvStore(vfs.mounted[0], "/settings")
        access = {"OcppUrl": "wss://csms.example.com/ocpp", "OcppIdentity": "BOX",
                  "SecurityProfile": "2", "OcppKey": "0123456789abcdef"}
        settings.set("access", json.dumps(access).encode())
        asked = []

        async def connect(host, port, context):
            asked.append((host, port, context.verify_mode))
            raise OSError(113)

        async def told(app, box):
            box.connect = connect
            await keep(app, box)

        keep = self.keep
        self.keep = told
        self.power_on(8000)
        self.assertEqual(asked, [])
        self.assertIn("wss:// needs the certificate", self.apps[-1].link.why)
        settings.set("ca", _ROOT)
        self.power_on(8000)
        self.keep = keep
        self.assertEqual(asked[0], ("csms.example.com", 443, tls.CERT_REQUIRED))

    def test_server_that_says_nothing_to_the_handshake_then_tried_again(self):
        """TCP is up, and the first write, in which TLS shakes hands, never ends: the link gives
        up, says so, and begins anew."""
        settings = KvStore(vfs.mounted[0], "/settings")
        settings.set("access", json.dumps({"OcppUrl": "ws://x/", "OcppIdentity": "B"}).encode())
        closed = []

        class Silent:
            async def flush(self, source):
                await asyncio.sleep(100_000)

            async def close(self):
                closed.append(loop.elapsed_ms())

        async def connect(host, port, context):
            return Silent()

        async def told(app, box):
            box.connect = connect
            await keep(app, box)

        keep = self.keep
        self.keep = told
        self.power_on(45_000, step_ms=100)
        self.keep = keep
        self.assertEqual(len(closed), 2)
        self.assertIn("cannot reach ws://x/: timed out", self.apps[-1].link.why)

    def test_line_typed_at_the_serial_port_is_answered_by_the_console(self):
        """The console is on the line that the board was flashed over."""
        self.stdin.typed = b"help doctor\r"
        self.power_on(1000, end=None)
        self.assertIn(b"example: doctor", self.stdout.shown)

    def test_wished_reset_opens_then_resets(self):
        """What app.run returns for leads to a reset of the chip, never to the prompt."""
        self.power_on(1000, end=None)
        self.assertEqual(machine.calls[-1], ("reset",))
        self.assertEqual(machine.levels[_COIL], 0)
        self.assertIn("HardReset", self.said[-1])

    def test_mistake_of_ours_opens_tells_and_resets(self):
        """An exception that reaches the top: the coil first."""
        self.power_on(1000, end=RuntimeError)
        self.assertIn("by the test", self.said[-1])
        self.assertEqual(machine.calls[-1], ("reset",))
        opened = self.first("pin", _COIL, 0)
        self.assertTrue(opened < len(machine.calls) - 1)
        self.assertEqual(esp32.stored["starts"], 1)

    def test_five_starts_that_ended_early_then_an_hour_at_the_prompt(self):
        """A crash loop wears flash and contactor; after the hour the watchdog tries again."""
        for _ in range(5):
            self.power_on(200, end=RuntimeError)
        self.power_on(200)
        self.assertEqual(machine.calls[-1], ("wdt", 3_600_000))
        self.assertIn("next try in an hour", self.said[-1])
        self.assertNotIn("timer", [call[0] for call in machine.calls])
        self.assertEqual(esp32.stored["starts"], 0)

    def test_ten_minutes_of_life_then_the_start_counts_as_good(self):
        """Resets days apart are no crash loop."""
        machine.voltages[_ADC] = lambda: 2_533_000
        self.power_on(660_000, end=RuntimeError, step_ms=200)
        self.assertEqual(esp32.stored["starts"], 0)

    def test_log_goes_to_the_serial_line(self):
        """An installer with a cable sees what is wrong: here, no reader is connected."""
        self.power_on(8000, step_ms=50)
        self.assertIn("W card reader does not answer", self.said)

    def test_watchdog_reset_is_told_to_the_firmware(self):
        """The box knows that it crashed; a power cut is none."""
        for cause, crashed in ((machine.WDT_RESET, True), (machine.PWRON_RESET, False)):
            self.power_on(100, cause=cause)
            self.assertEqual(self.apps[-1].board.crashed, crashed)

    def test_time_unknown_then_the_rtc_is_set_to_the_floor_and_never_believed(self):
        """Certificates are checked against the RTC, which starts in 2000."""
        self.power_on(200)
        floor_s = self.apps[0].clock.floor_s
        self.assertEqual(machine.state["rtc"][0], floor_s)
        self.assertEqual(machine.state["memory"], b"")
        self.assertFalse(self.apps[0].clock.known)

    def test_certificate_newer_than_the_last_known_time_then_the_rtc_goes_on_to_meet_it(self):
        """A box that lay in a store: its server has renewed since, and the time comes from there.
        What is not about the time moves no clock."""
        settings = KvStore(vfs.mounted[0], "/settings")
        settings.set("access", json.dumps({"OcppUrl": "wss://x/", "OcppIdentity": "B"}).encode())
        settings.set("ca", _ROOT)
        self.power_on(200)
        _Time.offset_s = self.apps[-1].clock.floor_s
        keep = self.keep
        for text, days in (("validity starts in the future", 10), ("has expired", 0)):
            machine.state["rtc"] = (_Time.offset_s,)

            async def connect(host, port, context, text=text):
                raise ValueError("The certificate " + text)

            async def told(app, box, connect=connect):
                box.connect = connect
                await keep(app, box)

            self.keep = told
            self.power_on(62_000, step_ms=100)
            moved_s = machine.state["rtc"][0] - _Time.offset_s
            self.assertEqual(moved_s // 86400, days)
            self.assertFalse(self.apps[-1].clock.known)
        self.keep = keep

    def test_time_known_then_it_survives_a_reset_but_no_power_cut(self):
        """The RTC's memory says whether its time is real; both die with the power."""
        self.power_on(200)
        app = self.apps[0]
        wall_s = app.clock.floor_s + 5000
        self.apps.clear()

        async def told(app, box):
            app.clock.set(loop.now(), wall_s)
            await keep(app, box)

        keep = self.keep
        self.keep = told
        self.power_on(61_000, step_ms=100)
        self.keep = keep
        self.assertEqual(machine.state["memory"], b"wall")
        self.assertEqual(machine.state["rtc"][0], wall_s + 60)
        _Time.offset_s = wall_s + 100
        self.power_on(200, cause=machine.WDT_RESET)
        self.assertTrue(self.apps[-1].clock.known)
        self.assertTrue(abs(self.apps[-1].clock.wall(loop.now())[0] - wall_s - 100) <= 1)
        machine.state["memory"] = b""
        self.power_on(200)
        self.assertFalse(self.apps[-1].clock.known)
