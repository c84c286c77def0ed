"""The common base of the scenarios with a socket: detachable cables, bolt and lock."""

from tests.sim.scenario import CARD, Scenario


class SocketScenario(Scenario):
    """`begin` builds a charger with sockets; the treatment of the motor is judged too."""

    def setUp(self):
        """Begin with a charger with a socket."""
        self.start()

    def start(self, *settings):
        """Begin anew, with another configuration."""
        if self.plant is not None:
            super().tearDown()
        self.begin(socket=True, settings=settings)

    def tearDown(self):
        """Judge how the motor was treated as well."""
        super().tearDown()
        for outlet in self.plant.world.outlets:
            self.assertEqual(outlet.socket.lock.shorts, 0)
            self.assertTrue(outlet.socket.lock.longest_ms <= 350)

    # Steps.

    def charge_with(self, **fields):
        """Plug in, show a card, wait until the contactor is closed."""
        self.plant.do("plug", **fields)
        self.plant.run(1000)
        self.plant.do("card", id=CARD)
        self.wait("Charging")

    def bolt(self):
        """Return True while the bolt is in the plug."""
        return self.plant.world.outlets[0].socket.lock.locked

    def refused(self, name, **fields):
        """Carry out a command that must be refused; returns the error."""
        answer = self.plant.control.handle(dict(fields, do=name))
        self.assertFalse(answer["ok"])
        return answer["error"]

    def unlock(self, limit_ms=20_000):
        """Let the central system unlock; returns the status of its answer."""
        csms = self.plant.csms
        message_id, text = csms.call("UnlockConnector", {"connectorId": 1})
        self.plant.app.client.receive(self.plant.time.now, text)
        self.plant.run_until(lambda: csms.result(message_id), limit_ms)
        return csms.result(message_id)["status"]

    def reasons(self):
        """Return the reasons of the transactions so far; None for a running one."""
        return [row[3] for row in self.plant.csms.books()]

    def errors(self):
        """Return (status, errorCode) of what was reported with an error."""
        return [
            (payload["status"], payload["errorCode"])
            for action, payload in self.plant.csms.log
            if action == "StatusNotification" and payload["errorCode"] != "NoError"
        ]
