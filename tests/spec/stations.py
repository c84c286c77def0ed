"""The Core configuration of five certified stations, as their OCPP 1.6 certificates print it.

One entry per certificate: connectors, kind, number of keys that one GetConfiguration may name, the
values, and what the station declares beyond the standard (rows of board.json).
"""

from tests.spec.catalogue import SOCKET, TETHERED

_ENERGY = "Energy.Active.Import.Register"
_POWER = "Power.Active.Import"
_SIX = f"Power.Factor,{_ENERGY},SoC,Voltage,Current.Import,{_POWER}"


class Station:
    """One certificate. `limits`: read-only keys, of which ours must not be smaller."""

    def __init__(self, certificate, shape, limits, values, keys=()):
        self.certificate = certificate
        self.connectors, self.kind = shape
        self.limits = limits
        self.values = values
        self.keys = list(keys)


def _common(**values):
    return {
        "ClockAlignedDataInterval": "0",
        "StopTransactionOnEVSideDisconnect": "true",
        "StopTransactionOnInvalidId": "true",
        **values,
    }


_LIGHTS = (
    {"key": "BlinkRepeat", "type": "int", "default": 3},
    {"key": "LightIntensity", "type": "int", "default": 100, "max": 100},
)

STATIONS = (
    Station(
        "OCA.0016.0565.CS",
        (2, TETHERED),
        {"GetConfigurationMaxKeys": 31, "NumberOfConnectors": 2},
        _common(
            AllowOfflineTxForUnknownId="true",
            AuthorizationCacheEnabled="false",
            AuthorizeRemoteTxRequests="false",
            ConnectionTimeOut="0",
            ConnectorPhaseRotation="RST",
            HeartbeatInterval="30",
            LocalAuthorizeOffline="false",
            LocalPreAuthorize="false",
            MeterValuesAlignedData=_SIX,
            MeterValuesSampledData=_SIX,
            MeterValueSampleInterval="10",
            ResetRetries="1",
            StopTxnAlignedData=_ENERGY,
            StopTxnSampledData=_ENERGY,
            TransactionMessageAttempts="1",
            TransactionMessageRetryInterval="10",
        ),
    ),
    Station(
        "OCA.0016.0777.CS",
        # The certificate says "fixed" and has the unlocking of a socket switched on.
        (1, SOCKET),
        {
            "GetConfigurationMaxKeys": 20,
            "MeterValuesAlignedDataMaxLength": 20,
            "MeterValuesSampledDataMaxLength": 20,
            "StopTransactionMaxMeterValues": 20,
            "StopTxnAlignedDataMaxLength": 20,
            "StopTxnSampledDataMaxLength": 20,
        },
        _common(
            AllowOfflineTxForUnknownId="true",
            AuthorizationCacheEnabled="false",
            AuthorizeRemoteTxRequests="true",
            ConnectionTimeOut="60",
            ConnectorPhaseRotation="NotApplicable",
            HeartbeatInterval="20",
            LocalAuthorizeOffline="false",
            LocalPreAuthorize="false",
            MeterValuesAlignedData=_ENERGY,
            MeterValuesSampledData=_ENERGY,
            MeterValueSampleInterval="20",
            ResetRetries="3",
            TransactionMessageAttempts="3",
            TransactionMessageRetryInterval="10",
            UnlockConnectorOnEVSideDisconnect="true",
            WebSocketPingInterval="10",
        ),
    ),
    Station(
        "OCA.0016.0359.CS",
        (2, TETHERED),
        {
            "GetConfigurationMaxKeys": 45,
            "MeterValuesAlignedDataMaxLength": 15,
            "MeterValuesSampledDataMaxLength": 22,
            "StopTxnSampledDataMaxLength": 22,
        },
        _common(
            AllowOfflineTxForUnknownId="true",
            AuthorizationCacheEnabled="true",
            AuthorizeRemoteTxRequests="true",
            BlinkRepeat="0",
            ConnectionTimeOut="60",
            ConnectorPhaseRotation="NotApplicable",
            HeartbeatInterval="30",
            LightIntensity="0",
            LocalAuthorizeOffline="true",
            LocalPreAuthorize="true",
            MaxEnergyOnInvalidId="0",
            MeterValuesAlignedData=_ENERGY,
            MeterValuesSampledData=f"Current.Import,{_ENERGY},{_POWER},SoC",
            MeterValueSampleInterval="30",
            MinimumStatusDuration="0",
            ResetRetries="3",
            StopTxnAlignedData="",
            StopTxnSampledData="",
            TransactionMessageAttempts="3",
            TransactionMessageRetryInterval="60",
            WebSocketPingInterval="5",
        ),
        _LIGHTS,
    ),
    Station(
        "OCA.0016.0882.CS",
        (2, TETHERED),
        {
            "GetConfigurationMaxKeys": 20,
            "MeterValuesAlignedDataMaxLength": 9,
            "MeterValuesSampledDataMaxLength": 9,
            "StopTransactionMaxMeterValues": 2,
            "StopTxnAlignedDataMaxLength": 9,
            "StopTxnSampledDataMaxLength": 9,
        },
        # The newer form of a certificate prints ranges: both ends are tried.
        {
            "HeartbeatInterval": "1 1800",
            "MeterValueSampleInterval": "0 1800",
            "WebSocketPingInterval": "120",
            "AllowOfflineTxForUnknownId": "true false",
            "AuthorizationCacheEnabled": "true false",
            "LocalAuthorizeOffline": "true false",
            "MaxEnergyOnInvalidId": "0 1000",
            "MinimumStatusDuration": "0 10",
            "StopTransactionOnEVSideDisconnect": "false true",
            "MeterValuesAlignedData": _ENERGY,
            "MeterValuesSampledData": (
                f"Current.Offered,Temperature,SoC,Voltage,{_ENERGY},Power.Offered,"
                f"Current.Import,{_POWER}"
            ),
        },
    ),
    Station(
        "OCA.0016.0462.CS",
        (2, TETHERED),
        {
            "GetConfigurationMaxKeys": 41,
            "NumberOfConnectors": 2,
            "StopTxnAlignedDataMaxLength": 1,
            "StopTxnSampledDataMaxLength": 2,
        },
        _common(
            AuthorizationCacheEnabled="true",
            AuthorizeRemoteTxRequests="true",
            BlinkRepeat="100",
            ConnectionTimeOut="160",
            HeartbeatInterval="60",
            LightIntensity="100",
            LocalAuthorizeOffline="false",
            LocalPreAuthorize="false",
            MeterValuesAlignedData=_ENERGY,
            MeterValuesSampledData=f"{_ENERGY},Voltage,{_POWER},SoC,Current.Import,Temperature",
            MeterValueSampleInterval="60",
            ResetRetries="3",
            StopTxnAlignedData=_ENERGY,
            StopTxnSampledData=f"SoC,{_ENERGY}",
            TransactionMessageAttempts="3",
            TransactionMessageRetryInterval="60",
            WebSocketPingInterval="15",
            CCOActive="true",
            CCOAuthorizationAmount="5000",
            CCORequestSettlementAmountMessageAttempts="10",
            CCORequestSettlementAmountMessageRetryInterval="15",
            CCOFallbackPricePerKWh="0",
            CCOCurrency="EUR",
        ),
        _LIGHTS
        + (
            {"key": "CCOActive", "type": "bool", "default": False},
            {"key": "CCOAuthorizationAmount", "type": "int", "default": 0},
            {
                "key": "CCORequestSettlementAmountMessageAttempts",
                "type": "int",
                "default": 3,
                "max": 100,
            },
            {
                "key": "CCORequestSettlementAmountMessageRetryInterval",
                "type": "int",
                "default": 60,
            },
            {"key": "CCOFallbackPricePerKWh", "type": "int", "default": 0},
            {"key": "CCOCurrency", "type": "text", "default": "EUR", "max": 3},
        ),
    ),
)
