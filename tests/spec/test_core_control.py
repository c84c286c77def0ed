"""Core cases about requests of the central system: reset, unlock, availability, configuration."""

from tests.spec import states
from tests.spec.catalogue import SOCKET
from tests.spec.script import ACCEPTED, REJECTED
from tests.spec.user import VALID

_REBOOT_S = 30
# What the connector of a transaction may say after a reboot with the EV still plugged in.
_STILL_PLUGGED = {1: ("Finishing", "Preparing")}


def _rebooted(cs, but=None):
    """CP> BootNotification, StatusNotification for 0 and each."""
    cs.expect("BootNotification", within=_REBOOT_S)
    states.all_available(cs, but)


def _reset_while_unavailable(cs, how):
    states.set_connector_unavailable(cs)
    assert cs.call("Reset", type=how) == ACCEPTED
    _rebooted(cs, {1: ("Unavailable",)})
    assert cs.call("ChangeAvailability", connectorId=1, type="Operative") == ACCEPTED
    cs.expect_status("Available")


def test_tc_013_cs_hard_reset(cs):
    """An unavailable connector is unavailable after the reset."""
    _reset_while_unavailable(cs, "Hard")


def test_tc_014_cs_soft_reset(cs):
    """The same for a soft reset."""
    _reset_while_unavailable(cs, "Soft")


def test_tc_015_cs_hard_reset_in_transaction(cs, user):
    """StopTransaction HardReset, Finishing, boot; the plugged EV does not start again."""
    states.charging(cs, user)
    assert cs.call("Reset", type="Hard") == ACCEPTED
    states.stopped(cs, reason="HardReset")
    _rebooted(cs, _STILL_PLUGGED)
    cs.nothing_for(2)
    user.sees_no_power()


def test_tc_016_cs_soft_reset_in_transaction(cs, user):
    """StopTransaction SoftReset before the restart."""
    states.charging(cs, user)
    assert cs.call("Reset", type="Soft") == ACCEPTED
    states.stopped(cs, reason="SoftReset")
    _rebooted(cs, _STILL_PLUGGED)
    cs.nothing_for(2)
    user.sees_no_power()


def test_tc_017_1_cs_unlock_socket(cs):
    """Unlocked, also without a cable."""
    assert cs.call("UnlockConnector", connectorId=1) == {"status": "Unlocked"}


def test_tc_017_2_cs_unlock_fixed_cable(cs):
    """NotSupported."""
    assert cs.call("UnlockConnector", connectorId=1) == {"status": "NotSupported"}


def test_tc_018_1_cs_unlock_in_transaction_socket(cs, user):
    """The transaction ends with UnlockCommand, the cable can be taken."""
    states.charging(cs, user)
    answer = cs.call("UnlockConnector", timeout_s=30, connectorId=1)
    assert answer == {"status": "Unlocked"}
    states.stopped(cs, reason="UnlockCommand")
    user.unplug()
    cs.expect_status("Available")


def test_tc_018_2_cs_unlock_in_transaction_fixed_cable(cs, user):
    """NotSupported, and the transaction goes on."""
    states.charging(cs, user)
    assert cs.call("UnlockConnector", connectorId=1) == {"status": "NotSupported"}
    cs.nothing_for(1)
    assert user.look()["contactor"]


def test_tc_027_cs_remote_start_on_connector_0(cs, user):
    """Rejected, and nothing starts with the next cable."""
    assert cs.call("RemoteStartTransaction", connectorId=0, idTag=VALID) == REJECTED
    user.plug()
    cs.expect_status("Preparing")
    cs.nothing_for(1)


def test_tc_028_cs_remote_stop_unknown(cs, user):
    """Rejected, and the transaction goes on."""
    states.charging(cs, user)
    (transaction,) = cs.books.open()
    unknown = transaction.id + 1
    assert cs.call("RemoteStopTransaction", transactionId=unknown) == REJECTED
    cs.nothing_for(1)
    assert user.look()["contactor"]


def test_tc_030_cs_unlock_failure(cs, user):
    """UnlockFailed when the lock does not open; it is locked from the authorisation on."""
    states.charging(cs, user)
    user.provoke("lock_jammed")
    answer = cs.call("UnlockConnector", timeout_s=30, connectorId=1)
    assert answer == {"status": "UnlockFailed"}


def test_tc_031_cs_unlock_unknown(cs):
    """NotSupported for a connector that does not exist, and for 0."""
    for connector in (cs.connectors + 1, 99, 0):
        answer = cs.call("UnlockConnector", connectorId=connector)
        assert answer == {"status": "NotSupported"}


def test_tc_019_cs_retrieve_configuration(cs, user):
    """One key, all keys, as many keys as GetConfigurationMaxKeys allows; access as required."""
    assert "Core" in cs.value("SupportedFeatureProfiles").split(",")
    everything = cs.configuration()
    assert cs.call("GetConfiguration", key=[])["configurationKey"] == (
        cs.call("GetConfiguration")["configurationKey"]
    )
    writable = """ClockAlignedDataInterval ConnectionTimeOut ConnectorPhaseRotation
        HeartbeatInterval LocalAuthorizeOffline LocalPreAuthorize MeterValuesAlignedData
        MeterValuesSampledData MeterValueSampleInterval ResetRetries StopTransactionOnInvalidId
        StopTxnAlignedData StopTxnSampledData TransactionMessageAttempts
        TransactionMessageRetryInterval"""
    for key in writable.split():
        assert everything[key][1] is False, key
    for key in "GetConfigurationMaxKeys NumberOfConnectors SupportedFeatureProfiles".split():
        assert everything[key][1] is True, key
    for key in ("AuthorizeRemoteTxRequests", "UnlockConnectorOnEVSideDisconnect"):
        assert key in everything
    assert everything["UnlockConnectorOnEVSideDisconnect"][1] is (user.kind != SOCKET)
    count = min(int(everything["GetConfigurationMaxKeys"][0]), len(everything))
    some = list(everything)[:count]
    assert list(cs.configuration(*some)) == some


def test_tc_021_cs_change_configuration(cs):
    """Accepted, and read back."""
    cs.configure(MeterValueSampleInterval=23)
    assert cs.value("MeterValueSampleInterval") == "23"


def test_tc_040_1_cs_unknown_key(cs):
    """NotSupported."""
    answer = cs.call("ChangeConfiguration", key="Testing", value="true")
    assert answer == {"status": "NotSupported"}


def test_tc_040_2_cs_invalid_value(cs):
    """Rejected, and the value is what it was."""
    before = cs.value("MeterValueSampleInterval")
    answer = cs.call("ChangeConfiguration", key="MeterValueSampleInterval", value="-1")
    assert answer == REJECTED
    assert cs.value("MeterValueSampleInterval") == before


def test_tc_062_cs_data_transfer(cs):
    """UnknownVendorId."""
    answer = cs.call("DataTransfer", vendorId="org.example", messageId="Hello", data="World")
    assert answer == {"status": "UnknownVendorId"}
