"""What two environments in the field ask of a charger when it connects: evcc and Home Assistant.

The order and the values are theirs (evcc: charger/ocpp; lbbrhzn/ocpp: custom_components/ocpp).
Where a feature profile is not built, the answer of a Core-only charger is expected. What they ask
while it charges: test_dialogue_limits.py.
"""

from tests.spec import states
from tests.spec.script import ACCEPTED, REJECTED
from tests.spec.user import VALID

_EVCC_MEASURANDS = (
    "Power.Active.Import",
    "Energy.Active.Import.Register",
    "Current.Import",
    "Voltage",
    "Current.Offered",
    "Power.Offered",
    "SoC",
)
_ALL_MEASURANDS = """Current.Export,Current.Import,Current.Offered,Energy.Active.Export.Register,
Energy.Active.Import.Register,Energy.Reactive.Export.Register,Energy.Reactive.Import.Register,
Energy.Active.Export.Interval,Energy.Active.Import.Interval,Energy.Reactive.Export.Interval,
Energy.Reactive.Import.Interval,Frequency,Power.Active.Export,Power.Active.Import,Power.Factor,
Power.Offered,Power.Reactive.Export,Power.Reactive.Import,RPM,SoC,Temperature,Voltage"""


def _has(cs, profile):
    return profile in cs.value("SupportedFeatureProfiles").split(",")


def _set(cs, key, value):
    return cs.call("ChangeConfiguration", key=key, value=value)


def _trigger(cs, wanted, **payload):
    """CS> TriggerMessage; returns whether the message was sent."""
    if not _has(cs, "RemoteTrigger"):
        assert cs.error_of("TriggerMessage", requestedMessage=wanted, **payload) == "NotSupported"
        return False
    answer = cs.call("TriggerMessage", requestedMessage=wanted, **payload)
    if wanted == "BootNotification" and answer == REJECTED:
        return False  # OCPP 1.6 4.2: right after it was accepted, and both environments live on
    assert answer == ACCEPTED
    return True


def test_evcc_when_it_sets_up_then_every_step_works(cs, user):
    """The order of cp_setup.go: availability, all keys, measurands one by one, triggers."""
    assert cs.call("ChangeAvailability", connectorId=0, type="Operative") == ACCEPTED
    everything = cs.configuration()
    assert everything["NumberOfConnectors"] == ("1", True)
    assert "Core" in everything["SupportedFeatureProfiles"][0]
    assert everything["MeterValuesSampledData"][1] is False
    assert int(everything["MeterValuesSampledDataMaxLength"][0]) >= len(_EVCC_MEASURANDS)
    if _trigger(cs, "BootNotification"):
        cs.wait_for("BootNotification")
        # The statuses that every accepted boot brings along.
        cs.wait_for("StatusNotification", connectorId=1)
        cs.settle()
        cs.forget()
    accepted = [
        name for name in _EVCC_MEASURANDS if _set(cs, "MeterValuesSampledData", name) == ACCEPTED
    ]
    assert "SoC" not in accepted
    assert "Current.Import" in accepted
    assert _set(cs, "MeterValuesSampledData", ",".join(accepted)) == ACCEPTED
    cs.ignore("StatusNotification", "BootNotification")
    if _trigger(cs, "MeterValues"):
        payload = cs.wait_for("MeterValues", connectorId=1)
        sampled = payload["meterValue"][0]["sampledValue"]
        assert {value["measurand"] for value in sampled} == set(accepted)
        assert {value["context"] for value in sampled} == {"Trigger"}
    cs.ignore("MeterValues", "BootNotification")
    cs.configure(MeterValueSampleInterval=10, WebSocketPingInterval=30)
    cs.forget()
    states.charging(cs, user)


def _write_if_different(cs, key, value):
    """Home Assistant's `configure`: read, and write only what differs and may be written."""
    current, readonly = cs.configuration(key)[key]
    if current != value and not readonly:
        assert _set(cs, key, value) == ACCEPTED


def test_home_assistant_when_it_connects_then_every_step_works(cs, user):
    """The order of post_connect: profiles, all measurands at once, intervals, triggers."""
    assert "Core" in cs.value("SupportedFeatureProfiles")
    assert cs.value("NumberOfConnectors") == "1"
    assert cs.value("HeartbeatInterval") == "300"
    before = cs.value("MeterValuesSampledData")
    wanted = _ALL_MEASURANDS.replace("\n", "")
    answer = _set(cs, "MeterValuesSampledData", wanted)
    assert answer == REJECTED
    assert cs.value("MeterValuesSampledData") == before
    _write_if_different(cs, "MeterValueSampleInterval", "60")
    _write_if_different(cs, "ClockAlignedDataInterval", "900")
    assert cs.call("ChangeAvailability", connectorId=0, type="Operative") == ACCEPTED
    if _trigger(cs, "BootNotification"):
        cs.wait_for("BootNotification", within=3)
        # The statuses that every accepted boot brings along.
        cs.wait_for("StatusNotification", connectorId=1)
        cs.settle()
    if _trigger(cs, "StatusNotification", connectorId=1):
        cs.wait_for("StatusNotification", within=3, connectorId=1)
    cs.forget()
    cs.ignore("BootNotification", "MeterValues")
    user.plug()
    cs.wait_for("StatusNotification", connectorId=1, status="Preparing")
    assert cs.call("RemoteStartTransaction", connectorId=1, idTag=VALID) == ACCEPTED
    states.started(cs)
