"""The reusable states of the catalogue, with their names there."""

import datetime

from tests.spec.script import ACCEPTED, message, status
from tests.spec.user import VALID

RESERVATION_ID = 7


def booted(cs, user):
    """The general precondition: registered, all connectors Available."""
    user.power_on()
    cs.expect("BootNotification", within=30)
    all_available(cs)


def all_available(cs, but=None):
    """CP> StatusNotification for connector 0 and for each, Available except those in `but`.

    but: {connector: (statuses that are right,)}.
    """
    but = but or {}
    for connector in range(cs.connectors + 1):
        allowed = but.get(connector, ("Available",))
        cs.expect(
            "StatusNotification",
            connectorId=connector,
            errorCode="NoError",
            status=lambda given, allowed=allowed: given in allowed,
        )


def authorized(cs, user, id_tag=VALID):
    """Authorized: present a valid id."""
    user.present(id_tag)
    cs.any_order(message("Authorize", idTag=id_tag), status("Preparing"))


def charging(cs, user, id_tag=VALID, connector=1):
    """Charging: plug in, remote start. Returns the payload of StartTransaction."""
    authorize = cs.value("AuthorizeRemoteTxRequests") == "true"
    user.plug(connector)
    cs.expect_status("Preparing", connector)
    answer = cs.call("RemoteStartTransaction", connectorId=connector, idTag=id_tag)
    assert answer == ACCEPTED
    if authorize:
        cs.expect("Authorize", idTag=id_tag)
    return started(cs, id_tag, connector)


def reserved(cs, connector=1, **more):
    """Reserved: CS> ReserveNow with a valid id; CP> StatusNotification Reserved.

    connector: which one becomes Reserved; more: fields of ReserveNow instead of the usual ones.
    """
    assert reserve(cs, connector, **more) == ACCEPTED
    cs.expect_status("Reserved", connector)


def reserve(cs, connector=1, lasts_s=600, **more):
    """CS> ReserveNow, for `lasts_s` from now; returns the answer."""
    expiry = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=lasts_s)
    wish = {
        "connectorId": connector,
        "expiryDate": expiry.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "idTag": VALID,
        "reservationId": RESERVATION_ID,
        **more,
    }
    return cs.call("ReserveNow", **wish)


def charging_reserved(cs, user, id_tag=VALID, connector=1):
    """Charging, when the connector is Reserved: Preparing comes with the remote start only."""
    user.plug(connector)
    cs.nothing_for(1)
    answer = cs.call("RemoteStartTransaction", connectorId=connector, idTag=id_tag)
    assert answer == ACCEPTED
    cs.expect_status("Preparing", connector)
    return started(cs, id_tag, connector)


def started(cs, id_tag=VALID, connector=1):
    """CP> StartTransaction and StatusNotification Charging, which may swap."""
    start, _ = cs.any_order(
        message("StartTransaction", connectorId=connector, idTag=id_tag),
        status("Charging", connector),
    )
    return start


def stopped(cs, connector=1, status_name="Finishing", **fields):
    """CP> StopTransaction and StatusNotification Finishing, which may swap."""
    stop, _ = cs.any_order(message("StopTransaction", **fields), status(status_name, connector))
    return stop


def set_connector_occupied(cs, user, connector=1):
    """SetConnectorOccupied: plug in."""
    user.plug(connector)
    cs.expect_status("Preparing", connector)


def set_connector_unavailable(cs, connector=1):
    """SetConnectorUnavailable, or SetChargePointUnavailable with connector 0."""
    answer = cs.call("ChangeAvailability", connectorId=connector, type="Inoperative")
    assert answer == ACCEPTED
    everything = range(cs.connectors + 1) if connector == 0 else (connector,)
    cs.any_order(*[status("Unavailable", number) for number in everything])


def set_connector_faulted(cs, user, fault="cp_short"):
    """SetConnectorFaulted: provoke a fault."""
    user.provoke(fault)
    cs.expect_status("Faulted")


def id_tag_cached(cs, user, id_tag=VALID):
    """IdTagCached: a whole transaction with that id has run."""
    cs.configure(AuthorizationCacheEnabled=True)
    charging(cs, user, id_tag)
    user.present(id_tag)
    stopped(cs, idTag=id_tag)
    go_away(cs, user)


def go_away(cs, user, connector=1):
    """U: unplug everything; CP> StatusNotification Available."""
    user.unplug(connector)
    cs.expect_status("Available", connector)
