"""A link that is lost again and again, at any moment, also between a message and its answer."""

from tests.sim.prng import Prng
from tests.sim.scenario import CARD, Scenario

_SEED = 20261121
_SESSIONS = 4
_LOSSES = 25  # before the card that stops, and as many after it
_OFFLINE = (
    ("LocalAuthorizeOffline", "true"),
    ("AllowOfflineTxForUnknownId", "true"),
    ("MeterValueSampleInterval", "0"),
)


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
            self.plug_in()
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

    def test_tc_037_1_cs_back_online_between_contactor_and_tick_then_charging_only(self):
        # The link comes back when energy flows, a moment before the station has looked: the
        # Preparing of the start is history by then.
        self.begin(settings=_OFFLINE)
        self.assertEqual(self.start_offline(), ["StartTransaction", "Charging"])

    def test_tc_037_1_cs_the_same_with_a_socket(self):
        # There the bolt comes before the start.
        self.begin(settings=_OFFLINE, socket=True)
        self.assertEqual(self.start_offline(), ["StartTransaction", "Charging"])

    def start_offline(self):
        """Start without a connection, get it back at once; returns what is told then."""
        plant = self.plant
        plant.connected = False
        plant.run(1000)
        before = len(plant.csms.log)
        plant.do("plug")
        plant.do("card", id=CARD)
        plant.run_until(lambda: plant.connector().guard.closed)
        self.assertEqual(plant.status(), "Preparing")
        plant.connected = True
        plant._pump()
        plant.run(3000)
        return [payload.get("status", action) for action, payload in plant.csms.log[before:]]

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
