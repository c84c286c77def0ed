"""The host side of the simulator, with a VM that has no charger in it."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tools.sim.client import ControlError, Simulator

ROOT = Path(__file__).resolve().parents[2]
FAKE = "tests.host.fake_sim"


@pytest.fixture(params=["cpython", "micropython32"])
def interpreter(request):
    """Both interpreters, as far as they can be had here."""
    if request.param != "cpython" and importlib.util.find_spec("tools.micropython") is None:
        pytest.skip("tools.micropython is not there: no MicroPython to run")
    return request.param


@pytest.fixture
def start():
    """start(*arguments, **named) -> Simulator on the fake VM; all are stopped at the end."""
    running = []

    def begin(*arguments, vm="cpython", **named):
        simulator = Simulator(["--vm", vm, *arguments], module=FAKE, **named)
        running.append(simulator)
        return simulator

    yield begin
    for simulator in running:
        simulator.stop()


def run_to_end(*arguments, timeout_s=20):
    """Run the command line to its end; returns the finished process."""
    return subprocess.run(
        [sys.executable, "-m", FAKE, "--vm", "cpython", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def is_alive(pid):
    """Whether a process runs (a zombie does not)."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def wait_dead(pid, timeout_s=5):
    """Wait until a process is gone; returns whether it is."""
    deadline = time.monotonic() + timeout_s
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_alive(pid)


def test_ready_line_then_names_port_and_processes(start, interpreter):
    """The first line tells how to reach the charger, on both interpreters."""
    sim = start("--heap", "96K", vm=interpreter)
    assert sim.ready["pid"] == sim.process.pid
    assert is_alive(sim.ready["vm_pid"])
    assert sim.ready["vm"] == interpreter
    assert sim.ready["heap"] == 98304
    assert sim.ready["fake"] is True
    assert sim.do("plug") == {"ok": True}
    assert sim.connector()["cp"] == "B1"


def test_quit_then_status_0_and_no_temporary_folder_left(start, interpreter):
    """`quit` is orderly."""
    sim = start(vm=interpreter)
    assert sim.do("quit") == {"ok": True}
    assert sim.wait() == 0
    assert not Path(sim.ready["state"]).exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_then_orderly_end(start, number):
    """SIGTERM and Ctrl-C are `quit`."""
    sim = start()
    sim.process.send_signal(number)
    assert sim.wait() == 0
    assert wait_dead(sim.ready["vm_pid"])


def test_quit_when_a_signal_follows_then_still_status_0(start):
    """A signal during an orderly end does not turn it into a fault."""
    sim = start()
    sim.control.send_line(b'{"do":"quit"}')
    assert sim.stop() == 0


def test_mains_off_then_status_9_even_behind_a_stalled_command(start, tmp_path):
    """A power cut does not wait for a VM that is busy, and the folder stays."""
    sim = start("--state", str(tmp_path))
    begun = time.monotonic()
    sim.control.send_line(b'{"do":"stall","ms":20000}')
    sim.control.send_line(b'{"do":"mains","on":false}')
    assert sim.control.read_answer()["ok"] is False
    assert sim.control.read_answer() == {"ok": True}
    assert sim.wait() == 9
    assert time.monotonic() - begun < 5
    assert tmp_path.exists()
    assert wait_dead(sim.ready["vm_pid"])


def test_mains_on_then_refused(start):
    """Only `false` means anything; the charger goes on."""
    sim = start()
    with pytest.raises(ControlError):
        sim.do("mains", on=True)
    assert sim.state()["ok"]


def test_flash_cut_then_status_9(start):
    """The flash model's power cut ends the process like the mains."""
    sim = start()
    sim.control.send_line(b'{"do":"cut_after","writes":0}')
    assert sim.wait() == 9


def test_reset_then_started_again_and_the_connection_survives(start, tmp_path):
    """A requested reset starts the firmware again on the same flash, behind the same port."""
    sim = start("--state", str(tmp_path))
    sim.do("plug")
    sim.do("exit", status=3)
    assert sim.connector()["cp"] == "A1"  # this command waited for the new VM
    again = sim.wait_event("restarted")
    assert again["vm_pid"] != sim.ready["vm_pid"]
    assert again["state"] == sim.ready["state"]


def test_reset_when_once_then_status_3(start):
    """--once leaves the restart to somebody else."""
    sim = start("--once")
    sim.do("exit", status=3)
    assert sim.wait() == 3


def test_reset_loop_then_stops_with_a_clear_line():
    """Firmware that resets itself at once is not started for ever."""
    result = run_to_end("--set", "AtStart=reset")
    assert result.returncode == 1
    assert "reset itself 3 times" in result.stderr
    assert result.stdout == ""


def test_fault_at_the_start_then_its_output_and_status_1():
    """A VM that breaks before it is ready shows why."""
    result = run_to_end("--set", "AtStart=fault")
    assert result.returncode == 1
    assert "broken at the start" in result.stderr


@pytest.mark.parametrize("command", [{"do": "crash"}, {"do": "die", "status": 0}])
def test_fault_while_running_then_status_1_and_an_answer(start, command):
    """Whoever asked learns that the VM ended, and the process says so."""
    sim = start()
    assert sim.control.ask(command)["ok"] is False
    assert sim.wait() == 1
    assert "ended without being asked" in sim.tail()


def test_vm_killed_from_outside_then_fault(start):
    """A VM that somebody kills is a fault, not a power cut."""
    sim = start()
    os.kill(sim.ready["vm_pid"], signal.SIGKILL)
    assert sim.wait() == 1


def test_host_killed_then_the_vm_ends(start, interpreter):
    """No orphan is left behind a killed host."""
    sim = start(vm=interpreter)
    sim.process.kill()
    assert wait_dead(sim.ready["vm_pid"])


def test_state_folder_when_in_use_then_the_second_is_refused(start, tmp_path):
    """Two simulators never share a flash image."""
    sim = start("--state", str(tmp_path))
    second = run_to_end("--state", str(tmp_path))
    assert second.returncode == 1
    assert "another simulator" in second.stderr
    sim.do("quit")
    sim.wait()
    assert start("--state", str(tmp_path)).state()["ok"]


def test_trace_then_one_json_object_a_line_across_a_reset(start, tmp_path):
    """The trace is appended to, in the order of events."""
    trace = tmp_path / "trace.jsonl"
    sim = start("--trace", str(trace))
    sim.do("plug")
    sim.do("exit", status=3)
    sim.do("plug")
    events = [json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines()]
    assert [event["event"] for event in events] == ["vm_start", "cp"] * 2


def test_password_then_never_printed_nor_traced(start, tmp_path):
    """Even a VM that prints its password does not get it past the host."""
    trace = tmp_path / "trace.jsonl"
    sim = start("--trace", str(trace), password="correct horse")
    assert sim.do("options")["options"]["password"] == "correct horse"
    sim.do("leak")
    sim.do("quit")
    sim.wait()
    written = trace.read_text(encoding="utf-8") + sim.tail()
    assert "correct horse" not in written
    assert written.count("********") == 4  # a line, a log event in both places, a frame


def test_log_when_vm_prints_text_then_it_comes_on_standard_error(start):
    """What is no JSON object is log, and does not disturb the protocol."""
    sim = start()
    sim.do("emit", text='Traceback {"not": json')
    sim.do("emit", text='{"n":12345,"ok":true}')
    sim.do("emit", text='{"event":"log","level":"INFO","area":"tx","text":"started"}')
    sim.do("quit")
    sim.wait()
    assert "vm: Traceback" in sim.tail()
    assert "nobody waits for" in sim.tail()
    assert "log: INFO tx: started" in sim.tail()


def test_panel_then_shows_the_state_escaped(start):
    """The page answers, and text from the charger cannot become HTML."""
    sim = start("--panel", "0")
    address = f"http://127.0.0.1:{sim.ready['panel']}"
    with urllib.request.urlopen(address + "/", timeout=5) as answer:
        text = answer.read().decode()
    assert "&lt;b&gt;&amp;" in text
    assert "<b>&" not in text
    with urllib.request.urlopen(address + "/state", timeout=5) as answer:
        assert json.load(answer)["ok"] is True
