"""One random life of a charger: `soak_world.py SEED`. Prints one JSON object, {"ok": figures} or
{"failed": text, "events": the last ones}. Runs on both interpreters, on virtual time.

The seed draws which kinds of trouble exist in this world, then when they come: users, cards,
faults, the network, calls, power cuts at any flash operation. Then everything is healed, and the
charger must charge, and its books must hold.
"""

import json
import sys

from tests.sim.plant import Plant, PowerCut
from tests.sim.prng import Prng
from tests.sim.scenario import forbidden_changes

_CARDS = ("04A1B2C3", "04FFEE11", "04C0FFEE")
_REJECTED = "04DEAD00"
_FAULTS = ("cp_short", "diode", "rcd_trip", "emergency_stop", "contactor_stuck_open",
           "meter_silent", "reader_silent")
_SILENT = ("StartTransaction", "StopTransaction", "Authorize", "Heartbeat", "StatusNotification")
_EVENTS = 45
_HEALED_MS = 600_000


class Failed(Exception):
    """Something does not hold."""


class SoakWorld:
    """A plant and the hand of fate."""

    def __init__(self, seed):
        chance = self._chance = Prng(seed * 2_654_435 + 12_345)
        chance.u32()
        self._connectors = 1 + chance.below(2)
        socket = chance.chance(400)
        self.plant = Plant(connectors=self._connectors, socket=socket)
        self.plant.csms.rejected = (_REJECTED,)
        self.cuts = 0
        kinds = [self._plug, self._plug, self._card, self._card, self._unplug, self._wait]
        for kind in (self._fault, self._network, self._remote, self._ev, self._power, self._cut,
                     self._silence, self._availability, self._stall, self._setting):
            if chance.chance(600):
                kinds.append(kind)
        self._kinds = kinds
        self._had_faults = self._fault in kinds
        self._before_wh = self._meters()

    # Time, over power cuts.

    def run(self, duration_ms):
        """Let time pass; a power cut ends it early, and the charger boots."""
        try:
            self.plant.run(duration_ms // 10 * 10)
        except PowerCut:
            self._boot()
        client = self.plant.app.client
        if client.last_crash is not None:
            raise Failed("a handler crashed: %r" % client.last_crash)
        if client.connected and client.wants_close:
            # The shell would make a new connection; the plant has none.
            connected = self.plant.connected
            self.plant.connected = False
            self.run(100)
            self.plant.connected = connected

    def _boot(self):
        self.cuts += 1
        self.plant.power_off()
        while True:
            # Sometimes again while it boots.
            torn = self._chance.choice(("none", "half", "short"))
            cut = (self._chance.between(1, 8), torn) if self._chance.chance(200) else None
            try:
                self.plant.power_on(cut=cut)
                return
            except PowerCut:
                self.cuts += 1
                self.plant.power_off()

    def _until(self, question, what):
        for _ in range(_HEALED_MS // 200):
            if question():
                return
            self.run(200)
        raise Failed("%s did not come; %r" % (what, self.plant.state()))

    # What may happen.

    def _number(self):
        return 1 + self._chance.below(self._connectors)

    def _try(self, command, **fields):
        """Carry it out if the world allows it."""
        self.plant.control.handle(dict(fields, do=command))

    def _plug(self):
        self._try("plug", connector=self._number())

    def _unplug(self):
        number = self._number()
        self._try("unplug", connector=number)
        if self.plant.socket and self._chance.chance(500):
            self._try("unplug", connector=number, side="station")

    def _card(self):
        card = _REJECTED if self._chance.chance(100) else self._chance.choice(_CARDS)
        self._try("card", id=card)

    def _wait(self):
        self.run(self._chance.between(5, 60) * 1000)

    def _fault(self):
        command = "fault" if self._chance.chance(500) else "clear"
        self._try(command, name=self._chance.choice(_FAULTS), connector=self._number())

    def _network(self):
        self.plant.connected = not self.plant.connected

    def _call(self, action, payload):
        if self.plant.app.client.online:
            self.plant.call(action, payload)

    def _remote(self):
        number = self._number()
        transaction = self.plant.connector(number).transaction
        if transaction is None:
            payload = {"idTag": self._chance.choice(_CARDS), "connectorId": number}
            self._call("RemoteStartTransaction", payload)
        elif transaction.transaction_id is not None:
            self._call("RemoteStopTransaction", {"transactionId": transaction.transaction_id})

    def _ev(self):
        self._try("ev", connector=self._number(), wants=self._chance.chance(500))

    def _power(self):
        self._boot()

    def _cut(self):
        torn = self._chance.choice(("none", "half", "short"))
        self._try("cut_after", writes=self._chance.between(1, 12), torn=torn)

    def _silence(self):
        answers = self.plant.csms.answers
        if answers:
            answers.clear()
        else:
            answers[self._chance.choice(_SILENT)] = None

    def _availability(self):
        kind = "Operative" if self._chance.chance(600) else "Inoperative"
        number = self._chance.below(self._connectors + 1)
        self._call("ChangeAvailability", {"connectorId": number, "type": kind})

    def _stall(self):
        self._try("stall", ms=self._chance.between(20, 400))

    def _setting(self):
        key, value = self._chance.choice((
            ("MinimumStatusDuration", "2"), ("MinimumStatusDuration", "0"),
            ("MeterValueSampleInterval", "5"), ("MeterValueSampleInterval", "0"),
            ("ClockAlignedDataInterval", "60"), ("LocalPreAuthorize", "true"),
            ("StopTransactionOnEVSideDisconnect", "true"), ("ConnectionTimeOut", "20")))
        self._call("ChangeConfiguration", {"key": key, "value": value})

    # A life.

    def live(self):
        """Trouble, healing, proof. Raises Failed; AssertionError of the plant."""
        for _ in range(_EVENTS):
            self._chance.choice(self._kinds)()
            self.run(self._chance.choice((50, 200, 700, 2000, 5000)))
        self._heal()
        for number in range(1, self._connectors + 1):
            self._prove(number)
        self._judge()

    def _heal(self):
        plant = self.plant
        plant.flash.cut_after(0)
        plant.csms.answers.clear()
        plant.connected = True
        for number in range(1, self._connectors + 1):
            for name in _FAULTS:
                self._try("clear", name=name, connector=number)
            self._try("ev", connector=number, wants=True)
            self._try("unplug", connector=number)
        # Remote starts that nobody has used are forgotten after ConnectionTimeOut.
        self.run(70_000)
        self._until(lambda: plant.app.client.online, "the connection")
        self._call("ChangeAvailability", {"connectorId": 0, "type": "Operative"})
        for number in range(1, self._connectors + 1):
            self._free(number)

    def _free(self, number):
        """Everything is pulled, everything is told."""
        self._call("ChangeAvailability", {"connectorId": number, "type": "Operative"})
        self._until(lambda: self._pulled(number), "Available")
        queue = self.plant.app.transactions
        self._until(lambda: not queue.pending, "the end of the queue")

    def _prove(self, number):
        plant = self.plant
        plant.do("plug", connector=number)
        self._until(lambda: plant.status(number) == "Preparing", "Preparing")
        self.run(2000)  # the card of the last proof has to leave the reader
        plant.do("card", id=_CARDS[0])
        self._until(lambda: plant.status(number) == "Charging", "Charging")
        self.run(3000)
        plant.do("card", id=_CARDS[0])
        self._until(lambda: plant.status(number) == "Finishing", "Finishing")
        self._until(lambda: self._pulled(number), "Available")
        self._until(lambda: not plant.app.transactions.pending, "the end of the queue")

    def _pulled(self, number):
        """Pull at the plug until it comes: a lock may hold it. True when all is over."""
        self._try("unplug", connector=number)
        if self.plant.socket:
            # A plug whose EV side was pulled stays locked until its owner's card, or this call.
            if self.plant.time.uptime_ms % 5000 < 200:
                self._call("UnlockConnector", {"connectorId": number})
            self._try("unplug", connector=number, side="station")
        return self.plant.status(number) == "Available"

    def _meters(self):
        return [self.plant.meter_wh(number + 1) for number in range(self._connectors)]

    def _judge(self):
        plant = self.plant
        if plant.violations:
            raise Failed("violated: %r" % plant.violations[:3])
        if plant.csms.anomalies:
            raise Failed("books: %r" % plant.csms.anomalies[:3])
        changes = forbidden_changes(plant.events)
        if changes:
            raise Failed("status changes: %r" % changes[:5])
        for row in plant.csms.books():
            if row[2] is None or row[2] < 0:
                raise Failed("a transaction without end: %r" % (row,))
        if not self._had_faults:
            self._weigh()

    def _weigh(self):
        """What the meters have counted is what the books say."""
        books = self.plant.csms.books()
        meters = self._meters()
        for index, before_wh in enumerate(self._before_wh):
            billed_wh = sum([row[2] for row in books if row[0] == index + 1])
            moved_wh = meters[index] - before_wh
            # Between two transactions a fraction of a Wh may fall to neither or to both.
            if abs(moved_wh - billed_wh) > len(books):
                raise Failed("connector %d: %d Wh moved, %d billed; %r" % (
                    index + 1, moved_wh, billed_wh, books))


def main(seed):
    """Live one life; returns what is printed."""
    world = SoakWorld(seed)
    try:
        world.live()
    except (Failed, AssertionError) as error:
        events = [event for event in world.plant.events if event["event"] != "frame"][-25:]
        return {"failed": str(error)[:1500], "events": events}
    finally:
        world.plant.close()
    return {"ok": {"hours": world.plant._t_ms() // 36_000 / 100, "cuts": world.cuts,
                   "transactions": len(world.plant.csms.transactions)}}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
