"""Payloads of the transaction-related messages: OCPP 1.6 edition 2, 6.31, 6.45, 6.49."""

import json

from firmware.ocpp.tx_record import START_DISCARDED

# OCPP 1.6 errata 4.0: the transactionId when StartTransaction.req was never accepted.
_NO_ID = -1


def start_transaction(clock, tx):
    """Return the payload of StartTransaction.req. The clock must be known."""
    payload = {
        "connectorId": tx.connector_id,
        "idTag": tx.id_tag,
        "meterStart": tx.meter_start_wh,
        "timestamp": clock.text(tx.start_stamp),
    }
    if tx.reservation_id is not None:
        payload["reservationId"] = tx.reservation_id
    return payload


def stop_transaction(clock, tx, data):
    """Return the payload of StopTransaction.req. data: JSON of [[stamp, values], ...] or None."""
    stop = tx.stop
    payload = {
        "transactionId": transaction_id(tx),
        "meterStop": max(stop.meter_wh, tx.meter_start_wh),
        "timestamp": _not_before(clock, stop.stamp, tx.start_stamp),
        "reason": stop.reason,
    }
    if stop.id_tag is not None:
        payload["idTag"] = stop.id_tag
    if data:
        payload["transactionData"] = [
            _meter_value(clock, tx, stamp, values) for stamp, values in json.loads(data)
        ]
    return payload


def meter_values(clock, tx, sample):
    """Return the payload of MeterValues.req; `tx` is None for a connector at rest."""
    _, _, connector_id, stamp, _, values = sample
    payload = {
        "connectorId": connector_id,
        "meterValue": [_meter_value(clock, tx, stamp, values)],
    }
    if tx is not None:
        payload["transactionId"] = transaction_id(tx)
    return payload


def transaction_id(tx):
    """Return the id that the central system gave, or -1 if it refused the start for good."""
    return _NO_ID if tx.start_state == START_DISCARDED else tx.transaction_id


def _meter_value(clock, tx, stamp, values):
    text = clock.text(stamp) if tx is None else _not_before(clock, stamp, tx.start_stamp)
    return {"timestamp": text, "sampledValue": values}


def _not_before(clock, stamp, earliest):
    """The later of two stamps as text: a clock that was set back must not turn a bill round."""
    if clock.resolve(stamp) < clock.resolve(earliest):
        stamp = earliest
    return clock.text(stamp)
