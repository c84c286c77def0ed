"""A charge point's transactions on a flash image, and a central system that keeps books of them.

The books recognise a repeated message by its id, as a careful central system does, and write down
each message once, in the order of arrival. `Box` is one boot of the firmware's transactions;
`Cut` is what ends it when the simulated power goes.
"""

from boards.sim.flash import mount
from firmware.clock import Clock
from firmware.ocpp.transactions import Transactions

import ticks

# 2026-11-21T07:42:52Z
WALL_S = 848_562_172
# Five minutes before the ticks wrap: every test of some length crosses it.
FIRST_NOW = 0x3FFFFFFF - 300_000


class Cut(Exception):
    """The power is gone."""


class Settings:
    """Values of configuration keys."""

    def __init__(self):
        self.values = {
            "TransactionMessageAttempts": 3,
            "TransactionMessageRetryInterval": 60,
            "StopTransactionMaxMeterValues": 6,
        }

    def get(self, name):
        return self.values[name]


class Books:
    """Confirms everything; `entries` are (action, payload) without repetitions."""

    def __init__(self):
        self.entries = []
        self.repeated = 0
        self._answers = {}
        # Legitimate, if unusual: OCPP 1.6 knows no lower bound of a transactionId.
        self._next_id = 1

    def receive(self, action, payload, message_id):
        """Return the payload of the confirmation."""
        if message_id in self._answers:
            self.repeated += 1
            return self._answers[message_id]
        answer = {}
        if action == "StartTransaction":
            answer = {"transactionId": self._next_id, "idTagInfo": {"status": "Accepted"}}
            self._next_id -= 1
        self._answers[message_id] = answer
        self.entries.append((action, payload))
        return answer

    def of(self, action):
        """Return the payloads of one action, in order."""
        return [payload for name, payload in self.entries if name == action]


class Box:
    """One boot. boot: its number; a box made later on the same image is a reboot.

    cut: (operation, torn) of a power cut, counted from the mounting on.
    """

    def __init__(self, image, boot, now=FIRST_NOW, settings=None, cut=None):
        self.now = now
        self.flash = image.open()
        if cut is not None:
            self.flash.cut_after(cut[0], cut[1])
        self.clock = Clock(boot, WALL_S - 1000)
        self.clock.tick(now)
        self._boot = boot
        self._ids = 0
        self.fs = mount(self.flash)
        self.tx = Transactions(self.fs, self.clock, settings or Settings(), self._new_id)
        try:
            self.open = self.tx.recover(now)
        finally:
            self.alive()

    def _new_id(self):
        self._ids += 1
        return "%x-%x" % (self._boot, self._ids)

    def set_clock(self, seconds=WALL_S):
        """The wall time becomes known."""
        self.clock.set(self.now, seconds)

    def wait(self, seconds):
        """Let time pass."""
        self.now = ticks.add(self.now, seconds * 1000)
        self.clock.tick(self.now)

    def alive(self):
        """Raise Cut if the power is gone; nothing may be heard from the box any more."""
        if self.flash.dead:
            raise Cut()

    def begin(self, connector_id, meter_wh, id_tag="CAFE"):
        """Begin a transaction, or Cut."""
        try:
            return self.tx.begin(self.now, connector_id, id_tag, meter_wh)
        finally:
            self.alive()

    def sample(self, tx, value_wh, context="Sample.Periodic"):
        """Take a sample of one value."""
        values = [{"value": str(value_wh), "context": context, "unit": "Wh"}]
        self.tx.sample(self.now, tx.connector_id, tx, values)
        self.alive()

    def end(self, tx, meter_wh, reason="Local"):
        """End a transaction, or Cut."""
        self.tx.end(self.now, tx, meter_wh, reason)
        self.alive()

    def drain(self, books, most=1000):
        """Deliver up to `most` messages to the books; returns how many went."""
        for sent in range(most):
            call = self.tx.next_call(self.now)
            self.alive()
            if call is None:
                return sent
            self.tx.on_result(self.now, books.receive(call[0], call[1], call[2]))
            self.alive()
        return most
