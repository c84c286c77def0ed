"""Payloads of the Core profile that a charge point receives (OCPP 1.6 edition 2, chapter 6).

See shape.py for the form of these texts. They agree with the published JSON schemas, except that
on purpose
- a number has a range where the standard's text gives one, and an integer has 32 bits,
- a list has a greatest length, and chargingSchedulePeriod at least one item (7.13),
- a date-time has to be one, and is refused before 2000 except where "long ago" makes sense,
- a limit with more than one decimal is accepted: a check for multiples of 0.1 fails on rounding,
- null in an optional field counts as absent.
Unknown connectors are not wrong payloads: the handlers answer them with a status.
"""

REQUESTS = """
ChangeAvailability
 connectorId! integer 0..
 type! enum Inoperative|Operative
ChangeConfiguration
 key! cistring 50
 value! string 500
ClearCache
DataTransfer
 vendorId! cistring 255
 messageId? string 50
 data? string *
GetConfiguration
 key? array 0..128 cistring 50
RemoteStartTransaction
 idTag! cistring 20
 connectorId? integer *
 chargingProfile? object ChargingProfile
RemoteStopTransaction
 transactionId! integer *
Reset
 type! enum Hard|Soft
UnlockConnector
 connectorId! integer *
"""

RESULTS = """
Authorize
 idTagInfo! object IdTagInfo
BootNotification
 status! enum Accepted|Pending|Rejected
 currentTime! time *
 interval! integer *
DataTransfer
 status! enum Accepted|Rejected|UnknownMessageId|UnknownVendorId
 data? string *
Heartbeat
 currentTime! time *
MeterValues
StartTransaction
 idTagInfo! object IdTagInfo
 transactionId! integer *
StatusNotification
StopTransaction
 idTagInfo? object IdTagInfo
"""
