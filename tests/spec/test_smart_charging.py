"""The cases of Smart Charging."""

import time

import pytest

from tests.spec import states
from tests.spec.profiles import (
    DEFAULT,
    DEVIATION_S,
    MAXIMUM,
    TX,
    install,
    moment,
    profile,
    schedule,
)
from tests.spec.script import ACCEPTED, REJECTED
from tests.spec.user import VALID

# The tool's test data: the unit, and what its limits are multiplied by.
UNITS = (("A", 1), ("W", 1000))
_LASTS_S = 300 + 2 * DEVIATION_S


def _begun():
    return time.time() - DEVIATION_S


def _open_id(cs):
    (transaction,) = cs.books.open()
    return transaction.id


@pytest.fixture(params=UNITS, ids=[unit[0] for unit in UNITS])
def unit(request):
    """Both units that a station may be asked in."""
    return request.param


def test_tc_056_cs_default_profile(cs, unit):
    """It is in the composite schedule though nothing charges."""
    answer = install(cs, 1, 1, DEFAULT, 6, unit, start=_begun(), duration=_LASTS_S)
    assert answer == ACCEPTED
    assert schedule(cs, 300, unit)[1] == [(0, 6)]


def test_tc_057_cs_tx_profile(cs, user, unit):
    """For the running transaction; the pilot follows within 5 s."""
    states.charging(cs, user)
    answer = install(
        cs, 1, 1, TX, 7, unit, start=_begun(), duration=_LASTS_S, transactionId=_open_id(cs)
    )
    assert answer == ACCEPTED
    assert schedule(cs, 300, unit)[1] == [(0, 7)]
    # 7000 W on three phases.
    wanted = 7000 if unit[0] == "A" else 7_000_000 // (3 * 230)
    user.sees(lambda seen: seen["limit_ma"] == wanted, within=5, what="the new limit")


def test_tc_058_1_cs_tx_profile_without_transaction(cs):
    """Rejected, and discarded."""
    assert install(cs, 1, 1, TX, 6, start=_begun(), transactionId=1) == REJECTED
    assert schedule(cs, 60)[1] == [(0, 32)]


def test_tc_058_2_cs_tx_profile_of_another_transaction(cs, user):
    """Rejected, and no limit changes."""
    states.charging(cs, user)
    answer = install(cs, 1, 1, TX, 6, start=_begun(), transactionId=_open_id(cs) + 1)
    assert answer == REJECTED
    assert schedule(cs, 60)[1] == [(0, 32)]
    assert user.look()["limit_ma"] == 32_000


@pytest.mark.parametrize("kind_of_schedule", ["Absolute", "Relative"])
def test_tc_059_cs_remote_start_with_profile(cs, user, unit, kind_of_schedule):
    """The profile is bound to the transaction that it comes with."""
    start = None if kind_of_schedule == "Relative" else _begun()
    wanted = profile(
        1, TX, [(0, 8), (100, 10)], unit, start=start, duration=_LASTS_S,
        chargingProfileKind=kind_of_schedule,
    )  # fmt: skip
    user.plug()
    cs.expect_status("Preparing")
    answer = cs.call(
        "RemoteStartTransaction", connectorId=1, idTag=VALID, chargingProfile=wanted
    )
    assert answer == ACCEPTED
    states.started(cs)
    periods = schedule(cs, 200, unit)[1]
    assert [limit for _, limit in periods] == [8, 10]
    assert 90 < periods[1][0] <= 100


@pytest.mark.parametrize("purpose", [MAXIMUM, DEFAULT])
def test_tc_060_cs_remote_start_with_a_wrong_purpose(cs, user, purpose):
    """Rejected, and no transaction."""
    user.plug()
    cs.expect_status("Preparing")
    wrong = profile(1, purpose, 8, start=_begun(), duration=_LASTS_S)
    answer = cs.call("RemoteStartTransaction", connectorId=1, idTag=VALID, chargingProfile=wrong)
    assert answer == REJECTED
    cs.nothing_for(1)


def test_tc_066_cs_three_purposes(cs, user, unit):
    """The smallest of all counts, and equal neighbours are one period.

    When the TxProfile is over, the TxDefaultProfile counts again; TxDefaultAfterTxProfile=false is
    the other reading of OCPP 1.6 3.13, with exactly the four periods that the case lists.
    """
    states.charging(cs, user)
    start = int(time.time()) - DEVIATION_S
    valid = {"validFrom": moment(start), "validTo": moment(start + DEVIATION_S + 401)}
    assert install(cs, 0, 1, MAXIMUM, 10, unit, start=start, duration=86_400) == ACCEPTED
    default = [(0, 6), (60, 10), (120, 8), (180, 15), (260, 8)]
    answer = install(cs, 1, 2, DEFAULT, default, unit, start=start, duration=300, **valid)
    assert answer == ACCEPTED
    own = [(0, 8), (50, 11), (140, 16), (200, 6), (240, 12)]
    valid["transactionId"] = _open_id(cs)
    assert install(cs, 1, 3, TX, own, unit, start=start, duration=260, **valid) == ACCEPTED
    begin, periods = schedule(cs, 400, unit)
    x = begin - start
    expected = [(0, 8), (50 - x, 10), (200 - x, 6), (240 - x, 10)]
    assert periods == [*expected, (260 - x, 8), (300 - x, 10)]
    cs.configure(TxDefaultAfterTxProfile=False)
    begin, periods = schedule(cs, 395, unit)
    x = begin - start
    assert periods == [(0, 8), (50 - x, 10), (200 - x, 6), (240 - x, 10)]


def test_tc_067_cs_clear(cs, unit):
    """By id alone; by purpose and stack level 0; all: then the hardware's limit is left."""
    start = int(time.time())
    valid = {"validFrom": moment(start), "validTo": moment(start + 401)}
    first = [(0, 6), (60, 8), (200, 10)]
    answer = install(cs, 1, 1, DEFAULT, first, unit, stack=1, start=start, duration=400)
    assert answer == ACCEPTED
    second = [(0, 7), (100, 9)]
    answer = install(cs, 1, 2, DEFAULT, second, unit, start=start, duration=400, **valid)
    assert answer == ACCEPTED
    third = [(0, 11), (200, 12)]
    assert install(cs, 0, 3, MAXIMUM, third, unit, start=start, duration=86_400) == ACCEPTED
    assert cs.call("ClearChargingProfile", id=1) == ACCEPTED
    begin, periods = schedule(cs, 350, unit)
    assert periods == [(0, 7), (100 - begin + start, 9)]
    by_level = {"chargingProfilePurpose": DEFAULT, "stackLevel": 0}
    assert cs.call("ClearChargingProfile", **by_level) == ACCEPTED
    begin, periods = schedule(cs, 350, unit)
    assert periods == [(0, 11), (200 - begin + start, 12)]
    assert cs.call("ClearChargingProfile") == ACCEPTED
    assert schedule(cs, 350, unit)[1] == [(0, 32 if unit[0] == "A" else 22.08)]
    assert cs.call("ClearChargingProfile") == {"status": "Unknown"}


def test_tc_072_cs_stacking(cs, unit):
    """The lower level comes back in the middle of its own periods."""
    start = int(time.time())
    valid = {"validFrom": moment(start), "validTo": moment(start + 401)}
    low = [(0, 6), (100, 8), (200, 10)]
    assert install(cs, 1, 1, DEFAULT, low, unit, start=start, duration=400, **valid) == ACCEPTED
    high = [(0, 7), (100, 9)]
    answer = install(cs, 1, 2, DEFAULT, high, unit, stack=1, start=start, duration=150, **valid)
    assert answer == ACCEPTED
    begin, periods = schedule(cs, 350, unit)
    x = begin - start
    assert periods == [(0, 7), (100 - x, 9), (150 - x, 8), (200 - x, 10)]


def test_tc_082_cs_default_profile_during_a_transaction(cs, user, unit):
    """It counts for the transaction that runs already."""
    states.charging(cs, user)
    answer = install(cs, 1, 1, DEFAULT, 7, unit, start=_begun(), duration=_LASTS_S)
    assert answer == ACCEPTED
    assert schedule(cs, 300, unit)[1] == [(0, 7)]
    wanted = 7000 if unit[0] == "A" else 7_000_000 // (3 * 230)
    user.sees(lambda seen: seen["limit_ma"] == wanted, within=5, what="the new limit")


@pytest.mark.options("--features", "Reservation")
def test_smart_charging_when_absent_then_is_not_supported(cs, user):
    """CALLERRORs, no key; a profile in a remote start is ignored (OCPP 1.6 5.11)."""
    assert cs.value("SupportedFeatureProfiles") == "Core,Reservation"
    answer = cs.call("GetConfiguration", key=["ChargeProfileMaxStackLevel"])
    assert answer["unknownKey"] == ["ChargeProfileMaxStackLevel"]
    wanted = profile(1, TX, 8, start=_begun())
    for action, payload in (
        ("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": wanted}),
        ("ClearChargingProfile", {}),
        ("GetCompositeSchedule", {"connectorId": 1, "duration": 60}),
    ):
        assert cs.error_of(action, **payload) == "NotSupported"
    user.plug()
    cs.expect_status("Preparing")
    answer = cs.call(
        "RemoteStartTransaction", connectorId=1, idTag=VALID, chargingProfile=wanted
    )
    assert answer == ACCEPTED
    states.started(cs)
    assert user.look()["limit_ma"] == 32_000
