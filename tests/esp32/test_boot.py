"""/boot.py: outputs first, whatever the reset was and whatever the flash holds."""

import io
import json
import sys
import unittest

sys.path.insert(0, "tests/esp32")
from on_fakes import Imports, description, program

import machine
import vfs
from boards import LITTLEFS

_PATH = "boards/_esp32/boot.py"
_MOUNTING = ("littlefs", "umount", "mount")
_NEW = "littlefs on partition vfs"


def _opener(text):
    """Return an `open` that knows one file, or none."""

    def opened(path):
        assert path == "/board.json"
        if text is None:
            raise OSError(2)
        return io.StringIO(text)

    return opened


class BootTest(unittest.TestCase):
    def setUp(self):
        machine.forget()
        vfs.mounted[:] = ["the first mount"]
        vfs.refused = None
        self.said = []

    def boot(self, board, cause=machine.PWRON_RESET):
        """Run boot.py; returns the calls, with the imports among them."""
        machine.state["cause"] = cause
        text = board if board is None or isinstance(board, str) else json.dumps(board)
        with Imports(machine.calls):
            try:
                self.space = program(_PATH, open=_opener(text), print=self.said.append)
            except machine.Reset:
                pass
        return machine.calls

    def test_boot_of_each_board_drives_coils_off_first_and_the_pilot_to_x1(self):
        """Order: coil, then the rest, then the pilot; nothing is driven towards power."""
        for name in ("breadboard", "esp32_evse_minimal", "esp32_devkitc_evse", "esp32_s2_da"):
            machine.forget()
            board = description(name)
            driven = [call for call in self.boot(board) if call[0] == "pin"]
            connector = board["connectors"][0]
            self.assertEqual(driven[0], ("pin", connector["coil"], 0))
            self.assertEqual(driven[-1], ("pin", connector["pilot"]["pwm"], 1))
            for _, number, level in driven[:-1]:
                self.assertEqual(level, 0, number)
            numbers = {call[1] for call in driven}
            if "lock" in connector:
                self.assertTrue({connector["lock"]["open"], connector["lock"]["close"]} <= numbers)
            if "rcd_test" in connector:
                self.assertIn(connector["rcd_test"], numbers)

    def test_boot_imports_nothing_of_ours_before_the_outputs_are_safe(self):
        """Before the last pin only what is in the interpreter: json and machine."""
        calls = self.boot(description())
        pins = [index for index, call in enumerate(calls) if call[0] == "pin"]
        names = {call[1] for call in calls[: pins[-1]] if call[0] == "import"}
        self.assertEqual(names, {"json", "machine"})

    def test_boot_mounts_the_flash_with_the_sizes_of_the_simulator(self):
        """After the outputs; the new mount is made before the old one goes, then takes its place.
        """
        calls = self.boot(description())
        pins = [index for index, call in enumerate(calls) if call[0] == "pin"]
        made = ("littlefs", "partition vfs", LITTLEFS)
        rest = [call for call in calls[pins[-1] :] if call[0] in _MOUNTING]
        self.assertEqual(rest, [made, ("umount",), ("mount", _NEW)])
        self.assertEqual((vfs.mounted, self.said), ([_NEW], []))
        self.assertIsNone(self.space["flash_trouble"])

    def test_boot_when_the_flash_does_not_mount_again_then_keeps_the_first_mount(self):
        """main.py has something to run, the log something to say."""
        vfs.refused = "littlefs"
        calls = self.boot(description())
        self.assertEqual([call[0] for call in calls if call[0] in _MOUNTING], ["littlefs"])
        self.assertEqual(vfs.mounted, ["the first mount"])
        self.assertEqual(self.said, [self.space["flash_trouble"]])
        self.assertIn("84", self.said[0])

    def test_boot_when_the_new_mount_fails_late_then_mounts_as_micropython_does(self):
        """Nothing at "/" would be a box that needs a visit."""
        vfs.refused = "mount"
        self.boot(description())
        self.assertEqual(vfs.mounted, ["partition vfs"])
        self.assertIn("84", self.space["flash_trouble"])

    def test_boot_leaves_little_behind(self):
        """main.py runs in the same globals, for months."""
        self.boot(description())
        kept = {name for name in self.space if name.startswith("_") and name[1] != "_"}
        self.assertEqual(kept, {"_PROMPT_MS", "_drive"})

    def test_boot_with_inverted_outputs_drives_their_other_level(self):
        """low: the coil is off, the motor still, while the pin is high; X1 is a low pin."""
        board = description("esp32_s2_da")
        connector = board["connectors"][0]
        connector["coil"] = {"pin": 21, "low": True}
        connector["lock"]["open"] = {"pin": 19, "low": True}
        connector["pilot"]["low"] = True
        connector["cp_switch"] = 5
        self.boot(board)
        wanted = {21: 1, 19: 1, 20: 0, 33: 0, 5: 1}
        self.assertEqual({pin: machine.levels[pin] for pin in wanted}, wanted)

    def test_boot_of_two_connectors_opens_both_before_anything_else(self):
        """The second coil must not wait for the first one's lock."""
        board = description("esp32_s2_da")
        second = json.loads(json.dumps(board["connectors"][0]))
        second["coil"] = 7
        board["connectors"].append(second)
        driven = [call for call in self.boot(board) if call[0] == "pin"]
        self.assertEqual(driven[:2], [("pin", 21, 0), ("pin", 7, 0)])

    def test_boot_without_description_says_what_to_do(self):
        """Missing, cut off, of another shape: a sentence, no traceback, no reset in a loop."""
        for text in (None, "", "{", "[]", '{"connectors": [{}]}', '{"connectors": 7}'):
            machine.forget()
            del self.said[:]
            self.boot(text)
            self.assertEqual(len(self.said), 1)
            self.assertIn("make deploy", self.said[0])
            self.assertNotIn(("reset",), machine.calls)

    def test_boot_without_description_after_a_soft_reset_resets_the_chip(self):
        """A soft reset left the coil as it was, and nobody knows its pin."""
        self.boot("{", machine.SOFT_RESET)
        self.assertIn(("reset",), machine.calls)

    def test_boot_after_a_soft_reset_gives_the_prompt_an_hour(self):
        """The watchdog of the firmware cannot be stopped; outputs are safe before it is set."""
        calls = self.boot(description(), machine.SOFT_RESET)
        rest = [call for call in calls if call[0] in ("pin", "wdt", "littlefs")]
        self.assertEqual(rest[-2:], [("wdt", 3_600_000), ("littlefs", "partition vfs", LITTLEFS)])
        for cause in (machine.PWRON_RESET, machine.WDT_RESET, machine.HARD_RESET):
            machine.forget()
            self.assertNotIn("wdt", [call[0] for call in self.boot(description(), cause)])
