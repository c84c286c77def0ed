"""`make check`: every planted mistake is found, with line and remedy; our boards have none."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from firmware import device_keys, profiles
from firmware.access import _TABLE as _ACCESS
from firmware.config import Config
from firmware.ocpp import config_keys
from tools import board
from tools.board import chips, circuits, pins
from tools.board.__main__ import main

ROOT = Path(board.ROOT)


@pytest.fixture
def plant(tmp_path):
    """plant(board, text, instead, ...) -> findings in a copy where `text` is replaced."""
    def put(name, *replacements):
        folder = tmp_path / name
        shutil.copytree(ROOT / "boards" / name, folder)
        path = folder / "board.json"
        text = path.read_text()
        for old, new in zip(replacements[::2], replacements[1::2]):
            assert text.count(old) == 1, (old, text.count(old))
            text = text.replace(old, new)
        path.write_text(text)
        found = [finding for finding in board.check(path) if not finding.note]
        lines = text.splitlines()
        return [(finding.rule, lines[finding.line - 1].strip(), str(finding))
                for finding in found]

    return put


# Board, what is replaced by what ..., rule, what the named line holds, words of the remedy.
MISTAKES = {
    "two signals at one pin": (
        "breadboard", '"rcd_test": 25', '"rcd_test": 27',
        "duplicate-pin", '"rcd_test": 27', "pin of its own"),
    "coil at the pin that sets the flash voltage": (
        "breadboard", '"coil": 26', '"coil": 12',
        "strapping-pin", '"coil": 12', "quiet pin"),
    "reader at the pin that sets the flash voltage": (
        "breadboard", '"reset": 13', '"reset": 12',
        "strapping-pin", '"reset": 12', "may not start"),
    "button that seems to be pressed while nobody touches it": (
        "esp32_evse_minimal", '{"service": {"pin": 0, "low": true}}', '{"service": 0}',
        "button-level", '"service": 0', '"low": true'),
    "light that the firmware does not know": (
        "breadboard", '"leds": {"status": 4}', '"leds": {"disco": 4}',
        "schema", '"leds"', "status, error, charging, wifi"),
    "coil at a pin that toggles at boot": (
        "breadboard", '"coil": 26', '"coil": 14',
        "boot-glitch", '"coil": 14', "chatter"),
    "output at an input": (
        "breadboard", '"coil": 26,', '"coil": 38,',
        "input-only", '"coil": 38', "can drive"),
    "pull at a pin without one": (
        "breadboard", '"mirror": 34', '"mirror": {"pin": 34, "pull": "up"}',
        "input-only", '"mirror"', "solder one"),
    "flash pin": (
        "breadboard", '"select": 22', '"select": 9',
        "flash-pin", '"select": 9', "move the reader"),
    "PSRAM pin": (
        "breadboard", '"psram": "none"', '"psram": "quad"',
        "flash-pin", '"rs485"', '"psram": "none"'),
    "octal PSRAM pin": (
        "esp32_evse_minimal_s3", '"coil": 5', '"coil": 35',
        "flash-pin", '"coil": 35', "without PSRAM"),
    "pilot on ADC2": (
        "breadboard", '"adc": 36', '"adc": 14',
        "adc-pin", '"adc": 14', "ADC1"),
    "pilot at a pin without ADC": (
        "breadboard", '"adc": 36', '"adc": 5',
        "adc-pin", '"adc": 5', "ADC1"),
    "no such pin": (
        "breadboard", '"rcd_test": 25', '"rcd_test": 24',
        "no-such-pin", '"rcd_test": 24', "choose one"),
    "RS-485 at the console": (
        "breadboard", '"tx": 17', '"tx": 1',
        "console-pin", '"rs485"', "flash it"),
    "lock at USB that is the console": (
        "esp32_s2_da", '"console": "uart"', '"console": "usb"',
        "console-pin", '"lock"', "UART0"),
    "Ethernet over pins that are in use": (
        "breadboard", '"leds": {"status": 4}',
        '"network": {"lan": {"phy": "LAN8720", "mdc": 14, "mdio": 32, "ref_clk": 0}}',
        "rmii-clash", '"coil": 26', "RMII takes"),
    "Ethernet clock where it cannot be": (
        "esp32_evse_minimal", '"buttons": {"service": {"pin": 0, "low": true}}',
        '"network": {"lan": {"phy": "LAN8720", "mdc": 23, "mdio": 18, "ref_clk": 4}}',
        "rmii-clash", '"network"', "GPIO0 takes it in"),
    "Ethernet controller that the chip lacks": (
        "esp32_evse_minimal_s3", '"buttons": {"service": {"pin": 0, "low": true}}',
        '"network": {"lan": {"phy": "LAN8720", "mdc": 1, "mdio": 2, "ref_clk": 8}}',
        "rmii-clash", '"network"', "W5500"),
    "level A beyond the ADC": (
        "esp32_evse_minimal", '"plus_mv": 2565', '"plus_mv": 3177',
        "pilot-range", '"plus_mv": 3177', "attenuation"),
    "diode below the ADC": (
        "breadboard", '"minus_mv": 172', '"minus_mv": 0', '"plus_mv": 2533', '"plus_mv": 2000',
        "[2533, 2238, 1943, 1648, 1352]", "[2000, 1750, 1500, 1250, 1000]",
        "pilot-range", '"minus_mv": 0', "divider"),
    "negative volts at the chip": (
        "breadboard", '"minus_mv": 172', '"minus_mv": -460',
        "pilot-range", '"minus_mv": -460', "destroyed"),
    "front end that is turned round": (
        "breadboard", '"plus_mv": 2533', '"plus_mv": 100',
        "pilot-range", '"minus_mv": 172', "divider"),
    "attenuation that is too small": (
        "breadboard", '"adc": 36,', '"adc": 36, "db": 6,',
        "pilot-range", '"plus_mv": 2533', "`db`"),
    "levels out of order": (
        "breadboard", "[2533, 2238, 1943, 1648, 1352]", "[2533, 1943, 2238, 1648, 1352]",
        "pilot-levels", '"levels_mv"', "as measured"),
    "front end that is bent": (
        "breadboard", "[2533, 2238, 1943, 1648, 1352]", "[2533, 2430, 2140, 1800, 1352]",
        "pilot-levels", '"levels_mv"', "not linear"),
    "proximity contact beyond the ADC": (
        "esp32_s2_da", '"pull_ohm": 1000', '"pull_ohm": 330',
        "proximity-range", '"proximity"', "1 kOhm"),
    "contactor too small": (
        "breadboard", '"contactor_ma": 40000', '"contactor_ma": 25000',
        "rating", '"current_ma_max"', "larger contactor"),
    "RCD too small": (
        "breadboard", '"rcd_ma": 40000', '"rcd_ma": 25000',
        "rating", '"current_ma_max"', "larger RCD"),
    "cable that nobody has rated": (
        "breadboard", '"cable_ma": 32000,', "",
        "rating", '"tethered"', "cable_ma"),
    "Python alone, and stalls allowed": (
        "breadboard", '"blocking_while_closed": "pause"', '"blocking_while_closed": "allow"',
        "opener", '"blocking_while_closed"', '"pause"'),
    "hardware that nobody names": (
        "breadboard", '"contactor_opened_by": "python"', '"contactor_opened_by": "hardware"',
        "opener", '"contactor_opened_by"', "which part"),
    "no RCD": (
        "breadboard", '"rcd": 35,', "", "missing-part", "{", "`absent`"),
    "no mirror contact": (
        "breadboard", '"mirror": 34,', "", "missing-part", "{", "`mirror`"),
    "absent and there": (
        "breadboard", '"earth": "the installer',
        '"rcd": "an RCD in front", "earth": "the installer',
        "missing-part", '"rcd": "an RCD', "out of `absent`"),
    "socket without lock": (
        "breadboard", '"tethered": true', '"tethered": false',
        "socket-parts", "{", "`lock`"),
    "lock at a fixed cable": (
        "esp32_s2_da", '"tethered": false', '"tethered": true, "cable_ma": 32000',
        "socket-parts", '"lock"', "tethered"),
    "meter that nobody knows": (
        "breadboard", "eastron.SDM630", "eastron.SDM999",
        "meter", '"map"', "eastron.SDM630"),
    "meter of one phase for three": (
        "breadboard", "eastron.SDM630", "eastron_single.SDM120",
        "meter", '"map"', "all phases"),
    "Modbus meter without a line": (
        "esp32_evse_minimal",
        '"rs485": {"uart": 2, "tx": 17, "rx": 16, "direction": 21, "baud": 2400},', "",
        "meter", '"map"', "add `rs485`"),
    "one UART for two": (
        "breadboard", '"leds": {"status": 4}',
        '"network": {"modem": {"uart": 2, "tx": 4, "rx": 32}}',
        "bus-clash", '"modem"', "another port"),
    "the console's UART": (
        "breadboard", '"uart": 2', '"uart": 0',
        "bus-clash", '"rs485"', "UART 1"),
    "default beyond its limits": (
        "breadboard", '"leds": {"status": 4}',
        '"keys": [{"key": "Fan", "type": "int", "default": 7, "max": 5}]',
        "keys", '"keys"', "limits"),
    "key of the firmware": (
        "breadboard", '"leds": {"status": 4}',
        '"keys": [{"key": "ocppkey", "type": "text", "default": ""}]',
        "keys", '"keys"', "another name"),
    "key that nobody can name": (
        "breadboard", '"leds": {"status": 4}',
        '"keys": [{"key": "../x y", "type": "bool", "default": true}]',
        "keys", '"keys"', "letters, digits"),
    "key of the board that stands twice": (
        "breadboard", '"leds": {"status": 4}',
        '"keys": [{"key": "Fan", "type": "bool", "default": true}, '
        '{"key": "FAN", "type": "bool", "default": true}]',
        "keys", '"keys"', "another name"),
    "text of two lines": (
        "breadboard", '"leds": {"status": 4}',
        '"keys": [{"key": "Fan", "type": "text", "default": "a\\nStorageLost = false"}]',
        "keys", '"keys"', "correct the default"),
    "half a character": (
        "breadboard", '"vendor": "Pilotwire"', '"vendor": "\\ud800"', "json", "{", "correct"),
    "number without end": (
        "breadboard", '"plus_mv": ', '"plus_mv": ' + 5000 * "9", "json", "{", "correct"),
    "brackets without end": (
        "breadboard", '"vendor": "Pilotwire"', '"vendor": ' + 100_000 * "[", "json", "{",
        "correct"),
    "vendor too long for OCPP": (
        "breadboard", '"vendor": "Pilotwire"', '"vendor": "A very long name of a maker"',
        "schema", '"vendor"', "20 characters"),
    "key that is misspelt": (
        "breadboard", '"emergency": 39', '"emergancy": 39',
        "schema", "{", "connector"),
    "name of another board": (
        "breadboard", '"name": "breadboard"', '"name": "board"',
        "name", "{", "same name"),
    "key that stands twice": (
        "breadboard", '"coil": 26', '"coil": 26, "coil": 26',
        "json", '"coil"', "keep one"),
    "comma too many": (
        "breadboard", '"direction": 21, "baud": 9600}', '"direction": 21, "baud": 9600,}',
        "json", '"rs485"', "correct"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_mistake_when_planted_then_found_with_line_and_remedy(plant, what):
    """The rule, on the line where the mistake is, with the words that lead out."""
    name, *replacements, rule, line, remedy = MISTAKES[what]
    found = plant(name, *replacements)
    fitting = [text for found_rule, found_line, text in found
               if found_rule == rule and line in found_line and remedy in text]
    assert fitting, found
    assert "board.json:" in fitting[0]


@pytest.mark.parametrize("name", [path.parent.name for path in board.boards()])
def test_board_of_ours_when_checked_then_clean(name):
    """What we ship is what we preach."""
    findings = [str(finding) for finding in board.check(board.find(name)) if not finding.note]
    assert findings == []


def test_boards_when_listed_then_four_and_the_simulator():
    """A bread-board reference and three open designs at least."""
    names = {path.parent.name for path in board.boards()}
    assert names >= {"sim", "breadboard", "esp32_devkitc_evse", "esp32_s2_da",
                     "esp32_evse_minimal"}


@pytest.mark.parametrize("name", [path.parent.name for path in board.boards()])
def test_wiring_page_when_read_then_names_every_pin_and_who_verified_what(name):
    """The page cannot forget a signal, nor claim what nobody has tried."""
    description = json.loads(board.find(name).read_text())
    if "chip" not in description:
        return
    page = board.find(name).with_name("README.md").read_text()
    for use in pins.uses(description):
        assert "| %d |" % use.pin in page, "GPIO%d (%s)" % (use.pin, use.role)
    assert "## Verified" in page and "nobody" in page


def test_pin_tables_when_compared_then_consistent():
    """A pin of a list is a pin of the chip; nothing is on both converters."""
    for chip in chips.CHIPS.values():
        every = set(chip.pins)
        for group in (chip.input_only, chip.straps, chip.adc1, chip.adc2, chip.rmii):
            assert set(group) - set(chip.flash) <= every
        assert not set(chip.adc1) & set(chip.adc2)


def test_command_when_given_a_path_then_checks_that_file_and_fails_on_findings(tmp_path, capsys):
    """`make check BOARD=path`, with exit status 1 and the line in the output."""
    text = (ROOT / "boards/breadboard/board.json").read_text()
    path = tmp_path / "mine.json"
    path.write_text(text.replace('"coil": 26', '"coil": 6'))
    assert main([str(path)]) == 1
    assert "mine.json:26: flash-pin: GPIO6" in capsys.readouterr().out
    path.write_text(text)
    assert main([str(path)]) == 0


def test_command_when_there_is_no_such_board_then_names_those_there_are(capsys):
    """Not a traceback."""
    assert main(["nonsense"]) == 2
    assert "breadboard" in capsys.readouterr().err


@pytest.mark.parametrize("data", [b"\xff\xfe{", b"\xef\xbb\xbf{}", b"[]", b"5", b"null", b""])
def test_command_when_the_file_is_no_board_then_a_finding(tmp_path, capsys, data):
    """Another encoding, another kind of JSON, nothing at all."""
    path = tmp_path / "mine.json"
    path.write_bytes(data)
    assert main([str(path)]) == 1
    assert "mine.json:1: json: " in capsys.readouterr().out
    (tmp_path / "boards").mkdir()
    assert main([str(tmp_path / "boards")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: cannot read ")
    assert "Errno" not in said


def test_command_when_given_the_virtual_board_then_checks_it():
    """`make deploy` takes that name, and sends its users here."""
    assert main(["virtual"]) == 0


def test_firmware_keys_when_a_charger_lists_its_own_then_they_are_all_known():
    """What a board must not declare is read from the sources: no table may be missed."""
    found = circuits._firmware_keys()
    access = {row[0] for row in Config(None, (_ACCESS,)).rows()}
    core = {row[0] for row in Config(None, (
        *config_keys.CORE, config_keys.board_keys(2, config_keys.MEASURANDS, "Core", False),
        device_keys.DEVICE, device_keys.table(32000),
        *(module.KEYS for module in profiles.installed()))).rows()}
    assert access | core <= found


def test_verb_check_when_run_then_starts_this():
    """The Makefile hands BOARD on."""
    done = subprocess.run(["make", "-n", "check", "BOARD=breadboard", "PYTHON=" + sys.executable],
                          cwd=ROOT, capture_output=True, text=True)
    assert "tools.verb tools.board breadboard" in done.stdout
