"""Reservation profile: calls of the central system (OCPP 1.6 edition 2, 5.2 and 5.13).

The rules are in firmware/evse/reservations.py. Without this module ReserveNow is answered with
Rejected by the client.
"""

import rfc3339
from ocpp16.reservation import REQUESTS, RESULTS  # noqa: F401  for the client

FEATURE = "Reservation"

# OCPP 1.6 9.3.
KEYS = "\nReserveConnectorZeroSupported bool r true\n"


def cancel(ctx, _now, payload):
    """Give a reservation up (5.2)."""
    done = ctx.station.reservations.cancel(payload["reservationId"])
    return {"status": "Accepted" if done else "Rejected"}


def reserve(ctx, now, payload):
    """Keep a connector, or with 0 any one of them, for an id token (5.13)."""
    wish = (
        payload["reservationId"],
        payload["connectorId"],
        rfc3339.parse_or_floor(payload["expiryDate"])[0],
        payload["idTag"],
        payload.get("parentIdTag") or None,
    )
    return {"status": ctx.station.reservations.reserve(now, wish)}


HANDLERS = {"CancelReservation": cancel, "ReserveNow": reserve}
