"""Days of one charger: every named car comes in random order, is treated at random, and goes.

Each car that charges must get its energy, each other must be refused for its reason; and after
each of them the charger must be free again: nothing is stuck.

`python -m tests.sim.car_days SEED HOURS` on CPython (PYTHONPATH as the runner sets it).
"""

import sys

from boards.sim.cars import figure, names
from tests.sim.plant import Plant
from tests.sim.prng import Prng

_CARD = "04A1B2C3"
_STAY_MINUTES = (2, 3, 5, 8, 40)
_HOUR_MS = 3_600_000


class CarDays:
    """`run(hours)` lets cars come and go for so long; AssertionError at a state that is stuck."""

    def __init__(self, seed, stay_minutes=_STAY_MINUTES):
        self._random = Prng(seed).child("cars")
        self._stay_minutes = stay_minutes
        self.plant = Plant()
        self.came = []

    def run(self, hours):
        """Go on until so many hours of virtual time are over and each car has come."""
        plant = self.plant
        plant.run_until(lambda: plant.app.client.online)
        plant.run(1500)
        while plant.uptime_ms() < hours * _HOUR_MS or len(self.came) < len(names()):
            left = list(names())
            while left:
                name = left.pop(self._random.below(len(left)))
                try:
                    self._visit(name)
                except AssertionError as error:
                    raise AssertionError("%s, the %d. car: %s" % (name, len(self.came), error))
                # What is judged is judged; a heap of 32 bits cannot keep it all.
                del plant.events[:]
                del plant.csms.log[:]

    def _visit(self, name):
        plant = self.plant
        self.came.append(name)
        plant.do("plug", ev=name)
        plant.run(self._random.choice((600, 3000, 25_000)))
        plant.do("card", id=_CARD)
        end = figure(name, "end")
        if end == "charges":
            plant.run_until(lambda: plant.connector().charging, 200_000)
            before_wh = plant.meter_wh()
            plant.run_until(lambda: plant.meter_wh() > before_wh + 1, 200_000)
        else:
            plant.run(5000)
            assert plant.connector().why()[0] == end, plant.connector().why()
        until_ms = plant.uptime_ms() + self._random.choice(self._stay_minutes) * 60_000
        while plant.uptime_ms() < until_ms:
            self._treat()
            plant.run(self._random.choice((1000, 8000, 30_000, 90_000)))
        self._leave(end)

    def _treat(self):
        plant, kind = self.plant, self._random.below(7)
        if kind == 0:
            plant.do("ev", wants=self._random.chance(500))
        elif kind == 1:
            plant.app.config.set("InstallationCurrentMax", str(self._random.choice((6, 16, 32))))
        elif kind == 2:
            plant.do("temperature", celsius=self._random.choice((25, 68, 85)))
        elif kind == 3:
            plant.stall(self._random.choice((50, 300, 1200)) // 10 * 10)
        elif kind == 4:
            # Ends it, or begins anew with the same car.
            plant.do("card", id=_CARD)
        elif kind == 5:
            plant.connected = not plant.connected

    def _leave(self, end):
        """Gone, and everything is as if nobody had ever been there."""
        plant = self.plant
        plant.do("temperature", celsius=25)
        plant.connected = True
        plant.app.config.set("InstallationCurrentMax", "32")
        plant.do("unplug")
        # A card that was shown last may wait for another plug: ConnectionTimeOut.
        plant.run_until(lambda: plant.status() == "Available", 90_000)
        plant.run_until(lambda: plant.app.client.online, 90_000)
        plant.run_until(lambda: plant.app.station.at_rest, 30_000)
        plant.run_until(lambda: not plant.app.transactions.pending, 60_000)
        # A fault that came in the last moment may take half a minute to clear, as its row says.
        plant.run(31_000)
        assert plant.status() == "Available", plant.status()
        connector = plant.connector()
        assert not connector.faults and not connector.warnings, connector.overlay.bits
        assert connector.transaction is None and connector.limit_ma == 0
        assert end != "charges" or plant.csms.transactions
        for row in plant.csms.books():
            assert row[2] is not None, row
        plant.csms.transactions.clear()
        problems = plant.violations + plant.csms.anomalies
        assert not problems, problems[:3]


def main(arguments):
    """Live as many hours; returns the exit status."""
    days = CarDays(int(arguments[0]))
    days.run(int(arguments[1]))
    print("%d cars in %d h" % (len(days.came), days.plant.uptime_ms() // _HOUR_MS))
    days.plant.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
