"""Transactions, and the one queue of their messages: chronological, durable, exactly once.

StartTransaction, MeterValues and StopTransaction of all connectors form one FIFO (OCPP 1.6 3.7.1,
errata 4.0): each waits until all older ones are delivered. A transaction exists from the moment
its record is on flash, and until its StopTransaction.req is confirmed; whatever the power does in
between, the central system sees one start and one stop. A message that is sent again keeps its id.

No socket here: the OCPP client asks `next_call` when it may send, and reports what became of it
by exactly one of `on_result`, `on_error` and `on_lost`.
"""

import json

from firmware.ocpp import tx_messages
from firmware.ocpp.meter_queue import MeterQueue
from firmware.ocpp.tx_ledger import TxLedger
from firmware.ocpp.tx_record import (
    START_DELIVERED,
    START_DISCARDED,
    Stop,
    Transaction,
    save_is_due,
)
from micropython import const

import ticks

_RETRY_S_MAX = const(500_000)  # what a deadline can hold
_STOP_SAMPLES_MAX = const(20)
_PROMPT_MAX = const(4)

_START = const(0)
_METER = const(1)
_STOP = const(2)
_ACTIONS = ("StartTransaction", "MeterValues", "StopTransaction")


class Transactions:
    """All transactions of the charge point.

    fs: as VfsLfs2; clock: firmware/clock.py; config: get(name); new_id(): a message id that is
    unique over all boots. listener(tx, kind, id_tag_info or None), set by the application, hears
    of the confirmation of a start (kind "start") and of a stop ("stop").
    """

    def __init__(self, fs, clock, config, new_id):
        self._clock = clock
        self._config = config
        self._new_id = new_id
        self._ledger = TxLedger(fs, clock)
        self._meter = MeterQueue(fs, clock)
        self._next_seq = 0
        self._flight = None  # (kind, seq, transaction or None, message id)
        self._attempts = 0
        self._attempts_id = None
        self._retry = ticks.Deadline()
        self._retry_ms = 0
        self._held_up = False  # the last message sent was not taken
        self.listener = None
        self.discarded = 0

    def recover(self, now):
        """Read what the flash holds, once at boot, before anything else. Raises OSError.

        Returns the transactions that were running. Each of them must be ended (reason PowerLoss,
        Reboot, HardReset, ...), or goes on with the next `update`.
        """
        last = max(self._ledger.recover(now), self._meter.recover())
        self._next_seq = last + 1
        return list(self._ledger.running)

    # --- what happens at the connectors

    def begin(self, now, connector_id, id_tag, meter_wh, reservation_id=None):
        """Begin a transaction; its record is safe on return. meter_wh: register of the meter.

        Raises OSError if the flash refuses the record: then no energy may flow.
        """
        assert self.running(connector_id) is None
        tx = Transaction(self._take_seq(), connector_id, id_tag, meter_wh)
        tx.reservation_id = reservation_id
        tx.start_stamp = self._clock.stamp(now)
        tx.last_stamp = tx.start_stamp
        tx.start_message_id = self._new_id()
        tx.saved_at = now
        self._ledger.create(now, tx)
        return tx

    def update(self, now, tx, energy_wh, force=False):
        """Note the meter of a running transaction; True if that reached the flash.

        Call it with each reading: it writes as often as `save_is_due` says, or with `force` at
        once. A lower reading than the last is ignored.
        """
        if tx.stop is not None:
            return False
        tx.energy_wh = max(tx.energy_wh, energy_wh)
        tx.last_stamp = self._clock.stamp(now)
        tx.recovered = False
        return (force or save_is_due(now, tx)) and self._ledger.save(now, tx)

    def sample(self, now, connector_id, tx, values, stamp=None):
        """Queue a sample for MeterValues.req.

        tx: the transaction running then, None for a connector (or 0) at rest. values: list of
        sampledValue dicts; the first one's context tells whether it is clock-aligned, which
        decides who goes first when the flash is full. stamp: None for now.
        """
        # OCPP 1.6 errata: no MeterValues behind the StopTransaction of their transaction.
        if not values or (tx is not None and tx.stop is not None):
            return
        if stamp is None:
            stamp = self._clock.stamp(now)
        number = 0 if tx is None else tx.number
        entry = (self._take_seq(), number, connector_id, stamp, self._new_id(), values)
        self._meter.add(entry, values[0].get("context") == "Sample.Clock")

    def keep_for_stop(self, now, tx, values, stamp=None):
        """Keep a sample for the transactionData of StopTransaction.req, in RAM until the end."""
        if not values or tx.stop is not None:
            return
        if stamp is None:
            stamp = self._clock.stamp(now)
        limit = self._config.get("StopTransactionMaxMeterValues") or _STOP_SAMPLES_MAX
        if len(tx.stop_data) >= limit:
            # Intermediate values are dropped, not the first and the last.
            tx.stop_data.pop(limit // 2)
        text = json.dumps((stamp, values), separators=(",", ":"))
        tx.stop_data.append(text)

    def end(self, now, tx, meter_wh, reason, id_tag=None):
        """End a transaction. meter_wh: None if the meter cannot be read; reason: of OCPP 1.6.

        id_tag: the one that stopped it, if a person did. After a reboot the time of the end is
        that of the last record, since nobody knows better. If the flash fails, the stop is still
        delivered, and written as soon as possible.
        """
        assert tx.stop is None
        self._meter.settle()
        tx.energy_wh = max(tx.energy_wh, meter_wh or 0)
        stamp = tx.last_stamp if tx.recovered else self._clock.stamp(now)
        stop = Stop(self._take_seq(), self._new_id(), tx.energy_wh, stamp)
        stop.reason = reason
        stop.id_tag = id_tag
        tx.stop = stop
        data = "[" + ",".join(tx.stop_data) + "]" if tx.stop_data else ""
        tx.stop_data = []
        self._ledger.finish(now, tx, data)

    def running(self, connector_id):
        """Return the transaction that runs at a connector, or None."""
        for tx in self._ledger.running:
            if tx.connector_id == connector_id:
                return tx
        return None

    def find(self, transaction_id):
        """Return the running transaction to which the central system gave this id, or None."""
        for tx in self._ledger.running:
            # Unknown is None, and no integer equals that: 0 and -1 are ids like any other.
            if tx.transaction_id is not None and tx.transaction_id == transaction_id:
                return tx
        return None

    # --- what the OCPP client asks and reports

    @property
    def pending(self):
        """Messages that are not delivered yet."""
        return self._ledger.count + self._meter.count

    @property
    def counters(self):
        """(dropped samples, discarded messages, unreadable records or samples, flash errors)."""
        return (
            self._meter.dropped,
            self.discarded,
            self._ledger.unreadable + self._meter.corrupt,
            self._ledger.flash_errors + self._meter.flash_errors,
        )

    def next_call(self, now):
        """Return (action, payload, message id) of the oldest message, or None for not now."""
        self._ledger.tick(now)
        if self._flight is not None or not self._clock.known or self._is_waiting(now):
            return None
        while True:
            head = self._ledger.first()
            sample_seq = self._meter.first_seq()
            if head is None and sample_seq is None:
                return None
            if head is None or (sample_seq is not None and sample_seq < head[0]):
                call = self._sample_call()
            else:
                call = self._ledger_call(now, head)
            if call is not None:
                return call

    def next_prompt_call(self, now):
        """The same while few messages wait and each is taken at once; else None.

        By this a start or stop goes before the status that it leads to (TC_005_2_CS), and a
        backlog or a central system in trouble does not hold up anything else.
        """
        if self._held_up or self.pending > _PROMPT_MAX:
            return None
        return self.next_call(now)

    def on_result(self, now, payload):
        """The message under way was confirmed; `payload` is the confirmation."""
        if self._flight is None:
            return
        kind, seq, tx, _ = self._flight
        self._held_up = False
        if kind == _METER:
            self._flight = None
            self._meter.consume(seq)
            return
        if kind == _START:
            given = payload.get("transactionId")
            if isinstance(given, bool) or not isinstance(given, int):
                self.on_error(now, "TypeConstraintViolation", "transactionId")
                return
            tx.transaction_id = given
            tx.start_state = START_DELIVERED
            self._ledger.save(now, tx)
        else:
            self._ledger.remove(now, tx)
        self._flight = None
        self._ledger.pop()
        if self.listener is not None:
            self.listener(tx, "start" if kind == _START else "stop", payload.get("idTagInfo"))

    def on_error(self, now, _code, _description):
        """The central system failed to process it: later again, or give it up.

        OCPP 1.6 3.7.1 and errata 4.0: wait TransactionMessageRetryInterval times the number of
        transmissions so far, TransactionMessageAttempts transmissions in all.
        """
        if self._flight is None:
            return
        kind, seq, tx, _ = self._flight
        self._flight = None
        self._held_up = True
        self._attempts += 1
        if self._attempts >= self._config.get("TransactionMessageAttempts"):
            self._discard(now, kind, seq, tx)
            return
        wait_s = self._config.get("TransactionMessageRetryInterval") * self._attempts
        self._retry_ms = min(wait_s, _RETRY_S_MAX) * 1000
        self._retry.start(now, self._retry_ms)

    def on_lost(self, _now):
        """No answer, or no connection: not counted; it is sent again with the same id."""
        self._flight = None
        self._held_up = True

    def _sample_call(self):
        sample = self._meter.first()
        seq, number, _, _, message_id, _ = sample
        tx = self._ledger.get(number) if number else None
        if number and tx is None:
            # The transaction is settled, hence this was delivered before a reboot.
            self._meter.consume(seq)
            return None
        payload = tx_messages.meter_values(self._clock, tx, sample)
        return self._send(_METER, seq, tx, message_id, payload)

    def _ledger_call(self, now, head):
        seq, number, is_stop = head
        tx = self._ledger.get(number)
        if tx is None:
            self._ledger.unreadable += 1
            self._ledger.pop()
            return None
        if (tx.stop.stamp if is_stop else tx.start_stamp)[0]:
            # An uptime of this boot: after a reboot nobody could tell the time that was sent.
            self._ledger.save(now, tx)
        if not is_stop:
            payload = tx_messages.start_transaction(self._clock, tx)
            return self._send(_START, seq, tx, tx.start_message_id, payload)
        payload = tx_messages.stop_transaction(self._clock, tx, self._ledger.data(tx))
        return self._send(_STOP, seq, tx, tx.stop.message_id, payload)

    def _send(self, kind, seq, tx, message_id, payload):
        if message_id != self._attempts_id:
            self._attempts_id = message_id
            self._attempts = 0
        self._flight = (kind, seq, tx, message_id)
        return _ACTIONS[kind], payload, message_id

    def _discard(self, now, kind, seq, tx):
        self.discarded += 1
        if kind == _METER:
            self._meter.consume(seq)
            return
        if kind == _START:
            tx.start_state = START_DISCARDED
            self._ledger.save(now, tx)
        else:
            self._ledger.remove(now, tx)
        self._ledger.pop()

    def _is_waiting(self, now):
        left_ms = self._retry.left(now)
        # More left than there was: nobody asked for days, and the ticks have come round.
        if left_ms and left_ms <= self._retry_ms:
            return True
        self._retry.stop()
        return False

    def _take_seq(self):
        assert self._next_seq > 0, "recover comes first"
        seq = self._next_seq
        self._next_seq += 1
        return seq


class Prompt:
    """The transactions as a source of their own for what can go at once, before the status.

    Only the first reports after a boot go before everything else (OCPP 1.6 4.2), and Preparing,
    which a start follows (TC_046_2_CS: there both come with the same remote start).
    """

    def __init__(self, transactions, status):
        self._transactions = transactions
        self._status = status
        self.on_result = transactions.on_result
        self.on_error = transactions.on_error
        self.on_lost = transactions.on_lost

    def next_call(self, now):
        """Return the transactions' next call, if it is one to go at once."""
        status = self._status
        if not status.told or status.waits("Preparing"):
            return None
        return self._transactions.next_prompt_call(now)
