"""A central system that follows the standard, as a plain object inside the simulated world.

Texts in, texts out, no clock of its own. It keeps books of transactions, recognises a message that
is sent again with its old id, and every frame in both directions goes to `frames.note`, which
validates it against the schemas of OCPP 1.6.
"""

import json

import rfc3339
from tests.sim import frames
from tools.csms.status_pairs import StatusPairs

_EPOCH_S = 848_000_000  # 2026-11-14, what this central system's clock shows at its start.


class Csms:
    """`answers[action]` overrides an answer: a payload, or a function of the request's payload.
    None as a payload means: no answer at all."""

    def __init__(self):
        self.log = []
        self.answers = {}
        self.rejected = ()
        self.transactions = {}
        self.anomalies = []
        self.now_ms = 0
        self.statuses_heard = StatusPairs()
        self._seen = {}
        self._next_id = 100
        self._calls = 0
        self._results = {}

    # What the charge point says.

    def receive(self, text):
        """Take a text; returns the list of texts that go back."""
        frames.note("out", text)
        message = json.loads(text)
        if message[0] != 2:
            self._results[message[1]] = message
            return []
        action, payload = message[2], message[3]
        self.log.append((action, payload))
        answer = self._answer(message[1], action, payload)
        if answer is None:
            return []
        text = json.dumps([3, message[1], answer])
        frames.note("in", text)
        return [text]

    def _answer(self, message_id, action, payload):
        if action in self.answers:
            answer = self.answers[action]
            return answer(payload) if callable(answer) else answer
        if message_id in self._seen:
            return self._seen[message_id]
        handler = getattr(self, "_on_" + action, None)
        answer = handler(payload) if handler else {}
        self._seen[message_id] = answer
        return answer

    def _time(self):
        return rfc3339.format(_EPOCH_S + self.now_ms // 1000, self.now_ms % 1000)

    def _on_BootNotification(self, payload):
        return {"status": "Accepted", "currentTime": self._time(), "interval": 300}

    def _on_Heartbeat(self, payload):
        return {"currentTime": self._time()}

    def _info(self, id_tag):
        return {"status": "Invalid" if id_tag in self.rejected else "Accepted"}

    def _on_Authorize(self, payload):
        return {"idTagInfo": self._info(payload["idTag"])}

    def _on_StatusNotification(self, payload):
        problem = self.statuses_heard.hear(payload["connectorId"], payload["status"])
        if problem:
            self.anomalies.append((problem, payload))
        return {}

    def _on_StartTransaction(self, payload):
        self._next_id += 1
        self.transactions[self._next_id] = {"start": payload, "stop": None, "values": []}
        return {"transactionId": self._next_id, "idTagInfo": self._info(payload["idTag"])}

    def _on_MeterValues(self, payload):
        if "transactionId" not in payload:
            return {}  # Of a connector at rest, or asked for.
        transaction = self.transactions.get(payload["transactionId"])
        if transaction is None:
            self.anomalies.append(("values of no transaction", payload))
        elif transaction["stop"]:
            self.anomalies.append(("values after the stop", payload))
        else:
            transaction["values"] += payload["meterValue"]
        return {}

    def _on_StopTransaction(self, payload):
        transaction = self.transactions.get(payload["transactionId"])
        if transaction is None or transaction["stop"]:
            self.anomalies.append(("stop of no running transaction", payload))
        else:
            transaction["stop"] = payload
            if payload["meterStop"] < transaction["start"]["meterStart"]:
                self.anomalies.append(("energy fell", payload))
        return {}

    # What we say.

    def call(self, action, payload):
        """Return (message id, text) of a call to the charge point."""
        self._calls += 1
        message_id = "cs-%d" % self._calls
        text = json.dumps([2, message_id, action, payload])
        frames.note("in", text)
        return message_id, text

    def result(self, message_id):
        """Return the payload of the answer to `message_id`; None if there is none, or an error."""
        message = self._results.get(message_id)
        return message[2] if message and message[0] == 3 else None

    # For the tests.

    def actions(self):
        """Return the actions received, in order."""
        return [action for action, _ in self.log]

    def of(self, action):
        """Return the payloads of one action, in order, repetitions included."""
        return [payload for name, payload in self.log if name == action]

    def statuses(self, connector_id=1):
        """Return the statuses reported for a connector, in order."""
        return [
            payload["status"]
            for action, payload in self.log
            if action == "StatusNotification" and payload["connectorId"] == connector_id
        ]

    def books(self):
        """Return [(connector, idTag, Wh, reason)] of all transactions in order of their ids."""
        rows = []
        for number in sorted(self.transactions):
            start, stop = self.transactions[number]["start"], self.transactions[number]["stop"]
            wh = stop["meterStop"] - start["meterStart"] if stop else None
            reason = stop.get("reason", "Local") if stop else None
            rows.append((start["connectorId"], start["idTag"], wh, reason))
        return rows
