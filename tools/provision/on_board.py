"""The two functions that run on the board: what does it have, and take this.

Both use the firmware's own stores, so what is written is what the firmware reads. What is secret
leaves the board as a digest only, salted with something new each time.
"""

import hashlib
import json
import secrets

_SECRET = ("OcppKey", "WifiPassword")

_STORES = """
import json, os
class Fs:
    pass
fs = Fs()
fs.open, fs.ilistdir, fs.remove, fs.mkdir = open, os.ilistdir, os.remove, os.mkdir
def keys():
    # As firmware/app.py does, but for what only a running board knows.
    from firmware import device_keys, profiles
    from firmware.config import Config
    from firmware.ocpp import config_keys
    from kvstore import KvStore
    with open("board.json") as file:
        board = json.load(file)
    current_ma_max = board["current_ma_max"]
    found = profiles.installed()
    tables = [config_keys.first, config_keys.rest, config_keys.board_keys(
        len(board.get("connectors", (1,))), config_keys.MEASURANDS, profiles.features(found),
        board.get("tethered", True))]
    tables += [device_keys.device, device_keys.table(current_ma_max, board["phases"])]
    tables += [profile.KEYS for profile in found]
    tables.append(device_keys.declared(board.get("keys", ())))
    config = Config(KvStore(fs, "/config"), tables)
    config.load()
    return config
def kept(settings):
    try:
        return json.loads(settings.get("access") or "{}")
    except ValueError:
        return {}
"""

_LOOK = _STORES + """
import binascii, hashlib
def digest(data):
    return binascii.hexlify(hashlib.sha256(%(salt)r + data).digest()).decode()
def look():
    import machine
    found = {"serial": binascii.hexlify(machine.unique_id()).decode(), "firmware": False}
    try:
        from kvstore import KvStore
        os.stat("main.py")
        os.stat("board.json")
    except (ImportError, OSError):
        return found
    found["firmware"] = True
    settings = KvStore(fs, "/settings")
    # The PC judges the description, and uses nothing else if it is a bad one.
    config = None
    names = %(names)r
    try:
        with open("board.json") as file:
            found["board"] = file.read()
        config = keys() if names else None
    except (ValueError, LookupError, TypeError):
        found.setdefault("board", "")
    except (ImportError, AttributeError):
        # Another version of the firmware, which these tools do not know.
        found["firmware"] = False
        return found
    access = kept(settings)
    for name in %(secret)r:
        if name in access:
            access[name] = digest(access[name].encode())
    found["access"] = access
    ca = settings.get("ca")
    found["ca"] = digest(ca) if ca else None
    found["config"] = {name: config.text(name) for name in names} if config else {}
    return found
print(json.dumps(look()))
"""

_TAKE = _STORES + """
def take(wanted):
    import binascii, machine
    if binascii.hexlify(machine.unique_id()).decode() != wanted["serial"]:
        return None
    texts = wanted["config"]
    config = keys() if texts else None
    good = ("Accepted", "RebootRequired")
    refused = {}
    for name in texts:
        status = config.set(name, texts[name], True)
        if status not in good:
            refused[name] = status
    if refused:
        return refused
    for name in texts:
        if config.set(name, texts[name]) not in good:
            raise OSError(28)
    from kvstore import KvStore
    settings = KvStore(fs, "/settings")
    if wanted["ca"]:
        settings.set("ca", wanted["ca"].encode())
    access = kept(settings)
    access.update(wanted["access"])
    # The connection's settings are one record: all of them or none.
    settings.set("access", json.dumps(access).encode())
    return refused
print(json.dumps(take(json.loads(%r))))
"""


# What runs on a board; the linked firmware keeps the names that stand in here.
PROGRAMS = _LOOK + _TAKE


class Have:
    """What a board has, see `look`; compares secrets without knowing them."""

    def __init__(self, found, salt):
        self.serial = found["serial"]
        self.has_firmware = found["firmware"]
        self.description = found.get("board")
        self._found = found
        self._salt = salt

    @property
    def identity(self):
        """The identity that the board has, None without."""
        return self._found.get("access", {}).get("OcppIdentity")

    def missing(self, wanted):
        """Return the names of what differs from `wanted`, see `take`."""
        access = self._found["access"]
        missing = [name for name, text in wanted["access"].items()
                   if access.get(name) != (self._digest(text) if name in _SECRET else text)]
        if wanted["ca"] and self._found["ca"] != self._digest(wanted["ca"]):
            missing.append("ca")
        return missing + [name for name, text in wanted["config"].items()
                          if not _same(self._found["config"].get(name), text)]

    def _digest(self, text):
        return hashlib.sha256(self._salt + text.encode()).hexdigest()


def look(port, names):
    """Ask a board what it has; names: the configuration keys to look at. Returns a Have."""
    salt = secrets.token_bytes(16)
    code = _LOOK % {"salt": salt, "secret": _SECRET, "names": list(names)}
    return Have(json.loads(port.execute(code).splitlines()[-1]), salt)


def take(port, wanted):
    """Give a board what it is to have: {"serial": of the board that is meant, "access": texts,
    "ca": text or None, "config": texts}.

    Returns {key: "NotSupported" or "Rejected"} of the configuration keys that its firmware
    refuses, None if it is another board; with either of them nothing was written.
    """
    return json.loads(port.execute(_TAKE % json.dumps(wanted)).splitlines()[-1])


def _same(found, text):
    return found is not None and _plain(found) == _plain(text)


def _plain(text):
    """Return a value of a key without what the firmware drops: blanks in a list, zeros, case."""
    items = [item.strip() for item in text.split(",")]
    return [str(int(item)) if item.isdecimal() else item.lower() if item.lower() in (
        "true", "false") else item for item in items]
