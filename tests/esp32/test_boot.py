"""/boot.py: outputs first, whatever the reset was and whatever the flash holds."""

import io
import json
import sys
import unittest

sys.path.insert(0, "tests/esp32")
from on_fakes import Imports, description, program

import machine

_PATH = "boards/_esp32/boot.py"


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
        self.said = []

    def boot(self, board, cause=machine.PWRON_RESET):
        """Run boot.py; returns the calls, with the imports among them."""
        machine.state["cause"] = cause
        text = board if board is None or isinstance(board, str) else json.dumps(board)
        with Imports(machine.calls):
            try:
                program(_PATH, open=_opener(text), print=self.said.append)
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

    def test_boot_imports_nothing_of_ours(self):
        """Only what is in the interpreter: json and machine."""
        names = {call[1] for call in self.boot(description()) if call[0] == "import"}
        self.assertEqual(names, {"json", "machine"})

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
        self.assertEqual(calls[-1], ("wdt", 3_600_000))
        for cause in (machine.PWRON_RESET, machine.WDT_RESET, machine.HARD_RESET):
            machine.forget()
            self.assertNotIn("wdt", [call[0] for call in self.boot(description(), cause)])
