"""The cases of Reservation."""

import time

import pytest

from tests.spec import states
from tests.spec.script import ACCEPTED, REJECTED, message, status
from tests.spec.states import RESERVATION_ID
from tests.spec.user import PARENT, VALID, VALID_2

_CHILD = {"status": "Accepted", "parentIdTag": PARENT}

# Reserve connector 0 of a station with two connectors.
two_connectors = pytest.mark.options("--connectors", "2")


def _answers(cs, connector, expected):
    """CS> ReserveNow is answered with this status, and nothing follows."""
    assert states.reserve(cs, connector) == {"status": expected}
    cs.nothing_for(0.5)


def test_tc_046_1_cs_reserved_local_start(cs, user):
    """Another card is not even asked for; the holder's starts, with the reservation's id."""
    states.reserved(cs)
    user.present(VALID_2)
    cs.nothing_for(1)
    states.authorized(cs, user)
    user.plug()
    assert states.started(cs)["reservationId"] == RESERVATION_ID


def test_tc_046_2_cs_reserved_remote_start(cs, user):
    """A plug alone is no news; the remote start is."""
    states.reserved(cs)
    assert states.charging_reserved(cs, user)["reservationId"] == RESERVATION_ID


def test_tc_047_cs_reservation_expires(cs, user):
    """Available at the expiry, by itself; another id can charge."""
    began = time.monotonic()
    states.reserved(cs, lasts_s=4)
    cs.expect_status("Available", within=6)
    assert 2.5 < time.monotonic() - began < 6
    assert "reservationId" not in states.charging(cs, user, VALID_2)


def test_tc_048_1_cs_faulted(cs, user):
    """Faulted."""
    states.set_connector_faulted(cs, user)
    _answers(cs, 1, "Faulted")


def test_tc_048_2_cs_occupied(cs, user):
    """Occupied: Preparing counts."""
    states.set_connector_occupied(cs, user)
    _answers(cs, 1, "Occupied")


def test_tc_048_3_cs_unavailable(cs):
    """Unavailable."""
    states.set_connector_unavailable(cs)
    _answers(cs, 1, "Unavailable")


@pytest.mark.options("--features", "LocalAuthListManagement,RemoteTrigger")
def test_tc_048_4_cs_not_supported(cs):
    """A station without the profile answers Rejected, no CALLERROR."""
    assert "Reservation" not in cs.value("SupportedFeatureProfiles").split(",")
    _answers(cs, 1, "Rejected")


@two_connectors
def test_tc_049_cs_charge_point_reserved(cs, user):
    """The one free connector becomes Reserved, and carries the reservation's id."""
    states.set_connector_unavailable(cs, 2)
    assert cs.value("ReserveConnectorZeroSupported") == "true"
    assert states.reserve(cs, 0) == ACCEPTED
    cs.expect_status("Reserved", 1)
    assert states.charging_reserved(cs, user)["reservationId"] == RESERVATION_ID


@two_connectors
def test_tc_050_1_cs_charge_point_faulted(cs, user):
    """Faulted, as 0 and all connectors are: an emergency stop is one of the whole station."""
    for connector in (1, 2):
        user.provoke("emergency_stop", connector)
    cs.any_order(*[status("Faulted", connector) for connector in (0, 1, 2)])
    _answers(cs, 0, "Faulted")


@two_connectors
def test_tc_050_2_cs_charge_point_occupied(cs, user):
    """Occupied: all connectors are."""
    for connector in (1, 2):
        states.set_connector_occupied(cs, user, connector)
    _answers(cs, 0, "Occupied")


@two_connectors
def test_tc_050_3_cs_charge_point_unavailable(cs):
    """Unavailable."""
    states.set_connector_unavailable(cs, 0)
    _answers(cs, 0, "Unavailable")


@pytest.mark.options("--features", "")
def test_tc_050_4_cs_charge_point_not_supported(cs):
    """Rejected as well."""
    assert cs.value("SupportedFeatureProfiles") == "Core"
    _answers(cs, 0, "Rejected")


def test_tc_051_cs_cancel(cs, user):
    """Accepted, Available, and another id charges without a reservation's id."""
    states.reserved(cs)
    assert cs.call("CancelReservation", reservationId=RESERVATION_ID) == ACCEPTED
    cs.expect_status("Available")
    assert "reservationId" not in states.charging(cs, user, VALID_2)


def test_tc_052_cs_cancel_unknown(cs, user):
    """Rejected, and the reservation holds."""
    states.reserved(cs)
    assert cs.call("CancelReservation", reservationId=RESERVATION_ID + 1) == REJECTED
    cs.nothing_for(0.5)
    assert user.look()["status"] == "Reserved"


def test_tc_053_cs_parent(cs, user):
    """An id of the same parent uses it, with its own idTag (TC_053_1_CS)."""
    cs.tags.info = {VALID: _CHILD, VALID_2: _CHILD}
    states.reserved(cs, parentIdTag=PARENT)
    states.authorized(cs, user, VALID_2)
    user.plug()
    assert states.started(cs, VALID_2)["reservationId"] == RESERVATION_ID


def test_tc_053_cs_parent_from_remote(cs, user):
    """The same from remote (TC_053_2_CS): the parent has to be asked for."""
    cs.tags.info = {VALID: _CHILD, VALID_2: _CHILD}
    states.reserved(cs, parentIdTag=PARENT)
    user.plug()
    cs.nothing_for(1)
    assert cs.call("RemoteStartTransaction", connectorId=1, idTag=VALID_2) == ACCEPTED
    cs.any_order(message("Authorize", idTag=VALID_2), status("Preparing"))
    assert states.started(cs, VALID_2)["reservationId"] == RESERVATION_ID
