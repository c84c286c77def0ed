"""The cases of Remote Trigger."""

import pytest

from tests.spec.script import ACCEPTED, REJECTED


def _trigger(cs, wanted, **payload):
    return cs.call("TriggerMessage", requestedMessage=wanted, **payload)


def test_tc_054_cs_trigger_message(cs):
    """Each message follows its answer; without Firmware Management two are NotImplemented.

    The first printing of the case wants DiagnosticsStatusNotification of every station; since the
    revision of 2025 only of one that has it.
    """
    assert _trigger(cs, "MeterValues", connectorId=1) == ACCEPTED
    payload = cs.expect("MeterValues", connectorId=1, transactionId=None)
    sampled = payload["meterValue"][0]["sampledValue"]
    assert {value["context"] for value in sampled} == {"Trigger"}
    wanted = cs.value("MeterValuesSampledData").split(",")
    assert {value["measurand"] for value in sampled} == set(wanted)
    assert _trigger(cs, "Heartbeat") == ACCEPTED
    cs.expect("Heartbeat")
    assert _trigger(cs, "StatusNotification", connectorId=1) == ACCEPTED
    cs.expect_status("Available")
    assert "FirmwareManagement" not in cs.value("SupportedFeatureProfiles")
    for message in ("DiagnosticsStatusNotification", "FirmwareStatusNotification"):
        assert _trigger(cs, message) == {"status": "NotImplemented"}
    cs.nothing_for(1)


def test_tc_055_cs_trigger_message_rejected(cs):
    """A connector that does not exist: Rejected, and nothing is sent."""
    assert _trigger(cs, "MeterValues", connectorId=cs.connectors + 1) == REJECTED
    cs.nothing_for(1)


@pytest.mark.options("--features", "SmartCharging")
def test_trigger_when_the_profile_is_absent_then_is_not_supported(cs):
    """A CALLERROR, not announced, and nothing is sent."""
    assert cs.value("SupportedFeatureProfiles") == "Core,SmartCharging"
    assert cs.error_of("TriggerMessage", requestedMessage="Heartbeat") == "NotSupported"
    cs.nothing_for(1)
