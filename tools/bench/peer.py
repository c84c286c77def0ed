"""The measuring peer: a central system on bare blocking sockets, as cheap as Python allows.

It validates nothing and keeps no books: what it costs is in every figure, and the echo shows it.
"""

import base64
import hashlib
import json
import socket
import time

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TIMEOUT_S = 60
_TIME = "2026-11-21T07:42:52.000Z"


class Peer:
    """Listens on a free port of the loopback; `url` is for the charge points."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_TIMEOUT_S)
        self.url = "ws://127.0.0.1:%d" % self._listener.getsockname()[1]

    def accept(self):
        """Return the Connection of the next charge point, after its handshake."""
        return Connection(self._listener.accept()[0])

    def close(self):
        """Close the port."""
        self._listener.close()


class Connection:
    """One charge point. Its calls are answered whenever somebody waits for something."""

    def __init__(self, connected):
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.settimeout(_TIMEOUT_S)
        self._socket = connected
        self._data = b""
        self._calls = 0
        self._transactions = 0
        self.seen = {}  # action -> (moment of the last call, its payload)
        self._shake_hands()

    def _shake_hands(self):
        while b"\r\n\r\n" not in self._data:
            self._read()
        head, _, self._data = self._data.partition(b"\r\n\r\n")
        key = next(line.split(b":", 1)[1].strip() for line in head.split(b"\r\n")
                   if line.lower().startswith(b"sec-websocket-key:"))
        accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())
        self._socket.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Protocol: ocpp1.6\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")

    def call(self, action, payload):
        """Return (seconds to the answer, its payload or None if it is a CALLERROR)."""
        self._calls += 1
        message_id = str(self._calls)
        frame = _frame(json.dumps([2, message_id, action, payload]).encode())
        began = time.perf_counter()
        self._socket.sendall(frame)
        while True:
            text = self.next_text()
            took = time.perf_counter() - began
            message = json.loads(text)
            if message[0] == 2:
                self._answer(message)
            elif message[1] == message_id:
                return took, message[2] if message[0] == 3 else None

    def wait(self, action, where=None):
        """Answer calls until one of `action` comes; returns (moment, payload)."""
        while True:
            message = json.loads(self.next_text())
            if message[0] != 2:
                continue
            self._answer(message)
            if message[2] == action and (where is None or where(message[3])):
                return self.seen[action]

    def send(self, data):
        """Send bytes as they are."""
        self._socket.sendall(data)

    def quiet(self, seconds):
        """Answer calls until none came for so long."""
        self._socket.settimeout(seconds)
        try:
            while True:
                message = json.loads(self.next_text())
                if message[0] == 2:
                    self._answer(message)
        except TimeoutError:
            pass
        finally:
            self._socket.settimeout(_TIMEOUT_S)

    def close(self):
        """Close without ceremony."""
        self._socket.close()

    def _answer(self, message):
        _, message_id, action, payload = message
        self.seen[action] = time.perf_counter(), payload
        answer = {}
        if action == "BootNotification":
            answer = {"status": "Accepted", "currentTime": _TIME, "interval": 86400}
        elif action == "Heartbeat":
            answer = {"currentTime": _TIME}
        elif action == "StartTransaction":
            self._transactions += 1
            answer = {"transactionId": self._transactions, "idTagInfo": {"status": "Accepted"}}
        elif action == "Authorize":
            answer = {"idTagInfo": {"status": "Accepted"}}
        self._socket.sendall(_frame(json.dumps([3, message_id, answer]).encode()))

    def next_text(self):
        """Return the next text message as bytes. Charge points send it in one frame, masked."""
        while True:
            while len(self._data) < 2:
                self._read()
            opcode, size, start = self._data[0] & 15, self._data[1] & 127, 6
            if size == 126:
                start = 8
                while len(self._data) < start:
                    self._read()
                size = int.from_bytes(self._data[2:4], "big")
            while len(self._data) < start + size:
                self._read()
            key = self._data[start - 4 : start]
            masked = self._data[start : start + size]
            self._data = self._data[start + size :]
            pattern = key * (size // 4 + 1)
            number = int.from_bytes(masked, "big") ^ int.from_bytes(pattern[:size], "big")
            if opcode == 1:
                return number.to_bytes(size, "big")
            if opcode == 9:
                self._socket.sendall(_frame(number.to_bytes(size, "big"), opcode=10))

    def _read(self):
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("the charge point closed the connection")
        self._data += data


def _frame(data, opcode=1):
    if len(data) < 126:
        return bytes((0x80 | opcode, len(data))) + data
    return b"\x81\x7e" + len(data).to_bytes(2, "big") + data
