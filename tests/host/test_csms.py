"""The central system: registration, books, answers on demand, and what it calls a violation."""

import asyncio
import base64
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.host.wire import Wire, ask_quietly, in_thread, start_frame
from tools.csms.answers import CallError, Delayed
from tools.csms.background import BackgroundCentral
from tools.csms.server import CentralSystem

ROOT = Path(__file__).resolve().parents[2]
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


def test_tags_when_rejected_then_not_accepted_whatever_the_case():
    """--accept and --reject decide, and case does not count."""
    with BackgroundCentral(accept=["aa", "bb"], reject=["BB"]) as background:
        tags = background.central.tags
        found = [tags.look_up(tag)["status"] for tag in ("AA", "bb", "cc")]
        assert found == ["Accepted", "Blocked", "Invalid"]
        tags.info["CC"] = {"status": "Expired", "parentIdTag": "P"}
        assert tags.look_up("cc") == {"status": "Expired", "parentIdTag": "P"}


def test_call_then_payload_or_call_error(background, wire):
    """`call` returns the payload, raises the CALLERROR, and times out."""
    asking = in_thread(ask_quietly, background, "ClearCache")
    wire.send(json.dumps([3, wire.receive()[1], {"status": "Accepted"}]))
    assert asking() == {"status": "Accepted"}
    asking = in_thread(ask_quietly, background, "ClearCache")
    wire.send(json.dumps([4, wire.receive()[1], "NotSupported", "no cache", {}]))
    error = asking()
    assert (error.code, error.description) == ("NotSupported", "no cache")
    assert isinstance(ask_quietly(background, "ClearCache"), TimeoutError)
    wire.receive()
    assert background.central.violations == []


def test_answer_when_replaced_then_as_told(background, wire):
    """CALLERROR, merged payload, function, delay; then the ordinary answer again."""
    background.answer("StartTransaction", CallError("InternalError", "later"), times=1)
    assert wire.call("StartTransaction", json.loads(start_frame("x"))[3])[:3:2] == [
        4,
        "InternalError",
    ]
    assert background.central.books.transactions == {}
    background.answer("StartTransaction", {"idTagInfo": {"status": "ConcurrentTx"}}, times=1)
    assert wire.start()["idTagInfo"]["status"] == "ConcurrentTx"
    background.answer("Authorize", lambda cp, payload: {"idTagInfo": {"status": "Expired"}})
    assert wire.call("Authorize", {"idTag": "x"})[2]["idTagInfo"]["status"] == "Expired"
    background.central.overrides.clear()
    assert wire.call("Authorize", {"idTag": "x"})[2]["idTagInfo"]["status"] == "Accepted"
    background.answer("Heartbeat", Delayed(0.1), times=1)
    begun = time.monotonic()
    wire.call("Heartbeat", {})
    assert time.monotonic() - begun >= 0.1
    assert background.central.violations == []


def test_wait_for_action_then_each_frame_once(background, wire):
    """A wait finds what has come already, each CALL once, and says what came instead."""
    wire.call("StatusNotification", STATUS)
    wire.call("StatusNotification", dict(STATUS, status="Preparing"))
    found = background.wait_for_action(
        "StatusNotification", lambda payload: payload["status"] == "Preparing"
    )
    assert found.payload["status"] == "Preparing"
    assert background.wait_for_action("StatusNotification").payload == STATUS
    with pytest.raises(TimeoutError, match="Heartbeat did not come"):
        background.wait_for_action("Heartbeat", timeout_s=0.05)
    mark = background.mark()
    waiting = in_thread(lambda: background.wait_for_action("Heartbeat", since=mark))
    wire.call("Heartbeat", {})
    assert waiting().action == "Heartbeat"


def basic(user, password):
    """A Basic authorization header."""
    text = base64.b64encode(user.encode() + b":" + password).decode()
    return {"additional_headers": {"Authorization": f"Basic {text}"}}


def test_password_then_only_the_right_one_enters():
    """Identity and password must both fit; a hexadecimal key may come as its bytes."""
    with BackgroundCentral(password="00ff41424344454647") as background:
        url = background.central.url
        for arguments in (
            {},
            basic("W1", b"wrong"),
            basic("W2", b"00ff41424344454647"),
            {"additional_headers": {"Authorization": "Bearer x"}},
        ):
            with pytest.raises(InvalidStatus) as refusal:
                Wire(url, **arguments)
            assert refusal.value.response.status_code == 401
        for password in (b"00ff41424344454647", b"\x00\xffABCDEFG"):
            Wire(url, **basic("W1", password)).close()
        assert len(background.central.refused) == 4


def test_handshake_when_unknown_or_out_of_order_then_refused():
    """404 for a stranger, any status during an outage, 400 without the sub-protocol."""
    with BackgroundCentral(identities=["W1", "a b"]) as background:
        central = background.central
        for cp, refuse_with, status in (("W2", None, 404), ("W1", 503, 503)):
            central.refuse_with = refuse_with
            with pytest.raises(InvalidStatus) as refusal:
                Wire(central.url, cp)
            assert refusal.value.response.status_code == status
        central.refuse_with = None
        with pytest.raises(InvalidStatus):
            Wire(central.url, subprotocols=["ocpp2.0.1"])
        assert "sub-protocol" in central.violations[0]
        Wire(central.url, "a%20b").close()
        assert "a b" in central.stations


def test_connection_when_dropped_then_open_calls_end(background, wire):
    """A cut cable ends the waiting of both sides."""
    asking = in_thread(connection_error, background)
    wire.receive()
    background.drop("W1")
    assert isinstance(asking(), ConnectionError)
    with pytest.raises(ConnectionClosed):
        wire.receive()


def connection_error(background):
    """Call, and return the error."""
    try:
        return background.call("W1", "ClearCache", {})
    except ConnectionError as error:
        return error


def test_connection_when_a_second_comes_then_it_takes_over(background, wire):
    """A charge point that lost its connection without a word is let in again."""
    with Wire(background.central.url) as again:
        assert again.call("Heartbeat", {})[0] == 3
        assert background.central.connected() == ["W1"]


def test_library_then_async_context_manager():
    """The documented use from asyncio."""

    async def use():
        async with CentralSystem() as central:
            session = asyncio.to_thread(boot_and_answer, central.url)
            task = asyncio.create_task(session)
            boot = await central.wait_for_action("BootNotification")
            answer = await central.call(boot.cp, "ClearCache", {})
            await task
            return answer, central.violations

    assert asyncio.run(use()) == ({"status": "Accepted"}, [])


def boot_and_answer(url):
    """A charge point that boots and answers one CALL."""
    with Wire(url) as wire:
        wire.boot()
        wire.send(json.dumps([3, wire.receive()[1], {"status": "Accepted"}]))


def test_command_line_then_a_person_can_drive_it(tmp_path):
    """The shell's commands reach the charge point, the story is told, the books are written."""
    books = tmp_path / "books.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.csms", "--books", str(books), "--reject", "BAD"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        url = process.stdout.readline().split(" at ")[1].split("/<")[0]
        with Wire(url) as wire:
            wire.boot()
            number = wire.start(idTag="BAD")["transactionId"]
            tell(process, "nonsense\nremote-stop\n")
            assert wire.receive()[2:] == ["RemoteStopTransaction", {"transactionId": number}]
            tell(process, "config AuthorizationKey secret\n")  # waits for the first one
            wire.send('[3,"cs-1",{"status":"Accepted"}]')
            assert wire.receive()[3] == {"key": "AuthorizationKey", "value": "secret"}
            wire.send('[3,"cs-2",{"status":"Accepted"}]')
            wire.stop(number)
        tell(process, "books\nlist\nhelp\nquit\n")
        output, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "unknown command 'nonsense'" in output
    assert "500 Wh" in output
    assert "Blocked" in output
    assert "secret" not in output
    assert json.loads(books.read_text(encoding="utf-8"))["transactions"][0]["energy_wh"] == 500


def tell(process, text):
    """Type lines."""
    process.stdin.write(text)
    process.stdin.flush()
