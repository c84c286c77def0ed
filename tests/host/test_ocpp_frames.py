"""Every frame that the OCPP client produces in a scripted run agrees with the published schemas.

The judge is the `ocpp` package with its copies of the JSON schemas; nothing of ours takes part.
"""

import asyncio
import json

import pytest
from ocpp.exceptions import OCPPError
from ocpp.messages import Call, CallError, CallResult, unpack, validate_payload

from boards.sim.flash import mount
from firmware.ocpp.config_keys import MEASURANDS
from firmware.ocpp.measurands import sampled_values
from tests.sim.ocpp_bench import TIME, Bench
from tests.sim.scratch import Image

_RESULTS = {
    "BootNotification": {"status": "Accepted", "currentTime": TIME, "interval": 30},
    "Heartbeat": {"currentTime": TIME},
    "Authorize": {"idTagInfo": {"status": "Accepted"}},
    "StartTransaction": {"transactionId": 77, "idTagInfo": {"status": "Accepted"}},
}

_CALLS = (
    ("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}, "Scheduled"),
    ("ChangeAvailability", {"connectorId": 9, "type": "Operative"}, "Accepted"),
    ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "25"}, True),
    ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": ""}, True),
    ("ChangeConfiguration", {"key": "Nothing", "value": "25"}, True),
    ("ClearCache", {}, True),
    ("DataTransfer", {"vendorId": "x"}, True),
    ("GetConfiguration", {}, True),
    ("GetConfiguration", {"key": ["Nothing"]}, True),
    ("GetConfiguration", {"key": ["Nothing", "heartbeatINTERVAL", "AuthorizationKey"]}, True),
    ("RemoteStartTransaction", {"idTag": "A"}, True),
    ("RemoteStopTransaction", {"transactionId": -1}, False),
    ("ReserveNow", {"connectorId": 1}, True),
    ("Reset", {"type": "Soft"}, True),
    ("UnlockConnector", {"connectorId": 1}, "Unlocked"),
    ("UnlockConnector", {"connectorId": 7}, True),
)


def _validate(message):
    asyncio.run(validate_payload(message, "1.6"))


class _Csms:
    """Answers what comes, and checks it first."""

    def __init__(self, bench):
        self.bench = bench
        self.actions = []
        self.asked = {}

    def take_all(self):
        """Take all frames that the client has now."""
        while True:
            text = self.bench.client.next_text(self.bench.now)
            if text is None:
                return
            self.take(unpack("".join(text)))

    def take(self, message):
        """Check one frame; answer it if it is a call."""
        if isinstance(message, CallResult):
            message.action = self.asked[message.unique_id]
        if isinstance(message, CallError):
            assert len(message.error_description) <= 255
            assert message.error_details == {}
            return
        _validate(message)
        self.actions.append(message.action)
        if isinstance(message, Call):
            assert len(message.unique_id) <= 36
            self.bench.open_id = message.unique_id
            self.bench.result(_RESULTS.get(message.action, {}))

    def call(self, action, payload):
        """Call the client."""
        self.asked[self.bench.call(action, payload)] = action


@pytest.fixture
def csms():
    bench = Bench(2)
    bench.connect()
    csms = _Csms(bench)
    csms.take_all()
    return csms


def test_registration_status_heartbeat_and_authorize_agree(csms):
    # What the station says by itself, in the states that have most fields.
    bench = csms.bench
    bench.run(31)
    bench.ctx.station.connectors[0].vendor_error_code = "E" * 80
    stamp = bench.ctx.clock.stamp(bench.now)
    bench.ctx.station.show(1, "Faulted", stamp, "text " * 20, "OtherError")
    bench.ctx.authorizer.waiting = "04A1B2C3D4E5F6"
    bench.run(1)
    csms.take_all()
    expected = {"BootNotification", "StatusNotification", "Heartbeat", "Authorize"}
    assert set(csms.actions) == expected


@pytest.mark.parametrize("action, payload, verdict", _CALLS)
def test_answers_agree(csms, action, payload, verdict):
    # Each Core call, accepted and refused.
    csms.bench.ctx.station.verdict = verdict
    csms.call(action, payload)
    csms.take_all()
    assert csms.actions[-1] == action


def test_errors_agree(csms):
    # Unknown, unsupported, misshapen: a CALLERROR that the package can read.
    for action, payload in (
        ("Explode", {}),
        ("SendLocalList", {}),
        ("Reset", {"type": 1}),
        ("Reset", {"type": "Soft", "more": 1}),
        ("RemoteStartTransaction", {}),
    ):
        message_id = csms.bench.call(action, payload)
        frame = json.loads(csms.bench.client.next_text(csms.bench.now))
        assert frame[:2] == [4, message_id]
        csms.take(unpack(json.dumps(frame)))


@pytest.mark.parametrize("context", ["Sample.Periodic", "Sample.Clock", "Trigger"])
def test_sampled_values_agree(csms, context):
    # Every measurand, with and without phase.
    names = [*MEASURANDS, "Voltage.L3", "Current.Import.L1", "Power.Factor.L2"]
    values = sampled_values(csms.bench.ctx.station.connectors[0], ",".join(names), context)
    payload = {"connectorId": 1, "meterValue": [{"timestamp": TIME, "sampledValue": values}]}
    _validate(Call("1", "MeterValues", payload))


def test_session_agrees():
    # A whole transaction with all that its messages can carry, on the real ledger and flash.
    image = Image()
    bench = Bench(1, mount(image.open()))
    for key in ("MeterValuesSampledData", "MeterValuesAlignedData"):
        assert bench.ctx.config.set(key, ",".join(MEASURANDS)) == "Accepted"
    for key in ("StopTxnSampledData", "StopTxnAlignedData"):
        assert bench.ctx.config.set(key, "Voltage,Energy.Active.Import.Register") == "Accepted"
    bench.ctx.config.set("MeterValueSampleInterval", "10")
    bench.ctx.config.set("ClockAlignedDataInterval", "15")
    csms = _Csms(bench)
    bench.connect()
    csms.take_all()
    connector, ledger = bench.ctx.station.connectors[0], bench.ctx.transactions
    connector.transaction = ledger.begin(bench.now, 1, "04A1B2C3", 1_234_567, 5)
    for _ in range(40):
        bench.run(1)
        csms.take_all()
    bench.metering.on_end(bench.now, 1)
    ledger.end(bench.now, connector.transaction, 1_234_999, "Remote", "04A1B2C3")
    connector.transaction = None
    bench.run(1)
    csms.take_all()
    image.remove()
    assert csms.actions.count("MeterValues") >= 6
    assert csms.actions[-1] == "StopTransaction"
    assert ledger.pending == 0


def test_the_judge_refuses_what_is_wrong():
    # Proves that the checks above can fail.
    with pytest.raises(OCPPError):
        _validate(Call("1", "MeterValues", {"connectorId": 1, "meterValue": []}))
    with pytest.raises(OCPPError):
        _validate(Call("1", "Heartbeat", {"more": 1}))
