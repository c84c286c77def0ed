"""Core profile: the calls that the central system makes.

A handler is `handler(ctx, now, payload)`. The payload has passed its shape. The handler decides,
leaves a request with the station, and returns the payload of the answer; what was requested
happens on a later tick, so that the answer leaves first. It may return an object with `poll(now)`
and `expired()` instead when the answer is not known yet. Source: OCPP 1.6 edition 2, chapter 5.
"""

from firmware.ocpp import config_report
from ocpp16.core import REQUESTS, RESULTS  # noqa: F401  the client takes them from each profile

def change_availability(ctx, now, payload):
    """Make the charge point or one connector (in)operative (5.2)."""
    connector_id = payload["connectorId"]
    if not 0 <= connector_id <= len(ctx.station.connectors):
        return {"status": "Rejected"}
    operative = payload["type"] == "Operative"
    return {"status": ctx.station.change_availability(now, connector_id, operative)}


def change_configuration(ctx, _now, payload):
    """Set a configuration key (5.3); the key knows what it accepts."""
    return {"status": ctx.config.set(payload["key"], payload["value"])}


def clear_cache(ctx, now, _payload):
    """Forget the cached authorisations (5.4)."""
    return _accepted(ctx.authorizer.clear_cache(now))


def data_transfer(_ctx, _now, _payload):
    """Refuse all vendors: we have no private messages (5.5)."""
    return {"status": "UnknownVendorId"}


def get_configuration(ctx, _now, payload):
    """Report the keys that are asked for; none named means all (5.8)."""
    names = payload.get("key")
    if not names:
        return config_report.everything(ctx.config)
    known = []
    unknown = []
    for name in names:
        row = ctx.config.describe(name)
        if row is None:
            unknown.append(name)
        else:
            known.append(config_report.entry(row))
    answer = {"configurationKey": known}
    if unknown:
        answer["unknownKey"] = unknown
    return answer


def remote_start(ctx, now, payload):
    """Begin a session on behalf of the central system (5.11)."""
    connector_id = payload.get("connectorId")
    # 5.11: the connector id, if there is one, is greater than 0 (TC_027_CS).
    if connector_id is not None and not _is_connector(ctx, connector_id):
        return {"status": "Rejected"}
    authorize = ctx.config.get("AuthorizeRemoteTxRequests", False)
    station = ctx.station
    return _accepted(station.remote_start(now, connector_id, payload["idTag"], authorize))


def remote_stop(ctx, now, payload):
    """End the transaction with that id, if it runs (5.12)."""
    return _accepted(ctx.station.remote_stop(now, payload["transactionId"]))


def reset(ctx, now, payload):
    """Restart the charge point (5.14)."""
    return _accepted(ctx.station.reset(now, payload["type"] == "Hard"))


def unlock_connector(ctx, now, payload):
    """Open the cable lock (5.18); the answer waits for the lock."""
    connector_id = payload["connectorId"]
    # Errata 3.0: a connector that does not exist is NotSupported as well (TC_031_CS).
    if not _is_connector(ctx, connector_id):
        return {"status": "NotSupported"}
    result = ctx.station.unlock(now, connector_id)
    if result is None:
        return _Unlocking(ctx.station, connector_id)
    return {"status": result}


class _Unlocking:
    """The answer to UnlockConnector while the lock still moves."""

    def __init__(self, station, connector_id):
        self._station = station
        self._connector_id = connector_id

    def poll(self, _now):
        """Return the payload when the lock has answered, else None."""
        result = self._station.unlock_result(self._connector_id)
        return None if result is None else {"status": result}

    def expired(self):
        """Return the payload for a lock that never answered."""
        return {"status": "UnlockFailed"}


HANDLERS = {
    "ChangeAvailability": change_availability,
    "ChangeConfiguration": change_configuration,
    "ClearCache": clear_cache,
    "DataTransfer": data_transfer,
    "GetConfiguration": get_configuration,
    "RemoteStartTransaction": remote_start,
    "RemoteStopTransaction": remote_stop,
    "Reset": reset,
    "UnlockConnector": unlock_connector,
}


def _accepted(done):
    return {"status": "Accepted" if done else "Rejected"}


def _is_connector(ctx, connector_id):
    return 0 < connector_id <= len(ctx.station.connectors)
