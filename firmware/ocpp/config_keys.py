"""The configuration keys of the Core profile, as tables for `firmware.config.Config`.

Source: OCPP 1.6 edition 2, 9.1, with the errata sheet (MessageTimeout and
StopTransactionMaxMeterValues are from there). Keys that no part of the firmware obeys are not in
the tables: a key that is reported must work.
"""

# More than there are different items; chargers in the field announce 9 to 22.
_ITEMS_MAX = 22
ENERGY = "Energy.Active.Import.Register"
INTERVAL = "Energy.Active.Import.Interval"
# What a board with an energy meter on all phases can report; a board may announce less.
MEASURANDS = (
    ENERGY,
    "Power.Active.Import",
    "Current.Import",
    "Voltage",
    "Current.Offered",
    "Power.Offered",
    "Power.Factor",
    "Frequency",
    INTERVAL,
)
_WITH_PHASES = "Power.Active.Import Current.Import Voltage Power.Factor"
_PHASES = ("L1", "L2", "L3")

_ROTATIONS = "NotApplicable Unknown RST RTS SRT STR TRS TSR"

# Two texts: a board that reads them from its flash needs room for each in one piece.
# 500000 s are 5.8 days: as milliseconds still within half of the tick range.
FIRST = """
AllowOfflineTxForUnknownId bool rw false
AuthorizationCacheEnabled bool rw true
AuthorizeRemoteTxRequests bool rw false
ClockAlignedDataInterval int rw 0 0 86400
ConnectionTimeOut int rw 60 0 500000
GetConfigurationMaxKeys int r 100
HeartbeatInterval int rw 3600 1 500000
LocalAuthorizeOffline bool rw true
LocalPreAuthorize bool rw false
MaxEnergyOnInvalidId int rw 0 0 100000000
"""
REST = """
MessageTimeout int rw 30 1 600
MeterValueSampleInterval int rw 60 0 500000
MinimumStatusDuration int rw 0 0 500000
ResetRetries int rw 3 0 100
StopTransactionOnEVSideDisconnect bool rw true
StopTransactionOnInvalidId bool rw true
TransactionMessageAttempts int rw 3 1 1000
TransactionMessageRetryInterval int rw 60 0 500000
WebSocketPingInterval int rw 54 0 500000
"""


def first():
    """Return FIRST: a table that is there only while it is looked into."""
    return FIRST


def rest():
    """Return REST, likewise."""
    return REST


CORE = (first, rest)


def board_keys(connectors, measurands, profiles, tethered, stop_samples=20):
    """Return the table of those Core keys that depend on the board and on what is loaded.

    connectors: 1..2; measurands: those that the meter serves, from MEASURANDS; profiles: text for
    SupportedFeatureProfiles; tethered: no socket, so nothing to unlock; stop_samples: meter values
    that a StopTransaction can carry.
    """
    served = _Served(measurands).check
    rotation = _Rotation(connectors)
    unlock = "UnlockConnectorOnEVSideDisconnect"
    return (
        ("ConnectorPhaseRotation", "list", "rw", rotation.default(), rotation.check),
        ("ConnectorPhaseRotationMaxLength", "int", "r", connectors + 1),
        ("MeterValuesAlignedData", "list", "rw", ENERGY, served),
        ("MeterValuesAlignedDataMaxLength", "int", "r", _ITEMS_MAX),
        ("MeterValuesSampledData", "list", "rw", _sampled_default(measurands), served),
        ("MeterValuesSampledDataMaxLength", "int", "r", _ITEMS_MAX),
        ("NumberOfConnectors", "int", "r", connectors),
        ("StopTransactionMaxMeterValues", "int", "r", stop_samples),
        ("StopTxnAlignedData", "list", "rw", "", served),
        ("StopTxnAlignedDataMaxLength", "int", "r", _ITEMS_MAX),
        ("StopTxnSampledData", "list", "rw", "", served),
        ("StopTxnSampledDataMaxLength", "int", "r", _ITEMS_MAX),
        ("SupportedFeatureProfiles", "list", "r", profiles),
        # OCPP 1.6 9.1.25 and errata: a station without a lock may report it read-only.
        (unlock, "bool", "r" if tethered else "rw", False),
    )


def measurand(item):
    """Split an item of a measurand list: ("Voltage", 1) for "Voltage.L2", ("Voltage", None).

    The second value is the index of the phase, None for all that there are.
    """
    name, _, phase = item.rpartition(".")
    if name in _WITH_PHASES.split() and phase in _PHASES:
        return name, _PHASES.index(phase)
    return item, None


def _sampled_default(measurands):
    wanted = MEASURANDS[:4]
    return ",".join([name for name in wanted if name in measurands])


class _Served:
    """Accepts lists of measurands that the board serves, each at most once."""

    def __init__(self, measurands):
        self._measurands = measurands

    def check(self, items):
        """Return True if every item can be served. One that cannot refuses the whole list."""
        # OCPP 1.6 5.3 and 9.1: no partial acceptance. The limit is what ...MaxLength reports.
        if len(items) > _ITEMS_MAX:
            return False
        for index, item in enumerate(items):
            if measurand(item)[0] not in self._measurands or item in items[:index]:
                return False
        return True


class _Rotation:
    """Accepts lists like "0.RST,1.RTS"; 0 is the grid connection, before the connectors."""

    def __init__(self, connectors):
        self._connectors = connectors

    def default(self):
        """Return the straight rotation for all connectors."""
        return ",".join(["%d.RST" % number for number in range(self._connectors + 1)])

    def check(self, items):
        """Return True if every item names a connector and a rotation."""
        if len(items) > self._connectors + 1:
            return False
        for item in items:
            number, dot, rotation = item.rpartition(".")
            if rotation not in _ROTATIONS.split():
                return False
            # A bare value is seen in the field; alone it leaves no doubt.
            if not dot and (self._connectors == 1 or len(items) == 1):
                continue
            if number not in ("0", "1", "2")[: self._connectors + 1]:
                return False
        return True
