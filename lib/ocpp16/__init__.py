"""OCPP 1.6: the names of its messages and, one module per profile, their payloads.

A profile has two tables, REQUESTS (CALLs that a charge point receives) and RESULTS (confirmations
that it receives): texts as described in shape.py, with an entry for each action.
"""

import shape
from ocppj import errors

# Edition 2, and the security whitepaper edition 3.
ACTIONS = (
    "Authorize BootNotification CancelReservation CertificateSigned ChangeAvailability "
    "ChangeConfiguration ClearCache ClearChargingProfile DataTransfer DeleteCertificate "
    "DiagnosticsStatusNotification ExtendedTriggerMessage FirmwareStatusNotification "
    "GetCompositeSchedule GetConfiguration GetDiagnostics GetInstalledCertificateIds "
    "GetLocalListVersion GetLog Heartbeat InstallCertificate LogStatusNotification MeterValues "
    "RemoteStartTransaction RemoteStopTransaction ReserveNow Reset SecurityEventNotification "
    "SendLocalList SetChargingProfile SignCertificate SignedFirmwareStatusNotification "
    "SignedUpdateFirmware StartTransaction StatusNotification StopTransaction TriggerMessage "
    "UnlockConnector UpdateFirmware"
)

# What several profiles have in their tables, each in a text of its own: a board that reads them
# from its flash needs room for one in one piece.
# 7.8 and 7.13: RemoteStartTransaction and the Smart Charging profile.
CHARGING_PROFILE = """
ChargingProfile
 chargingProfileId! integer *
 stackLevel! integer 0..
 chargingProfilePurpose! enum ChargePointMaxProfile|TxDefaultProfile|TxProfile
 chargingProfileKind! enum Absolute|Recurring|Relative
 chargingSchedule! object {
 chargingRateUnit! enum A|W
 chargingSchedulePeriod! array 1..64 object {
 startPeriod! integer 0..
 limit! decimal 0..1000000
 numberPhases? integer 1..3
 }
 duration? integer 0..
 startSchedule? time any
 minChargingRate? decimal 0..1000000
 }
 transactionId? integer *
 recurrencyKind? enum Daily|Weekly
 validFrom? time any
 validTo? time any
"""

# 7.27: Core and the Local Auth List profile.
ID_TAG_INFO = """
IdTagInfo
 status! enum Accepted|Blocked|Expired|Invalid|ConcurrentTx
 parentIdTag? cistring 20
 expiryDate? time any
"""


def find(table, action, payload=None):
    """Return the description of `action` in REQUESTS or RESULTS of a profile, or None. With a
    `payload` it is one for this payload, see shape.find."""
    return shape.find(table, action, shared, payload)


def shared(name):
    """Return the description of an object that several profiles have in their tables."""
    return shape.find(ID_TAG_INFO if name == "IdTagInfo" else CHARGING_PROFILE, name)


def not_handled(action):
    """Return the OcppError for a CALL that nobody handles.

    NotSupported if OCPP 1.6 knows the action and we do not, else NotImplemented (OCPP-J 4.2.3).
    """
    if action in ACTIONS.split():
        return errors.OcppError(errors.NOT_SUPPORTED, "this station does not support it")
    return errors.OcppError(errors.NOT_IMPLEMENTED, "OCPP 1.6 has no such action")
