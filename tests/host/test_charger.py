"""The simulated charger on 32-bit MicroPython against a real central system, in real time."""

import socket
import time

import pytest

from tests.host.harness import CP
from tools.sim.client import ControlError, Simulator

CARD = "04A1B2C3D4E5F6"
HEAP = ("--heap", "96K")


def charge(bench, *, until_wh=300, online=True):
    """Plug in, show the card, wait until some energy has flowed; returns the meter's start."""
    sim = bench.sim
    if online:
        bench.wait_until(lambda state: state["registration"] == "Accepted")
    before = bench.wait_connector(lambda connector: connector["energy_wh"] > 0)["energy_wh"]
    sim.do("energy_speed", factor=100)
    sim.do("plug")
    bench.wait_connector(lambda connector: connector["status"] == "Preparing")
    bench.present(CARD)
    until_wh += before
    bench.wait_connector(lambda connector: connector["energy_wh"] > until_wh, timeout_s=30)
    return before


def books(bench):
    """The transactions that the central system knows."""
    return list(bench.cs.central.books.transactions.values())


def test_session_when_heap_is_160k_then_books_equal_the_meter(bench):
    """Plug, card, charge, card, unplug, all profiles in place, in a board's heap."""
    bench.start(*HEAP)
    before = charge(bench)
    bench.present(CARD)
    bench.wait_connector(lambda connector: connector["status"] == "Finishing")
    bench.sim.do("unplug")
    bench.wait_until(lambda s: s["queue"] == 0 and s["connectors"][0]["status"] == "Available")
    after = bench.sim.connector()["energy_wh"]
    (transaction,) = books(bench)
    assert (transaction.meter_start, transaction.meter_stop) == (before, after)
    assert transaction.tag == CARD
    assert transaction.reason in (None, "Local")


def test_image_when_executed_in_place_then_every_profile_is_there(bench):
    """Linking the firmware into one module must not lose what is imported on demand."""
    bench.start(*HEAP)
    bench.wait_until(lambda state: state["registration"] == "Accepted")
    answer = bench.cs.call(CP, "GetConfiguration", {"key": ["SupportedFeatureProfiles"]})
    names = answer["configurationKey"][0]["value"].split(",")
    assert sorted(names) == [
        "Core", "LocalAuthListManagement", "RemoteTrigger", "Reservation", "SmartCharging",
    ]


def test_card_when_rejected_then_no_energy_flows(bench):
    """The contactor stays open and no transaction begins."""
    bench.start_central(reject=[CARD])
    sim = bench.start(*HEAP)
    bench.wait_until(lambda state: state["registration"] == "Accepted")
    sim.do("plug")
    bench.present(CARD)
    bench.cs.wait_for_action("Authorize")
    bench.cs.wait_for_action("StatusNotification", lambda s: s["status"] == "Preparing")
    assert not bench.sim.connector()["contactor"]
    assert books(bench) == []
    assert bench.events("contactor")[-1]["closed"] is False


def test_power_when_cut_while_charging_then_one_start_and_one_stop(bench):
    """The stop says PowerLoss and has what the meter counted up to the cut."""
    bench.start(*HEAP)
    before = charge(bench)
    bench.power_cut(*HEAP)
    state = bench.wait_until(lambda s: s["queue"] == 0 and s["registration"] == "Accepted", 20)
    (transaction,) = books(bench)
    assert transaction.meter_start == before
    assert transaction.meter_stop == state["connectors"][0]["energy_wh"]
    assert transaction.reason == "PowerLoss"
    assert state["connectors"][0]["status"] in ("Finishing", "Preparing")
    assert not state["connectors"][0]["contactor"]


def test_power_when_cut_during_an_offline_session_then_books_are_right_later(bench):
    """No central system during the whole session; reachable after the restart."""
    offline = ("--set", "AllowOfflineTxForUnknownId=true")
    bench.start(*HEAP, *offline, offline=True)
    before = charge(bench, online=False)
    bench.power_cut(*HEAP, *offline)
    state = bench.wait_until(lambda s: s["queue"] == 0 and s["registration"] == "Accepted", 20)
    (transaction,) = books(bench)
    assert (transaction.meter_start, transaction.reason) == (before, "PowerLoss")
    assert transaction.meter_stop == state["connectors"][0]["energy_wh"]


def test_vm_when_stalled_then_trace_and_state_tell_the_gap(bench):
    """A stall of 800 ms, as by a TLS handshake, is measured by the guard and never hidden."""
    sim = bench.start(*HEAP, offline=True)
    sim.do("stall", ms=800)
    bench.wait_until(lambda state: state["guard"]["gap_ms_max"] >= 800)
    # The trace comes a moment later: it is written by the next turn.
    bench.wait_until(lambda _: any(event["ms"] >= 800 for event in bench.events("gap")))


# Bad input: one clear line each, and the charger stays as it was.


def log_line(sim, text):
    """The first line of the log with `text` in it."""
    return next((line for line in sim.log if text in line), None)


def test_password_when_wrong_then_one_line_says_so(bench):
    """401 is told with what to check; the password itself is never shown."""
    bench.start_central(password="right-password-123")
    sim = bench.start(password="wrong-password-456")
    bench.wait_until(lambda state: log_line(sim, "401") is not None)
    assert "wrong id or password" in log_line(sim, "401")
    assert not any("wrong-password-456" in line for line in sim.log)
    assert not sim.state()["online"]


def test_central_system_when_unreachable_then_the_charger_says_when_it_tries_again(tmp_path):
    """The address, the reason and the next try in one line."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        sim = Simulator(["--csms", f"ws://127.0.0.1:{port}/ocpp", "--state", str(tmp_path / "s")])
        try:
            sim.wait_until(lambda state: log_line(sim, "cannot reach") is not None)
            line = log_line(sim, "cannot reach")
            assert "connection refused" in line and "next try in" in line
            assert sim.connector()["status"] == "Available"
        finally:
            assert sim.stop() == 0


def test_control_when_command_is_unknown_then_the_answer_lists_the_known(bench):
    """An unknown command, a bad field and a fault that is not simulated: told, not swallowed."""
    sim = bench.start(*HEAP, offline=True)
    for command, text in (
        ({"do": "explode"}, "unknown command explode"),
        ({"do": "plug", "connector": 7}, "connector must be a whole number"),
        ({"do": "card", "id": "xyz"}, "hexadecimal"),
        ({"do": "card", "id": "01"}, "4, 7 or 10 bytes"),
        ({"do": "fault", "name": "gremlins"}, "not simulated"),
        ({"do": "ev", "wants": 3}, "wants must be true or false"),
        ({"do": "unplug"}, "no car is plugged in"),
        ({"do": "plug", "ev": "hovercraft"}, "no car named hovercraft"),
    ):
        answer = sim.control.ask(command)
        assert answer["ok"] is False
        assert text in answer["error"]
    assert sim.connector()["cp"] == "A1"


def test_control_when_line_is_garbage_then_the_connection_goes_on(bench):
    """Every line gets an answer, whatever it is."""
    sim = bench.start(*HEAP, offline=True)
    for line in (b"garbage", b"\xff\xfe", b"[]", b"{}", b'{"do":5}', b"{" * 10_000):
        sim.control.send_line(line)
        answer = sim.control.read_answer()
        assert answer["ok"] is False and answer["error"]
    assert sim.state()["ok"]


def test_flash_when_image_is_corrupt_then_it_is_kept_aside_and_nothing_charges(bench):
    """The installer's limit may be lost: Faulted until somebody has looked."""
    sim = bench.start(*HEAP)
    sim.do("quit")
    sim.wait()
    image = bench.state / "flash.img"
    image.write_bytes(bytes(64 * 1024) + image.read_bytes()[64 * 1024 :])
    sim = bench.start(*HEAP)
    connector = bench.wait_connector(lambda c: c["status"] == "Faulted")
    assert connector["error_code"] == "InternalError"
    assert log_line(sim, "kept as") is not None
    assert (bench.state / "flash.img.bad-1").exists()
    bench.wait_until(lambda state: state["registration"] == "Accepted")
    sim.do("plug")
    bench.present(CARD)
    bench.cs.wait_for_action("StatusNotification", lambda s: s["status"] == "Faulted")
    assert not sim.connector()["contactor"]
    answer = bench.cs.call(CP, "ChangeConfiguration", {"key": "StorageLost", "value": "false"})
    assert answer["status"] == "Accepted"
    bench.wait_connector(lambda c: c["status"] in ("Preparing", "Available"))


@pytest.mark.parametrize(
    ("option", "text"),
    [
        (("--set", "NoSuchKey=1"), "NoSuchKey: unknown key"),
        (("--set", "MeterValueSampleInterval=-1"), "MeterValueSampleInterval: value refused"),
        (("--heap", "40K"), "too small"),
    ],
)
def test_option_when_the_charger_refuses_it_then_one_line_says_why(tmp_path, option, text):
    """What only the firmware can judge is judged there, and ends with status 2."""
    with pytest.raises(RuntimeError) as refused:
        Simulator(["--state", str(tmp_path / "s"), *option])
    assert text in str(refused.value)
    assert "status 2" in str(refused.value)
    assert "Traceback" not in str(refused.value)


def test_control_when_fault_is_refused_then_error_is_raised_for_the_test(bench):
    """The client turns ok:false into an exception, so no test can overlook it."""
    sim = bench.start(*HEAP, offline=True)
    with pytest.raises(ControlError):
        sim.do("fault", name="gremlins")


def test_card_when_held_for_400_ms_then_is_read(bench):
    """A person does not wait: to find a card and read its id takes less than half a second."""
    sim = bench.start(*HEAP, offline=True)
    shown = 8
    for number in range(shown):
        before = presented(sim)
        sim.do("card", id="04A1B2C3D4E5%02X" % number, hold_ms=400)
        deadline = time.monotonic() + 3
        while presented(sim) == before and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.8)  # until the reader has seen that it is gone
    # One may fall into a moment in which the machine stands still.
    assert shown - 1 <= presented(sim) <= shown


def presented(sim):
    """Return how many cards the log has seen."""
    return len([line for line in sim.log if "card presented" in line])
