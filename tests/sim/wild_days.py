"""Random days with everything that the electrical side must stand: all cars, all faults, limits
from four sides, sockets, stalls of the VM, resets and power cuts.

As tests/sim/random_days.py, whose judgement it takes over; wilder, and shorter.
"""

from tests.sim.charging_profiles import profile
from tests.sim.random_days import _FAULTS, Day
from tests.sim.prng import Prng

_SOCKET_FAULTS = ("lock_jammed", "pp_open", "pp_short")


class WildDay(Day):
    """One seed: `steps` things happen, then all is healed, used and judged."""

    actions = (
        ("card", 18), ("plug", 16), ("unplug", 8), ("wants", 8), ("fault", 11), ("clear", 9),
        ("network", 3), ("cut", 3), ("torn", 2), ("remote", 5), ("availability", 2), ("reset", 4),
        ("stall", 5), ("limit", 6),
    )

    waits_ms = (50, 300, 300, 1000, 3000, 9000)
    healing_ms = 5000

    def __init__(self, seed, steps=25):
        self._socket = Prng(seed).child("socket").chance(300)
        if self._socket:
            self.faults = _FAULTS + _SOCKET_FAULTS
        super().__init__(seed, steps)

    def _has_socket(self):
        return self._socket

    def _plug(self, connector):
        if not self.plant.socket:
            super()._plug(connector)
        elif not self.plant.world.outlets[connector - 1].ev.plugged:
            # Where a plug is locked, or the socket is, it does not go in.
            self.plant.control.handle({"do": "plug", "connector": connector})

    def _unplug(self, connector):
        super()._unplug(connector)
        if self.plant.socket and self._random.chance(500):
            self._pull(connector)

    def _pull(self, connector):
        self.plant.control.handle({"do": "unplug", "connector": connector, "side": "station"})

    def _stall(self, connector):
        self.plant.do("stall", ms=self._random.choice((20, 100, 300, 300, 1200, 4500)))

    def _limit(self, connector):
        """Less or more from the installation, the central system, the temperature or the cable."""
        kind = self._random.below(3)
        if kind == 0:
            amperes = self._random.choice((6, 7, 13, 20, 32))
            self.plant.app.config.set("InstallationCurrentMax", str(amperes))
        elif kind == 1:
            celsius = self._random.choice((20, 61, 68, 74, 79, 85))
            self.plant.do("temperature", connector=connector, celsius=celsius)
        elif self.plant.app.client.online:
            amperes = self._random.choice((0, 5, 6, 8, 16, 40))
            self.plant.call("SetChargingProfile", {
                "connectorId": self._random.choice((0, connector)),
                "csChargingProfiles": profile(1, kind="Relative", limits=((0, amperes),)),
            })

    # The end of the day.

    def _clear(self, connector):
        super()._clear(connector)
        for number in range(self.plant.connectors):
            self.plant.do("temperature", connector=number + 1, celsius=25)

    def _end(self):
        plant = self.plant
        super()._end()
        plant.app.config.set("InstallationCurrentMax", "32")
        plant.call("ClearChargingProfile", {})
        for number in range(plant.connectors):
            self._free(number + 1)

    def _free(self, connector):
        if self.plant.socket:
            self.plant.call("UnlockConnector", {"connectorId": connector})
            self.plant.run(5000)
            self._pull(connector)
            self.plant.run(1000)
