"""A status that may not follow: planted, and found by what judges scenarios and random days."""

from tests.sim.scenario import Scenario, forbidden_changes


class PlantedTest(Scenario):
    def test_planted_pair_in_the_trace_then_the_judgement_of_the_scenario_fails(self):
        # The firmware's own table is not asked: it may be what is wrong.
        plant = self.begin()
        self.charge()
        plant.events.append({"event": "status", "connector": 1, "status": "Preparing"})
        self.assertEqual(forbidden_changes(plant.events), [("Charging", "Preparing")])
        self.assertRaises(AssertionError, super().tearDown)
        del plant.events[-1]
        plant.events.append({"event": "boot"})
        self.assertEqual(forbidden_changes(plant.events), [])

    def test_planted_pair_on_the_wire_then_the_central_system_has_an_anomaly(self):
        # The firmware is made to tell what it must not: Charging, then Preparing.
        plant = self.begin()
        self.charge()
        plant.app.station._set_status(
            plant.time.now, plant.connector(), "Preparing", ("NoError", "", ""))
        plant.app.client.tick(plant.time.now)
        plant.run(200)
        anomalies = plant.csms.anomalies
        self.assertEqual(anomalies[0][0], "status Preparing after Charging at connector 1")
        self.assertRaises(AssertionError, super().tearDown)

    def tearDown(self):
        """What was planted has been judged already."""
        self.plant.close()
