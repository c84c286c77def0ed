"""The cases of the OCA's certification catalogue for OCPP 1.6 that this folder answers for.

One row per case: id, title, on which kinds of wallbox it runs, and why not on the others. The ids
are those of the test-case document of the OCTT, system under test: charge point.
"""

TETHERED = "tethered"
SOCKET = "socket"
KINDS = (TETHERED, SOCKET)

_BOTH = KINDS
_NO_LOCK = "a fixed cable has no lock"
_NO_FIXED_CABLE = "not for a station with sockets"
_NO_BACKUP = "no back-up supply: the charger is gone before it could report (TC_032_2_CS instead)"

# id: (title, kinds that it runs on, reason for the other kinds)
CORE = {
    "TC_001_CS": ("Cold boot", _BOTH, ""),
    "TC_002_CS": ("Cold boot, registration pending", _BOTH, ""),
    "TC_003_CS": ("Regular session, plug in first", _BOTH, ""),
    "TC_004_1_CS": ("Regular session, identification first", _BOTH, ""),
    "TC_004_2_CS": ("Identification first, ConnectionTimeOut", _BOTH, ""),
    "TC_005_1_CS": ("EV-side disconnect, stop and unlock", (SOCKET,), _NO_LOCK),
    "TC_005_2_CS": ("EV-side disconnect, stop, no unlock", _BOTH, ""),
    "TC_005_3_CS": ("EV-side disconnect, no stop, no unlock", _BOTH, ""),
    "TC_007_CS": ("Start with a cached id", _BOTH, ""),
    "TC_010_CS": ("Remote start, cable first", _BOTH, ""),
    "TC_011_1_CS": ("Remote start, identification first", _BOTH, ""),
    "TC_011_2_CS": ("Remote start, ConnectionTimeOut", _BOTH, ""),
    "TC_012_CS": ("Remote stop", _BOTH, ""),
    "TC_013_CS": ("Hard reset, no transaction", _BOTH, ""),
    "TC_014_CS": ("Soft reset, no transaction", _BOTH, ""),
    "TC_015_CS": ("Hard reset during a transaction", _BOTH, ""),
    "TC_016_CS": ("Soft reset during a transaction", _BOTH, ""),
    "TC_017_1_CS": ("Unlock, no transaction, socket", (SOCKET,), _NO_LOCK),
    "TC_017_2_CS": ("Unlock, no transaction, fixed cable", (TETHERED,), _NO_FIXED_CABLE),
    "TC_018_1_CS": ("Unlock during a transaction, socket", (SOCKET,), _NO_LOCK),
    "TC_018_2_CS": ("Unlock during a transaction, fixed cable", (TETHERED,), _NO_FIXED_CABLE),
    "TC_019_CS": ("Retrieve the configuration", _BOTH, ""),
    "TC_021_CS": ("Change the configuration", _BOTH, ""),
    "TC_023_CS": ("Invalid id is refused", _BOTH, ""),
    "TC_024_CS": ("Connector lock failure at the start", (SOCKET,), _NO_LOCK),
    "TC_026_CS": ("Remote start refused while busy", _BOTH, ""),
    "TC_027_CS": ("Remote start on connector 0", _BOTH, ""),
    "TC_028_CS": ("Remote stop with an unknown transaction", _BOTH, ""),
    "TC_030_CS": ("Unlock failure", (SOCKET,), _NO_LOCK),
    "TC_031_CS": ("Unlock of an unknown connector", _BOTH, ""),
    "TC_032_1_CS": ("Power failure with back-up supply", (), _NO_BACKUP),
    "TC_032_2_CS": ("Power failure without back-up supply", _BOTH, ""),
    "TC_034_CS": ("Power failure keeps Unavailable", _BOTH, ""),
    "TC_036_CS": ("Connection loss during a transaction", _BOTH, ""),
    "TC_037_1_CS": ("Offline start, valid id", _BOTH, ""),
    "TC_037_2_CS": ("Offline start, invalid id, keep the transaction", _BOTH, ""),
    "TC_037_3_CS": ("Offline start, invalid id, stop the transaction", _BOTH, ""),
    "TC_038_CS": ("Offline stop", _BOTH, ""),
    "TC_039_CS": ("Whole transaction offline", _BOTH, ""),
    "TC_040_1_CS": ("Unknown configuration key", _BOTH, ""),
    "TC_040_2_CS": ("Invalid configuration value", _BOTH, ""),
    "TC_041_CS": ("A fault refuses a start", _BOTH, ""),
    "TC_061_CS": ("Clear the authorisation cache", _BOTH, ""),
    "TC_062_CS": ("Data transfer to the charge point", _BOTH, ""),
    "TC_068_CS": ("Stop with the same id", _BOTH, ""),
    "TC_069_CS": ("Stop with another id of the same parent", _BOTH, ""),
    "TC_070_CS": ("Sampled meter values", _BOTH, ""),
    "TC_071_CS": ("Clock-aligned meter values", _BOTH, ""),
}

LOCAL_AUTH_LIST_MANAGEMENT = {
    "TC_008_CS": ("Start with an id from the local list", _BOTH, ""),
    "TC_042_1_CS": ("Version of a local list that is off or not supported", _BOTH, ""),
    "TC_042_2_CS": ("Version of an empty local list", _BOTH, ""),
    "TC_043_CS": ("Send a local list", _BOTH, ""),
    "TC_043_1_CS": ("Local list is not supported", _BOTH, ""),
    "TC_043_2_CS": ("Local list, version mismatch", _BOTH, ""),
    "TC_043_3_CS": ("Local list, failed", _BOTH, ""),
}

RESERVATION = {
    "TC_046_1_CS": ("Reserve a connector, local start", _BOTH, ""),
    "TC_046_2_CS": ("Reserve a connector, remote start", _BOTH, ""),
    "TC_047_CS": ("Reservation expires", _BOTH, ""),
    "TC_048_1_CS": ("Reserve a connector: Faulted", _BOTH, ""),
    "TC_048_2_CS": ("Reserve a connector: Occupied", _BOTH, ""),
    "TC_048_3_CS": ("Reserve a connector: Unavailable", _BOTH, ""),
    "TC_048_4_CS": ("Reserve a connector: Rejected, not supported", _BOTH, ""),
    "TC_049_CS": ("Reserve the charge point, transaction", _BOTH, ""),
    "TC_050_1_CS": ("Reserve the charge point: Faulted", _BOTH, ""),
    "TC_050_2_CS": ("Reserve the charge point: Occupied", _BOTH, ""),
    "TC_050_3_CS": ("Reserve the charge point: Unavailable", _BOTH, ""),
    "TC_050_4_CS": ("Reserve the charge point: Rejected, not supported", _BOTH, ""),
    "TC_051_CS": ("Cancel a reservation", _BOTH, ""),
    "TC_052_CS": ("Cancel an unknown reservation", _BOTH, ""),
    "TC_053_CS": ("Use a reservation through the parent id", _BOTH, ""),
}

SMART_CHARGING = {
    "TC_056_CS": ("TxDefaultProfile without a transaction", _BOTH, ""),
    "TC_057_CS": ("TxProfile during a transaction", _BOTH, ""),
    "TC_058_1_CS": ("TxProfile without a transaction", _BOTH, ""),
    "TC_058_2_CS": ("TxProfile of another transaction", _BOTH, ""),
    "TC_059_CS": ("Remote start with a charging profile", _BOTH, ""),
    "TC_060_CS": ("Remote start with a profile of the wrong purpose", _BOTH, ""),
    "TC_066_CS": ("Composite schedule of three purposes", _BOTH, ""),
    "TC_067_CS": ("Clear charging profiles", _BOTH, ""),
    "TC_072_CS": ("Stacking of charging profiles", _BOTH, ""),
    "TC_082_CS": ("TxDefaultProfile during a transaction", _BOTH, ""),
}

REMOTE_TRIGGER = {
    "TC_054_CS": ("Trigger a message", _BOTH, ""),
    "TC_055_CS": ("Trigger a message, rejected", _BOTH, ""),
}

CASES = {
    **CORE,
    **LOCAL_AUTH_LIST_MANAGEMENT,
    **RESERVATION,
    **SMART_CHARGING,
    **REMOTE_TRIGGER,
}


def case_id(test_name):
    """The case that a test is about, by its name: test_tc_005_1_cs_... is TC_005_1_CS; or None."""
    words = test_name.split("[")[0].upper().split("_")[1:]
    if "TC" not in words or "CS" not in words:
        return None
    name = "_".join(words[words.index("TC") : words.index("CS") + 1])
    return name if name in CASES else None
