"""Two sockets, and everything that people, faults and the central system do to them, at random."""

from tests.sim.prng import Prng
from tests.sim.scenario import CARD, OTHER, Scenario

_SEEDS = (1, 2, 3)
_STEPS = 60
_FAULTS = ("lock_jammed", "pp_open", "pp_short", "contactor_stuck_open", "cp_short", "rcd_trip")
_KEYS = ("StopTransactionOnEVSideDisconnect", "UnlockConnectorOnEVSideDisconnect")


class SocketWalkTest(Scenario):
    def act(self, random):
        """Do one thing to one connector; what the world refuses is refused."""
        plant = self.plant
        number = 1 + random.below(2)
        action = random.below(10)
        handle = plant.control.handle
        if action < 2:
            handle({"do": "plug", "connector": number})
        elif action == 2:
            handle({"do": "unplug", "connector": number})
        elif action == 3:
            handle({"do": "unplug", "connector": number, "side": "station"})
        elif action < 6:
            handle({"do": "card", "id": (CARD, OTHER)[random.below(2)]})
        elif action == 6:
            plant.call("UnlockConnector", {"connectorId": number})
        elif action == 7:
            payload = {"idTag": "REMOTE", "connectorId": number}
            plant.call("RemoteStartTransaction", payload)
        elif action == 8:
            fault = _FAULTS[random.below(len(_FAULTS))]
            handle({"do": ("fault", "clear")[random.below(2)], "connector": number, "name": fault})
        else:
            value = ("true", "false")[random.below(2)]
            plant.app.config.set(_KEYS[random.below(2)], value)

    def heal(self):
        """Take every fault away, unlock, pull everything out."""
        plant = self.plant
        for number in (1, 2):
            for fault in _FAULTS:
                plant.do("clear", connector=number, name=fault)
        plant.run(70_000)
        for number in (1, 2):
            plant.call("UnlockConnector", {"connectorId": number})
        plant.run(30_000)
        for number in (1, 2):
            if plant.world.outlets[number - 1].socket.cable_a:
                plant.do("unplug", connector=number, side="station")
        plant.run(70_000)

    def test_any_order_of_events_leaves_both_sockets_usable(self):
        # Books, statuses and invariants are judged with each seed; then a car charges at each.
        for seed in _SEEDS:
            random = Prng(seed)
            plant = self.begin(connectors=2, socket=True)
            for _ in range(_STEPS):
                self.act(random)
                plant.run(100 + random.below(40) * 100)
            self.heal()
            self.assertEqual([plant.status(1), plant.status(2)], ["Available"] * 2, str(seed))
            for number in (1, 2):
                plant.do("plug", connector=number)
                self.wait("Preparing", connector=number)
                plant.do("card", id=(CARD, OTHER)[number - 1])
                self.wait("Charging", connector=number)
            self.assertTrue(plant.connector(1).locked and plant.connector(2).locked)
            if seed != _SEEDS[-1]:
                super().tearDown()
