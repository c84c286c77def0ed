"""The books of the central system: one transaction once, and every contradiction noted."""

import json

import pytest

from tests.host.wire import Wire, start_frame
from tools.csms.answers import NO_ANSWER


def codes(background):
    """What does not add up, as codes."""
    return [anomaly.code for anomaly in background.central.books.anomalies]


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


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "1e999999999", "", "much"])
def test_values_when_no_number_then_no_energy(background, wire, value):
    """The schema takes any text for a value; the books take it for what it is."""
    number = wire.start()["transactionId"]
    assert wire.values(number, value)[0] == 3
    wire.stop(number)
    assert codes(background) == []
    assert background.central.violations == []
