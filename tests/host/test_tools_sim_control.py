"""The control port against clients of every kind, with a VM that has no charger in it."""

import json
import socket

import pytest

from tools.sim import control
from tools.sim.client import ControlClient, Simulator


@pytest.fixture(scope="module")
def start_once():
    """One simulator for the tests that cannot harm it."""
    simulator = Simulator(["--vm", "cpython"], module="tests.host.fake_sim")
    yield simulator
    simulator.stop()


@pytest.mark.parametrize(
    "line",
    [b"hello", b"", b"[1]", b"{}", b'{"do":1}', b"\xff\xfe", b'{"do":', b"[" * 60000],
)
def test_control_when_garbage_then_an_error_and_the_connection_goes_on(start_once, line):
    """Garbage costs one error answer, nothing else."""
    start_once.control.send_line(line)
    assert start_once.control.read_answer()["ok"] is False
    assert start_once.state()["ok"]


def test_control_when_line_is_far_too_long_then_one_error(start_once):
    """However long the line, there is one answer to it."""
    start_once.control.send_line(b'{"do":"' + b"x" * (5 * control.LINE_MAX) + b'"}')
    assert "longer than" in start_once.control.read_answer()["error"]
    assert start_once.state()["ok"]


def test_control_when_pipelined_then_answers_in_order(start_once):
    """Many commands at once are answered one by one, in order."""
    commands = [{"do": "options"}, {"do": "nonsense"}, {"do": "state"}] * 20
    for command in commands:
        start_once.control.send_line(json.dumps(command).encode())
    for command in commands:
        answer = start_once.control.read_answer()
        assert ("options" in answer) == (command["do"] == "options")
        assert ("connectors" in answer) == (command["do"] == "state")
        assert "n" not in answer


def test_control_when_several_clients_then_each_gets_its_own(start_once):
    """Two clients do not see each other's answers."""
    other = ControlClient(start_once.ready["control"])
    start_once.control.send_line(b'{"do":"stall","ms":50}')
    other.send_line(b'{"do":"state"}')
    assert "connectors" in other.read_answer()
    assert start_once.control.read_answer() == {"ok": True}
    other.close()


def test_control_when_client_leaves_in_the_middle_then_others_go_on(start_once):
    """A client that hangs up with commands on the way does no harm."""
    with socket.create_connection(("127.0.0.1", start_once.ready["control"])) as rude:
        rude.sendall(b'{"do":"stall","ms":20}\n' * 10 + b'{"do":"sta')
    assert start_once.state()["ok"]
