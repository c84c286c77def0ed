"""The central system: registration, books, answers on demand, and what it calls a violation."""

import asyncio
import base64
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.host.wire import Wire
from tools.csms.answers import NO_ANSWER, CallError, Delayed
from tools.csms.background import BackgroundCentral
from tools.csms.conversation import Conversation
from tools.csms.frames import parse_time
from tools.csms.server import CentralSystem

ROOT = Path(__file__).resolve().parents[2]
TIME = "2026-01-01T10:00:00Z"
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


@pytest.fixture
def background():
    """A central system in a thread."""
    with BackgroundCentral() as running:
        yield running


@pytest.fixture
def wire(background):
    """A registered charge point."""
    with Wire(background.central.url) as connected:
        connected.boot()
        yield connected


def codes(background):
    """What does not add up, as codes."""
    return [anomaly.code for anomaly in background.central.books.anomalies]


def in_thread(function, *arguments):
    """Run `function` beside the test; returns a callable that waits for its result."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function(*arguments)))
    thread.start()

    def join():
        thread.join(5)
        return results[0]

    return join


def test_session_then_books_agree_and_nothing_is_noted(background, wire):
    """An ordinary session leaves one transaction and no complaint."""
    assert wire.call("Authorize", {"idTag": "04A1"})[2]["idTagInfo"]["status"] == "Accepted"
    started = wire.start()
    assert started["idTagInfo"]["status"] == "Accepted"
    number = started["transactionId"]
    assert wire.values(number, 1200)[0] == 3
    wire.stop(number, reason="EVDisconnected")
    (it,) = background.central.books.transactions.values()
    assert (it.connector, it.tag, it.meter_start, it.meter_stop) == (1, "04A1", 1000, 1500)
    assert (it.energy_wh, it.reason, it.sent) == (500, "EVDisconnected", 1)
    assert len(it.meter_values) == 1
    assert codes(background) == []
    assert background.central.violations == []
    json.dumps(background.central.books.as_json())


def test_tags_when_rejected_then_not_accepted_whatever_the_case():
    """--accept and --reject decide, and case does not count."""
    with BackgroundCentral(accept=["aa", "bb"], reject=["BB"]) as background:
        tags = background.central.tags
        found = [tags.look_up(tag)["status"] for tag in ("AA", "bb", "cc")]
        assert found == ["Accepted", "Blocked", "Invalid"]
        tags.info["CC"] = {"status": "Expired", "parentIdTag": "P"}
        assert tags.look_up("cc") == {"status": "Expired", "parentIdTag": "P"}


def test_start_when_sent_again_after_reconnect_then_the_same_transaction(background):
    """A lost answer does not open a second transaction."""
    background.answer("StartTransaction", NO_ANSWER, times=1)
    with Wire(background.central.url) as first:
        first.boot()
        with pytest.raises(TimeoutError):
            first.send(start_frame("m1"))
            first.receive(0.1)
    with Wire(background.central.url) as second:
        second.send(start_frame("m1"))
        number = second.receive()[2]["transactionId"]
        second.stop(number, message_id="m2")
        second.stop(number, message_id="m2")
    books = background.central.books
    assert list(books.transactions) == [number]
    assert books.transactions[number].sent == 2
    assert books.resent == 2
    assert codes(background) == []
    assert background.central.violations == []


def start_frame(message_id):
    """A StartTransaction as text, always the same."""
    payload = {"connectorId": 1, "idTag": "04A1", "meterStart": 1, "timestamp": TIME}
    return json.dumps([2, message_id, "StartTransaction", payload])


def test_start_when_new_message_id_then_double_start(background, wire):
    """The same start under another id is a doubled transaction."""
    wire.start()
    wire.start()
    assert codes(background) == ["double-start"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"meterStop": 900}, "negative-energy"),
        ({"timestamp": "2026-01-01T09:00:00Z"}, "stop-before-start"),
        ({"timestamp": "2099-01-01T09:00:00Z"}, "time-in-future"),
        ({"meterStop": 1100}, "energy-mismatch"),
        (
            {
                "transactionData": [
                    {
                        "timestamp": "2026-01-01T10:40:00Z",
                        "sampledValue": [{"value": "1.7", "unit": "kWh", "context": context}],
                    }
                    for context in ("Transaction.End",)
                ]
            },
            "energy-mismatch",
        ),
        (
            {
                "transactionData": [
                    {"timestamp": "2026-01-01T12:00:00Z", "sampledValue": [{"value": "1500"}]}
                ]
            },
            "time-out-of-order",
        ),
    ],
)
def test_stop_when_it_does_not_add_up_then_noted(background, wire, changes, code):
    """Each way in which a stop can contradict its transaction."""
    number = wire.start()["transactionId"]
    wire.values(number, 1200)
    wire.stop(number, **changes)
    assert code in codes(background)


def test_stop_when_unknown_or_twice_then_noted(background, wire):
    """A stop without a start, and a second stop, are answered and noted."""
    number = wire.start()["transactionId"]
    wire.stop(number)
    wire.stop(number)
    wire.stop(4711)
    assert codes(background) == ["double-stop", "stop-without-start"]


def test_start_when_it_does_not_add_up_then_noted(background, wire):
    """Unknown connector, a start while one runs, a register and a clock that went back."""
    wire.start(connectorId=3)
    first = wire.start(timestamp="2026-01-01T10:01:00Z")["transactionId"]
    second = wire.start(timestamp="2026-01-01T10:02:00Z", idTag="B")["transactionId"]
    wire.stop(first)
    wire.stop(second)
    wire.start(timestamp="2026-01-01T12:00:00Z", meterStart=1499, idTag="C")
    wire.start(timestamp="2026-01-01T11:59:59Z", connectorId=2)
    assert codes(background) == [
        "unknown-connector",
        "start-while-open",
        "register-went-back",
        "register-went-back",
        "time-out-of-order",
    ]


def test_values_when_they_do_not_add_up_then_noted(background, wire):
    """Values after the stop, of another connector, out of order, of nothing, falling."""
    number = wire.start()["transactionId"]
    wire.values(number, 1400)
    wire.values(number, 1300)
    wire.values(number, 1410, timestamp="2026-01-01T10:20:00Z")
    wire.values(number, 1420, connectorId=2)
    wire.values(4711, 1)
    wire.values(-1, 1)
    wire.stop(number)
    wire.values(number, 1500, timestamp="2026-01-01T11:00:00Z")
    assert codes(background) == [
        "register-went-back",
        "time-out-of-order",
        "wrong-connector",
        "values-without-start",
        "values-after-stop",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "{}",
        "[]",
        '[9,"1","Heartbeat",{}]',
        '[2.0,"1","Heartbeat",{}]',
        '[2,1,"Heartbeat",{}]',
        '[2,"","Heartbeat",{}]',
        '[2,"' + "x" * 37 + '","Heartbeat",{}]',
        '[2,"1","Heartbeat"]',
        '[2,"1","Heartbeat",{},1]',
        '[2,"1","Heartbeat",null]',
        '[2,"1","Heartbeat",{"extra":1}]',
        '[2,"1","heartbeat",{}]',
        '[2,"1","Reset",{"type":"Soft"}]',
        '[2,"1",7,{}]',
        '[2,"1","Authorize",{}]',
        '[2,"1","Authorize",{"idTag":"' + "x" * 21 + '"}]',
        '[2,"1","Authorize",{"idTag":"a","idTag":"a"}]',
        '[2,"1","DataTransfer",{"vendorId":NaN}]',
        '[3,"cs-99",{}]',
        '[4,"cs-99","GenericError","",{}]',
        json.dumps([2, "1", "StatusNotification", dict(STATUS, timestamp="2026-01-01T10:00:00")]),
        json.dumps([2, "1", "StatusNotification", dict(STATUS, status="Sleeping")]),
        json.dumps([2, "1", "StatusNotification", dict(STATUS, connectorId=True)]),
        start_frame("1").replace('"meterStart": 1', '"meterStart": 1.5'),
    ],
)
def test_frame_when_it_breaks_a_rule_then_a_violation_and_the_connection_goes_on(
    background, wire, text
):
    """Nothing wrong passes unnoticed, and nothing wrong stops the central system."""
    wire.send(text)
    wire.send('[2,"after","Heartbeat",{}]')
    while wire.receive()[1] != "after":
        pass
    assert background.central.violations != []


def test_answer_of_the_charge_point_when_it_breaks_a_rule_then_a_violation(background, wire):
    """Answers are judged by the schema of what was asked."""
    for answer in (
        [3, "ID", {"status": "Perhaps"}],
        [3, "ID", {}],
        [4, "ID", "FormatViolation", "", {}],
        [4, "ID", "GenericError", "", None],
        [4, "ID", "GenericError", ""],
    ):
        known = len(background.central.violations)
        asking = in_thread(ask_quietly, background, "ClearCache")
        message_id = wire.receive()[1]
        wire.send(json.dumps(answer).replace("ID", message_id))
        asking()
        assert len(background.central.violations) == known + 1, answer


def ask_quietly(background, action):
    """Call; a bad answer may end in any of these."""
    try:
        return background.call("W1", action, {}, timeout_s=0.3)
    except (CallError, TimeoutError) as error:
        return error


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


def test_call_of_ours_when_it_breaks_the_schema_then_a_violation_too(background, wire):
    """The central system judges itself as well, unless the frame is sent raw on purpose."""
    background.send_raw("W1", '[2,"x","Reset",{"type":"Gently"}]')
    wire.send(json.dumps([4, wire.receive()[1], "PropertyConstraintViolation", "", {}]))
    wire.call("Heartbeat", {})
    assert background.central.violations == []
    asking = in_thread(ask_quietly, background, "ResetGently")
    wire.receive()
    asking()
    assert len(background.central.violations) == 1


def test_calls_when_two_are_open_then_a_violation(background, wire):
    """A charge point has one CALL open at a time."""
    background.answer("Heartbeat", Delayed(0.2), times=1)
    wire.send('[2,"a","Heartbeat",{}]')
    wire.send('[2,"b","Heartbeat",{}]')
    assert [wire.receive()[1], wire.receive()[1]] == ["b", "a"]
    assert len(background.central.violations) == 1


def test_message_id_when_used_for_another_message_then_a_violation(background, wire):
    """An id may come again only with the same message, even after a reconnect."""
    wire.call("Authorize", {"idTag": "a"}, "same")
    wire.call("Authorize", {"idTag": "a"}, "same")
    assert background.central.violations == []
    with Wire(background.central.url) as later:
        later.call("Authorize", {"idTag": "b"}, "same")
    assert "same" in background.central.violations[0]


def test_decimal_limits_when_one_digit_then_valid():
    """21.4 A is a multiple of 0.1 although no binary float says so; 21.45 is none."""
    for limit, right in ((21.4, True), (16.0, True), (6, True), (21.45, False)):
        payload = {
            "connectorId": 1,
            "csChargingProfiles": {
                "chargingProfileId": 1,
                "stackLevel": 0,
                "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Relative",
                "chargingSchedule": {
                    "chargingRateUnit": "A",
                    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
                },
            },
        }
        frame = Conversation().add("cs", json.dumps([2, "1", "SetChargingProfile", payload]), 0)
        assert (frame.problems == []) is right, limit


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_registration_when_not_accepted_then_other_messages_are_violations(background, status):
    """Before acceptance a charge point is silent, except for what was triggered while pending."""
    background.answer("BootNotification", {"status": status, "interval": 1}, times=1)
    with Wire(background.central.url) as wire:
        assert wire.boot()["status"] == status
        asking = in_thread(trigger, background)
        wire.send(json.dumps([3, wire.receive()[1], {"status": "Accepted"}]))
        asking()
        wire.call("StatusNotification", STATUS)
        assert len(background.central.violations) == (status == "Rejected")
        wire.call("Heartbeat", {})
        assert "before it was accepted" in background.central.violations[-1]
        known = len(background.central.violations)
        wire.boot()
        wire.call("Heartbeat", {})
        assert len(background.central.violations) == known


def trigger(background):
    """Ask for a StatusNotification."""
    return background.call("W1", "TriggerMessage", {"requestedMessage": "StatusNotification"})


def test_registration_when_first_message_is_no_boot_then_a_violation(background):
    """A charge point that nobody has seen before boots first."""
    with Wire(background.central.url) as wire:
        wire.call("Heartbeat", {})
    assert "before it was booted" in background.central.violations[0]


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


@pytest.mark.parametrize("text", ["2026-01-01T00:00:00Z", "2026-01-01t00:00:00.123456789+0200"])
def test_time_when_rfc3339_then_parsed(text):
    """Any number of digits, any zone."""
    assert parse_time(text).tzinfo is not None


@pytest.mark.parametrize(
    "text", ["2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z", "now", "", 5]
)
def test_time_when_no_rfc3339_then_refused(text):
    """Whatever has no zone or no time is none."""
    with pytest.raises(ValueError, match=r"."):
        parse_time(text)


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
