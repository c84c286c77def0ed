"""The cases of Local Auth List Management."""

import pytest

from tests.spec import states
from tests.spec.script import ACCEPTED
from tests.spec.user import VALID, VALID_2

FAILED = {"status": "Failed"}


def _send(cs, version, *id_tags, update="Full", **more):
    """CS> SendLocalList; without id tags the list is left out."""
    if id_tags:
        more["localAuthorizationList"] = [
            {"idTag": id_tag, "idTagInfo": {"status": "Accepted"}} for id_tag in id_tags
        ]
    return cs.call("SendLocalList", listVersion=version, updateType=update, **more)


def _version(cs):
    return cs.call("GetLocalListVersion")["listVersion"]


def _listed(cs, **keys):
    """The preconditions of TC_008_CS, and the list with the valid id."""
    cs.configure(
        LocalPreAuthorize=True, AuthorizationCacheEnabled=False, LocalAuthListEnabled=True, **keys
    )
    assert _send(cs, _version(cs) + 1, VALID) == ACCEPTED


def test_tc_008_cs_start_with_a_listed_id(cs, user):
    """From remote: no Authorize, though remote starts are authorised (TC_008_2_CS)."""
    _listed(cs, AuthorizeRemoteTxRequests=True)
    user.plug()
    cs.expect_status("Preparing")
    assert cs.call("RemoteStartTransaction", connectorId=1, idTag=VALID) == ACCEPTED
    states.started(cs)


def test_tc_008_cs_start_with_a_listed_id_locally(cs, user):
    """With a card, identification first (TC_008_1_CS, revisions of 2025)."""
    _listed(cs)
    user.present(VALID)
    cs.expect_status("Preparing")
    user.plug()
    states.started(cs)


def test_tc_042_1_cs_version_when_switched_off(cs):
    """-1, whatever is stored; a list is not taken then."""
    assert _send(cs, 3, VALID) == ACCEPTED
    cs.configure(LocalAuthListEnabled=False)
    assert _version(cs) == -1
    assert _send(cs, 4, VALID_2) == {"status": "NotSupported"}
    cs.configure(LocalAuthListEnabled=True)
    assert _version(cs) == 3


@pytest.mark.options("--features", "")
def test_tc_042_1_cs_version_without_the_profile(cs):
    """NotSupported, by a CALLERROR."""
    assert cs.value("SupportedFeatureProfiles") == "Core"
    assert cs.error_of("GetLocalListVersion") == "NotSupported"


def test_tc_042_2_cs_version_of_an_empty_list(cs):
    """0, although version 1 was just accepted; also after a list that was not empty."""
    cs.configure(LocalAuthListEnabled=True)
    assert _send(cs, 1) == ACCEPTED
    assert _version(cs) == 0
    assert _send(cs, 2, VALID) == ACCEPTED
    assert _send(cs, 3) == ACCEPTED
    assert _version(cs) == 0


def test_tc_043_cs_send_local_list(cs):
    """Full, then Differential; both are there."""
    cs.configure(LocalAuthListEnabled=True)
    assert _send(cs, 1, VALID) == ACCEPTED
    assert _send(cs, 2, VALID_2, update="Differential") == ACCEPTED
    assert _version(cs) == 2


@pytest.mark.options("--features", "Reservation,SmartCharging,RemoteTrigger")
def test_tc_043_1_cs_no_local_list(cs):
    """NotSupported, and no key of the profile."""
    assert cs.error_of("SendLocalList", listVersion=1, updateType="Full") == "NotSupported"
    answer = cs.call("GetConfiguration", key=["LocalAuthListEnabled"])
    assert answer["unknownKey"] == ["LocalAuthListEnabled"]


def test_tc_043_2_cs_version_mismatch(cs):
    """2, 5, then 4 is refused and changes nothing; so is 5 again."""
    cs.configure(LocalAuthListEnabled=True)
    assert _send(cs, 2, VALID) == ACCEPTED
    assert _version(cs) == 2
    assert _send(cs, 5, VALID_2, update="Differential") == ACCEPTED
    assert _version(cs) == 5
    for version in (4, 5):
        answer = _send(cs, version, VALID_2, update="Differential")
        assert answer == {"status": "VersionMismatch"}
        assert _version(cs) == 5


def test_tc_043_3_cs_failed(cs, user):
    """An id twice, or more than SendLocalListMaxLength: Failed, and the old list is in force."""
    _listed(cs)
    version = _version(cs)
    assert _send(cs, version + 1, VALID_2, VALID_2) == FAILED
    too_many = int(cs.value("SendLocalListMaxLength")) + 1
    assert _send(cs, version + 1, *[f"TAG{number}" for number in range(too_many)]) == FAILED
    assert _version(cs) == version
    user.present(VALID)
    cs.expect_status("Preparing")
