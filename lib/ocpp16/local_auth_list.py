"""Payloads of the Local Auth List profile (OCPP 1.6 edition 2, 6.23 and 6.41).

See shape.py for the form and core.py for the deviations from the schemas. One more: next to
idTagInfo, parentIdTag and expiryDate are accepted too, where an early set of schemas had them.
How long a list may be is the handler's business, as it answers with a status.
"""

REQUESTS = """
GetLocalListVersion
SendLocalList
 listVersion! integer *
 localAuthorizationList? array 0.. object {
 idTag! cistring 20
 idTagInfo? object IdTagInfo
 parentIdTag? cistring 20
 expiryDate? time any
 }
 updateType! enum Differential|Full
"""

RESULTS = ""
