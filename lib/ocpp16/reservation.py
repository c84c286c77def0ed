"""Payloads of the Reservation profile (OCPP 1.6 edition 2, 6.5 and 6.35). See shape.py."""

from micropython import const

_REQUIRED = const(True)
_OPTIONAL = const(False)

_ID_TOKEN_MAX = const(20)

REQUESTS = (
    "CancelReservation", (
        ("reservationId", _REQUIRED, "integer", None),
    ),
    "ReserveNow", (
        ("connectorId", _REQUIRED, "integer", None),
        ("expiryDate", _REQUIRED, "time", "any year"),
        ("idTag", _REQUIRED, "cistring", _ID_TOKEN_MAX),
        ("reservationId", _REQUIRED, "integer", None),
        ("parentIdTag", _OPTIONAL, "cistring", _ID_TOKEN_MAX),
    ),
)  # fmt: skip

RESULTS = ()
