"""The command line of `python -m tools.sim`, and the options object that the VM receives."""

import argparse
import os
import secrets
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

VARIANTS = ("micropython32", "micropython", "cpython")
TIERS = ("stock", "full")
FEATURES = ("LocalAuthListManagement", "RemoteTrigger", "Reservation", "SmartCharging")
PASSWORD_VARIABLE = "PILOTWIRE_PASSWORD"

_HEAP_DEFAULT = "2M"  # a board with PSRAM; `--heap` gives the figure of a smaller one
_HEAP_MIN = 16 * 1024
_HEAP_MAX = 1 << 30
_UNITS = {"K": 1024, "M": 1024 * 1024}
_PORT_MAX = 65535
_ID_LENGTH_MAX = 48
_SEED_MAX = (1 << 30) - 1


@dataclass
class Options:
    """What one run of the simulator was asked for; paths are absolute, sizes in bytes."""

    csms: str | None = None
    id: str = "PILOTWIRE-SIM"
    password: str | None = field(default=None, repr=False)
    profile: int = 0
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    connectors: int = 1
    socket: bool = False
    board: str | None = None
    state: str | None = None
    control: tuple[str, int] = ("127.0.0.1", 0)
    vm: str = "micropython32"
    heap: int = 2 * 1024 * 1024
    tier: str = "full"
    linked: bool = True
    features: list[str] | None = None
    set: list[tuple[str, str]] = field(default_factory=list, repr=False)
    trace: str | None = None
    panel: int | None = None
    once: bool = False
    console_pty: bool = False
    seed: int = 0

    def for_vm(self, state):
        """The first line that the VM reads. `state`: the folder with the flash image."""
        return {
            "csms": self.csms,
            "id": self.id,
            "password": self.password,
            "profile": self.profile,
            "ca": self.ca,
            "cert": self.cert,
            "key": self.key,
            "connectors": self.connectors,
            "socket": self.socket,
            "board": self.board,
            "state": str(state),
            "tier": self.tier,
            "features": self.features,
            "set": [list(pair) for pair in self.set],
            "trace": self.trace is not None,
            "heap": self.heap,
            "seed": self.seed,
        }

    def secrets(self):
        """Every text that must not appear in any output of ours."""
        found = [value for key, value in self.set if key.lower() == "authorizationkey"]
        if self.password:
            found.append(self.password)
        return found


def parse(argv, environ=None):
    """Return the Options for `argv`; one line on stderr and SystemExit(2) if they are wrong."""
    environ = os.environ if environ is None else environ
    parser = _parser()
    options = Options(**vars(parser.parse_args(argv)))
    if options.password is None:
        options.password = environ.get(PASSWORD_VARIABLE)
    problem = _contradiction(options)
    if problem:
        parser.error(problem)
    return options


def _contradiction(options):
    """Return what is wrong with the security options together, None if nothing is."""
    if options.profile == 3 or options.cert or options.key:
        return "--profile 3, --cert and --key: a certificate of the charge point is not built yet"
    if options.profile and not options.password:
        return f"--profile {options.profile} needs --password"
    is_tls = (options.csms or "").startswith("wss:")
    if options.profile == 2 and not is_tls:
        return "--profile 2 needs a --csms that begins with wss://"
    if is_tls and not options.ca:
        return "wss:// needs --ca, the certificate of the authority that signed the server's"
    return None


class _OneLineParser(argparse.ArgumentParser):
    """argparse prints its whole usage before an error; a person needs the error only."""

    def error(self, message):
        self.exit(2, f"{self.prog}: {message} (--help lists the options)\n")


def _parser():
    parser = _OneLineParser(
        prog="tools.sim", description="Start a simulated charger.", allow_abbrev=False
    )
    add = parser.add_argument
    add("--csms", type=_url, metavar="URL", help="ws:// or wss://, without the charge point's id")
    add("--id", type=_identity, default="PILOTWIRE-SIM", help="identity at the central system")
    add("--password", metavar="TEXT", help=f"or the environment variable {PASSWORD_VARIABLE}")
    add("--profile", type=int, choices=range(4), default=0, help="security profile")
    add("--ca", type=_file, metavar="FILE", help="root certificate of the central system")
    add("--cert", type=_file, metavar="FILE", help="certificate of the charge point")
    add("--key", type=_file, metavar="FILE", help="private key of the charge point")
    add("--connectors", type=int, choices=(1, 2), default=1)
    add("--socket", action="store_true", help="a socket with lock instead of a tethered cable")
    add("--board", type=_file, metavar="FILE", help="instead of boards/sim/board.json")
    add("--state", type=_path, metavar="DIR", help="where the flash image lies")
    add("--control", type=_address, metavar="HOST:PORT", default=("127.0.0.1", 0))
    add("--vm", choices=VARIANTS, default=VARIANTS[0], help="the interpreter")
    add("--heap", type=heap_bytes, default=heap_bytes(_HEAP_DEFAULT), help="such as 96K")
    add("--tier", choices=TIERS, default="full")
    add("--unlinked", dest="linked", action="store_false", help="single modules, to debug them")
    add("--features", type=_features, metavar="LIST", help="optional profiles, or ''")
    add("--set", type=_pair, action="append", default=[], metavar="KEY=VALUE")
    add("--trace", type=_path, metavar="FILE", help="append events as JSON lines")
    add("--panel", type=_port, metavar="PORT", help="serve a status page on 127.0.0.1")
    add("--once", action="store_true", help="end with status 3 at a reset instead of restarting")
    add("--seed", type=_seed, default=secrets.randbelow(_SEED_MAX), help="of the simulated world")
    add("--console-pty", action="store_true", help="the serial console, path in the ready line")
    return parser


def heap_bytes(text):
    """Bytes of "96K", "2M" or a plain number."""
    factor = _UNITS.get(text[-1:].upper(), 1)
    digits = text[:-1] if factor > 1 else text
    if not digits.isascii() or not digits.isdigit():
        raise argparse.ArgumentTypeError(f"'{text}' is no size such as 96K")
    size = int(digits) * factor
    if not _HEAP_MIN <= size <= _HEAP_MAX:
        raise argparse.ArgumentTypeError(f"'{text}' is outside 16K to 1024M")
    return size


def _port(text):
    if not text.isascii() or not text.isdigit() or int(text) > _PORT_MAX:
        raise argparse.ArgumentTypeError(f"'{text}' is no port")
    return int(text)


def _address(text):
    host, separator, port = text.rpartition(":")
    if not separator or not host:
        raise argparse.ArgumentTypeError(f"'{text}' is not HOST:PORT")
    return host.strip("[]"), _port(port)


def _url(text):
    try:
        url = urllib.parse.urlsplit(text)
        usable = url.scheme in ("ws", "wss") and url.hostname and (url.port or 1)
    except ValueError:
        usable = False
    if not usable:
        raise argparse.ArgumentTypeError(f"'{text}' is no ws:// or wss:// address")
    if url.username is not None or url.password is not None:
        raise argparse.ArgumentTypeError("no user or password in the address: use --password")
    return text


def _identity(text):
    if not 0 < len(text) <= _ID_LENGTH_MAX:
        raise argparse.ArgumentTypeError(f"needs 1 to {_ID_LENGTH_MAX} characters")
    return text


def _path(text):
    return str(Path(text).absolute())


def _file(text):
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"no file '{text}'")
    return _path(text)


def _pair(text):
    key, separator, value = text.partition("=")
    if not separator or not key:
        # The text itself is not repeated: it may be a password.
        raise argparse.ArgumentTypeError("is not KEY=VALUE")
    return key, value


def _features(text):
    names = [name for name in text.split(",") if name]
    for name in names:
        if name not in FEATURES:
            known = ", ".join(FEATURES)
            raise argparse.ArgumentTypeError(f"no profile '{name}'; there are: {known}")
    return names


def _seed(text):
    if not text.isascii() or not text.isdigit() or int(text) > _SEED_MAX:
        raise argparse.ArgumentTypeError(f"'{text}' is not within 0..{_SEED_MAX}")
    return int(text)
