"""OCPP 1.6: the names of its messages and, one module per profile, their payloads.

A profile has two tables, REQUESTS (CALLs that a charge point receives) and RESULTS (confirmations
that it receives): flat tuples action, description, action, description ... for shape.check.
"""

from ocppj import errors

# Edition 2, and the security whitepaper edition 3.
ACTIONS = (
    "Authorize",
    "BootNotification",
    "CancelReservation",
    "CertificateSigned",
    "ChangeAvailability",
    "ChangeConfiguration",
    "ClearCache",
    "ClearChargingProfile",
    "DataTransfer",
    "DeleteCertificate",
    "DiagnosticsStatusNotification",
    "ExtendedTriggerMessage",
    "FirmwareStatusNotification",
    "GetCompositeSchedule",
    "GetConfiguration",
    "GetDiagnostics",
    "GetInstalledCertificateIds",
    "GetLocalListVersion",
    "GetLog",
    "Heartbeat",
    "InstallCertificate",
    "LogStatusNotification",
    "MeterValues",
    "RemoteStartTransaction",
    "RemoteStopTransaction",
    "ReserveNow",
    "Reset",
    "SecurityEventNotification",
    "SendLocalList",
    "SetChargingProfile",
    "SignCertificate",
    "SignedFirmwareStatusNotification",
    "SignedUpdateFirmware",
    "StartTransaction",
    "StatusNotification",
    "StopTransaction",
    "TriggerMessage",
    "UnlockConnector",
    "UpdateFirmware",
)


def find(table, action):
    """Return the description of `action` in REQUESTS or RESULTS of a profile, or None."""
    for index in range(0, len(table), 2):
        if table[index] == action:
            return table[index + 1]
    return None


def not_handled(action):
    """Return the OcppError for a CALL that nobody handles.

    NotSupported if OCPP 1.6 knows the action and we do not, else NotImplemented (OCPP-J 4.2.3).
    """
    if action in ACTIONS:
        return errors.OcppError(errors.NOT_SUPPORTED, "this station does not support it")
    return errors.OcppError(errors.NOT_IMPLEMENTED, "OCPP 1.6 has no such action")
