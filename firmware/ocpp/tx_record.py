"""One transaction as OCPP bills it, and the record in which it survives a power cut.

The record is one small JSON array below 350 bytes (500 with the blanks at the begin), so that
littlefs keeps it inside the directory and replacing it costs a fraction of a sector erase. It
holds all that StartTransaction.req and StopTransaction.req need, message ids included: a message
that is sent again after a reboot keeps its id, so that the central system can recognise it.
"""

import json

from micropython import const

import ticks

_VERSION = const(1)

# How often the record of a running transaction is worth writing: at once after so much energy, but
# never more than once a second; else every ten seconds; once a minute if the meter stands still.
_SAVE_WH = const(50)
_SAVE_MIN_MS = const(1000)
_SAVE_MS = const(10_000)
_SAVE_IDLE_MS = const(60_000)

# What became of the StartTransaction.req.
START_WAITING = const(0)
START_DELIVERED = const(1)
START_DISCARDED = const(2)  # refused for good: the transaction goes on with transactionId -1

_STOP_FIELDS = const(7)
_FIELDS = const(13)


class Stop:
    """How a transaction ended. `stamp` as in firmware/clock.py, `meter_wh` the register."""

    def __init__(self, seq, message_id, meter_wh, stamp):
        self.seq = seq
        self.message_id = message_id
        self.meter_wh = meter_wh
        self.stamp = stamp
        self.reason = "Local"
        self.id_tag = None
        self.has_data = False


class Transaction:
    """A transaction from its begin to the delivery of its StopTransaction.req.

    number: local and increasing; also the place of the StartTransaction.req in the order of all
    messages. transaction_id: what the central system gave (any integer), None while unknown.
    energy_wh: last known meter value (absolute register), `last_stamp` its time. stop: None while
    the transaction runs. recovered: True between a reboot and the first new value.
    """

    def __init__(self, number, connector_id, id_tag, meter_start_wh):
        self.number = number
        self.connector_id = connector_id
        self.id_tag = id_tag
        self.meter_start_wh = meter_start_wh
        self.reservation_id = None
        self.start_stamp = None
        self.start_message_id = None
        self.start_state = START_WAITING
        self.transaction_id = None
        self.energy_wh = meter_start_wh
        self.last_stamp = None
        self.stop = None
        self.recovered = False
        # The last record that reached the flash: when, and with which meter value.
        self.saved_at = 0
        self.saved_wh = meter_start_wh
        # For StopTransaction.req: (stamp, sampledValue list as JSON text), in RAM until the end.
        self.stop_data = []


def save_is_due(now, tx):
    """Return True if the record on flash is too old to leave it so."""
    elapsed_ms = ticks.diff(now, tx.saved_at)
    if elapsed_ms < 0:
        return True
    if tx.energy_wh == tx.saved_wh:
        return elapsed_ms >= _SAVE_IDLE_MS
    if tx.energy_wh - tx.saved_wh >= _SAVE_WH:
        return elapsed_ms >= _SAVE_MIN_MS
    return elapsed_ms >= _SAVE_MS


def encode(tx):
    """Return the record of a transaction as bytes."""
    stop = tx.stop
    if stop is not None:
        stop = (
            stop.seq,
            stop.message_id,
            stop.meter_wh,
            stop.stamp,
            stop.reason,
            stop.id_tag,
            1 if stop.has_data else 0,
        )
    fields = (
        _VERSION,
        tx.number,
        tx.connector_id,
        tx.id_tag,
        tx.meter_start_wh,
        tx.start_stamp,
        tx.reservation_id,
        tx.start_message_id,
        tx.start_state,
        tx.transaction_id,
        tx.energy_wh,
        tx.last_stamp,
        stop,
    )
    return json.dumps(fields, separators=(",", ":")).encode()


def decode(data):
    """Return the Transaction of a record; ValueError if it is not one of ours."""
    fields = json.loads(data)
    if not isinstance(fields, list) or len(fields) != _FIELDS or fields[0] != _VERSION:
        raise ValueError("not a transaction record")
    tx = Transaction(fields[1], fields[2], fields[3], fields[4])
    tx.start_stamp = _stamp(fields[5])
    tx.reservation_id = fields[6]
    tx.start_message_id = fields[7]
    tx.start_state = fields[8]
    tx.transaction_id = fields[9]
    tx.energy_wh = fields[10]
    tx.saved_wh = fields[10]
    tx.last_stamp = _stamp(fields[11])
    if fields[12] is not None:
        tx.stop = _decode_stop(fields[12])
    return tx


def _decode_stop(fields):
    if not isinstance(fields, list) or len(fields) != _STOP_FIELDS:
        raise ValueError("not a stop record")
    stop = Stop(fields[0], fields[1], fields[2], _stamp(fields[3]))
    stop.reason = fields[4]
    stop.id_tag = fields[5]
    stop.has_data = fields[6] == 1
    return stop


def _stamp(value):
    if not isinstance(value, list) or len(value) != 3:
        raise ValueError("not a stamp")
    return tuple(value)
