"""The optional profiles of OCPP 1.6: which of them this build has, and what each brings along.

A profile whose module is not installed is not announced, its calls are refused by the client, and
none of what is built here exists. A module has FEATURE (its name in SupportedFeatureProfiles),
KEYS (rows for the configuration) and what `ocpp/client.py` wants.
"""

_RPC_ENVELOPE_MAX = 16384
_PROFILES = "LocalAuthListManagement Reservation SmartCharging RemoteTrigger"


def installed(wanted=None):
    """Return the modules of the installed profiles. wanted: names to choose from; None for all."""
    modules = []
    for name in _PROFILES.split():
        if wanted is not None and name not in wanted:
            continue
        try:
            modules.append(_load(name))
        except ImportError as error:
            # Not on this device; anything else is a mistake of ours and must be seen.
            if "no module named" not in str(error).lower():
                raise
    return modules


def features(modules):
    """Return the value of SupportedFeatureProfiles."""
    return ",".join(["Core"] + [module.FEATURE for module in modules])


def has(app, name):
    """Return True if the application has the profile `name`."""
    return name in [module.FEATURE for module in app.profiles]


def local_list(app):
    """Return (LocalList, its staging), (None, None) without the profile."""
    if not has(app, "LocalAuthListManagement"):
        return None, None
    from firmware.auth.local_list import LocalList
    from firmware.ocpp.local_auth_list import Staging

    entries = LocalList(app.board.fs, app.config.get("LocalAuthListMaxLength"))
    return entries, Staging(entries)


def charging_limits(app):
    """Return what the charging profiles allow, or None without the profile."""
    if not has(app, "SmartCharging"):
        return None
    from firmware.evse.smart_charging import SmartCharging
    from kvstore import KvStore

    return SmartCharging(app.station.connectors, app, KvStore(app.board.fs, "/profiles"))


def add_reservations(app):
    """Let the station keep reservations."""
    if has(app, "Reservation"):
        from firmware.evse.reservations import Reservations

        station = app.station
        reservations = Reservations(station.connectors, app, station.availability)
        station.keep_reservations(reservations)


def triggered(app):
    """Return the source of triggered messages, or None."""
    if not has(app, "RemoteTrigger"):
        return None
    from firmware.ocpp.remote_trigger import Triggered

    return Triggered(app)


def collector(app):
    """Return (collector of texts for one connection, its limit in bytes); None for the usual."""
    if app.staging is None:
        return None
    from firmware.ocpp.local_auth_list import MESSAGE_MAX
    from jsonstream import Diverter
    from websock.long_text import LongTextCollector

    diverter = Diverter(app.staging.MEMBER, app.staging, _RPC_ENVELOPE_MAX)
    return LongTextCollector(diverter), MESSAGE_MAX


def _load(name):
    """Return the module of a profile. Raises ImportError where it is not installed."""
    if name == "LocalAuthListManagement":
        from firmware.ocpp import local_auth_list

        return local_auth_list
    if name == "Reservation":
        from firmware.ocpp import reservation

        return reservation
    if name == "SmartCharging":
        from firmware.ocpp import smart_charging

        return smart_charging
    from firmware.ocpp import remote_trigger

    return remote_trigger
