"""A link that is lost again and again, at any moment, also between a message and its answer."""

from tests.sim.prng import Prng
from tests.sim.scenario import CARD, Scenario

_SEED = 20261121
_SESSIONS = 4
_LOSSES = 25  # before the card that stops, and as many after it


class ConnectionLossesTest(Scenario):
    unreliable = False
    answers_lost = 0

    def test_200_losses_then_no_transaction_is_lost_or_doubled(self):
        # Every transaction once, every Wh once, online again each time.
        plant = self.begin(settings=(("MeterValueSampleInterval", "2"),))
        random = Prng(_SEED)
        self.lose_answers(random)
        meter_wh = plant.meter_wh()
        for _ in range(_SESSIONS):
            plant.do("plug")
            plant.run(600)
            plant.do("card", id=CARD)
            plant.run(300)
            self.lose_connections(random)
            self.assertEqual(plant.status(), "Charging")
            plant.do("card", id=CARD)
            self.lose_connections(random)
            self.settle()
            plant.do("unplug")
            self.wait("Available")
            plant.run(1000)
        books = plant.csms.books()
        self.assertEqual([row[3] for row in books], ["Local"] * _SESSIONS)
        self.assertEqual(sum([row[2] for row in books]), plant.meter_wh() - meter_wh)
        self.assertTrue(self.answers_lost > 10)

    def lose_connections(self, random):
        """Down and up again, at any moment and for any time."""
        plant = self.plant
        self.unreliable = True
        for _ in range(_LOSSES):
            plant.run(random.between(0, 1500))
            plant.connected = False
            plant.run(random.between(50, 800))
            plant.connected = True
            plant.run(random.between(50, 500))
        self.unreliable = False
        plant.connected = True
        self.assert_online_again()

    def lose_answers(self, random):
        """One answer in three is lost with its connection, though the message was booked."""
        plant = self.plant
        receive = plant.csms.receive

        def receive_unreliably(text):
            answers = receive(text)
            if not self.unreliable or not random.chance(333):
                return answers
            self.answers_lost += 1
            plant.connected = False
            return []

        plant.csms.receive = receive_unreliably
