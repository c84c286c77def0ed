"""Who may import whom. Dependencies point inwards: boards -> firmware -> lib.

What a part may not import it gets passed in, as a constructor argument.
"""

import ast
from pathlib import Path

from tools.tidy.findings import is_for_checker

# Built-in modules that compute and touch nothing outside.
PURE = ("micropython", "struct", "json", "binascii", "hashlib", "array")
_SHELL = (*PURE, "asyncio", "gc", "sys", "time", "errno", "io")
_SOCKETS = (*_SHELL, "socket", "tls", "ssl", "os", "select")
_EVENTS = ("firmware.events", "firmware.late")
_LEAVES = ("firmware.config", "firmware.clock", "firmware.storage", "firmware.health",
           "firmware.hal", "firmware.events")

# Path prefix -> what it may import; "lib" stands for every module of lib/, "firmware.x" covers
# what lies below it, "*" is everything but what nobody may. The first row that fits counts.
MATRIX = (
    ("lib/", ("lib", *PURE)),
    ("firmware/guard/guard.py", ("micropython",)),
    ("firmware/guard/", ("lib", "micropython", "firmware.guard", *_EVENTS)),
    ("firmware/evse/", ("lib", *PURE, "firmware.evse", "firmware.auth", *_EVENTS)),
    ("firmware/auth/", ("lib", *PURE, "firmware.evse", "firmware.auth", *_EVENTS)),
    ("firmware/ocpp/", ("lib", *PURE, "firmware.ocpp", *_EVENTS)),
    ("firmware/security/", ("lib", *PURE, "firmware.security", *_EVENTS)),
    ("firmware/net/", ("lib", *_SOCKETS, "firmware.net", "firmware.local", *_EVENTS)),
    ("firmware/local/", ("lib", *_SHELL, "firmware.local", "firmware.net", "firmware.console",
                         *_EVENTS)),
    ("firmware/console/", ("lib", *_SHELL, "os", "firmware.console", *_EVENTS)),
    ("firmware/ota/", ("lib", *_SHELL, "os", "firmware.ota", *_EVENTS)),
    ("firmware/app.py", ("*",)),
    ("firmware/profiles.py", ("*",)),
    ("firmware/boot.py", ("*",)),
    ("firmware/main.py", ("*",)),
    ("firmware/__init__.py", ()),
    ("firmware/late.py", ("sys",)),
    ("firmware/", ("lib", *PURE, *_LEAVES)),
    ("boards/sim/", ("*",)),
    # The composition root of a device: it starts firmware.app and gives it its way out.
    ("boards/_esp32/", ("lib", *PURE, "asyncio", "sys", "time", "os", "vfs", "machine", "network",
                        "esp32", "flashbdev", "onewire", "firmware.app", "firmware.net",
                        "firmware.local", "boards")),
    ("boards/", ("lib", *PURE, "gc", "sys", "time", "os", "machine", "network", "esp32",
                 "neopixel", "firmware.hal", "boards", *_EVENTS)),
)
_HARDWARE = ("machine", "network", "esp", "esp32", "bluetooth", "neopixel", "onewire")
_HOST_ONLY = ("tests", "tools")

# Modules of MicroPython (unix and ESP32 ports): a module of lib/ of that name would hide one.
_BUILT_IN = frozenset(
    "_asyncio _thread aioespnow apa106 array asyncio binascii bluetooth btree builtins cmath "
    "collections cryptolib deflate dht ds18x20 errno esp esp32 espnow ffi flashbdev framebuf gc "
    "hashlib heapq inisetup io json lwip machine marshal math micropython mip neopixel network "
    "ntptime onewire openamp os platform random re requests romfs select socket ssl struct sys "
    "termios time tls uarray uasyncio ubinascii ucollections ucryptolib uctypes uerrno uhashlib "
    "uheapq uio ujson umachine umqtt uos upysh urandom ure urequests uselect usocket ussl ustruct "
    "usys utime uwebsocket vfs webrepl webrepl_setup websocket zlib".split())
_OUR_FOLDERS = ("firmware", "boards", "tests", "tools")


class Imports:
    """Checks the imports of the tree below `root`."""

    def __init__(self, root):
        lib = Path(root) / "lib"
        self._lib = {path.stem for path in lib.glob("*.py")}
        self._lib |= {path.parent.name for path in lib.glob("*/*.py")}

    def check(self, source):
        """Yield the findings in one Source."""
        if not source.on_device:
            return
        yield from self._check_name(source)
        row = allowed(source.path)
        if row is None:
            yield source.finding(1, "import-matrix", "this folder has no row in "
                                 "tools/tidy/imports.py: say there what it may import")
            return
        for node, module in imported(source):
            is_hint = module == "typing" and is_for_checker(node)
            remedy = None if is_hint else self._forbidden(source.path, module, row)
            if remedy:
                yield source.finding(node, "import-matrix", remedy)

    def _check_name(self, source):
        name = source.path.split("/")[1].removesuffix(".py")
        if source.path.startswith("lib/") and name in (*_BUILT_IN, *_OUR_FOLDERS):
            yield source.finding(1, "lib-name", "%s is taken by MicroPython or by a folder of "
                                 "ours; choose another name" % name)

    def _forbidden(self, path, module, row):
        """Return what to do instead of importing `module`, None if it is allowed."""
        top = module.split(".")[0]
        if top in _HOST_ONLY:
            return "%s runs on the PC only; the device must not need it" % module
        if top in _HARDWARE and not path.startswith("boards/"):
            return "%s belongs to boards/; have the object passed in" % module
        if "*" in row:
            return None
        name = "lib" if top in self._lib else module
        if any(name == entry or name.startswith(entry + ".") for entry in row):
            return None
        return "%s may not be imported here (only %s); have it passed in" % (
            module, ", ".join(row) or "nothing")


def allowed(path):
    """Return the row of the matrix for `path`, None if there is none."""
    for prefix, row in MATRIX:
        # The last resort for firmware/ is meant for the files in it, not for a new folder below.
        if path.startswith(prefix):
            return None if prefix == "firmware/" and path.count("/") > 1 else row
    return () if path.endswith("/__init__.py") else None


def imported(source):
    """Yield (node, full module name) of every import in `source`, also inside of functions."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom):
            for module in _imported_from(source.path, node):
                yield node, module
        elif _is_dynamic(node):
            yield node, node.args[0].value


def _imported_from(path, node):
    base = _absolute(path, node)
    # `from firmware import events` names a module, `from ticks import add` does not.
    if base in ("firmware", "boards", "") or node.level and not node.module:
        return [("%s.%s" % (base, alias.name)).strip(".") for alias in node.names]
    return [base]


def _absolute(path, node):
    if not node.level:
        return node.module
    package = path.split("/")[:-node.level]
    if package[:1] == ["lib"]:
        package = package[1:]  # lib/ itself is on the import path
    return ".".join(package + ([node.module] if node.module else []))


def _is_dynamic(node):
    return (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            and node.func.id == "__import__" and bool(node.args)
            and isinstance(node.args[0], ast.Constant))
