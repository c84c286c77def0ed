"""Payloads of the Remote Trigger profile (OCPP 1.6 edition 2, 6.51). See shape.py."""

REQUESTS = (
    "\nTriggerMessage\n requestedMessage! enum BootNotification|DiagnosticsStatusNotification|"
    "FirmwareStatusNotification|Heartbeat|MeterValues|StatusNotification\n"
    " connectorId? integer *\n"
)

RESULTS = ""
