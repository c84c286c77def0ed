"""The books: what every transaction cost, and everything about it that does not add up.

Tolerant in what it takes and strict in what it notes: nothing is refused here, every doubt becomes
an anomaly. Energy in Wh.
"""

import datetime
import json
from dataclasses import asdict, dataclass, field
from decimal import Decimal, InvalidOperation

from tools.csms.frames import parse_time

_REGISTER = "Energy.Active.Import.Register"
_ROUNDING_WH = 1  # meterStart and meterStop are integers, samples may have decimals
_NEVER_STARTED = -1  # OCPP 1.6 errata: the id of a transaction whose start was never confirmed
_DIGITS_MAX = 15
_FUTURE = datetime.timedelta(hours=1)


@dataclass
class Anomaly:
    """Something that does not add up. `code` for programs, `text` for people."""

    code: str
    cp: str
    transaction: int | None
    text: str


@dataclass
class Transaction:
    """One transaction as the central system knows it; times as they were sent."""

    id: int
    cp: str
    connector: int
    tag: str
    meter_start: int
    start: str
    meter_stop: int | None = None
    stop: str | None = None
    reason: str | None = None
    stop_tag: str | None = None
    meter_values: list = field(default_factory=list)
    transaction_data: list = field(default_factory=list)
    sent: int = 1  # how often its StartTransaction came

    @property
    def energy_wh(self):
        """What is billed, or None while it runs."""
        return None if self.meter_stop is None else self.meter_stop - self.meter_start


class Books:
    """All transactions of all charge points.

    connectors: how many a charge point has; first_transaction: the first id that is given out.
    """

    def __init__(self, connectors=2, first_transaction=1):
        self.transactions = {}
        self.anomalies = []
        self.resent = 0
        self._connectors = connectors
        self._next = first_transaction
        self._known = {}  # (cp, message id) -> (payload, result)
        self._latest = {}  # cp -> time of its latest start or stop

    def start(self, cp, message_id, payload):
        """Book a StartTransaction; returns the Transaction, the same one if it was sent again."""
        known = self._known.get((cp, message_id))
        if known and known[0] == payload:
            self.resent += 1
            known[1].sent += 1
            return known[1]
        transaction = Transaction(
            self._next,
            cp,
            payload["connectorId"],
            payload["idTag"],
            payload["meterStart"],
            payload["timestamp"],
        )
        self._next += 1
        self._check_start(transaction)
        self.transactions[transaction.id] = transaction
        self._known[cp, message_id] = (payload, transaction)
        return transaction

    def stop(self, cp, message_id, payload):
        """Book a StopTransaction; returns its Transaction, or None if there is no such one."""
        known = self._known.get((cp, message_id))
        if known and known[0] == payload:
            self.resent += 1
            return known[1]
        transaction = self._find(cp, payload["transactionId"])
        self._known[cp, message_id] = (payload, transaction)
        if transaction is None:
            self._note(
                "stop-without-start", cp, payload["transactionId"], "was never started here"
            )
            return None
        if transaction.meter_stop is not None:
            self._note("double-stop", cp, transaction.id, "was stopped before")
            return transaction
        transaction.meter_stop = payload["meterStop"]
        transaction.stop = payload["timestamp"]
        transaction.reason = payload.get("reason", "Local")  # OCPP 1.6 6.50: the default
        transaction.stop_tag = payload.get("idTag")
        transaction.transaction_data = payload.get("transactionData", [])
        self._check_stop(transaction)
        return transaction

    def meter_values(self, cp, message_id, payload):
        """Book MeterValues of a transaction; others belong to nobody."""
        number = payload.get("transactionId")
        if number is None or number == _NEVER_STARTED:
            return
        known = self._known.get((cp, message_id))
        if known and known[0] == payload:
            self.resent += 1
            return
        self._known[cp, message_id] = (payload, None)
        transaction = self._find(cp, number)
        if transaction is None:
            self._note("values-without-start", cp, number, "got values, was never started here")
            return
        if transaction.stop is not None:
            self._note("values-after-stop", cp, number, "got values after its stop")
        if payload["connectorId"] != transaction.connector:
            self._note("wrong-connector", cp, number, "got values of another connector")
        self._check_values(transaction, payload["meterValue"])
        transaction.meter_values += payload["meterValue"]

    def open(self, cp=None):
        """Transactions that run, oldest first."""
        return [
            transaction
            for transaction in self.transactions.values()
            if transaction.stop is None and cp in (None, transaction.cp)
        ]

    def as_json(self):
        """Everything as plain JSON values."""
        return {
            "transactions": [
                dict(asdict(transaction), energy_wh=transaction.energy_wh)
                for transaction in self.transactions.values()
            ],
            "anomalies": [asdict(anomaly) for anomaly in self.anomalies],
            "resent": self.resent,
        }

    def _find(self, cp, number):
        transaction = self.transactions.get(number)
        return transaction if transaction and transaction.cp == cp else None

    def _note(self, code, cp, number, text):
        self.anomalies.append(Anomaly(code, cp, number, f"transaction {number} {text}"))

    def _check_start(self, new):
        if not 1 <= new.connector <= self._connectors:
            self._note("unknown-connector", new.cp, new.id, f"is on connector {new.connector}")
        self._check_moment(new, new.start)
        for old in self.transactions.values():
            if (old.cp, old.connector) != (new.cp, new.connector):
                continue
            if (old.tag, old.start, old.meter_start) == (new.tag, new.start, new.meter_start):
                self._note("double-start", new.cp, new.id, f"is transaction {old.id} once more")
            elif old.stop is None:
                self._note("start-while-open", new.cp, new.id, f"began while {old.id} was open")
            elif new.meter_start < old.meter_stop:
                self._note("register-went-back", new.cp, new.id, f"begins below {old.id}'s end")

    def _check_stop(self, it):
        self._check_moment(it, it.stop)
        if parse_time(it.stop) < parse_time(it.start):
            self._note("stop-before-start", it.cp, it.id, "stopped before it started")
        if it.meter_stop < it.meter_start:
            self._note("negative-energy", it.cp, it.id, f"has {it.energy_wh} Wh")
        highest = max(_registers(it.meter_values), default=it.meter_start)
        if highest > it.meter_stop + _ROUNDING_WH:
            self._note("energy-mismatch", it.cp, it.id, f"{highest} Wh sampled, then less billed")
        for context, billed in (
            ("Transaction.Begin", it.meter_start),
            ("Transaction.End", it.meter_stop),
        ):
            for energy_wh in _registers(it.meter_values + it.transaction_data, context):
                if abs(energy_wh - billed) > _ROUNDING_WH:
                    self._note("energy-mismatch", it.cp, it.id, f"{context} is {energy_wh} Wh")
        self._check_data(it)

    def _check_data(self, it):
        """transactionData: in order, and within the transaction."""
        previous = parse_time(it.start)
        for value in it.transaction_data:
            moment = parse_time(value["timestamp"])
            if moment < previous or moment > parse_time(it.stop):
                self._note("time-out-of-order", it.cp, it.id, "has data out of order")
                return
            previous = moment

    def _check_values(self, it, values):
        previous = it.meter_values[-1]["timestamp"] if it.meter_values else it.start
        lowest = max(_registers(it.meter_values), default=it.meter_start)
        for value in values:
            if parse_time(value["timestamp"]) < parse_time(previous):
                self._note("time-out-of-order", it.cp, it.id, "got values out of order")
            previous = value["timestamp"]
            for energy_wh in _registers([value]):
                if energy_wh < lowest - _ROUNDING_WH:
                    self._note("register-went-back", it.cp, it.id, f"fell to {energy_wh} Wh")
                lowest = max(lowest, energy_wh)

    def _check_moment(self, it, text):
        """Starts and stops of a charge point come in the order in which they happened."""
        moment = parse_time(text)
        latest = self._latest.get(it.cp)
        if latest and moment < latest:
            self._note("time-out-of-order", it.cp, it.id, f"at {text} comes after a later event")
        if moment > datetime.datetime.now(datetime.UTC) + _FUTURE:
            self._note("time-in-future", it.cp, it.id, f"at {text} lies in the future")
        self._latest[it.cp] = max(moment, latest) if latest else moment


def _registers(values, context=None):
    """The energy registers in Wh among meter values, of all phases together, in their order."""
    samples = [sample for value in values for sample in value["sampledValue"]]
    found = [_wh(sample) for sample in samples if _is_register(sample, context)]
    return [energy_wh for energy_wh in found if energy_wh is not None]


def _is_register(sample, context):
    if sample.get("measurand", _REGISTER) != _REGISTER or "phase" in sample:
        return False
    if sample.get("format", "Raw") != "Raw":
        return False
    return context is None or sample.get("context", "Sample.Periodic") == context


def _wh(sample):
    """The energy of a sample, or None: the schema lets any text pass, "NaN" included."""
    try:
        value = Decimal(sample["value"])
    except InvalidOperation:
        return None
    if not value.is_finite() or abs(value.adjusted()) > _DIGITS_MAX:
        return None
    return value * 1000 if sample.get("unit", "Wh") == "kWh" else value


def dump_books(books, path):
    """Write books as JSON to a file, or to standard output for "-"."""
    text = json.dumps(books.as_json(), indent=2)
    if path == "-":
        print(text)
        return
    with open(path, "w", encoding="utf-8") as file:
        file.write(text + "\n")
