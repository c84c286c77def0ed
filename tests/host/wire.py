"""A charge point made of raw WebSocket frames, for tests: it obeys nothing."""

import contextlib
import json
import threading

from websockets.sync.client import connect

from tools.csms.answers import CallError


class Wire:
    """One connection to a central system at `url`, as the charge point `cp`."""

    def __init__(self, url, cp="W1", **arguments):
        arguments.setdefault("subprotocols", ["ocpp1.6"])
        self._open = contextlib.ExitStack()
        self._connection = self._open.enter_context(
            connect(f"{url}/{cp}", compression=None, **arguments)
        )
        self._number = 0

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.close()

    def close(self):
        """Close in order."""
        self._open.close()

    def send(self, text):
        """Send any text."""
        self._connection.send(text)

    def receive(self, timeout_s=5):
        """The next frame, parsed."""
        return json.loads(self._connection.recv(timeout_s))

    def call(self, action, payload, message_id=None):
        """Send a CALL and return the whole answer frame."""
        self._number += 1
        message_id = message_id or f"w{id(self)}-{self._number}"
        self.send(json.dumps([2, message_id, action, payload]))
        return self.receive()

    def boot(self):
        """Register."""
        return self.call(
            "BootNotification", {"chargePointVendor": "Pilotwire", "chargePointModel": "Wire"}
        )[2]

    def start(self, message_id=None, **changes):
        """Start a transaction; returns the payload of the answer."""
        payload = {
            "connectorId": 1,
            "idTag": "04A1",
            "meterStart": 1000,
            "timestamp": "2026-01-01T10:00:00Z",
        }
        return self.call("StartTransaction", dict(payload, **changes), message_id)[2]

    def values(self, transaction, energy_wh, timestamp="2026-01-01T10:30:00Z", **changes):
        """Send one sample of the energy register."""
        sample = {"timestamp": timestamp, "sampledValue": [{"value": str(energy_wh)}]}
        payload = {"connectorId": 1, "transactionId": transaction, "meterValue": [sample]}
        return self.call("MeterValues", dict(payload, **changes))

    def stop(self, transaction, message_id=None, **changes):
        """Stop a transaction; returns the payload of the answer."""
        payload = {
            "transactionId": transaction,
            "meterStop": 1500,
            "timestamp": "2026-01-01T11:00:00Z",
        }
        return self.call("StopTransaction", dict(payload, **changes), message_id)[2]


def in_thread(function, *arguments):
    """Run `function` beside the test; returns a callable that waits for its result."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function(*arguments)))
    thread.start()

    def join():
        thread.join(5)
        return results[0]

    return join


def start_frame(message_id):
    """A StartTransaction as text, always the same."""
    payload = {
        "connectorId": 1,
        "idTag": "04A1",
        "meterStart": 1,
        "timestamp": "2026-01-01T10:00:00Z",
    }
    return json.dumps([2, message_id, "StartTransaction", payload])


def ask_quietly(background, action):
    """Call; a bad answer may end in any of these."""
    try:
        return background.call("W1", action, {}, timeout_s=0.3)
    except (CallError, TimeoutError) as error:
        return error
