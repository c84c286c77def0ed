"""Demo and run, with a stand-in charger: their verdicts and what they tell a person."""

import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tools import demo

ROOT = Path(__file__).resolve().parents[2]
FAKE = "tests.host.fake_sim"
CHARGER = "tests/host/fake_charger.py"


@pytest.fixture(autouse=True)
def charger(monkeypatch):
    """The simulators of this file run the stand-in."""
    monkeypatch.setenv("PILOTWIRE_FAKE_VM", CHARGER)


def test_demo_when_books_and_meter_agree_then_status_0(capsys):
    """The whole story, and at least half a kWh."""
    assert demo.main(["--vm", "cpython"], FAKE) == 0
    output = capsys.readouterr().out
    agreed = re.search(r"books and meter agree: (\d+) Wh", output)
    assert int(agreed[1]) >= 500
    assert "connector 1 is Charging" in output


def test_demo_when_the_books_differ_then_status_1(capsys, monkeypatch):
    """A charger that bills less than the meter counts is found out."""
    monkeypatch.setenv("PILOTWIRE_FAKE_FLAW", "forgetful")
    assert demo.main(["--vm", "cpython"], FAKE) == 1
    assert "WRONG: the meter went from 12340 to" in capsys.readouterr().out


def test_demo_when_card_is_refused_then_status_4_and_no_energy(capsys, monkeypatch):
    """A refused card is not success, and says so."""
    monkeypatch.setattr(demo, "_REJECTED_WATCH_S", 0.3)
    assert demo.main(["--vm", "cpython", "--reject"], FAKE) == 4
    assert "no energy flowed" in capsys.readouterr().out


def test_demo_when_energy_flows_for_a_refused_card_then_status_1(capsys, monkeypatch):
    """A charger that charges anyway is wrong."""
    monkeypatch.setenv("PILOTWIRE_FAKE_FLAW", "greedy")
    assert demo.main(["--vm", "cpython", "--reject"], FAKE) == 1
    assert "the contactor closed" in capsys.readouterr().out


def test_demo_when_the_charger_does_not_start_then_status_1(capsys):
    """No charger, no success."""
    assert demo.main(["--vm", "cpython", "--heap", "x"], FAKE) == 1
    assert "is no size" in capsys.readouterr().out


def test_run_then_a_person_can_drive_both_sides():
    """Panel address, commands to charger and central system, power cut, orderly end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.host.fake_run", "--vm", "cpython"],
        cwd=ROOT,
        env=dict(os.environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        told = []
        panel = wait_for_line(process, told, "panel:").split()[-1]
        with urllib.request.urlopen(panel, timeout=5) as answer:
            assert "Pilotwire" in answer.read().decode()
        wait_for_line(process, told, "type here")
        type_line(process, "plug")
        wait_for_line(process, told, "is Preparing")
        type_line(process, "list")
        wait_for_line(process, told, "connected;")
        type_line(process, "mains on=true")
        wait_for_line(process, told, "the charger is on")
        type_line(process, "mains on=false")
        wait_for_line(process, told, "disconnected")
        type_line(process, "mains on=true")
        assert panel in wait_for_line(process, told, "panel:")
        wait_for_line(process, told, "type here")
        type_line(process, "quit")
        assert process.wait(20) == 0, told


def wait_for_line(process, told, text):
    """Read the story until a line with `text`; returns that line."""
    for line in process.stdout:
        told.append(line)
        if text in line:
            return line
    raise AssertionError(f"'{text}' never came: {told}")


def type_line(process, text):
    """Type one line."""
    process.stdin.write(text + "\n")
    process.stdin.flush()
