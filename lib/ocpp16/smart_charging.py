"""Payloads of the Smart Charging profile (OCPP 1.6 edition 2, chapter 6), as in ocpp16.core.

A limit with more than one decimal is accepted: a check for multiples of 0.1 fails on rounding.
RemoteStartTransaction stands here once more, since its profile counts only here (5.11).
"""

REQUESTS = """
ClearChargingProfile
 id? integer *
 connectorId? integer *
 chargingProfilePurpose? enum ChargePointMaxProfile|TxDefaultProfile|TxProfile
 stackLevel? integer *
GetCompositeSchedule
 connectorId! integer *
 duration! integer 0..
 chargingRateUnit? enum A|W
RemoteStartTransaction
 idTag! cistring 20
 connectorId? integer *
 chargingProfile? object ChargingProfile
SetChargingProfile
 connectorId! integer *
 csChargingProfiles! object ChargingProfile
"""

RESULTS = "\n"
