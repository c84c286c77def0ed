"""The connection to the central system: opens it, pumps it, waits and opens it again. No policy
about OCPP: texts go from `websock.client` to the OCPP client and back.

It never gives up and never needs a reboot: every way a connection can end leads to the same wait.
"""

import asyncio
import binascii

from micropython import const

import ticks
from backoff import Backoff
from firmware import late
from firmware.net import stream
from firmware.net.url import UrlError, split, station_path
from websock.client import Client as WebSocket

_PROTOCOL = "ocpp1.6"
_PUMP_MS = const(20)
_PONG_MS = const(10000)
_CONNECT_MS = const(15000)
_PAUSE_MS = const(250)
_READ_BYTES = const(256)


class OcppLink:
    """`run` is a task for ever. `online`-ness is the OCPP client's business, not this one's."""

    def __init__(self, client, settings, parts, collector=None):
        """settings: url, identity, password (text or None), ca (PEM or None). parts: board, log,
        config, station. collector(): a collector of texts for one connection and its limit in
        bytes, or None for the usual one (see websock.client)."""
        self._client = client
        self._settings = settings
        self._collector = collector
        self._board = parts.board
        self._log = parts.log
        self._config = parts.config
        self._station = parts.station
        self._backoff = Backoff(parts.board.random)
        self._socket = None
        self._stream = None
        self._view = memoryview(bytearray(_READ_BYTES))
        self._ping = ticks.Deadline()
        self._ping_s = 0
        self._ended_by = None
        self._hurry = False
        # How the last connection, or the last try, ended; None before that.
        self.why = None
        # Called with "in" or "out" and each text, if somebody wants to look on.
        self.trace = None

    async def run(self):
        """Connect for ever."""
        while True:
            await self._session()
            wait_ms = self._backoff.next_ms()
            if not self._hurry:
                self._log.warn("net", "%s; next try in %d s", self.why, (wait_ms + 999) // 1000)
            while wait_ms > 0 and not self._hurry:
                await asyncio.sleep(min(wait_ms, _PAUSE_MS) / 1000)
                wait_ms -= _PAUSE_MS
            if self._hurry:
                self._hurry = False
                self._backoff.reset()

    def restart(self):
        """The settings have changed: end the connection and make a new one, without a wait."""
        self._ended_by = "the settings have changed"
        self._hurry = True

    async def close(self):
        """Say goodbye, if somebody is there (RFC 6455 7.4.1: 1001, going away)."""
        if self._stream and self._socket and self._socket.is_open:
            self._socket.close(1001, "restart")
            try:
                await self._flush()
            except OSError:
                pass

    async def _session(self):
        """One connection from its first to its last byte; `why` says how it ended."""
        self._ended_by = None
        reader = None
        try:
            await self._open()
            self._station.resume()
            reader = asyncio.create_task(self._read())
            while not await self._step():
                await asyncio.sleep(_PUMP_MS / 1000)
        except UrlError as error:
            self.why = str(error)
        except asyncio.TimeoutError:
            self.why = "cannot reach %s: timed out" % self._settings.url
        except (OSError, ValueError) as error:
            self.why = "cannot reach %s: %s" % (self._settings.url, _os_text(error))
        finally:
            self._station.resume()
            if reader:
                reader.cancel()
            await self._drop()

    async def _open(self):
        settings = self._settings
        is_tls, host, port, path = split(settings.url)
        context = stream.tls_context(settings.ca) if is_tls else None
        # A handshake computes for seconds, and nobody opens the contactor meanwhile.
        while is_tls and not self._station.quiet(self._config.get("BlockingWhileClosed")):
            await asyncio.sleep(_PUMP_MS / 1000)
        self._stream = await asyncio.wait_for(
            self._board.connect(host, port, context), _CONNECT_MS // 1000
        )
        self._socket = WebSocket(
            host,
            port,
            station_path(path, settings.identity),
            _PROTOCOL,
            _authorization(settings),
            self._board.random,
        )
        late.forget("websock.handshake")
        collecting = self._collector() if self._collector else None
        if collecting:
            self._socket.collect(collecting[0], collecting[1])
        self._socket.start(self._board.ticks_ms())
        # The TLS handshake is part of the first write, and the other end may say nothing to it.
        await asyncio.wait_for(self._flush(), _CONNECT_MS // 1000)

    async def _read(self):
        """Take in what arrives and answer it at once; ends with the connection."""
        try:
            while self._ended_by is None:
                data = await self._stream.read(self._view)
                now = self._board.ticks_ms()
                if len(data):
                    self._socket.receive(now, data)
                else:
                    self._socket.eof(now)
                await self._events()
                await self._flush()
                while self._client.has_answers and self._ended_by is None:
                    await asyncio.sleep(_PUMP_MS / 1000)
        except OSError as error:
            self._ended_by = "connection lost: %s" % _os_text(error)
        except MemoryError:
            # Whatever was half read is worthless; a new connection begins with a clean heap.
            self._ended_by = "out of memory while reading"

    async def _step(self):
        """Time goes on: pings, deadlines, calls of our own. Returns True when it is over."""
        now = self._board.ticks_ms()
        socket = self._socket
        socket.tick(now)
        await self._events()
        if self._client.connected:
            self._keep_alive(now)
            self._send(now)
        await self._flush()
        if self._ended_by is None:
            return False
        self.why = self._ended_by
        return True

    def _keep_alive(self, now):
        """OCPP 1.6 9.1 WebSocketPingInterval: our pings prove that the other end is there."""
        interval_s = self._config.get("WebSocketPingInterval")
        if not interval_s:
            self._ping.stop()
        elif not self._ping.running or interval_s != self._ping_s:
            self._ping_s = interval_s
            self._ping.start(now, interval_s * 1000)
        elif self._ping.expired(now) and self._socket.can_send:
            self._socket.ping(now, _PONG_MS)
            self._ping.start(now, interval_s * 1000)
        if self._client.wants_close:
            self._ended_by = "the central system answers no calls"

    async def _events(self):
        """Take what has arrived, one by one: the answers to a burst of calls must not pile up in
        RAM, so nothing is taken in while an answer waits for the socket."""
        # A socket that is closed takes no answer, but it has its end to tell.
        while not self._client.has_answers or not self._socket.is_open:
            event = self._socket.next_event()
            if event is None:
                break
            now = self._board.ticks_ms()
            kind = event[0]
            if kind == "text":
                if self.trace:
                    self.trace("in", event[1])
                event = self._client.read(now, event[1])
                self._client.handle(now, event)
            elif kind == "open":
                self._opened(now)
            elif kind in ("refused", "closed", "failed"):
                self._ended_by = _ended(event)
            self._send(now)
            await self._flush()
        self._send(self._board.ticks_ms())

    def _opened(self, now):
        self._log.info("net", "connected to %s", self._settings.url)
        self._backoff.reset()
        self._ping.stop()
        self._client.on_connected(now)

    def _send(self, now):
        self._client.tick(now)
        while self._ended_by is None and self._socket.can_send:
            text = self._client.next_text(now)
            if text is None:
                break
            if self.trace:
                self.trace("out", text)
            self._socket.send_text(text)

    async def _flush(self):
        await self._stream.flush(self._socket.data_to_send)

    async def _drop(self):
        if self._client.connected:
            self._client.on_disconnected(self._board.ticks_ms())
        if self._stream:
            await self._stream.close()
        self._stream = None
        self._socket = None


def _ended(event):
    """Return how a connection ended as one sentence for a person."""
    if event[0] == "refused":
        hint = {
            401: " (wrong id or password)",
            403: " (wrong id or password)",
            404: " (the central system does not know this id)",
        }
        return "the central system refused the connection: %d %s%s" % (
            event[1], event[2], hint.get(event[1], ""),
        )
    if event[0] == "closed":
        return "the central system closed the connection: %d %s" % (event[1], event[2])
    return "connection failed: %s" % event[1]


def _authorization(settings):
    """Return the Basic header (OCPP-J 1.6, 6.2), None without a password."""
    if settings.password is None:
        return None
    pair = settings.identity.encode() + b":" + settings.password.encode()
    return "Basic " + binascii.b2a_base64(pair).decode().strip()


_ERRNO_TEXTS = """
111 connection refused
110 timed out
113 no route to the host
101 network is unreachable
104 connection reset
32 connection broken
-2 name not found
-3 no name server answers
"""


def _os_text(error):
    """Return an error as words on one line; Mbed TLS breaks its lines, and adds a number."""
    args = error.args
    number = "\n%s " % (args[0] if args else "")
    at = _ERRNO_TEXTS.find(number)
    if at < 0:
        text = str(args[1] if len(args) > 1 else error)
        return " ".join(text.split()) or repr(error)
    return _ERRNO_TEXTS[at + len(number) : _ERRNO_TEXTS.find("\n", at + 1)]
