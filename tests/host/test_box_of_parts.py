"""From a box of parts to a wallbox that its central system knows, with the verbs that a person
types: deploy, provision, console; the board calls home over TLS."""

import os
import subprocess
import time

import pytest

from tests.host.certificates import Authority
from tools import mpy
from tools.console import ConsoleError, ConsoleLine
from tools.csms.background import BackgroundCentral
from tools.virtual_board import VirtualBoard

KEY = "abcdefghijklmnopqrstuvwxyz012345"


def make(verb, **variables):
    """Run a verb of the Makefile; returns what it printed. Raises AssertionError."""
    words = ["%s=%s" % item for item in variables.items()]
    # -o: the environment is there, since this test runs in it.
    done = subprocess.run(["make", "-o", ".venv/.ready", verb, *words], cwd=mpy.ROOT,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def flash(tmp_path_factory):
    """The flash of a board after `make deploy`."""
    with VirtualBoard(tmp_path_factory.mktemp("deployed"), heap=400 * 1024) as board:
        told = make("deploy", BOARD="virtual", PORT=board.port, TIER="full")
        assert "next: make provision PORT=%s SITE=site.toml" % board.port in told
    return board.flash.read_bytes()


@pytest.fixture
def board(tmp_path, flash):
    """A board with the firmware on it, switched on."""
    made = VirtualBoard(tmp_path / "board", heap=400 * 1024)
    made.flash.write_bytes(flash)
    with made:
        yield made


def ask(board, *lines, timeout_s=20):
    """Type lines at the board's console, as soon as it is there; returns the last answer."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            with ConsoleLine(board.port, answer_s=2) as line:
                return [line.ask(text) for text in lines][-1]
        except ConsoleError:
            # It still starts.
            if time.monotonic() > deadline:
                raise


def test_box_of_parts_when_deployed_and_provisioned_then_calls_home_with_its_key(tmp_path, board):
    """Two commands, and the central system has a new charge point that knows its key, and that
    has checked its certificate against the one in site.toml."""
    keys = tmp_path / "keys.csv"
    keys.write_text("id,serial,key\nBOX-7,240ac4000001,%s\n" % KEY)
    os.chmod(keys, 0o600)
    authority = Authority()
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    tls = authority.server(tmp_path / "server", "localhost")
    with BackgroundCentral(password={"BOX-7": KEY}, tls=tls) as cs:
        (tmp_path / "site.toml").write_text(
            '[site]\nid = "BOX-{number}"\nfirst_number = 7\n'
            '[ocpp]\nurl = "wss://localhost:%d/ocpp"\nca_file = "ca.pem"\n'
            "[config]\nHeartbeatInterval = 77\n" % cs.central.port)
        told = make("provision", PORT=board.port, SITE=tmp_path / "site.toml",
                    ARGS="--secrets %s" % keys)
        assert "board 240ac4000001 is BOX-7: provisioned and verified" in told
        boot = cs.wait_for_action("BootNotification", cp="BOX-7", timeout_s=20)
        assert boot.payload["chargePointModel"] == "Virtual"
        answer = cs.call("BOX-7", "GetConfiguration", {"key": ["SupportedFeatureProfiles"]})
    assert "SmartCharging" in str(answer)


def test_console_when_an_export_is_edited_and_imported_then_the_board_has_that(board):
    """Another configuration than that of the export comes back to it, over a restart too."""
    exported = ask(board, "config set InstallationCurrentMax 16", "config export")
    assert "InstallationCurrentMax = 16" in exported
    ask(board, "config set InstallationCurrentMax 20", "config set ConnectionTimeOut 33")
    assert ask(board, "config export") != exported
    dry = ask(board, "config import --dry-run", *exported, "end")
    assert dry[-1] == "dry run: nothing is changed"
    assert ask(board, "config export") != exported
    answer = ask(board, "config import", *exported, "end")
    assert sorted(answer) == ["ConnectionTimeOut: 33 -> 60", "InstallationCurrentMax: 20 -> 16"]
    assert "restarts" in ask(board, "reboot")[-1]
    deadline = time.monotonic() + 20
    while board.resets[-1:] != ["hard"] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert ask(board, "config export") == exported


def test_console_when_the_address_is_wrong_then_the_board_comes_back_by_itself(board):
    """A wrong address on trial: the central system sees the box again, nobody visits it."""
    with BackgroundCentral() as cs:
        ask(board, "config set TrialTime 10", "ocpp url %s id BOX-8" % cs.central.url)
        cs.wait_for_action("BootNotification", cp="BOX-8", timeout_s=20)
        since = cs.mark()
        told = ask(board, "ocpp url ws://127.0.0.1:1/ocpp")
        assert told[-1].startswith("on trial: the old settings come back in 10 s")
        cs.wait_for_action("BootNotification", cp="BOX-8", since=since, timeout_s=40)
        assert ("OcppUrl        " + cs.central.url) in ask(board, "ocpp")
