"""What no central system should send: the right CALLERROR or silence, no crash, no lost memory."""

import json
import time

import pytest

from tests.spec import states
from tests.spec.script import ACCEPTED

LONG_ID = "x" * 36
# id, text, what is answered with that id: a payload, an error code, or None for silence.
REFUSED = [
    ("a1", '[2,"a1","MakeCoffee",{}]', "NotImplemented"),
    ("a2", '[2,"a2","reset",{"type":"Soft"}]', "NotImplemented"),
    ("a3", '[2,"a3","",{}]', "NotImplemented"),
    ("a4", '[2,"a4","BootNotification",{}]', "NotSupported"),
    ("b1", '[2,"b1","Reset",[]]', "FormationViolation"),
    ("b2", '[2,"b2","Reset","Soft"]', "FormationViolation"),
    ("b3", '[2,"b3","Reset",{}]', "FormationViolation"),
    ("b4", '[2,"b4","Reset",{"type":"Soft","when":"now"}]', "FormationViolation"),
    ("b5", '[2,"b5","Reset"]', "ProtocolError"),
    ("b6", '[2,"b6","Reset",{"type":"Soft"},{}]', "FormationViolation"),
    ("b7", '[2,"b7",7,{}]', "FormationViolation"),
    ("b8", '[2,"b8","Reset",{"type":"Ha', "FormationViolation"),
    ("b9", '[2,"b9","Reset",{"type":"Hard"}', "FormationViolation"),
    ("c1", '[2,"c1","Reset",{"type":5}]', "TypeConstraintViolation"),
    ("c2", '[2,"c2","Reset",{"type":null}]', "TypeConstraintViolation"),
    (
        "c3",
        '[2,"c3","ChangeAvailability",{"connectorId":"1","type":"Operative"}]',
        "TypeConstraintViolation",
    ),
    (
        "c4",
        '[2,"c4","ChangeAvailability",{"connectorId":true,"type":"Operative"}]',
        "TypeConstraintViolation",
    ),
    ("c5", '[2,"c5","GetConfiguration",{"key":"HeartbeatInterval"}]', "TypeConstraintViolation"),
    ("c6", '[2,"c6","GetConfiguration",{"key":[1]}]', "TypeConstraintViolation"),
    (
        "c7",
        '[2,"c7","ChangeConfiguration",{"key":"HeartbeatInterval","value":5}]',
        "TypeConstraintViolation",
    ),
    ("d1", '[2,"d1","Reset",{"type":"Warm"}]', "PropertyConstraintViolation"),
    (
        "d2",
        '[2,"d2","RemoteStartTransaction",{"idTag":"%s"}]' % ("A" * 21),
        "PropertyConstraintViolation",
    ),
    (
        "d3",
        '[2,"d3","ChangeConfiguration",{"key":"%s","value":"1"}]' % ("k" * 51),
        "PropertyConstraintViolation",
    ),
    ("e1", '[2,"e1","GetDiagnostics",{"location":"ftp://x"}]', "NotSupported"),
]
ANSWERED = [
    ("f1", '[2,"f1","ClearCache",null]', ACCEPTED),
    (LONG_ID, f'[2,"{LONG_ID}","ClearCache",{{}}]', ACCEPTED),
    ("7", ' [ 2 , "7" , "ClearCache" , { } ] ', ACCEPTED),
    ('"\\/ ☂', '[2,"\\"\\\\/ \\u2602","ClearCache",{}]', ACCEPTED),
    ("g1", '[2,"g1","ClearCache",{}]', ACCEPTED),
    ("g1", '[2,"g1","ClearCache",{}]', ACCEPTED),  # an id that was used before
]
SILENT = [
    "",
    " ",
    "null",
    "{}",
    "[]",
    "2",
    '"[2]"',
    "[2]",
    '[2,"h1"',
    "[2,",
    "[2,17,\"Reset\",{}]",
    '[null,"h2","Reset",{}]',
    '["2","h3","Reset",{}]',
    '[5,"h4","Reset",{}]',
    '[-1,"h5"]',
    '[3,"h6"]',
    '[3,"h7",[]]',
    '[4,"h8"]',
    "[2.0e400]",
    "not JSON at all",
    "\x00\x01\x02",
    "[" * 2000,
    '{"a":' * 1000,
    "9" * 5000,
]


@pytest.fixture(autouse=True)
def tolerant(bench):
    """What is sent here is no conversation, so who owes whom an answer is not judged."""
    bench.tolerate("is not answered in|an answer to no open CALL")


def _known_profiles(cs):
    return cs.value("SupportedFeatureProfiles").split(",")


def _alive(cs, user):
    """It answers, and it charges."""
    assert cs.configuration("HeartbeatInterval")
    states.charging(cs, user)


def test_frames_when_malformed_then_are_refused_by_the_book(cs, user):
    """One CALLERROR for each CALL that can be answered."""
    for message_id, text, code in REFUSED:
        if "GetDiagnostics" in text and "FirmwareManagement" in _known_profiles(cs):
            continue
        assert cs.answers_to(message_id, text) == [code], text
    _alive(cs, user)


def test_frames_when_odd_but_right_then_are_answered(cs, user):
    """Blanks, null for an empty payload, any id: echoed byte for byte."""
    for message_id, text, payload in ANSWERED:
        assert cs.answers_to(message_id, text) == [payload], text
    _alive(cs, user)


def test_frames_when_nobody_can_be_answered_then_silence(cs, user):
    """Not JSON, not a frame, not an id: nothing is said, the connection stays."""
    before = len(cs.frames("Heartbeat"))
    for text in SILENT:
        cs.send_raw(text)
    cs.nothing_for(1)
    assert len(cs.frames("Heartbeat")) == before
    assert cs.is_connected()
    _alive(cs, user)


def test_payload_when_deeply_nested_then_is_refused(cs, user):
    """Nesting is bounded before anything recurses."""
    for depth in (20, 200, 2000):
        nested = '[2,"deep%d","DataTransfer",{"vendorId":"v","data":%s%s}]' % (
            depth,
            "[" * depth,
            "]" * depth,
        )
        (code,) = cs.answers_to(f"deep{depth}", nested)
        assert code in ("FormationViolation", "TypeConstraintViolation"), code
    _alive(cs, user)


def test_key_when_asked_for_a_hundred_times_then_is_answered(cs, user):
    """More keys than there are: served or refused by the book, never a crash."""
    keys = json.dumps(["Key%d" % number for number in range(400)])
    (answer,) = cs.answers_to("many", '[2,"many","GetConfiguration",{"key":%s}]' % keys)
    assert answer == "OccurenceConstraintViolation" or len(answer["unknownKey"]) == 400
    _alive(cs, user)


def _reconnects(cs):
    deadline = time.monotonic() + 5
    while cs.is_connected() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not cs.is_connected()
    cs.wait_connection()


def test_frame_when_64_kb_then_is_refused_without_reading_it(cs, user, bench):
    """A CALLERROR for what begins like a CALL; connection and transaction go on."""
    bench.tolerate("trace: in no JSON")  # the charger kept the beginning only
    states.charging(cs, user)
    huge = '[2,"huge","DataTransfer",{"vendorId":"v","data":"%s"}]' % ("x" * 65536)
    assert cs.answers_to("huge", huge) == ["FormationViolation"]
    cs.nothing_for(1)
    assert cs.is_connected()
    assert user.look()["contactor"]


def test_frame_when_not_utf8_then_the_connection_is_made_anew(cs, user):
    """RFC 6455 8.1: a text that is no UTF-8 fails the connection."""
    cs.send_bytes(b'[2,"\xff\xfe","ClearCache",{}]', text=True)
    _reconnects(cs)
    _alive(cs, user)


def test_frame_when_binary_then_is_ignored(cs, user):
    """OCPP-J knows text frames only."""
    cs.send_bytes(b'[2,"bin","ClearCache",{}]')
    cs.send_bytes(bytes(range(256)) * 20)
    cs.nothing_for(1)
    _alive(cs, user)


def test_calls_when_in_a_burst_then_all_are_answered(cs, user):
    """A peer that does not wait: every CALL is answered or refused, once."""
    for number in range(30):
        cs.send_raw('[2,"burst%d","GetConfiguration",{}]' % number)
    answered = []
    deadline = time.monotonic() + 10
    while len(answered) < 30 and time.monotonic() < deadline:
        cs.nothing_for(0.2)
        answered = [frame.id for frame in cs.answered() if frame.id.startswith("burst")]
    assert sorted(answered) == sorted("burst%d" % number for number in range(30))
    _alive(cs, user)


def test_heap_when_fed_with_all_of_it_then_does_not_grow(cs, user):
    """The same list again and again costs nothing that stays."""
    texts = [text for _, text, _ in REFUSED + ANSWERED] + SILENT
    used = []
    for _ in range(6):
        for text in texts:
            cs.send_raw(text)
            time.sleep(0.005)  # more than 32 messages in one piece would end the connection
        cs.nothing_for(0.3)
        assert cs.configuration("HeartbeatInterval")
        used.append(user.state()["heap"]["used"])
    assert max(used[2:]) - min(used[2:]) < 2048, used
    assert used[-1] - used[2] < 512, used
    _alive(cs, user)
