"""The central system: connections, CALLs in both directions, books, violations.

async with CentralSystem() as cs:
    boot = await cs.wait_for_action("BootNotification")
    await cs.call(boot.cp, "ClearCache", {})
"""

import asyncio
import base64
import dataclasses
import http
import logging
import time
import urllib.parse
from dataclasses import dataclass

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed
from websockets.headers import build_www_authenticate_basic

from tools.csms.answers import Overrides, Tags
from tools.csms.books import Books
from tools.csms.frames import CALL, CHARGE_POINT
from tools.csms.station import Station
from tools.csms.story import tell

SUBPROTOCOL = "ocpp1.6"
_CALL_TIMEOUT_S = 30
_FRAME_MAX = 1 << 20
_CLOSE_TIMEOUT_S = 1


@dataclass
class Settings:
    """How a central system behaves.

    password: text or bytes that every charge point must give, or a dict by identity; None: no
    Basic auth. A hexadecimal text is also accepted as the bytes that it stands for.
    accept, reject: id tags, see `Tags`. interval_s: heartbeat interval. identities: the charge
    points that are known, None for any. expect_boot: whether a charge point that was never seen
    before must begin with BootNotification. tls: an ssl.SSLContext. first_transaction: the first
    id that is given out.
    """

    host: str = "127.0.0.1"
    port: int = 0
    password: object = None
    accept: object = None
    reject: object = ()
    interval_s: int = 300
    connectors: int = 2
    identities: object = None
    expect_boot: bool = True
    tls: object = None
    first_transaction: int = 1
    ping_interval_s: float | None = 20


class CentralSystem:
    """A central system on one port, for any number of charge points. An async context manager.

    say(text): takes the story, line by line; changes: fields of Settings.
    """

    def __init__(self, settings=None, say=None, **changes):
        self.settings = dataclasses.replace(settings or Settings(), **changes)
        self.port = self.settings.port
        self.refuse_with = None  # an HTTP status: every handshake gets it, as an outage would
        self.tags = Tags(self.settings.accept, self.settings.reject)
        self.books = Books(self.settings.connectors, self.settings.first_transaction)
        self.overrides = Overrides()
        self.stations = {}
        self.frames = []
        self.violations = []
        self.deliberate = set()  # texts that were sent with `send_raw`
        self.refused = []  # (identity, HTTP status) of refused handshakes
        self._taken = set()
        self._say = say or (lambda text: None)
        self._server = None
        self._pulse = None

    @property
    def url(self):
        """The address to configure in a charge point, without its identity."""
        scheme = "wss" if self.settings.tls else "ws"
        return f"{scheme}://{self.settings.host}:{self.port}/ocpp"

    async def __aenter__(self):
        logger = logging.getLogger("tools.csms.websockets")
        logger.setLevel(logging.CRITICAL)  # what goes wrong in a handshake is told below
        self._pulse = asyncio.Event()
        self._server = await serve(
            self._serve,
            self.settings.host,
            self.port,
            process_request=self._admit,
            subprotocols=[SUBPROTOCOL],
            ssl=self.settings.tls,
            compression=None,
            max_size=_FRAME_MAX,
            ping_interval=self.settings.ping_interval_s,
            close_timeout=_CLOSE_TIMEOUT_S,
            logger=logger,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_exception):
        self._server.close()
        await self._server.wait_closed()

    # What a test or a person does.

    async def call(self, cp, action, payload=None, timeout_s=_CALL_TIMEOUT_S):
        """Send a CALL and return the payload of its CALLRESULT.

        Raises CallError for a CALLERROR, TimeoutError, ConnectionError if `cp` is not connected.
        """
        return await self._station(cp).call(action, payload or {}, timeout_s)

    async def send_raw(self, cp, text):
        """Send any text, such as a frame that breaks rules: only what comes back is judged."""
        self.deliberate.add(text)
        await self._station(cp).send(text, deliberate=True)

    async def send_bytes(self, cp, data, text=False):
        """Send any bytes as a binary message, or as a text message that may be no UTF-8."""
        await self._station(cp).send_bytes(data, text)

    def answer(self, action, answer, times=None):
        """Replace the ordinary answer to `action`: see `Overrides.add`."""
        self.overrides.add(action, answer, times)

    def mark(self):
        """A place in `frames`, for `since`."""
        return len(self.frames)

    async def wait_for_action(self, action, where=None, *, cp=None, since=0, timeout_s=10):
        """Return the first CALL `action` of a charge point that no earlier wait has returned.

        where(payload): a further condition; since: a place given by `mark`. Frames that have come
        already count. Unless the answer was delayed or suppressed, it has been sent by then.
        Raises TimeoutError with what came instead.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            for index in range(since, len(self.frames)):
                frame = self.frames[index]
                if index not in self._taken and _matches(frame, action, where, cp):
                    self._taken.add(index)
                    return frame
            await self._wait_for_frame(deadline, action)

    async def wait_for_connection(self, cp=None, timeout_s=10):
        """Return the identity of a connected charge point. Raises TimeoutError."""
        deadline = time.monotonic() + timeout_s
        while not self.connected(cp):
            await self._wait_for_frame(deadline, "a connection")
        return cp or self.connected()[0]

    def connected(self, cp=None):
        """Identities of the charge points that are connected now; of `cp` alone if given."""
        return [
            name
            for name, station in self.stations.items()
            if station.is_connected and cp in (None, name)
        ]

    async def drop(self, cp, code=None):
        """End a connection: with a close frame of `code`, or like a cut cable without one."""
        await self._station(cp).drop(code)

    def violate(self, cp, text):
        """Record a breach of the protocol."""
        self.violations.append(f"{cp}: {text}")
        self._say(f"{cp}: VIOLATION: {text}")

    # What stations report.

    def record(self, frame, deliberate=False):
        """Keep a frame, its violations and its story."""
        self.frames.append(frame)
        for problem in [] if deliberate else frame.problems:
            self.violate(frame.cp, f"{frame.sender} {problem} in {frame.text[:200]}")
        self.say_frame(frame)
        self.pulse()

    def say_frame(self, frame):
        """Tell a frame in plain words, if it belongs into the story."""
        text = tell(frame)
        if text:
            self._say(f"{frame.cp}: {text}")

    def say(self, cp, text):
        """One line of the story."""
        self._say(f"{cp}: {text}")

    def pulse(self):
        """Wake everybody who waits for something to happen."""
        self._pulse.set()
        self._pulse = asyncio.Event()

    def _station(self, cp):
        station = self.stations.get(cp)
        if station is None or not station.is_connected:
            raise ConnectionError(f"{cp} is not connected")
        return station

    async def _wait_for_frame(self, deadline, what):
        try:
            await asyncio.wait_for(self._pulse.wait(), deadline - time.monotonic())
        except TimeoutError:
            recent = [frame.text[:160] for frame in self.frames[-8:]]
            raise TimeoutError(f"{what} did not come; the last frames: {recent}") from None

    def _admit(self, connection, request):
        """Judge a handshake; returns the HTTP answer of a refusal, or None."""
        cp = _identity(request.path)
        status = self._judge(cp, request)
        if status is not None:
            self.refused.append((cp, status))
            self._say(f"{cp}: refused with {status} {http.HTTPStatus(status).phrase}")
            response = connection.respond(status, "refused\n")
            if status == http.HTTPStatus.UNAUTHORIZED:
                response.headers["WWW-Authenticate"] = build_www_authenticate_basic("ocpp")
            return response
        offered = request.headers.get_all("Sec-WebSocket-Protocol")
        if SUBPROTOCOL not in [part.strip() for text in offered for part in text.split(",")]:
            self.violate(cp, f"does not offer the sub-protocol {SUBPROTOCOL}")
        return None

    def _judge(self, cp, request):
        if self.refuse_with is not None:
            return int(self.refuse_with)
        known = self.settings.identities
        if not cp or (known is not None and cp not in known):
            return 404
        password = self.settings.password
        if isinstance(password, dict):
            password = password.get(cp)
        if password is not None and not _authorised(request, cp, password):
            return 401
        return None

    async def _serve(self, connection):
        cp = _identity(connection.request.path)
        station = self.stations.get(cp)
        if station is None:
            station = self.stations[cp] = Station(cp, self)
        await station.attach(connection)
        try:
            async for text in connection:
                if isinstance(text, str):
                    await station.receive(text)
                else:
                    self.violate(cp, "sent a binary message")
        except ConnectionClosed:
            pass  # how it ended is told below
        except Exception as error:
            self.violate(cp, f"the central system itself broke: {error!r}")
            raise
        finally:
            station.detach(connection)


def _matches(frame, action, where, cp):
    if frame.sender != CHARGE_POINT or frame.kind != CALL or frame.action != action:
        return False
    if not frame.settled:
        return False
    return cp in (None, frame.cp) and (where is None or bool(where(frame.payload)))


def _identity(path):
    """OCPP-J 1.6 3.1.1: the last part of the path, percent-encoded."""
    return urllib.parse.unquote(path.partition("?")[0].rpartition("/")[2])


def _authorised(request, cp, password):
    # The password may be any bytes: OCPP 1.6 security whitepaper, AuthorizationKey.
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    try:
        user, _, given = base64.b64decode(credentials, validate=True).partition(b":")
    except ValueError:
        return False
    return scheme.lower() == "basic" and user == cp.encode() and given in _spellings(password)


def _spellings(password):
    if isinstance(password, bytes):
        return [password]
    try:
        return [password.encode(), bytes.fromhex(password)]
    except ValueError:
        return [password.encode()]
