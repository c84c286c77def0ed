"""Work for `make bench` to count instructions and flash operations by: `workload.py WHAT COUNT`.

calls COUNT: so many answered GetConfiguration calls, from bytes to bytes. idle COUNT: so many ms
of virtual time, connected and at rest, without trace and oracles. flash COUNT: one session of so
many virtual seconds; prints its flash operations as JSON. The difference between two counts is
what counts: start and boot are in both.
"""

import binascii
import hashlib
import json
import sys

from tests.sim.plant import Plant
from websock.client import Client as WebSocket

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CALL = b'[2,"0123456789","GetConfiguration",{"key":["MeterValueSampleInterval"]}]'
_CARD = "04A1B2C3"


def _ready():
    plant = Plant(blocks=256)
    plant.run_until(lambda: plant.app.client.online)
    plant.run(1500)
    return plant


def _socket():
    """A WebSocket that is open; there is no server but us."""
    socket = WebSocket("bench", 80, "/", "ocpp1.6", random=lambda count: b"\x5a" * count)
    socket.start(0)
    request = bytes(socket.data_to_send())
    key = request.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
    accept = binascii.b2a_base64(hashlib.sha1(key + _GUID).digest()).strip()
    socket.receive(0, b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      b"Sec-WebSocket-Protocol: ocpp1.6\r\nSec-WebSocket-Accept: " + accept +
                      b"\r\n\r\n")
    assert socket.next_event()[0] == "open"
    return socket


def calls(count):
    """As firmware/net/ocpp_link.py does when bytes arrive."""
    plant = _ready()
    client, socket, now = plant.app.client, _socket(), plant.time.now
    frame = bytes((0x81, len(_CALL))) + _CALL
    for _ in range(count):
        socket.receive(now, frame)
        client.receive(now, socket.next_event()[1])
        client.tick(now)
        text = client.next_text(now)
        socket.send_text(text)
        assert client.next_text(now) is None
        assert socket.data_to_send() is not None


def idle(duration_ms):
    """Guard at 100 Hz, ticks at 20 Hz; the world's own work is in it."""
    plant = _ready()
    plant.time.keep_first_timer()
    plant.run(duration_ms)


def flash(duration_s):
    """A session from plug to unplug, online."""
    plant = _ready()
    device = plant.flash
    before = device.erases, device.writes
    plant.do("plug")
    plant.run(600)
    plant.do("card", id=_CARD)
    plant.run_until(lambda: plant.status() == "Charging")
    plant.time.keep_first_timer()
    plant.run(duration_s * 1000)
    plant.do("card", id=_CARD)
    plant.run_until(lambda: plant.status() == "Finishing")
    plant.do("unplug")
    plant.run_until(lambda: plant.status() == "Available" and not plant.app.transactions.pending)
    print(json.dumps({"erases": device.erases - before[0], "writes": device.writes - before[1]}))
    plant.close()


if __name__ == "__main__":
    {"calls": calls, "idle": idle, "flash": flash}[sys.argv[1]](int(sys.argv[2]))
