"""The VM stalls for so long that the guard has given the application up."""

from tests.sim.scenario import Scenario


class StallTest(Scenario):
    def test_stall_over_a_second_while_charging_then_open_and_five_seconds_of_x1(self):
        # The guard opens and goes to X1 at its first step: the offer that comes back is a new one
        # (Table A.6, sequence 6), and the contactor does not bounce under load.
        plant = self.begin()
        self.charge()
        plant.do("stall", ms=1200)
        plant.run(100)
        for _ in range(48):
            self.assertEqual((plant.closed(), plant.state()["cp"][1]), (False, "1"))
            plant.run(100)
        self.wait("Charging", 5000)
        self.finish()
        self.assertEqual(len(plant.seen("contactor", closed=True)), 2)
        self.assertEqual(len(plant.csms.books()), 1)

    def test_stall_over_a_second_while_offering_then_five_seconds_of_x1(self):
        # An EV in B sees one end of the offer and one beginning.
        plant = self.begin()
        plant.do("plug")
        plant.do("ev", wants=False)
        plant.run(600)
        plant.do("card", id="04A1B2C3")
        self.wait("SuspendedEV")
        plant.run(1000)
        plant.do("stall", ms=1200)
        plant.run(100)
        for _ in range(48):
            self.assertEqual(plant.state()["cp"], "B1")
            plant.run(100)
        plant.run(500)
        self.assertEqual(plant.state()["cp"], "B2")
