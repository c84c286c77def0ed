"""The opening handshake of a WebSocket client: the request, and the check of the server's answer.

Redirects are not followed: OCPP-J knows none. Source: RFC 6455 4.1 and 4.2.2, RFC 7230 section 3.
"""

import binascii
import hashlib

from micropython import const

_BLOCK_MAX = const(4096)
_REASON_END = const(13 + 64)  # no longer text from outside goes to a log
_REQUEST = (
    "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: %s\r\n"
)
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def request(host, port, path, protocol, key, authorization=None):
    """Return the request as bytes.

    path: already percent-encoded. port: left out of the Host header when None, 80 or 443.
    key: text from `new_key`. authorization: value of that header or None.
    Raises ValueError for characters that would end the header field or the request line.
    """
    for text in (host, path, protocol):
        _check_printable(text, 33)
    if ":" in host and not host.startswith("["):
        host = "[" + host + "]"
    if port not in (None, 80, 443):
        host = "%s:%d" % (host, port)
    text = _REQUEST % (path, host, key, protocol)
    if authorization is not None:
        _check_printable(authorization, 32)
        text += "Authorization: %s\r\n" % authorization
    return (text + "\r\n").encode()


def _check_printable(text, least):
    if not text:
        raise ValueError("empty")
    for character in text:
        if not least <= ord(character) < 127:
            # Without the text: it may be the password.
            raise ValueError("character not allowed in a request")


def new_key(sixteen_bytes):
    """Return the value of Sec-WebSocket-Key for 16 random bytes."""
    return binascii.b2a_base64(sixteen_bytes).strip().decode()


def accept_value(key):
    """Return, as bytes, the Sec-WebSocket-Accept that proves that the server read `key`."""
    return binascii.b2a_base64(hashlib.sha1(key.encode() + _GUID).digest()).strip()


class Answer:
    """Collects the server's answer in any chunks and judges it."""

    def __init__(self, key, protocol):
        self._accept = accept_value(key)
        self._protocol = protocol.encode()
        self._block = bytearray()
        self._accepted = False
        self.used = 0  # bytes of the last chunk that belong to the answer; the rest are frames

    def receive(self, chunk):
        """Return the verdict, or None while the header block is incomplete.

        Verdicts: ("open",) ("refused", status, reason) ("failed", reason).
        A refusal is known from the status line: neither headers nor body are waited for.
        """
        block = self._block
        before = len(block)
        block.extend(chunk[: _BLOCK_MAX - before])
        if not self._accepted:
            end = block.find(b"\r\n", max(0, before - 1))
            if end >= 0:
                verdict = self._check_status(bytes(block[:end]))
                if verdict is not None:
                    return verdict
        end = block.find(b"\r\n\r\n", max(0, before - 3))
        if end >= 0:
            self.used = end + 4 - before
            return self._check_headers(bytes(block[:end]).split(b"\r\n"))
        if len(block) >= _BLOCK_MAX:
            return ("failed", "too long")
        return None

    def _check_status(self, line):
        # "HTTP/1.1 101 Switching Protocols"; the places are fixed, the text may be missing.
        code = line[8:13].strip()
        if not line.startswith(b"HTTP/1.") or len(code) != 3 or not code.isdigit():
            return ("failed", "no HTTP")
        self._accepted = code == b"101"
        if self._accepted:
            return None
        # It goes to a log: no control characters from outside.
        reason = [chr(byte) if 32 <= byte < 127 else "?" for byte in line[13:_REASON_END]]
        return ("refused", int(code), "".join(reason))

    def _check_headers(self, lines):
        upgrade = connection = False
        accept = protocol = None
        for line in lines[1:]:
            name, colon, value = line.partition(b":")
            # A blank in the name is also what a folded line looks like (RFC 7230 3.2.4).
            if not colon or not name or name.strip() != name:
                return ("failed", "malformed")
            name = name.lower()
            value = value.strip()
            if name == b"upgrade":
                upgrade = upgrade or _has_token(value, b"websocket")
            elif name == b"connection":
                connection = connection or _has_token(value, b"upgrade")
            elif name == b"sec-websocket-accept":
                accept = value if accept is None else b""  # twice is wrong
            elif name == b"sec-websocket-protocol":
                protocol = value if protocol is None else b""
            elif name == b"sec-websocket-extensions" and value:
                return ("failed", "extension")
        if not (upgrade and connection):
            return ("failed", "no upgrade")
        if accept != self._accept:
            return ("failed", "accept key")
        if protocol != self._protocol:
            return ("failed", "no subprotocol" if protocol is None else "wrong subprotocol")
        return ("open",)


def _has_token(value, token):
    for item in value.lower().split(b","):
        if item.strip() == token:
            return True
    return False
