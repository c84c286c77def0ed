"""Core cases about sessions: booting, starting and stopping, by card, by cable and from remote."""

import time

from tests.spec import states
from tests.spec.catalogue import SOCKET
from tests.spec.script import ACCEPTED, rhythm, seconds
from tests.spec.user import INVALID, PARENT, VALID, VALID_2

CHILD = {"status": "Accepted", "parentIdTag": PARENT}


def _boot_refused(cs, user, answer):
    """CP> BootNotification, CS= answer with an interval of 2 s; returns when that was."""
    cs.respond("BootNotification", status=answer, interval=2)
    cs.respond("BootNotification", interval=3)
    user.power_on()
    cs.expect("BootNotification", within=30)
    return time.monotonic()


def _accepted_at_last(cs, since):
    """CP> BootNotification after the interval, StatusNotifications, Heartbeats each 3 s."""
    cs.expect("BootNotification")
    assert 1.9 < time.monotonic() - since < 4
    states.all_available(cs)
    beats = []
    for _ in range(4):
        cs.expect("Heartbeat", within=6)
        beats.append(time.monotonic())
    assert abs(rhythm(beats) - 3) < 0.3


def test_tc_001_cs_cold_boot(cold, user):
    """Rejected: silence until the interval is over, then again; heartbeats as Accepted says."""
    since = _boot_refused(cold, user, "Rejected")
    cold.nothing_for(1.5)
    _accepted_at_last(cold, since)


def test_tc_002_cs_cold_boot_pending(cold, user):
    """Pending: requests are answered, nothing is sent before the interval is over."""
    since = _boot_refused(cold, user, "Pending")
    assert len(cold.configuration()) > 20
    cold.configure(MeterValueSampleInterval=17)
    _accepted_at_last(cold, since)


def test_tc_003_cs_plug_in_first(cs, user):
    """Plug in, identify: Preparing, Authorize, StartTransaction, Charging."""
    user.plug()
    cs.expect_status("Preparing")
    user.present(VALID)
    cs.expect("Authorize", idTag=VALID)
    states.started(cs)


def test_tc_004_1_cs_identification_first(cs, user):
    """Identify, plug in: Preparing with the id, StartTransaction with the cable."""
    states.authorized(cs, user)
    user.plug()
    states.started(cs)


def test_tc_004_2_cs_identification_first_timeout(cs, user):
    """Without a cable the connector is Available again after ConnectionTimeOut."""
    cs.configure(ConnectionTimeOut=2)
    states.authorized(cs, user)
    cs.nothing_for(1.5)
    cs.expect_status("Available", within=3)


def test_tc_068_cs_stop_with_the_same_id(cs, user):
    """Another id does nothing at all, the one of the start stops."""
    states.charging(cs, user)
    user.present(VALID_2)
    cs.nothing_for(2)
    user.present(VALID)
    assert states.stopped(cs, idTag=VALID).get("reason", "Local") == "Local"


def test_tc_069_cs_stop_with_an_id_of_the_same_parent(cs, user):
    """An id of the same parent stops, once the central system has said that it is one."""
    cs.tags.info = {VALID: CHILD, VALID_2: CHILD}
    states.charging(cs, user)
    user.present(VALID_2)
    cs.expect("Authorize", idTag=VALID_2)
    states.stopped(cs, idTag=VALID_2)


def test_tc_005_1_cs_ev_disconnect_stop_and_unlock(cs, user):
    """EVDisconnected, Finishing; the cable can be taken out of the socket."""
    cs.configure(
        MinimumStatusDuration=0,
        StopTransactionOnEVSideDisconnect=True,
        UnlockConnectorOnEVSideDisconnect=True,
    )
    states.charging(cs, user)
    user.unplug_ev()
    states.stopped(cs, reason="EVDisconnected")
    user.sees(lambda seen: not seen["locked"], what="unlocked")
    user.remove_cable()
    cs.expect_status("Available")


def test_tc_005_2_cs_ev_disconnect_stop_without_unlock(cs, user):
    """EVDisconnected; UnlockConnector frees a cable that is locked in a socket."""
    cs.configure(MinimumStatusDuration=0, StopTransactionOnEVSideDisconnect=True)
    _unlock_on_disconnect(cs, user, False)
    states.charging(cs, user)
    user.unplug_ev()
    states.stopped(cs, reason="EVDisconnected")
    if user.kind == SOCKET:
        assert user.look()["locked"]
        assert cs.call("UnlockConnector", connectorId=1) == {"status": "Unlocked"}
        user.remove_cable()
    cs.expect_status("Available")
    if user.kind != SOCKET:
        assert cs.call("UnlockConnector", connectorId=1) == {"status": "NotSupported"}


def test_tc_005_3_cs_ev_disconnect_without_stop(cs, user):
    """The transaction outlives the unplugging, says so, and ends by RemoteStop."""
    cs.configure(MinimumStatusDuration=0, StopTransactionOnEVSideDisconnect=False)
    _unlock_on_disconnect(cs, user, False)
    states.charging(cs, user)
    user.unplug_ev()
    cs.expect_status("SuspendedEV", errorCode="NoError", info="EV side disconnected")
    cs.nothing_for(1)
    (transaction,) = cs.books.open()
    assert cs.call("RemoteStopTransaction", transactionId=transaction.id) == ACCEPTED
    states.stopped(cs, reason="Remote")


def _unlock_on_disconnect(cs, user, value):
    """A fixed cable has the key read-only; it says false as it should."""
    name = "UnlockConnectorOnEVSideDisconnect"
    if user.kind == SOCKET:
        cs.configure(**{name: value})
    else:
        assert cs.configuration(name)[name] == ("false", True)


def test_tc_007_cs_start_with_a_cached_id(cs, user):
    """No Authorize for an id that is in the cache, though remote starts are authorised."""
    cs.configure(AuthorizeRemoteTxRequests=True, LocalPreAuthorize=True)
    states.id_tag_cached(cs, user)
    user.plug()
    cs.expect_status("Preparing")
    assert cs.call("RemoteStartTransaction", connectorId=1, idTag=VALID) == ACCEPTED
    states.started(cs)


def test_tc_007_cs_start_with_a_cached_id_locally(cs, user):
    """The same with a card, identification first (revisions of 2025)."""
    cs.configure(LocalPreAuthorize=True)
    states.id_tag_cached(cs, user)
    user.present(VALID)
    cs.expect_status("Preparing")
    user.plug()
    states.started(cs)


def test_tc_061_cs_clear_the_cache(cs, user):
    """After ClearCache the central system is asked again."""
    cs.configure(AuthorizationCacheEnabled=True, LocalPreAuthorize=True, ConnectionTimeOut=30)
    states.authorized(cs, user)
    user.present(VALID)
    cs.expect_status("Available")
    assert cs.call("ClearCache") == ACCEPTED
    states.authorized(cs, user)


def test_tc_010_cs_remote_start_cable_first(cs, user):
    """Both ways of AuthorizeRemoteTxRequests; the state Charging says the rest."""
    states.charging(cs, user)
    user.present(VALID)
    states.stopped(cs)
    states.go_away(cs, user)
    cs.configure(AuthorizeRemoteTxRequests=True)
    states.charging(cs, user)


def test_tc_011_1_cs_remote_start_first(cs, user):
    """Remote start without a cable: Preparing, then the plug starts."""
    assert cs.call("RemoteStartTransaction", connectorId=1, idTag=VALID) == ACCEPTED
    cs.expect_status("Preparing")
    user.plug()
    states.started(cs)


def test_tc_011_1_cs_remote_start_first_with_authorize(cs, user):
    """The same with AuthorizeRemoteTxRequests."""
    cs.configure(AuthorizeRemoteTxRequests=True)
    assert cs.call("RemoteStartTransaction", connectorId=1, idTag=VALID) == ACCEPTED
    cs.expect("Authorize", idTag=VALID)
    cs.expect_status("Preparing")
    user.plug()
    states.started(cs)


def test_tc_011_2_cs_remote_start_timeout(cs, user):
    """Remote start and no cable: Available after ConnectionTimeOut."""
    cs.configure(ConnectionTimeOut=2)
    assert cs.call("RemoteStartTransaction", connectorId=1, idTag=VALID) == ACCEPTED
    cs.expect_status("Preparing")
    cs.nothing_for(1.5)
    cs.expect_status("Available", within=3)
    user.plug()
    cs.expect_status("Preparing")
    cs.nothing_for(1)


def test_tc_012_cs_remote_stop(cs, user):
    """Accepted, StopTransaction Remote, Finishing."""
    states.charging(cs, user)
    (transaction,) = cs.books.open()
    assert cs.call("RemoteStopTransaction", transactionId=transaction.id) == ACCEPTED
    states.stopped(cs, reason="Remote", transactionId=transaction.id)
    user.sees_no_power()


def test_tc_023_cs_invalid_id(cs, user):
    """Preparing is reported when it has lasted; the invalid id starts nothing."""
    cs.tags.reject = {INVALID.lower()}
    cs.configure(MinimumStatusDuration=10, LocalPreAuthorize=True)
    user.plug()
    user.present(INVALID)
    cs.expect("Authorize", idTag=INVALID)
    cs.nothing_for(7)
    cs.expect_status("Preparing", within=5)
    cs.nothing_for(1)
    user.sees_no_power()


def test_tc_023_cs_invalid_id_first(cs, user):
    """The other order (revision of 2025): an invalid id, then the cable."""
    cs.tags.reject = {INVALID.lower()}
    cs.configure(LocalPreAuthorize=True)
    user.present(INVALID)
    cs.expect("Authorize", idTag=INVALID)
    user.plug()
    cs.expect_status("Preparing")
    cs.nothing_for(1)


def test_tc_023_cs_invalid_id_from_remote(cs, user):
    """An invalid id of a remote start that is authorised starts nothing."""
    cs.tags.reject = {INVALID.lower()}
    cs.configure(AuthorizeRemoteTxRequests=True)
    user.plug()
    cs.expect_status("Preparing")
    assert cs.call("RemoteStartTransaction", connectorId=1, idTag=INVALID) == ACCEPTED
    cs.expect("Authorize", idTag=INVALID)
    cs.nothing_for(1)


def test_tc_024_cs_lock_failure_at_the_start(cs, user):
    """A plug that cannot be locked is a fault, and nothing starts."""
    assert cs.call("RemoteStartTransaction", connectorId=1, idTag=VALID) == ACCEPTED
    cs.expect_status("Preparing")
    user.provoke("lock_jammed")
    user.plug()
    cs.expect_status("Faulted", errorCode="ConnectorLockFailure", within=30)
    cs.nothing_for(1)


def test_tc_026_cs_remote_start_while_busy(cs, user):
    """Rejected; the transaction goes on."""
    cs.configure(LocalPreAuthorize=False)
    states.charging(cs, user)
    answer = cs.call("RemoteStartTransaction", connectorId=1, idTag=VALID_2)
    assert answer == {"status": "Rejected"}
    cs.nothing_for(1)
    assert user.look()["contactor"]


def test_tc_041_cs_a_fault_refuses_a_start(cs, user):
    """Faulted: neither card nor remote start begin a transaction."""
    states.set_connector_faulted(cs, user)
    user.present(VALID)
    cs.nothing_for(1)
    answer = cs.call("RemoteStartTransaction", connectorId=1, idTag=VALID)
    assert answer == {"status": "Rejected"}
    cs.nothing_for(1)


def test_timestamps_when_status_changes_then_are_of_the_change(cs, user):
    """StatusNotification carries the time of the change, in UTC, in order."""
    states.charging(cs, user)
    times = [seconds(frame.payload["timestamp"]) for frame in cs.frames("StatusNotification")]
    assert times == sorted(times)
    assert abs(times[-1] - time.time()) < 10
