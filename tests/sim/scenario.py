"""The common base of the scenarios: a plant, the words to tell a day in, what always holds."""

import unittest

from tests.sim.plant import Plant
from tools.csms.status_pairs import may_follow

CARD = "04A1B2C3"
OTHER = "04FFEE11"


class Scenario(unittest.TestCase):
    """`begin` builds the plant; after each test everything that must always hold is checked."""

    plant = None

    def begin(self, **options):
        """Build a charger (see Plant), let it boot, and return it."""
        self.plant = plant = Plant(**options)
        plant.run_until(lambda: plant.app.station.settled)
        if plant.connected:
            plant.run_until(lambda: plant.app.client.online)
        # Until what is to be reported after a boot is reported, and the meter was read.
        plant.run(1500)
        return plant

    def tearDown(self):
        """Check what must hold in every scenario."""
        plant = self.plant
        if plant is None:
            return
        app = plant.app
        plant.close()
        self.assertEqual(plant.violations, [])
        self.assertEqual(forbidden_changes(plant.events), [])
        self.assertEqual(plant.csms.anomalies, [])
        self.assertIsNone(app.client.last_crash)
        self.assertEqual((app.client.bad_results, app.guard_loop.hal_errors), (0, 0))

    def wait(self, status, limit_ms=20_000, connector=1):
        """Let time pass until a connector has a status."""
        plant = self.plant
        plant.run_until(lambda: plant.status(connector) == status, limit_ms)

    def plug_in(self, card=CARD):
        """Plug in and show a card."""
        self.plant.do("plug")
        self.plant.run(600)
        self.plant.do("card", id=card)

    def unplug(self):
        """Unplug, and wait until the next EV may come and the bill is delivered."""
        self.plant.do("unplug")
        self.wait("Available")
        self.settle()

    def tap_twice(self):
        """Show the card, and again before anything is plugged in: it is known now."""
        self.plant.do("card", id=CARD)
        self.wait("Preparing")
        self.plant.run(1500)
        self.plant.do("card", id=CARD)
        self.wait("Available")

    def charge(self, card=CARD, run_ms=5000):
        """Plug in, show a card, and let energy flow for a while."""
        self.plug_in(card)
        self.wait("Charging")
        self.plant.run(run_ms)

    def welded(self):
        """Charge; the contactor welds, which the card that ends the session brings out."""
        plant = self.begin()
        self.charge()
        plant.do("fault", name="contactor_welded")
        plant.do("card", id=CARD)
        self.wait("Faulted")
        return plant

    def finish(self, card=CARD):
        """Stop with the card and wait until the bill is delivered."""
        self.plant.do("card", id=card)
        self.wait("Finishing")
        self.settle()

    def settle(self, limit_ms=30_000):
        """Let time pass until every transaction message is delivered."""
        plant = self.plant
        plant.run_until(lambda: plant.app.station.at_rest, limit_ms)
        plant.run_until(lambda: not plant.app.transactions.pending, limit_ms)
        plant.run(200)

    def assert_online_again(self):
        """Let time pass until the central system has accepted us (again)."""
        plant = self.plant
        plant.run_until(lambda: plant.app.client.online, 90_000)
        plant.run(200)


def forbidden_changes(events):
    """Return the changes of status that OCPP 1.6 4.9 does not know."""
    found = []
    before = {}
    for event in events:
        if event["event"] == "boot":
            before = {}
        if event["event"] != "status":
            continue
        number, status = event["connector"], event["status"]
        last = before.get(number, "Available")
        if status != last and not may_follow(last, status):
            found.append((last, status))
        before[number] = status
    return found
