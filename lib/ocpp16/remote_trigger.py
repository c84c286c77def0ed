"""Payloads of the Remote Trigger profile (OCPP 1.6 edition 2, 6.51). See shape.py, core.py."""

from micropython import const

_REQUIRED = const(True)
_OPTIONAL = const(False)

REQUESTS = (
    "TriggerMessage", (
        ("requestedMessage", _REQUIRED, "enum",
         ("BootNotification", "DiagnosticsStatusNotification", "FirmwareStatusNotification",
          "Heartbeat", "MeterValues", "StatusNotification")),
        ("connectorId", _OPTIONAL, "integer", None),
    ),
)  # fmt: skip

RESULTS = ()
