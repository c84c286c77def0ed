"""The server's half of a WebSocket for the unit tests of the client: bytes only, no socket."""

from websock import client, handshake

NOW = 0x3FFFFFFF - 500  # just before the counter wraps
_KEY = "AAECAwQFBgcICQoLDA0ODw=="  # what Counting gives first
ANSWER = (
    b"HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\n"
    b"Connection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: %s\r\n"
    b"Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n" % handshake.accept_value(_KEY)
)


class Counting:
    """Random bytes that can be foretold."""

    def __init__(self):
        self._next = 0

    def __call__(self, count):
        data = bytes([(self._next + i) & 255 for i in range(count)])
        self._next += count
        return data


def new_client(**options):
    """Return a client that was started and whose request was taken."""
    one = client.Client(
        "csms.example", 8080, "/ocpp/CP%201", "ocpp1.6", random=Counting(), **options
    )
    one.start(NOW)
    one.data_to_send()
    return one


def open_client(**options):
    """Return a client past its handshake."""
    one = new_client(**options)
    one.receive(NOW, ANSWER)
    assert one.next_event() == ("open",)
    return one


def frame(first, payload):
    """Return a short frame as a server sends it."""
    return bytes((first, len(payload))) + payload


def unmask(data):
    """Return (first byte, payload) of a short frame of the client; checks the mask bit."""
    size = data[1] & 0x7F
    assert data[1] & 0x80 and size < 126 and len(data) == 6 + size
    return data[0], bytes([data[6 + i] ^ data[2 + (i & 3)] for i in range(size)])


def events(one):
    """Return all events."""
    found = []
    event = one.next_event()
    while event is not None:
        found.append(event)
        event = one.next_event()
    return found


def sent(one):
    """Return all frames that wait, unmasked."""
    found = []
    data = one.data_to_send()
    while data is not None:
        found.append(unmask(data))
        data = one.data_to_send()
    return found
