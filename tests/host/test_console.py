"""The serial console from the PC: control command, pseudo-terminal, the host's tool."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import serial

from tools.board_port import BoardPort, PortError
from tools.console import ConsoleError, ConsoleLine
from tools.csms.background import BackgroundCentral
from tools.virtual_board import VirtualBoard

ROOT = Path(__file__).resolve().parents[2]
CARD = "04A1B2C3"
_SECRETS = ("radio-secret-1", "csms-secret-22")


def tool(port, *arguments, text=None):
    """Run `python -m tools.console`; returns the finished process."""
    return subprocess.run(
        [sys.executable, "-m", "tools.console", "--port", port, *arguments],
        cwd=ROOT, input=text, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def line(bench):
    """line() -> ConsoleLine to the running charger; the one before is closed."""
    opened = []

    def begin():
        while opened:
            opened.pop().__exit__()
        opened.append(ConsoleLine(bench.sim.ready["console"]))
        return opened[-1]

    yield begin
    for each in opened:
        each.__exit__()


def say(sim, *lines):
    """Run lines through the control port; returns the lines of the last answer."""
    return [sim.do("console", line=text)["lines"] for text in lines][-1]


def wait_access(sim, name, text, timeout_s=30):
    """Poll until a key has a value; fails after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        answer = json.loads(say(sim, "ocpp --json")[0])
        if answer[name] == text:
            return answer
        time.sleep(0.2)
    raise AssertionError(answer)


def test_control_command_when_asked_then_lines(bench):
    """What the control port answers is what the serial line would show."""
    sim = bench.start(offline=True)
    assert "firmware" in say(sim, "status")[0]
    assert json.loads(say(sim, "why --json")[0])["ok"] is True
    assert "did you mean status?" in say(sim, "statsu")[0]
    assert sim.control.ask({"do": "console"})["ok"] is False


def test_control_command_when_answered_then_no_heap_is_left_behind(bench):
    """The console costs heap only while somebody uses it."""
    sim = bench.start(offline=True)
    used = []
    for _ in range(6):
        say(sim, "config export")
        say(sim, "doctor")
        used.append(sim.state()["heap"]["used"])
    # Names that were never seen before stay in MicroPython's pool, once.
    assert used[-1] - used[0] < 256


def test_line_when_configuration_is_exported_and_imported_then_the_same(bench, line):
    """export, factory-reset, import: the same configuration, secrets given again."""
    sim = bench.start("--console-pty")
    bench.wait_until(lambda state: state["online"])
    console = line()
    for text in ("config set ConnectionTimeOut 33", "config set InstallationCurrentMax 16",
                 "config set MeterValuesSampledData Voltage", 'wifi "My net" radio-secret-1',
                 "ocpp keep"):
        assert not console.ask(text)[0].startswith("error")
    exported = console.ask("config export")
    assert "InstallationCurrentMax = 16" in exported
    assert "restarts" in console.ask("factory-reset yes")[-1]
    sim.wait_event("restarted")
    console = line()
    assert "InstallationCurrentMax = 32" in console.ask("config export")
    bench.wait_until(lambda state: state["registration"] == "Accepted")
    given = [text.replace("WifiPassword = ********", "WifiPassword = radio-secret-1")
             for text in exported]
    for text in ("config import --dry-run", *given, "end"):
        answer = console.ask(text)
    assert answer[-1] == "dry run: nothing is changed"
    assert "InstallationCurrentMax = 32" in console.ask("config export")
    for text in ("config import", *given, "end"):
        answer = console.ask(text)
    assert "on trial" in answer[-1]
    assert console.ask("config export") == exported
    assert console.ask("config set StorageLost false") == ["StorageLost: true -> false"]
    wait_access(sim, "trial_s", None)


def test_line_when_the_address_is_wrong_then_it_reverts(bench, line):
    """The box is back at its central system by itself, and was gone in between."""
    sim = bench.start("--console-pty")
    bench.wait_until(lambda state: state["online"])
    console = line()
    console.ask("config set TrialTime 10")
    wait_access(sim, "trial_s", None)
    bench.wait_until(lambda state: state["online"])
    assert "in 10 s" in console.ask("ocpp url ws://127.0.0.1:1/ocpp")[-1]
    bench.wait_until(lambda state: not state["online"])
    wait_access(sim, "OcppUrl", bench.cs.central.url)
    bench.wait_until(lambda state: state["registration"] == "Accepted", 20)


def test_line_when_the_address_is_right_then_kept_over_a_power_cut(bench, line):
    """Another central system, with another identity and a key, in one line."""
    bench.start("--console-pty")
    bench.wait_until(lambda state: state["online"])
    with BackgroundCentral(password={"BOX-2": "csms-secret-22"}) as other:
        answer = line().ask(
            f"ocpp url {other.central.url} id BOX-2 profile 1 key csms-secret-22")
        assert "on trial" in answer[-1]
        other.wait_for_action("BootNotification", cp="BOX-2")
        bench.wait_until(lambda state: state["registration"] == "Accepted")
        wait_access(bench.sim, "trial_s", None)
        sim = bench.power_cut()
        other.wait_for_connection("BOX-2")
        bench.wait_until(lambda state: state["online"])
        assert other.central.violations == []
        # In order, while there is still somebody to say it to.
        sim.stop()


@pytest.mark.parametrize("vm", ["micropython32", "cpython"])
def test_interrupt_when_charging_then_the_prompt_and_nothing_is_lost(bench, vm):
    """Ctrl-C: a real prompt; Ctrl-D: the charger goes on, and the bill is right."""
    sim = bench.start("--console-pty", "--vm", vm)
    bench.wait_until(lambda state: state["online"])
    sim.do("energy_speed", factor=60)
    say(sim, "config set ConnectionTimeOut 33")
    sim.do("plug")
    bench.present(CARD)
    bench.wait_connector(lambda it: it["contactor"] and it["energy_wh"] > 1240)
    with serial.Serial(sim.ready["console"], timeout=10) as port:
        port.write(b"half a line\x03")
        assert port.read_until(b">>> ").endswith(b">>> ")
        port.write(b"print(6 * 7)\r")
        assert b"42" in port.read_until(b"42")
        port.read_until(b">>> ")
        with pytest.raises(ConsoleError, match="MicroPython's prompt"):
            ConsoleLine(sim.ready["console"])
        port.write(b"\x04")
    sim.wait_event("restarted")
    stop = bench.cs.wait_for_action("StopTransaction", timeout_s=20).payload
    assert stop["reason"] == "Reboot"
    assert stop["meterStop"] > 1240
    assert say(sim, "config get ConnectionTimeOut")[0].split() == ["ConnectionTimeOut", "33"]
    assert say(sim, "time")[-1].split() == ["boot", "2"]
    bench.wait_until(lambda state: state["queue"] == 0)


def test_quit_when_at_the_prompt_then_orderly(bench):
    """The host ends with status 0, whatever stands on the line."""
    sim = bench.start("--console-pty", offline=True)
    with serial.Serial(sim.ready["console"], timeout=10) as port:
        port.write(b"\x03")
        assert port.read_until(b">>> ").endswith(b">>> ")
    assert sim.do("quit") == {"ok": True}
    assert sim.wait() == 0


def test_secrets_when_set_over_the_line_then_nowhere(bench):
    """Not on the line, not in the log, the trace, the state, or any answer."""
    sim = bench.start("--console-pty", offline=True)
    with serial.Serial(sim.ready["console"], timeout=10) as port:
        seen = b""
        for text in (
            "wifi Net radio-secret-1", "ocpp url ws://127.0.0.1:1 id BOX profile 1"
            " key csms-secret-22", "config import", "OcppKey = csms-secret-22",
            "WifiPassword = radio-secret-1", "end", "config export", "config get", "ocpp",
            "wifi", "doctor", "log", "status --json", "config get OcppKey --json",
        ):  # fmt: skip
            port.write(text.encode() + b"\r")
            seen += port.read_until(b"> ")
    bench.wait_until(lambda state: not state["online"])
    sim.stop()
    everything = seen.decode() + "\n".join(sim.log) + bench.trace.read_text(encoding="utf-8")
    for secret in _SECRETS:
        assert secret not in everything
    assert "OcppKey = ********" in everything
    assert "cannot reach ws://127.0.0.1:1" in everything


def test_tool_when_lines_are_given_then_answers_and_status(bench):
    """One shot, for people and for scripts."""
    sim = bench.start("--console-pty", offline=True)
    port = sim.ready["console"]
    done = tool(port, "status --json", "config set ConnectionTimeOut 33")
    assert done.returncode == 0
    first, second = done.stdout.splitlines()
    assert json.loads(first)["ok"] is True
    assert second == "ConnectionTimeOut: 60 -> 33"
    done = tool(port, "--json", "nonsense", "why")
    assert done.returncode == 1
    assert [json.loads(text)["ok"] for text in done.stdout.splitlines()] == [False, True]


@pytest.mark.parametrize("options", [("--heap", "96K"), ("--tier", "stock", "--heap", "144K")])
def test_tool_when_the_meter_is_probed_then_waits_for_the_end(bench, options):
    """Ten seconds of findings, then the prompt; stock has its code in the heap."""
    sim = bench.start("--console-pty", *options)
    bench.wait_until(lambda state: state["registration"] == "Accepted")
    done = tool(sim.ready["console"], "meter probe")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith("searching, ")
    assert lines[-2].startswith("address 1      type SDM630, map eastron.SDM630, ")
    assert lines[-1] == "board.json is right"


@pytest.mark.parametrize("vm", ["micropython32", "cpython"])
def test_line_when_a_search_is_cancelled_then_the_prompt_and_the_meter(bench, vm):
    """What was found so far comes by itself; `cancel` ends it, and so does the tool that comes
    when somebody has left one behind."""
    sim = bench.start("--console-pty", "--vm", vm, offline=True)
    with serial.Serial(sim.ready["console"], timeout=30) as port:
        port.write(b"meter probe 1-5\r")
        seen = port.read_until(b"SDM630 fits\r\n")
        assert seen.endswith(b"SDM630 fits\r\n")
        assert b"> " not in seen
        port.write(b"cancel\r")
        assert b"cancelled" in port.read_until(b"> ")
        answer = b""
        for _ in range(40):  # until the line is given back, in 1.5 s
            port.write(b"meter probe 2-9\r")
            port.readline()
            answer = port.readline()
            if b"another search" not in answer:
                break
            time.sleep(0.5)
        assert answer.startswith(b"searching, ")
    with ConsoleLine(sim.ready["console"]) as line:
        assert "meter_silent" not in line.ask("why")[0]
    bench.wait_connector(lambda it: "meter_silent" not in it["faults"])


def test_tool_when_lines_come_from_a_file_then_imported(bench):
    """An export can be edited and sent back; without `end` it is no import."""
    port = bench.start("--console-pty", offline=True).ready["console"]
    text = tool(port, "config export").stdout.replace("ConnectionTimeOut = 60",
                                                      "ConnectionTimeOut = 33")
    done = tool(port, text="config import\n" + text)
    assert done.returncode == 1
    assert "no `end`" in done.stdout
    done = tool(port, "--json", text="config import\n" + text + "end\n")
    assert done.returncode == 0
    assert json.loads(done.stdout.splitlines()[-1])["lines"] == ["ConnectionTimeOut: 60 -> 33"]


def test_tool_when_nobody_answers_then_says_so():
    """A port without a charger, and no port at all."""
    with pytest.raises(ConsoleError):
        ConsoleLine("/dev/does-not-exist")
    near, far = os.openpty()
    with pytest.raises(ConsoleError, match="nobody answers"):
        ConsoleLine(os.ttyname(far), answer_s=0.5)
    os.close(near)
    os.close(far)
    done = tool("/dev/does-not-exist", "status")
    assert done.returncode == 2
    assert done.stderr.startswith("tools.console: ")


def test_tool_when_the_port_is_in_use_then_says_so_and_keeps_others_off(bench):
    """Two consoles would steal each other's answers; mpremote would stop the charger."""
    port = bench.start("--console-pty", offline=True).ready["console"]
    with ConsoleLine(port):
        done = tool(port, "status")
        assert done.returncode == 2
        assert "is busy: close what uses it (a console" in done.stderr
        with pytest.raises(PortError, match="is busy: close what uses it"):
            BoardPort(port).contact()
    assert tool(port, "status").returncode == 0


@pytest.mark.parametrize("name, text", [
    ("/dev/null", "/dev/null is no serial port"), ("/dev/none", "there is no port /dev/none"),
])
def test_tool_when_the_port_is_none_then_says_so(name, text):
    """A sentence of the tool, not of the system."""
    done = tool(name, "status")
    assert (done.returncode, "Errno" in done.stderr) == (2, False)
    assert text in done.stderr


@pytest.mark.parametrize("line", [b"status\x03", b"a\rreboot", b"\xff\xfe", b"wifi a\x01 b"])
def test_tool_when_a_line_has_control_characters_then_it_is_not_sent(bench, line):
    """Ctrl-C in a file would stop the charger; so would nothing else."""
    sim = bench.start("--console-pty", offline=True)
    port = sim.ready["console"]
    done = subprocess.run([sys.executable, "-m", "tools.console", "--port", port, line],
                          cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "nothing of it was sent" in done.stderr
    done = subprocess.run([sys.executable, "-m", "tools.console", "--port", port], cwd=ROOT,
                          input=b"time\n" + line.replace(b"\r", b"\x0b") + b"\n",
                          capture_output=True, timeout=60, check=False)
    assert (done.returncode, b"Traceback" in done.stderr) == (2, False)
    assert "uptime_s" in say(sim, "time")[1]


def test_tool_when_interrupted_in_an_import_then_nothing_is_changed(bench):
    """Ctrl-C on the PC leaves no import behind on the board, and no traceback here."""
    sim = bench.start("--console-pty", offline=True)
    port = sim.ready["console"]
    process = subprocess.Popen([sys.executable, "-m", "tools.console", "--port", port], cwd=ROOT,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    process.stdin.write("config import\nConnectionTimeOut = 33\n")
    process.stdin.flush()
    process.stdout.readline()
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in errors
    assert "Traceback" not in errors
    answer = tool(port, "config get ConnectionTimeOut").stdout
    assert answer.split() == ["ConnectionTimeOut", "60"]


def test_terminal_when_the_cable_is_pulled_then_it_says_so(tmp_path):
    """A person sits at it: a sentence, and a status that is not 0."""
    near, far = os.openpty()
    with VirtualBoard(tmp_path / "board") as board:
        process = subprocess.Popen(
            [sys.executable, "-m", "tools.console", "--port", board.port], cwd=ROOT,
            stdin=far, stdout=far, stderr=subprocess.PIPE, text=True, start_new_session=True)
        seen = b""
        while b">>> " not in seen:
            os.write(near, b"\r")
            seen += os.read(near, 1000)
            time.sleep(0.1)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    assert errors == "tools.console: the connection to %s was lost: check the cable and the " \
        "supply\n" % board.port
    os.close(near)
    os.close(far)
