"""One WebSocket connection of a client, from the opening handshake to its end (RFC 6455).

Never touches a socket or a clock: the shell brings bytes and `now` (ticks in ms), takes bytes and
events. Frame layout is in `frames`, the HTTP part in `handshake`. One object is one connection.
"""

import ticks
from micropython import const

from websock import frames

_IDLE = const(0)
_HANDSHAKE = const(1)
_OPEN = const(2)
_CLOSING = const(3)  # our close frame is queued or sent, the server's has not come
_DEAD = const(4)

_CLOSE_TIMEOUT_MS = const(5000)
_OUTPUT_MAX = const(8)
_PONGS_MAX = const(4)
_EVENTS_MAX = const(32)
_CLOSE_REASON_MAX = const(123)

_EVENT_PING = ("ping",)


class SendError(Exception):
    """Nothing can be sent now: "not open" or "queue full". Nothing was queued."""


class Client:
    """Sans-I/O WebSocket client that offers exactly one subprotocol and insists on it.

    Events: ("open",) ("text", str) ("binary",) ("ping",) ("pong",), and one last of
    ("refused", status, reason) HTTP refusal, ("closed", code, reason) closed by either side,
    ("failed", reason) the server, the link or a limit failed. After the last event: send what
    `data_to_send` still gives (our close frame), close the socket, drop this object.
    """

    def __init__(
        self,
        host,
        port,
        path,
        protocol,
        authorization=None,
        random=None,
        max_message=16384,
        handshake_timeout_ms=10000,
    ):
        """Only remember.

        host, port: for the Host header; None, 80 and 443 are not written. path: percent-encoded.
        authorization: complete value of that header, or None. random: function of n that returns
        n random bytes. max_message: bytes, over all fragments.
        Raises ValueError if a text holds a character that does not belong into a request.
        """
        # In here: once the connection stands, the shell may forget the module.
        from websock.handshake import Answer, new_key, request

        self._random = random
        key = new_key(random(16))
        self._request = request(host, port, path, protocol, key, authorization)
        self._handshake_timeout_ms = handshake_timeout_ms
        self._answer = Answer(key, protocol)
        self._decoder = frames.Decoder(max_message)
        self._state = _IDLE
        # One at a time: the handshake's, the pong's, the close answer's.
        self._deadline = ticks.Deadline()
        self._now = 0
        self._ping = None  # payload of our ping that waits for its pong
        self._pongs = []
        self._output = []  # texts, and frames of all other kinds
        self._sending = None  # what is left of a text
        self._events = []

    def collect(self, collector, message_max):
        """Let `collector` (see frames.TextCollector) put text messages together, of up to
        `message_max` bytes. To be called before `start`."""
        assert self._state == _IDLE
        self._decoder = frames.Decoder(message_max, collector)

    @property
    def is_open(self):
        """True between the handshake and the first close frame of either side."""
        return self._state == _OPEN

    @property
    def can_send(self):
        """True when `send_text` and `ping` will not raise."""
        return self._state == _OPEN and len(self._output) < _OUTPUT_MAX

    def start(self, now):
        """The TCP (or TLS) connection stands: queue the request, watch the handshake's time."""
        assert self._state == _IDLE
        self._now = now
        self._state = _HANDSHAKE
        self._output.append(self._request)
        self._request = None
        self._deadline.start(now, self._handshake_timeout_ms)

    def receive(self, now, data):
        """Take bytes from the connection, in any portions; never raises for what they hold.

        data: bytes-like, free for reuse on return. Ask for events after each portion: more than
        32 that nobody fetched end the connection with 1008.
        """
        self._now = now
        view = memoryview(data)
        if self._state == _HANDSHAKE:
            verdict = self._answer.receive(view)
            if verdict is None:
                return
            if verdict[0] != "open":
                self._lose(verdict)
                return
            view = view[self._answer.used :]
            self._answer = None
            self._deadline.stop()
            self._state = _OPEN
            self._events.append(verdict)
        if self._state in (_OPEN, _CLOSING):
            self._decoder.feed(view)
            while self._state != _DEAD and self._receive_one():
                pass

    def _receive_one(self):
        """Handle the next message of the chunk; False when there is none."""
        try:
            message = self._decoder.next()
        except frames.ProtocolError as error:
            self._fail(error.code, error.reason)
            return False
        if message is None:
            return False
        opcode = message[0]
        if opcode == frames.TEXT:
            self._add_event(("text", message[1]))
        elif opcode == frames.BINARY:
            self._add_event(("binary",))
        elif opcode == frames.PING:
            self._answer_ping(message[1])
        elif opcode == frames.PONG:
            self._check_pong(message[1])
        else:
            self._answer_close(message[1], message[2])
        return True

    def _answer_ping(self, payload):
        # RFC 6455 5.5.1: nothing follows our close frame.
        if self._state != _OPEN:
            return
        pong = self._frame(frames.PONG, payload)
        if len(self._pongs) < _PONGS_MAX:
            self._pongs.append(pong)
        else:
            # RFC 6455 5.5.3: it is enough to answer the most recent ping.
            self._pongs[-1] = pong
        if not self._events or self._events[-1] is not _EVENT_PING:
            self._add_event(_EVENT_PING)

    def _check_pong(self, payload):
        # RFC 6455 5.5.3: an unsolicited pong is no error. It proves nothing to us either.
        if self._state == _OPEN and payload == self._ping:
            self._ping = None
            self._deadline.stop()
            self._add_event(("pong",))

    def _answer_close(self, code, reason):
        if self._state == _OPEN:
            payload = b"" if code == 1005 else code.to_bytes(2, "big")
            self._output = [self._frame(frames.CLOSE, payload)]
        self._end(("closed", code, reason))

    def _add_event(self, event):
        if len(self._events) < _EVENTS_MAX:
            self._events.append(event)
        else:
            self._fail(1008, "too many messages at once")

    def next_event(self):
        """Return the oldest event as a tuple, or None."""
        return self._events.pop(0) if self._events else None

    def send_text(self, text):
        """Queue a text message, a str or what yields its parts. Raises SendError."""
        self._check_sendable()
        self._output.append(text)

    def ping(self, now, timeout_ms):
        """Send a ping whose pong must come within `timeout_ms`; otherwise ("failed", "no pong").

        While one is waiting for its pong no other is sent and its deadline stays.
        Raises SendError.
        """
        self._check_sendable()
        if self._ping is None:
            self._ping = self._random(4)
            self._output.append(self._frame(frames.PING, self._ping))
            self._deadline.start(now, timeout_ms)

    def _check_sendable(self):
        if self._state != _OPEN:
            raise SendError("not open")
        if len(self._output) >= _OUTPUT_MAX:
            raise SendError("queue full")

    def close(self, code, reason):
        """Begin the close handshake behind what is queued; the end is a ("closed", ...) event.

        code: 1000 or what else may travel. reason: cut at 123 bytes. During the opening handshake
        the connection ends at once with 1006; at any other time but open nothing happens.
        """
        assert frames.is_close_code(code)
        if self._state in (_IDLE, _HANDSHAKE):
            self._lose(("closed", 1006, reason))
        elif self._state == _OPEN:
            self._output.append(self._close_frame(code, reason))
            self._state = _CLOSING
            # There is no `now` here: the next tick starts the deadline.
            self._deadline.stop()

    def data_to_send(self):
        """Return the next bytes for the connection, or None. Taken is taken.

        These are whole frames, but for a long text, which comes in pieces and without a break.
        """
        if self._sending:
            for piece in self._sending:
                return piece
            self._sending = None
        if self._pongs:
            return self._pongs.pop(0)
        data = self._output.pop(0) if self._output else None
        if data is not None and not isinstance(data, (bytes, bytearray)):
            self._sending = frames.pieces(data, self._random(4))
            return next(self._sending)
        return data

    def tick(self, now):
        """Look at the deadlines. Call it at `next_deadline`; more often does no harm."""
        self._now = now
        if self._state == _CLOSING and not self._deadline.running:
            self._deadline.start(now, _CLOSE_TIMEOUT_MS)
        if not self._deadline.expired(now):
            return
        if self._state == _HANDSHAKE:
            self._lose(("failed", "handshake timeout"))
        elif self._state == _OPEN:
            self._lose(("failed", "no pong"))
        else:
            self._lose(("closed", 1006, "close not answered"))

    def next_deadline(self):
        """Return the ticks at which `tick` must be called at the latest, or None."""
        if self._state == _CLOSING and not self._deadline.running:
            return self._now
        return self._deadline.moment

    def eof(self, now):
        """The server closed the TCP connection, or it broke."""
        self._now = now
        if self._state != _DEAD:
            self._lose(("closed", 1006, "connection lost"))

    def _frame(self, opcode, payload):
        # RFC 6455 5.3: a fresh unpredictable key for every frame.
        return frames.build(opcode, payload, self._random(4))

    def _close_frame(self, code, reason):
        data = frames.encode_text(reason)
        end = min(len(data), _CLOSE_REASON_MAX)
        # Not in the middle of a character.
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        return self._frame(frames.CLOSE, code.to_bytes(2, "big") + data[:end])

    def _fail(self, code, reason):
        """We end it: what is queued gives way to a close frame, unless one is on its way."""
        if self._state == _OPEN:
            self._output = [self._close_frame(code, reason)]
        self._end(("failed", "%d %s" % (code, reason)))

    def _lose(self, event):
        """The server does not hear us any more: nothing is left to send."""
        self._output.clear()
        self._sending = None
        self._end(event)

    def _end(self, event):
        self._state = _DEAD
        self._deadline.stop()
        self._pongs.clear()
        # The buffers go now, not when the shell drops this object.
        self._answer = None
        self._decoder = None
        self._events.append(event)
