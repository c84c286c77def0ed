"""Two sockets: each lock obeys its own connector."""

from tests.sim.scenario import CARD, OTHER, Scenario


class TwoSocketsTest(Scenario):
    def setUp(self):
        self.begin(connectors=2, socket=True)

    def test_unlock_of_one_socket_leaves_the_other_locked_and_charging(self):
        # Two locks, one command.
        plant = self.plant
        for number, card in ((1, CARD), (2, OTHER)):
            plant.do("plug", connector=number, cable_a=20)
            plant.run(1000)
            plant.do("card", id=card)
            self.wait("Charging", connector=number)
        plant.call("UnlockConnector", {"connectorId": 2})
        self.wait("Finishing", connector=2)
        plant.run(3000)
        self.assertEqual((plant.status(1), plant.connector(1).locked), ("Charging", True))
        self.assertFalse(plant.world.outlets[1].socket.lock.locked)
        self.assertEqual(plant.csms.books()[1][3], "UnlockCommand")

    def test_unlock_of_an_unknown_connector_is_not_supported(self):
        # TC_031_CS.
        for number in (0, 3):
            answer = self.plant.call("UnlockConnector", {"connectorId": number})
            self.assertTrue(answer is None or answer == {"status": "NotSupported"})

    def test_kept_plug_does_not_hinder_its_owner_at_the_other_connector(self):
        # The first tap frees the kept plug, the next one starts where the EV waits.
        plant = self.plant
        plant.do("plug", connector=1)
        plant.run(1000)
        plant.do("card", id=CARD)
        self.wait("Charging")
        plant.do("unplug", connector=1)
        self.wait("Finishing")
        plant.do("plug", connector=2)
        self.wait("Preparing", connector=2)
        plant.do("card", id=CARD)
        plant.run(3000)
        self.assertFalse(plant.world.outlets[0].socket.lock.locked)
        self.assertEqual(plant.status(2), "Preparing")
        plant.do("card", id=CARD)
        self.wait("Charging", connector=2)
