"""A session from plug to unplug, on the real firmware in virtual time."""

import unittest

from tests.sim.plant import Plant


class FirstSessionTest(unittest.TestCase):
    def setUp(self):
        self.plant = Plant()

    def tearDown(self):
        self.plant.close()

    def test_card_session_books_equal_the_meter(self):
        # Plug, card, charge, card, unplug: the central system's Wh are the meter's Wh.
        plant = self.plant
        plant.run(3000)
        before_wh = plant.state()["meter_wh"]
        plant.do("plug")
        plant.run(1000)
        plant.do("card", id="04A1B2C3")
        plant.run_until(lambda: plant.state()["status"] == "Charging")
        plant.run(60_000)
        plant.do("card", id="04A1B2C3")
        plant.run_until(lambda: plant.state()["status"] == "Finishing")
        plant.run_until(lambda: plant.csms.books()[0][2] is not None)
        plant.do("unplug")
        plant.run_until(lambda: plant.state()["status"] == "Available")
        wh = plant.state()["meter_wh"] - before_wh
        self.assertTrue(wh > 200)
        self.assertEqual(plant.csms.books(), [(1, "04A1B2C3", wh, "Local")])
        self.assertEqual(plant.csms.anomalies, [])
        self.assertEqual(
            plant.csms.statuses(), ["Available", "Preparing", "Charging", "Finishing", "Available"]
        )
