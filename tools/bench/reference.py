"""What we are compared with: a charge point on CPython, `ocpp` and `websockets`, as in their docs.

`python -m tools.bench.reference URL`: the keys of its configuration come as JSON on the standard
input, so that it reports the same as ours. `--echo` instead: a bare socket that sends back an
answer to every frame, which shows what the measuring itself takes.
"""

import asyncio
import base64
import json
import os
import socket
import sys
from urllib.parse import urlsplit

import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from ocpp.v16.enums import Action


class Station(ChargePoint):
    """Answers the calls that the bench makes, and does nothing else."""

    keys = {}

    @on(Action.get_configuration)
    def _get_configuration(self, key=None):
        names = key or list(self.keys)
        return call_result.GetConfiguration(
            configuration_key=[self.keys[name] for name in names if name in self.keys],
            unknown_key=[name for name in names if name not in self.keys] or None)

    @on(Action.change_configuration)
    def _change_configuration(self, key, value):
        if key not in self.keys:
            return call_result.ChangeConfiguration("NotSupported")
        self.keys[key]["value"] = value
        return call_result.ChangeConfiguration("Accepted")

    @on(Action.clear_cache)
    def _clear_cache(self):
        return call_result.ClearCache("Accepted")

    @on(Action.change_availability)
    def _change_availability(self, connector_id, type):
        return call_result.ChangeAvailability("Accepted")

    @on(Action.trigger_message)
    def _trigger_message(self, requested_message, connector_id=None):
        return call_result.TriggerMessage("NotImplemented")

    @on(Action.remote_start_transaction)
    def _remote_start(self, id_tag, connector_id=None, charging_profile=None):
        return call_result.RemoteStartTransaction("Rejected" if connector_id == 9 else "Accepted")


async def main(url):
    """Register, then answer until the connection ends."""
    async with websockets.connect(url + "/REFERENCE", subprotocols=["ocpp1.6"],
                                  compression=None, ping_interval=None) as connection:
        station = Station("REFERENCE", connection)
        rows = json.loads(sys.stdin.readline())
        Station.keys = {row["key"]: row for row in rows}
        listening = asyncio.create_task(station.start())
        await station.call(call.BootNotification("Reference", "ocpp"))
        try:
            await listening
        except websockets.ConnectionClosed:
            pass


def echo(url):
    """Answer each frame with a CALLRESULT, as fast as a process can."""
    address = urlsplit(url)
    connected = socket.create_connection((address.hostname, address.port))
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    key = base64.b64encode(os.urandom(16))
    connected.sendall(b"GET /ECHO HTTP/1.1\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n")
    connected.recv(4096)
    while True:
        data = connected.recv(65536)
        if not data:
            return
        message_id = json.loads(data[2 if data[1] < 126 else 4 :])[1]
        answer = json.dumps([3, message_id, {"status": "Accepted"}]).encode()
        connected.sendall(bytes((0x81, 0x80 | len(answer), 0, 0, 0, 0)) + answer)


if __name__ == "__main__":
    if "--echo" in sys.argv:
        echo(sys.argv[1])
    else:
        asyncio.run(main(sys.argv[1]))
