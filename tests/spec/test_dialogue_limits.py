"""How two environments in the field steer a session: evcc and Home Assistant.

The order and the values are theirs (evcc: charger/ocpp.go; lbbrhzn/ocpp: ocppv16.py). A rise may
take 5 s each, so there are few of them.
"""

import time

import pytest

from tests.spec import states
from tests.spec.profiles import DEFAULT, MAXIMUM, TX, install, schedule
from tests.spec.script import ACCEPTED

_FOLLOWS_S = 8  # a rise waits up to 5 s for the one before


def _offers(user, limit_ma, within=_FOLLOWS_S):
    user.sees(lambda seen: seen["limit_ma"] == limit_ma, within=within, what=f"{limit_ma} mA")


def _resumes(cs):
    """Charging; an EV that takes its time after the new offer is SuspendedEV until then."""
    cs.wait_for("StatusNotification", within=_FOLLOWS_S + 7, connectorId=1, status="Charging")
    later = cs.frames("StatusNotification")
    paused = [frame.payload["status"] for frame in later].index("SuspendedEVSE")
    assert {frame.payload["status"] for frame in later[paused + 1 : -1]} <= {"SuspendedEV"}


class _Evcc:
    """evcc's `setPeriodLimit`: one default profile, set again with every change."""

    def __init__(self, cs, kind):
        self._cs = cs
        self._relative = kind == "Relative"
        keys = cs.configuration(
            "ChargeProfileMaxStackLevel",
            "ChargingScheduleAllowedChargingRateUnit",
            "ConnectorSwitch3to1PhaseSupported",
            "MaxChargingProfilesInstalled",
        )
        # "Power" or "W" alone would switch evcc to watts.
        assert keys["ChargingScheduleAllowedChargingRateUnit"][0] not in ("Power", "W")
        self.switches_phases = keys["ConnectorSwitch3to1PhaseSupported"][0] == "true"
        self._stack = int(keys["ChargeProfileMaxStackLevel"][0])
        self._id = int(keys["MaxChargingProfilesInstalled"][0])

    def set(self, limit_a, phases=None):
        """Set the current; decimals are cut to one, 0 pauses. Every answer must be Accepted."""
        more = {"chargingProfileKind": "Relative"} if self._relative else {}
        wanted = {
            "chargingProfileId": self._id,
            "stackLevel": self._stack,
            "chargingProfilePurpose": DEFAULT,
            "chargingProfileKind": "Absolute",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit_a}],
            },
            **more,
        }
        if not self._relative:
            minute_ago = time.gmtime(time.time() - 60)
            start = time.strftime("%Y-%m-%dT%H:%M:%SZ", minute_ago)
            wanted["chargingSchedule"]["startSchedule"] = start
        if phases is not None:
            wanted["chargingSchedule"]["chargingSchedulePeriod"][0]["numberPhases"] = phases
        answer = self._cs.call("SetChargingProfile", connectorId=1, csChargingProfiles=wanted)
        assert answer == ACCEPTED

    def offered_a(self):
        """What evcc reads back when it is not sure: GetCompositeSchedule, Current.Offered."""
        ((start, limit),) = schedule(self._cs, 60)[1]
        assert start == 0
        assert self._cs.call("TriggerMessage", requestedMessage="MeterValues") == ACCEPTED
        payload = self._cs.wait_for("MeterValues", connectorId=1)
        values = payload["meterValue"][0]["sampledValue"]
        (offered,) = {
            float(row["value"]) for row in values if row["measurand"] == "Current.Offered"
        }
        return limit, offered


@pytest.mark.parametrize("schedule_kind", ["Absolute", "Relative"])
def test_evcc_when_it_steers_then_the_current_follows(cs, user, schedule_kind):
    """Down at once, 0 A pauses and does not end the transaction, up again; phases are noted."""
    cs.configure(MeterValuesSampledData="Current.Offered", MeterValueSampleInterval=0)
    evcc = _Evcc(cs, schedule_kind)
    evcc.set(16.0)  # before anything charges
    transaction = states.charging(cs, user)
    assert transaction["connectorId"] == 1
    _offers(user, 16_000)
    evcc.set(9.7, phases=3)
    _offers(user, 9_700, within=5)
    assert evcc.offered_a() == (9.7, 9.7)
    # A station that cannot switch two phases off: the limit holds for each as it is. One that can
    # takes a minute for it (tests/scenarios/test_phase_switching.py).
    evcc.set(6.0, phases=3 if evcc.switches_phases else 1)
    _offers(user, 6_000, within=5)
    evcc.set(0.0)
    cs.expect_status("SuspendedEVSE")
    user.sees_no_power()
    assert evcc.offered_a() == (0, 0)
    evcc.set(7.3)
    _resumes(cs)
    _offers(user, 7_300)
    evcc.set(8.0)
    evcc.set(10.5)
    _offers(user, 10_500)
    assert len(cs.books.open()) == 1
    cs.nothing_yet()


def test_evcc_when_a_tx_profile_steers_then_the_default_comes_back(cs, user):
    """A profile of the transaction goes before the default, upwards too, until it is cleared."""
    evcc = _Evcc(cs, "Absolute")
    evcc.set(6.0)
    states.charging(cs, user)
    _offers(user, 6_000)
    (transaction,) = cs.books.open()
    for limit_a, status_name in ((10, None), (0, "SuspendedEVSE"), (8, "Charging")):
        answer = install(cs, 1, 1, TX, limit_a, transactionId=transaction.id)
        assert answer == ACCEPTED
        if status_name == "Charging":
            _resumes(cs)
        elif status_name:
            cs.expect_status(status_name)
        _offers(user, limit_a * 1000)
    assert cs.call("ClearChargingProfile", chargingProfilePurpose=TX) == ACCEPTED
    _offers(user, 6_000, within=5)
    cs.nothing_yet()


def test_home_assistant_when_it_changes_the_rate_then_each_step_is_accepted(cs, user):
    """It stops at the first that is accepted; all three are, and the smallest counts."""
    assert "Current" in cs.value("ChargingScheduleAllowedChargingRateUnit")
    stack = int(cs.value("ChargeProfileMaxStackLevel"))
    states.charging(cs, user)
    (transaction,) = cs.books.open()
    steps = (
        (0, MAXIMUM, 12, {}),
        (1, TX, 10, {"transactionId": transaction.id}),
        (1, DEFAULT, 8, {}),
    )
    relative = {"stack": stack, "chargingProfileKind": "Relative"}
    for number, (connector, purpose, limit_a, more) in enumerate(steps):
        answer = install(cs, connector, 8 + number, purpose, limit_a, **relative, **more)
        assert answer == ACCEPTED
        # A default profile says nothing while the transaction has one of its own.
        _offers(user, min(limit_a * 1000, 12_000) if purpose != DEFAULT else 10_000, within=5)
    # Its `clear_profile`.
    assert cs.call("ClearChargingProfile", chargingProfilePurpose=MAXIMUM) == ACCEPTED
    assert cs.call("ClearChargingProfile", id=9) == ACCEPTED
    _offers(user, 8_000, within=5)
    assert cs.call("ClearChargingProfile") == ACCEPTED
    _offers(user, 32_000)
    cs.nothing_yet()


def test_home_assistant_when_the_maximum_is_above_all_then_raises_nothing(cs, user):
    """Its slider ends at 32 A and more; the installation's limit stays."""
    cs.configure(InstallationCurrentMax=13)
    for limit_a in (32, 1000):
        answer = install(cs, 0, 8, MAXIMUM, limit_a, chargingProfileKind="Relative")
        assert answer == ACCEPTED
    states.charging(cs, user)
    _offers(user, 13_000)
    assert schedule(cs, 60)[1] == [(0, 13)]
