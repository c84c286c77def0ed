"""Days in which anything may happen, drawn from a seed; then everything is healed and judged.

`python -m tests.sim.random_days FIRST COUNT` on CPython (PYTHONPATH as the runner sets it) runs
COUNT seeds. In the fault phase the invariants of every scenario hold at every moment; after the
healing every Wh that the meter counted is in the books, once, and the station is usable.
"""

import sys

from boards.sim.cars import names
from tests.sim.plant import Plant, PowerCut
from tests.sim.prng import Prng
from tests.sim.scenario import forbidden_changes

_CARDS = ("04A1B2C3", "04FFEE11", "0411223344AABB")
_FAULTS = (
    "cp_short", "cp_noise", "diode", "rcd_trip", "emergency_stop", "contactor_stuck_open",
    "contactor_welded", "meter_silent", "meter_backwards", "reader_silent",
    "pe_lost", "undervoltage", "overvoltage", "frequency", "phase_missing", "overtemperature",
    "temperature_sensor", "rcd_selftest", "overcurrent",
)
# What may happen, and how often in a hundred.
_ACTIONS = (
    ("card", 22), ("plug", 16), ("unplug", 10), ("wants", 10), ("fault", 7), ("clear", 10),
    ("network", 7), ("cut", 4), ("torn", 4), ("remote", 5), ("availability", 3), ("reset", 1),
    ("stall", 1),
)


class Failure(Exception):
    """A day that ended wrong; the text says how."""


class Day:
    """One seed. `actions` and `faults` are what may happen."""

    actions = _ACTIONS
    faults = _FAULTS
    waits_ms = (50, 300, 1000, 3000, 9000, 20_000)
    healing_ms = 90_000

    def __init__(self, seed, steps=60):
        self.seed = seed
        self._random = Prng(seed).child("day")
        self._steps = steps
        connectors = self._random.between(1, 2)
        boolean = ("false", "true")
        settings = [
            (name, self._random.choice(boolean))
            for name in ("AllowOfflineTxForUnknownId", "LocalPreAuthorize",
                         "StopTransactionOnEVSideDisconnect", "StopTransactionOnInvalidId",
                         "AuthorizeRemoteTxRequests")
        ]
        settings.append(("MeterValueSampleInterval", str(self._random.choice((0, 7, 60)))))
        settings.append(("ConnectionTimeOut", str(self._random.choice((5, 20, 60)))))
        self.plant = Plant(connectors=connectors, settings=settings, socket=self._has_socket())
        if self._random.chance(300):
            self.plant.csms.rejected = (_CARDS[1],)
        self.story = []
        self._before_wh = [self.plant.meter_wh(n + 1) for n in range(connectors)]

    def _has_socket(self):
        return False

    def run(self):
        """Live through the day; raises Failure."""
        try:
            for _ in range(self._steps):
                self._act()
                self._pass(self._random.choice(self.waits_ms))
            self._heal()
            self._use()
            self._judge()
        except Exception as error:  # noqa: BLE001  whatever it is, the seed must be known
            raise Failure("seed %d: %r; %r" % (self.seed, error, self.story[-12:]))
        finally:
            self.plant.close()

    def _pass(self, duration_ms):
        try:
            self.plant.run(duration_ms)
        except PowerCut:
            self.story.append("power cut")
            self.plant.power_cycle()

    def _act(self):
        name = self._draw()
        self.story.append((self.plant._t_ms(), name))
        getattr(self, "_" + name)(self._random.between(1, self.plant.connectors))

    def _draw(self):
        number = self._random.below(100)
        for name, share in self.actions:
            if number < share:
                return name
            number -= share
        raise AssertionError("the shares are not a hundred")

    # The actions. Each takes a connector; what does not fit the moment is left out.

    def _card(self, _connector):
        self.plant.do("card", id=self._random.choice(_CARDS))

    def _plug(self, connector):
        if not self.plant.world.outlets[connector - 1].ev.plugged:
            car = self._random.choice(names())
            self.story.append(car)
            self.plant.do("plug", connector=connector, ev=car)

    def _unplug(self, connector):
        if self.plant.world.outlets[connector - 1].ev.plugged:
            self.plant.do("unplug", connector=connector)

    def _wants(self, connector):
        self.plant.do("ev", connector=connector, wants=self._random.chance(600))

    def _fault(self, connector):
        name = self._random.choice(self.faults)
        self.story.append(name)
        self.plant.do("fault", connector=connector, name=name)

    def _clear(self, _connector):
        for number in range(self.plant.connectors):
            for name in self.faults:
                self.plant.do("clear", connector=number + 1, name=name)

    def _network(self, _connector):
        self.plant.connected = not self.plant.connected

    def _cut(self, _connector):
        self.plant.power_cycle()

    def _torn(self, _connector):
        torn = self._random.choice(("none", "half", "short"))
        self.plant.do("cut_after", writes=self._random.between(1, 12), torn=torn)

    def _remote(self, connector):
        if not self.plant.app.client.online:
            return
        transaction = self.plant.connector(connector).transaction
        if transaction is not None and transaction.transaction_id is not None:
            payload = {"transactionId": transaction.transaction_id}
            self.plant.call("RemoteStopTransaction", payload)
        else:
            payload = {"connectorId": connector, "idTag": self._random.choice(_CARDS)}
            self.plant.call("RemoteStartTransaction", payload)

    def _availability(self, connector):
        if self.plant.app.client.online:
            kind = self._random.choice(("Operative", "Inoperative"))
            payload = {"connectorId": self._random.choice((0, connector)), "type": kind}
            self.plant.call("ChangeAvailability", payload)

    def _reset(self, _connector):
        if self.plant.app.client.online:
            self.plant.call("Reset", {"type": self._random.choice(("Soft", "Hard"))})

    def _stall(self, _connector):
        self.plant.do("stall", ms=self._random.choice((20, 100, 800)))

    # The end of the day.

    def _heal(self):
        plant = self.plant
        plant.flash.cut_after(0)
        self.story.append((plant._t_ms(), "heal"))
        self._clear(1)
        plant.connected = True
        for number in range(plant.connectors):
            self._unplug(number + 1)
        # An open transaction of an EV that is gone is ended by its card, or by the operator.
        plant.run_until(lambda: plant.app.client.online, 120_000)
        plant.run(20_000)
        self._end()
        plant.call("ChangeConfiguration", {"key": "ContactorWelded", "value": "0"})
        plant.call("ChangeAvailability", {"connectorId": 0, "type": "Operative"})
        plant.run_until(lambda: plant.app.station.at_rest, 60_000)
        plant.run_until(lambda: not plant.app.transactions.pending, 60_000)
        plant.run(self.healing_ms)

    def _end(self):
        plant = self.plant
        for number in range(plant.connectors):
            transaction = plant.connector(number + 1).transaction
            if transaction is not None:
                payload = {"transactionId": transaction.transaction_id}
                plant.call("RemoteStopTransaction", payload)

    def _use(self):
        """Charge once at each connector: within minutes of the healing everything works."""
        self.plant.csms.rejected = ()
        for number in range(self.plant.connectors):
            self._use_one(number + 1)

    def _use_one(self, connector):
        plant = self.plant
        plant.run_until(lambda: plant.status(connector) == "Available", 120_000)
        plant.do("plug", connector=connector)
        plant.run(600)
        plant.call("RemoteStartTransaction", {"connectorId": connector, "idTag": "USE"})
        plant.run_until(lambda: plant.status(connector) == "Charging", 60_000)
        plant.run(5000)
        plant.do("unplug", connector=connector)
        plant.run(3000)
        self._free(connector)
        transaction = plant.connector(connector).transaction
        if transaction is not None:
            payload = {"transactionId": transaction.transaction_id}
            plant.call("RemoteStopTransaction", payload)
        plant.run_until(lambda: plant.app.station.at_rest, 60_000)
        plant.run_until(lambda: not plant.app.transactions.pending, 60_000)

    def _free(self, connector):
        """Nothing to do where the cable is fixed."""

    def _judge(self):
        plant = self.plant
        problems = plant.violations + forbidden_changes(plant.events) + plant.csms.anomalies
        assert not problems, problems[:3]
        client = plant.app.client
        assert client.last_crash is None, client.last_crash
        for number in range(plant.connectors):
            billed_wh = 0
            for row in plant.csms.books():
                assert row[2] is not None, row
                billed_wh += row[2] if row[0] == number + 1 else 0
            moved_wh = plant.meter_wh(number + 1) - self._before_wh[number]
            # What a weld lets through, or a meter that lies, is not the session's.
            if not self._lied():
                assert billed_wh == moved_wh, (number + 1, billed_wh, moved_wh)

    def _lied(self):
        return any(name in self.story for name in
                   ("contactor_welded", "meter_backwards", "meter_silent"))


def main(arguments):
    """Run seeds; returns the exit status."""
    first, count = (int(arguments[0]), int(arguments[1])) if len(arguments) > 1 else (1, 20)
    failed = 0
    for seed in range(first, first + count):
        try:
            Day(seed).run()
        except Failure as failure:
            print("FAILED %s" % failure)
            failed += 1
    print("%d passed, %d failed" % (count - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
