"""Payloads of the Core profile that a charge point receives (OCPP 1.6 edition 2, chapter 6).

See shape.py for their form. They agree with the published JSON schemas, except that on purpose
- a number has a range where the standard's text gives one, and an integer has 32 bits,
- a list has a greatest length,
- a date-time has to be one, and is refused before 2000 except where "long ago" makes sense,
- null in an optional field counts as absent.
Unknown connectors are not wrong payloads: the handlers answer them with a status.
"""

from micropython import const

_REQUIRED = const(True)
_OPTIONAL = const(False)

_ID_TOKEN_MAX = const(20)
_KEYS_MAX = const(128)

REQUESTS = (
    "ChangeAvailability", (
        ("connectorId", _REQUIRED, "integer", (0, None)),
        ("type", _REQUIRED, "enum", ("Inoperative", "Operative")),
    ),
    "ChangeConfiguration", (
        ("key", _REQUIRED, "cistring", 50),
        ("value", _REQUIRED, "string", 500),
    ),
    "ClearCache", (),
    "DataTransfer", (
        ("vendorId", _REQUIRED, "cistring", 255),
        ("messageId", _OPTIONAL, "string", 50),
        ("data", _OPTIONAL, "string", None),
    ),
    "GetConfiguration", (
        ("key", _OPTIONAL, "array", (0, _KEYS_MAX, "cistring", 50)),
    ),
    "RemoteStartTransaction", (
        ("idTag", _REQUIRED, "cistring", _ID_TOKEN_MAX),
        ("connectorId", _OPTIONAL, "integer", None),
        # Without the Smart Charging profile it is ignored (5.11), with it ocpp16.smart_charging
        # has the description.
        ("chargingProfile", _OPTIONAL, "object", None),
    ),
    "RemoteStopTransaction", (
        ("transactionId", _REQUIRED, "integer", None),
    ),
    "Reset", (
        ("type", _REQUIRED, "enum", ("Hard", "Soft")),
    ),
    "UnlockConnector", (
        ("connectorId", _REQUIRED, "integer", None),
    ),
)  # fmt: skip

# 7.27. Shared with the Local Auth List profile.
ID_TAG_INFO = (
    ("status", _REQUIRED, "enum", ("Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx")),
    ("parentIdTag", _OPTIONAL, "cistring", _ID_TOKEN_MAX),
    ("expiryDate", _OPTIONAL, "time", "any year"),
)  # fmt: skip

RESULTS = (
    "Authorize", (
        ("idTagInfo", _REQUIRED, "object", ID_TAG_INFO),
    ),
    "BootNotification", (
        ("status", _REQUIRED, "enum", ("Accepted", "Pending", "Rejected")),
        ("currentTime", _REQUIRED, "time", None),
        ("interval", _REQUIRED, "integer", None),
    ),
    "DataTransfer", (
        ("status", _REQUIRED, "enum",
         ("Accepted", "Rejected", "UnknownMessageId", "UnknownVendorId")),
        ("data", _OPTIONAL, "string", None),
    ),
    "Heartbeat", (
        ("currentTime", _REQUIRED, "time", None),
    ),
    "MeterValues", (),
    "StartTransaction", (
        ("idTagInfo", _REQUIRED, "object", ID_TAG_INFO),
        ("transactionId", _REQUIRED, "integer", None),
    ),
    "StatusNotification", (),
    "StopTransaction", (
        ("idTagInfo", _OPTIONAL, "object", ID_TAG_INFO),
    ),
)  # fmt: skip
