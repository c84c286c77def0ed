"""Remote Trigger profile: messages that the central system asks for (OCPP 1.6 5.17).

The answer leaves first, then the message. A triggered message is news, not a record: it is sent
once, also while the registration is pending, with what is true when it leaves, and what gets lost
is not repeated.
"""

from micropython import const

from firmware.ocpp.measurands import sampled_values
from firmware.ocpp.tx_messages import transaction_id
from ocpp16.remote_trigger import REQUESTS, RESULTS  # noqa: F401  for the client

FEATURE = "RemoteTrigger"
KEYS = ()

_WAITING_MAX = const(8)


def trigger_message(ctx, now, payload):
    """Send a message out of turn (5.17)."""
    connector_id = payload.get("connectorId")
    return {"status": ctx.triggered.request(now, payload["requestedMessage"], connector_id)}


HANDLERS = {"TriggerMessage": trigger_message}


class Triggered:
    """Source of the triggered messages; to be asked before all others, see ocpp/client.py."""

    def __init__(self, ctx):
        """`ctx`: boot, clock, config, heartbeat, station, status."""
        self._ctx = ctx
        self._waiting = []  # (action, connector or 0), oldest first
        self._listener = None

    def request(self, now, message, connector_id):
        """Let a message be sent; returns the status of TriggerMessage.conf."""
        ctx = self._ctx
        if message == "BootNotification":
            # Also when accepted: some central systems know a station only after they saw one.
            ctx.boot.request()
            return "Accepted"
        if message == "Heartbeat":
            return self._wait([(message, 0)])
        if message not in ("MeterValues", "StatusNotification"):
            return "NotImplemented"
        connectors = len(ctx.station.connectors)
        if connector_id is not None and not 0 <= connector_id <= connectors:
            return "Rejected"
        if message == "MeterValues":
            # 0, too, is everything that there is to measure.
            wanted = [connector_id] if connector_id else range(1, connectors + 1)
            return self._meter_values(now, wanted)
        wanted = range(connectors + 1) if connector_id is None else [connector_id]
        if ctx.boot.registration != "Accepted":
            return self._wait([(message, number) for number in wanted])
        for number in wanted:
            # In the queue of the others: an older change must not come behind a newer one.
            ctx.status.report(now, number)
        return "Accepted"

    def _meter_values(self, now, wanted):
        ctx = self._ctx
        # A silent meter has no value, and a value without a time cannot be sent.
        online = [n for n in wanted if ctx.station.connectors[n - 1].meter.online]
        if not online or ctx.clock.wall(now) is None:
            return "Rejected"
        return self._wait([("MeterValues", number) for number in online])

    def _wait(self, messages):
        for message in messages:
            if message not in self._waiting:
                if len(self._waiting) >= _WAITING_MAX:
                    return "Rejected"
                self._waiting.append(message)
        return "Accepted"

    def next_call(self, now):
        """Return the oldest message that waits, else None."""
        if not self._waiting:
            return None
        action, connector_id = self._waiting.pop(0)
        self._listener = None
        if action == "Heartbeat":
            self._listener = self._ctx.heartbeat
            return action, {}, None
        if action == "StatusNotification":
            return action, self._ctx.status.payload(connector_id), None
        return action, self._measured(now, self._ctx.station.connectors[connector_id - 1]), None

    def _measured(self, now, connector):
        ctx = self._ctx
        values = sampled_values(connector, ctx.config.get("MeterValuesSampledData"), "Trigger")
        timestamp = ctx.clock.text(ctx.clock.stamp(now))
        payload = {
            "connectorId": connector.id,
            "meterValue": [{"timestamp": timestamp, "sampledValue": values}],
        }
        transaction = connector.transaction
        # Before the answer to its StartTransaction it has no id yet.
        if transaction is not None and transaction_id(transaction) is not None:
            payload["transactionId"] = transaction_id(transaction)
        return payload

    def on_result(self, now, payload):
        """A Heartbeat, triggered or not, sets the clock."""
        if self._listener is not None:
            self._listener.on_result(now, payload)

    def on_error(self, _now, _code, _description):
        """It is not repeated."""

    def on_lost(self, _now):
        """It is not repeated."""
