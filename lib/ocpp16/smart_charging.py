"""Payloads of the Smart Charging profile (OCPP 1.6 edition 2, chapter 6), as in ocpp16.core.

A limit with more than one decimal is accepted: a check for multiples of 0.1 fails on rounding.
RemoteStartTransaction stands here once more, with the profile that it can bring (6.33).
"""

from micropython import const

_REQUIRED = const(True)
_OPTIONAL = const(False)

_ID_TOKEN_MAX = const(20)
_PERIODS_MAX = const(64)
_PURPOSES = ("ChargePointMaxProfile", "TxDefaultProfile", "TxProfile")
_UNITS = ("A", "W")

# 7.8 and 7.13.
CHARGING_PROFILE = (
    ("chargingProfileId", _REQUIRED, "integer", None),
    ("stackLevel", _REQUIRED, "integer", (0, None)),
    ("chargingProfilePurpose", _REQUIRED, "enum", _PURPOSES),
    ("chargingProfileKind", _REQUIRED, "enum", ("Absolute", "Recurring", "Relative")),
    ("chargingSchedule", _REQUIRED, "object", (
        ("chargingRateUnit", _REQUIRED, "enum", _UNITS),
        ("chargingSchedulePeriod", _REQUIRED, "array", (1, _PERIODS_MAX, "object", (
            ("startPeriod", _REQUIRED, "integer", (0, None)),
            ("limit", _REQUIRED, "decimal", (0, 1_000_000)),
            ("numberPhases", _OPTIONAL, "integer", (1, 3)),
        ))),
        ("duration", _OPTIONAL, "integer", (0, None)),
        ("startSchedule", _OPTIONAL, "time", "any year"),
        ("minChargingRate", _OPTIONAL, "decimal", (0, 1_000_000)),
    )),
    ("transactionId", _OPTIONAL, "integer", None),
    ("recurrencyKind", _OPTIONAL, "enum", ("Daily", "Weekly")),
    ("validFrom", _OPTIONAL, "time", "any year"),
    ("validTo", _OPTIONAL, "time", "any year"),
)  # fmt: skip

REQUESTS = (
    "ClearChargingProfile", (
        ("id", _OPTIONAL, "integer", None),
        ("connectorId", _OPTIONAL, "integer", None),
        ("chargingProfilePurpose", _OPTIONAL, "enum", _PURPOSES),
        ("stackLevel", _OPTIONAL, "integer", None),
    ),
    "GetCompositeSchedule", (
        ("connectorId", _REQUIRED, "integer", None),
        ("duration", _REQUIRED, "integer", (0, None)),
        ("chargingRateUnit", _OPTIONAL, "enum", _UNITS),
    ),
    "RemoteStartTransaction", (
        ("idTag", _REQUIRED, "cistring", _ID_TOKEN_MAX),
        ("connectorId", _OPTIONAL, "integer", None),
        ("chargingProfile", _OPTIONAL, "object", CHARGING_PROFILE),
    ),
    "SetChargingProfile", (
        ("connectorId", _REQUIRED, "integer", None),
        ("csChargingProfiles", _REQUIRED, "object", CHARGING_PROFILE),
    ),
)  # fmt: skip

RESULTS = ()
