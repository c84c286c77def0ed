"""The real OCPP client on a bench: real Rpc, configuration and clock; the station is a plain one.

The test is the central system. Frames go in and come out as texts; time stands still between the
calls of `run`. With a file system the transactions and the meter values are real as well.
"""

import json

import ticks
from firmware.clock import Clock
from firmware.config import Config
from firmware.ocpp import config_keys, core
from firmware.ocpp.authorize import Authorize
from firmware.ocpp.boot import Boot, Heartbeat
from firmware.ocpp.client import Client
from firmware.ocpp.metering import Metering
from firmware.ocpp.status import Status
from firmware.ocpp.transactions import Transactions
from ocppj.rpc import Rpc
from tests.sim.plain_station import PlainStation
from tests.sim.ram_store import RamStore

TIME = "2026-11-21T07:42:52.000Z"
# Two seconds before the counter wraps: every test runs over the wrap.
_START = 0x3FFFFFFF - 2_000

IDENTITY = {
    "chargePointVendor": "Pilotwire",
    "chargePointModel": "Bench with a name of more than 20 characters",
    "chargePointSerialNumber": "PW-0001",
    "firmwareVersion": "1.0.0",
    "iccid": "",
}


class PlainAuthorizer:
    """One token may wait in `waiting`; verdicts are written down."""

    def __init__(self):
        self.waiting = None
        self.verdicts = []
        self.can_clear = True

    def pending_token(self):
        """Return the token that waits."""
        return self.waiting

    def on_authorize(self, now, id_token, id_tag_info):
        """Write the verdict down."""
        self.waiting = None
        self.verdicts.append((id_token, id_tag_info))

    def clear_cache(self, now):
        """Return whether there is a cache."""
        return self.can_clear


class PlainQueue:
    """A source with calls to send; the outcome of each is written down."""

    def __init__(self):
        self.calls = []
        self.outcomes = []

    def next_call(self, now):
        """Return the first call; it stays until it is answered."""
        return self.calls[0] if self.calls else None

    def on_result(self, now, payload):
        """Drop the call."""
        self.outcomes.append(("result", payload))
        self.calls.pop(0)

    def on_error(self, now, code, description):
        """Drop the call."""
        self.outcomes.append(("error", code))
        self.calls.pop(0)

    def on_lost(self, now):
        """Keep the call."""
        self.outcomes.append(("lost",))


class Context:
    """What the parts of the OCPP client find each other by."""

    def __init__(self, connectors, rpc, fs):
        self.station = PlainStation(connectors)
        self.station.online = False
        board = config_keys.board_keys(connectors, config_keys.MEASURANDS, "Core", False)
        secrets = (("AuthorizationKey", "text", "w", "", None),)
        self.store = RamStore()
        self.config = Config(self.store, config_keys.CORE + (board, secrets))
        self.config.load()
        self.clock = Clock(1)
        self.identity = IDENTITY
        self.authorizer = PlainAuthorizer()
        self.transactions = PlainQueue()
        if fs is not None:
            self.transactions = Transactions(fs, self.clock, self.config, rpc.new_id)
        self.authorize = Authorize(self)
        self.status = Status(self)
        self.heartbeat = Heartbeat(self)
        self.boot = Boot(self)


class Bench:
    """The client and the hands of the test."""

    def __init__(self, connectors=1, fs=None):
        self.now = _START
        self.rpc = Rpc(id_prefix="b1-")
        ctx = self.ctx = Context(connectors, self.rpc, fs)
        self.metering = None
        if fs is not None:
            ctx.transactions.recover(self.now)
            self.metering = Metering(ctx)
        self.triggered = PlainQueue()
        sources = (ctx.authorize, ctx.status, ctx.heartbeat, ctx.transactions)
        self.client = Client(ctx, self.rpc, (core,), sources, self.triggered)
        self.open_id = None  # of the call that the client waits for
        self.asked = 0
        self.client.tick(self.now)

    def connect(self):
        """Open a connection."""
        self.client.on_connected(self.now)
        self.ctx.station.online = True

    def disconnect(self):
        """Lose the connection."""
        self.client.on_disconnected(self.now)
        self.open_id = None

    def run(self, seconds, step_ms=50):
        """Let time pass without sending anything; `seconds` may be a fraction of halves."""
        for _ in range(int(seconds * 1000) // step_ms):
            self.now = ticks.add(self.now, step_ms)
            if self.metering is not None:
                self.metering.tick(self.now)
            self.client.tick(self.now)

    def sent(self):
        """Return the next frame of the client as a list, or None."""
        text = self.client.next_text(self.now)
        if text is None:
            return None
        frame = json.loads("".join(text))
        if frame[0] == 2:
            self.open_id = frame[1]
        return frame

    def sent_call(self):
        """Return (action, payload) of the next frame, which has to be a call; None if none."""
        frame = self.sent()
        if frame is None:
            return None
        assert frame[0] == 2, frame
        return frame[2], frame[3]

    def result(self, payload):
        """Confirm the client's open call."""
        self._receive([3, self.open_id, payload])

    def error(self, code):
        """Refuse the client's open call."""
        self._receive([4, self.open_id, code, "", {}])

    def call(self, action, payload):
        """Call the client; returns the message id."""
        self.asked += 1
        message_id = "cs%d" % self.asked
        self._receive([2, message_id, action, payload])
        return message_id

    def answer(self, action, payload):
        """Call the client; returns its payload, or the code of its error."""
        message_id = self.call(action, payload)
        frame = self.sent()
        assert frame is not None and frame[1] == message_id, frame
        return frame[2]

    def accept(self, interval_s=3600):
        """Connect, register and take the status notifications of the boot; returns them."""
        self.connect()
        action, _ = self.sent_call()
        assert action == "BootNotification", action
        self.boot_result("Accepted", interval_s)
        return self.drain()

    def boot_result(self, status, interval_s):
        """Answer a BootNotification."""
        self.result({"status": status, "currentTime": TIME, "interval": interval_s})

    def drain(self):
        """Confirm all calls that come now with an empty payload; returns them."""
        calls = []
        while True:
            call = self.sent_call()
            if call is None:
                return calls
            calls.append(call)
            self.result({"currentTime": TIME} if call[0] == "Heartbeat" else {})

    def _receive(self, frame):
        self.client.receive(self.now, json.dumps(frame))
