"""The parts of the simulator's host side that need no process: options, redaction, page."""

import json

import pytest

from tools.sim import options
from tools.sim.client import parse_words
from tools.sim.panel import page
from tools.sim.redact import Redactor


@pytest.mark.parametrize(
    "arguments",
    [
        ["--unknown"],
        ["--csms", "http://x"],
        ["--csms", "ws://user:pw@x/"],
        ["--connectors", "3"],
        ["--profile", "4"],
        ["--profile", "3", "--csms", "wss://x", "--ca", __file__, "--password", "p" * 16],
        ["--cert", __file__],
        ["--key", __file__],
        ["--profile", "1"],
        ["--profile", "2", "--csms", "ws://x", "--password", "p" * 16],
        ["--csms", "wss://x"],
        ["--heap", "lots"],
        ["--heap", "1K"],
        ["--control", "8000"],
        ["--control", "x:99999"],
        ["--set", "novalue"],
        ["--features", "Core"],
        ["--ca", "/nonexistent"],
        ["--id", ""],
        ["--panel", "-1"],
        ["--seed", "x"],
        ["--console-pty=1"],
        ["stray"],
    ],
)
def test_options_when_wrong_then_one_line_and_status_2(arguments, capsys):
    """A wrong option ends with status 2 and exactly one line."""
    with pytest.raises(SystemExit) as end:
        options.parse(arguments)
    output = capsys.readouterr()
    assert end.value.code == 2
    assert output.out == ""
    assert output.err.count("\n") == 1


def test_options_when_set_is_malformed_then_its_text_is_not_repeated(capsys):
    """What may be a password does not come back in an error."""
    with pytest.raises(SystemExit):
        options.parse(["--set", "AuthorizationKey:topsecret"])
    assert "topsecret" not in capsys.readouterr().err


def test_options_when_full_then_the_vm_gets_them():
    """Every option reaches the line that the VM reads."""
    parsed = options.parse(
        ["--csms", "ws://h:1/o", "--id", "a", "--heap", "96K", "--set", "A=b=c", "--seed", "7",
         "--features", "Reservation,RemoteTrigger"],
        {"PILOTWIRE_PASSWORD": "pw"},
    )
    line = parsed.for_vm("/s")
    assert line["csms"] == "ws://h:1/o"
    assert line["heap"] == 98304
    assert line["set"] == [["A", "b=c"]]
    assert line["features"] == ["Reservation", "RemoteTrigger"]
    assert line["password"] == "pw"
    assert line["seed"] == 7
    assert line["trace"] is False
    assert "pw" not in repr(parsed)


def test_redactor_when_a_new_key_is_set_then_the_frame_stays_a_frame():
    """The value of a new AuthorizationKey is blotted out, the rest stays valid."""
    frame = json.dumps(
        [2, "1", "ChangeConfiguration", {"key": "AuthorizationKey", "value": "0011aabb"}]
    )
    assert json.loads(Redactor([]).frame(frame))[3] == {
        "key": "AuthorizationKey",
        "value": "********",
    }


def test_panel_page_when_no_state_then_shows_the_error():
    """A page is better than none while the VM restarts."""
    assert "&lt;gone&gt;" in page({"ok": False, "error": "<gone>"})


def test_parse_words_then_a_command():
    """Plain words and JSON give the same command; a card's UID stays text."""
    assert parse_words(["card", "id=04112233", "hold_ms=500"]) == {
        "do": "card",
        "id": "04112233",
        "hold_ms": 500,
    }
    assert parse_words(["card", "04112233"]) == {"do": "card", "id": "04112233"}
    assert parse_words(["console", "config", "get"]) == {"do": "console", "line": "config get"}
    assert parse_words(['{"do":"plug"}']) == {"do": "plug"}
    with pytest.raises(ValueError, match="key=value"):
        parse_words(["unplug", "one"])
