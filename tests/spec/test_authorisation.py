"""Who may charge: list, cache, central system, offline rules (OCPP 1.6 3.4, 3.5, 4.1, 5.11)."""

import time

from tests.spec import states
from tests.spec.script import ACCEPTED, REJECTED, late, message, status
from tests.spec.user import INVALID, PARENT, VALID, VALID_2

CHILD = {"status": "Accepted", "parentIdTag": PARENT}
LONG_AGO = "2020-01-01T00:00:00Z"


def _learn(cs, user, id_tag, **info):
    """Let the cache know an id, by a card that is presented and, if accepted, taken back."""
    cs.tags.info[id_tag] = info
    user.present(id_tag)
    if info["status"] == "Accepted":
        cs.any_order(message("Authorize", idTag=id_tag), status("Preparing"))
        user.present(id_tag)
        cs.expect_status("Available")
    else:
        cs.expect("Authorize", idTag=id_tag)


def _refused_offline(cs, user, id_tag):
    user.cut_network()
    user.plug()
    user.present(id_tag)
    time.sleep(1.5)
    assert user.look()["transaction"] is None
    assert not user.look()["contactor"]
    user.restore_network()
    cs.expect_status("Preparing")
    cs.nothing_for(1)


def test_offline_card_when_unknown_then_is_refused(cs, user):
    """AllowOfflineTxForUnknownId is false by default."""
    _refused_offline(cs, user, VALID)


def test_offline_card_when_known_as_blocked_then_is_refused(cs, user):
    """AllowOfflineTxForUnknownId is for unknown ids, not for known bad ones."""
    cs.configure(AllowOfflineTxForUnknownId=True)
    _learn(cs, user, INVALID, status="Blocked")
    _refused_offline(cs, user, INVALID)


def test_offline_card_when_expired_then_is_refused(cs, user):
    """An id past its expiryDate is no valid one any more."""
    cs.configure(AllowOfflineTxForUnknownId=True)
    _learn(cs, user, VALID, status="Accepted", expiryDate=LONG_AGO)
    _refused_offline(cs, user, VALID)


def test_offline_card_when_local_authorisation_is_off_then_is_refused(cs, user):
    """LocalAuthorizeOffline false: the cache does not help."""
    cs.configure(LocalAuthorizeOffline=False)
    _learn(cs, user, VALID, status="Accepted")
    _refused_offline(cs, user, VALID)


def test_cache_when_the_power_was_cut_then_still_knows(cs, user):
    """The cache is persistent; offline it lets a known id start."""
    _learn(cs, user, VALID, status="Accepted")
    user.power_cycle()
    cs.expect("BootNotification", within=30)
    states.all_available(cs)
    user.cut_network()
    user.plug()
    user.present(VALID)
    user.sees_charging()
    user.restore_network()
    states.started(cs)


def test_cached_id_when_expired_then_the_central_system_is_asked(cs, user):
    """LocalPreAuthorize is for entries that are still valid."""
    cs.configure(LocalPreAuthorize=True)
    _learn(cs, user, VALID, status="Accepted", expiryDate=LONG_AGO)
    states.authorized(cs, user)


def test_cached_id_when_blocked_then_the_central_system_is_asked(cs, user):
    """It may have been unblocked since."""
    cs.configure(LocalPreAuthorize=True)
    _learn(cs, user, VALID, status="Blocked")
    cs.tags.info.clear()
    states.authorized(cs, user)


def test_cache_when_disabled_then_the_central_system_is_asked(cs, user):
    """AuthorizationCacheEnabled false: LocalPreAuthorize finds nothing."""
    cs.configure(LocalPreAuthorize=True)
    _learn(cs, user, VALID, status="Accepted")
    cs.configure(AuthorizationCacheEnabled=False)
    states.authorized(cs, user)


def test_stop_when_the_cache_knows_the_parent_then_nobody_is_asked(cs, user):
    """Same parent by the cache: no Authorize."""
    _learn(cs, user, VALID_2, **CHILD)
    cs.tags.info[VALID] = CHILD
    states.charging(cs, user)
    user.present(VALID_2)
    states.stopped(cs, idTag=VALID_2)


def test_stop_when_the_other_id_is_blocked_then_the_transaction_goes_on(cs, user):
    """The same parent does not help an id that is blocked."""
    cs.tags.info = {VALID: CHILD, VALID_2: {"status": "Blocked", "parentIdTag": PARENT}}
    states.charging(cs, user)
    user.present(VALID_2)
    cs.expect("Authorize", idTag=VALID_2)
    cs.nothing_for(1)
    assert user.look()["contactor"]


def test_stop_when_the_parent_is_the_other_id_then_the_transaction_goes_on(cs, user):
    """A parentIdTag is never compared with an idTag."""
    cs.tags.info = {VALID: {"status": "Accepted", "parentIdTag": VALID_2}}
    states.charging(cs, user)
    user.present(VALID_2)
    cs.expect("Authorize", idTag=VALID_2)
    cs.nothing_for(1)
    assert user.look()["contactor"]


def test_id_when_spelt_in_other_case_then_is_the_same(cs, user):
    """OCPP 1.6 7.28: an IdToken is case insensitive."""
    states.charging(cs, user, VALID.lower())
    user.present(VALID)
    states.stopped(cs)


def test_id_when_any_twenty_characters_then_is_used_as_it_is(cs, user):
    """No id has to be hexadecimal."""
    states.charging(cs, user, 'Zoë "Q" \\ 5/9 ☂ ~ ab')


def test_card_when_shown_again_before_the_answer_then_one_authorize(cs, user):
    """A slow central system and an impatient person."""
    cs.respond("Authorize", late(3))
    user.present(VALID)
    cs.expect("Authorize", within=5)
    user.present(VALID)
    cs.any_order(status("Preparing"))
    cs.nothing_for(1)


def test_remote_start_when_connector_is_not_named_then_starts(cs, user):
    """OCPP 1.6 5.11: the charge point chooses."""
    user.plug()
    cs.expect_status("Preparing")
    assert cs.call("RemoteStartTransaction", idTag=VALID) == ACCEPTED
    states.started(cs)


def test_remote_start_when_profile_is_no_tx_profile_then_is_refused_or_ignored(cs, user):
    """Without Smart Charging a profile is ignored; with it this one is refused."""
    user.plug()
    cs.expect_status("Preparing")
    smart = "SmartCharging" in cs.value("SupportedFeatureProfiles")
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}],
        },
    }
    answer = cs.call("RemoteStartTransaction", idTag=VALID, chargingProfile=profile)
    assert answer == ACCEPTED
    states.started(cs)
    if smart:
        assert user.look()["limit_ma"] == 10000


def test_remote_start_when_unavailable_or_unknown_then_is_refused(cs):
    """OCPP 1.6 5.11."""
    unknown = cs.connectors + 1
    assert cs.call("RemoteStartTransaction", connectorId=unknown, idTag=VALID) == REJECTED
    states.set_connector_unavailable(cs)
    assert cs.call("RemoteStartTransaction", connectorId=1, idTag=VALID) == REJECTED


def _not_accepted(cs, user, word):
    cs.respond("StartTransaction", idTagInfo={"status": word})
    user.plug()
    cs.expect_status("Preparing")
    assert cs.call("RemoteStartTransaction", connectorId=1, idTag=VALID) == ACCEPTED
    cs.expect("StartTransaction")


def test_start_when_answered_concurrent_tx_then_stops(cs, user):
    """ConcurrentTx is not Accepted either: DeAuthorized."""
    _not_accepted(cs, user, "ConcurrentTx")
    states.stopped(cs, reason="DeAuthorized")
    user.sees_no_power()


def test_start_when_refused_and_kept_then_energy_stays_off(cs, user):
    """StopTransactionOnInvalidId false: SuspendedEVSE, until somebody ends it."""
    cs.configure(StopTransactionOnInvalidId=False)
    _not_accepted(cs, user, "Blocked")
    cs.expect_status("SuspendedEVSE")
    cs.nothing_for(2)
    assert not user.look()["contactor"]
    (transaction,) = cs.books.open()
    assert cs.call("RemoteStopTransaction", transactionId=transaction.id) == ACCEPTED
    states.stopped(cs, reason="Remote")


def test_start_when_refused_with_energy_granted_then_delivers_that(cs, user):
    """MaxEnergyOnInvalidId: so much, then SuspendedEVSE."""
    cs.configure(StopTransactionOnInvalidId=False, MaxEnergyOnInvalidId=300)
    user.do("energy_speed", factor=100)
    _not_accepted(cs, user, "Invalid")
    cs.expect_status("Charging")
    before = user.look()["energy_wh"]
    cs.expect_status("SuspendedEVSE", within=20)
    user.sees_no_power()
    assert 200 <= user.look()["energy_wh"] - before < 900


def test_start_when_refused_with_energy_granted_then_stops_after_it(cs, user):
    """The same with StopTransactionOnInvalidId: DeAuthorized, but only then."""
    cs.configure(StopTransactionOnInvalidId=True, MaxEnergyOnInvalidId=300)
    user.do("energy_speed", factor=100)
    _not_accepted(cs, user, "Invalid")
    cs.expect_status("Charging")
    stop = states.stopped(cs, reason="DeAuthorized")
    (transaction,) = cs.books.transactions.values()
    assert 200 <= stop["meterStop"] - transaction.meter_start < 900
