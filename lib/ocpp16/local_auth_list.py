"""Payloads of the Local Auth List profile (OCPP 1.6 edition 2, 6.23 and 6.41).

See shape.py for their form and core.py for the deviations from the schemas. More of them: how
long a list may be is the handler's business, as it answers with a status; and next to idTagInfo,
parentIdTag and expiryDate are accepted too, where an early set of schemas had them.
"""

from micropython import const

from ocpp16.core import ID_TAG_INFO

_REQUIRED = const(True)
_OPTIONAL = const(False)

_ID_TOKEN_MAX = const(20)

# 7.2 AuthorizationData.
ENTRY = (
    ("idTag", _REQUIRED, "cistring", _ID_TOKEN_MAX),
    ("idTagInfo", _OPTIONAL, "object", ID_TAG_INFO),
    ("parentIdTag", _OPTIONAL, "cistring", _ID_TOKEN_MAX),
    ("expiryDate", _OPTIONAL, "time", "any year"),
)  # fmt: skip

REQUESTS = (
    "GetLocalListVersion", (),
    "SendLocalList", (
        ("listVersion", _REQUIRED, "integer", None),
        ("localAuthorizationList", _OPTIONAL, "array", (0, None, "object", ENTRY)),
        ("updateType", _REQUIRED, "enum", ("Differential", "Full")),
    ),
)  # fmt: skip

RESULTS = ()
