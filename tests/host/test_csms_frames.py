"""What the central system calls a violation, in both directions."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.host.wire import Wire, ask_quietly, in_thread, start_frame
from tools.csms.answers import Delayed
from tools.csms.conversation import Conversation
from tools.csms.frames import CENTRAL_SYSTEM_ACTIONS, CHARGE_POINT_ACTIONS, parse_time

STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


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


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=12,
)
_ACTIONS = st.sampled_from(
    sorted(CHARGE_POINT_ACTIONS | CENTRAL_SYSTEM_ACTIONS)
    + ["", "../x", "BootNotificationResponse"]
)


@given(
    st.sampled_from(["cp", "cs"]),
    st.one_of(
        st.text(),
        _VALUES.map(json.dumps),
        st.tuples(st.just(2), st.text(max_size=40), _ACTIONS, _VALUES).map(json.dumps),
        st.tuples(st.sampled_from([3, 4]), st.just("open"), _VALUES).map(json.dumps),
    ),
)
def test_conversation_when_anything_comes_then_judged_without_an_exception(sender, text):
    """Whatever comes over the wire is a frame with problems at worst."""
    conversation = Conversation()
    conversation.add("cs", '[2,"open","GetCompositeSchedule",{"connectorId":1,"duration":1}]', 0)
    frame = conversation.add(sender, text, 1)
    assert frame.text == text
    assert all(isinstance(problem, str) for problem in frame.problems)
