"""The WebSocket client against a real server (the `websockets` package) over a loopback socket."""

import contextlib
import os
import pathlib
import socket
import sys
import threading
import time

import pytest

_ROOT = pathlib.Path(__file__).resolve().parents[2]
for _path in ("lib", "tests/compat"):
    if str(_ROOT / _path) not in sys.path:
        sys.path.insert(0, str(_ROOT / _path))

websockets_server = pytest.importorskip("websockets.sync.server")

from websock.client import Client  # noqa: E402

_LAST = ("refused", "closed", "failed")
_PATIENCE_S = 10


def now():
    """The counter that a board has."""
    return time.monotonic_ns() // 1_000_000 & 0x3FFFFFFF


@contextlib.contextmanager
def serving(handler, **options):
    """Run `handler` for each connection; gives the port."""
    with websockets_server.serve(handler, "127.0.0.1", 0, **options) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.socket.getsockname()[1]
        finally:
            server.shutdown()
            thread.join(_PATIENCE_S)


class Shell:
    """The smallest shell around the client: a blocking socket."""

    def __init__(self, port, portion=1024, **options):
        options.setdefault("protocol", "ocpp1.6")
        self.client = Client("127.0.0.1", port, "/ocpp/CP%201", random=os.urandom, **options)
        self._portion = portion
        self._socket = socket.create_connection(("127.0.0.1", port), _PATIENCE_S)
        self.client.start(now())

    def event(self):
        """Wait for the next event."""
        while True:
            data = self.client.data_to_send()
            while data is not None:
                self._socket.sendall(data)
                data = self.client.data_to_send()
            event = self.client.next_event()
            if event is not None:
                if event[0] in _LAST:
                    self._socket.close()
                return event
            self._receive()

    def _receive(self):
        data = self._socket.recv(self._portion)
        if data:
            self.client.receive(now(), data)
        else:
            self.client.eof(now())


def echo(connection):
    for message in connection:
        connection.send(message)


def test_interop_echo_of_many_sizes_then_same_text():
    # Lengths around every limit of the frame header and of the mask's steps, both ways.
    with serving(echo, subprotocols=["ocpp1.6"]) as port:
        shell = Shell(port, max_message=200_000)
        assert shell.event() == ("open",)
        for size in (0, 1, 63, 64, 65, 125, 126, 1000, 65535, 65536, 150_001):
            text = "\u00e4\u20ac\U0001f600abc"[: size % 7] + "x" * size
            shell.client.send_text(text)
            assert shell.event() == ("text", text)
        shell.client.close(1000, "done")
        assert shell.event() == ("closed", 1000, "done")


@pytest.mark.parametrize("portion", [1, 7, 4096])
def test_interop_ping_between_fragments_then_text_whole_and_pong_seen(portion):
    # The server waits for our pong before it goes on with the message.
    pongs = []

    def handler(connection):
        def fragments():
            yield "Hel"
            pongs.append(connection.ping(b"now").wait(_PATIENCE_S))
            yield "lo "
            yield "w\u00f6rld"

        connection.send(fragments())
        connection.close(1001, "going")

    with serving(handler, subprotocols=["ocpp1.6"]) as port:
        shell = Shell(port, portion)
        assert [shell.event() for _ in range(4)] == [
            ("open",),
            ("ping",),
            ("text", "Hello w\u00f6rld"),
            ("closed", 1001, "going"),
        ]
    assert pongs == [True]


def test_interop_our_ping_then_pong():
    # The server's own implementation answers it.
    with serving(echo, subprotocols=["ocpp1.6"]) as port:
        shell = Shell(port)
        assert shell.event() == ("open",)
        shell.client.ping(now(), 5000)
        assert shell.event() == ("pong",)
        assert shell.client.next_deadline() is None
        shell.client.close(1000, "")
        assert shell.event() == ("closed", 1000, "")


def test_interop_server_closes_then_it_sees_a_clean_end():
    # Code and reason arrive, and the server gets its code back.
    seen = []

    def handler(connection):
        connection.close(1013, "try again later")
        seen.append(
            (connection.protocol.close_rcvd.code, connection.protocol.close_rcvd_then_sent)
        )

    with serving(handler, subprotocols=["ocpp1.6"]) as port:
        shell = Shell(port)
        assert shell.event() == ("open",)
        assert shell.event() == ("closed", 1013, "try again later")
    assert seen == [(1013, False)]


def test_interop_server_drops_the_connection_then_1006():
    # No close frame, only the end of the TCP stream.
    def handler(connection):
        connection.socket.shutdown(socket.SHUT_RDWR)

    with serving(handler, subprotocols=["ocpp1.6"]) as port:
        shell = Shell(port)
        assert shell.event() == ("open",)
        assert shell.event() == ("closed", 1006, "connection lost")


def test_interop_message_above_limit_then_server_gets_1009():
    # The server learns why, before it has sent all of it.
    codes = []

    def handler(connection):
        connection.send("x" * 17000)
        with contextlib.suppress(Exception):
            connection.recv(_PATIENCE_S)
        codes.append(connection.protocol.close_rcvd.code)

    with serving(handler, subprotocols=["ocpp1.6"]) as port:
        shell = Shell(port)
        assert shell.event() == ("open",)
        assert shell.event() == ("failed", "1009 too big")
    assert codes == [1009]


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (None, ("refused", 401, "Unauthorized")),
        ("Basic Q1A6d3Jvbmc=", ("refused", 401, "Unauthorized")),
        ("Basic Q1A6cmlnaHQ=", ("open",)),
    ],
)
def test_interop_basic_auth_then_only_the_right_password_opens(authorization, expected):
    # CP:wrong and CP:right, in the first request.
    auth = websockets_server.basic_auth(credentials=("CP", "right"))
    with serving(echo, subprotocols=["ocpp1.6"], process_request=auth) as port:
        assert Shell(port, authorization=authorization).event() == expected


def test_interop_unknown_identity_then_404():
    # The path arrives as it was given.
    paths = []

    def refuse(connection, request):
        paths.append(request.path)
        return connection.respond(404, "unknown charge point\n")

    with serving(echo, process_request=refuse) as port:
        assert Shell(port).event() == ("refused", 404, "Not Found")
    assert paths == ["/ocpp/CP%201"]


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        (lambda connection, offered: None, ("failed", "no subprotocol")),
        (lambda connection, offered: "ocpp2.0.1", ("failed", "wrong subprotocol")),
    ],
)
def test_interop_subprotocol_missing_or_other_then_failed(select, expected):
    # A server that accepts everybody is not one that speaks OCPP 1.6.
    with serving(echo, select_subprotocol=select) as port:
        assert Shell(port).event() == expected


def test_interop_subprotocol_unknown_to_server_then_refused():
    # The server's own rule for an offer it does not know.
    with serving(echo, subprotocols=["ocpp2.0.1"]) as port:
        assert Shell(port).event()[:2] == ("refused", 400)


def test_interop_spoiled_accept_key_then_failed():
    # A cache or a wrong server in between shows itself by the key.
    def spoil(connection, request, response):
        del response.headers["Sec-WebSocket-Accept"]
        response.headers["Sec-WebSocket-Accept"] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        return response

    with serving(echo, subprotocols=["ocpp1.6"], process_response=spoil) as port:
        assert Shell(port).event() == ("failed", "accept key")
