"""What can stall the VM while a contactor is closed: pause, defer, allow.

The connection itself is made elsewhere (firmware/net/ocpp_link.py asks the same questions); here
is what the charger does while it waits for the answer.
"""

from tests.sim.scenario import Scenario


class BlockingTest(Scenario):
    def quiet(self, mode):
        return self.plant.app.station.quiet(mode)

    def test_pause_while_charging_then_stops_softly_and_goes_on_afterwards(self):
        # X1, the EV opens S2, the contactor opens without load; then the stall, then charging.
        plant = self.begin()
        self.charge()
        self.assertFalse(self.quiet("pause"))
        plant.run_until(lambda: self.quiet("pause"), 3000)
        self.assertEqual(plant.connector().power.forced_opens, 0)
        self.assertEqual(plant.status(), "SuspendedEVSE")
        self.assertEqual(plant.state()["why"], ["connecting to the central system first"])
        plant.do("stall", ms=1500)
        plant.run(1000)
        report = plant.csms.of("StatusNotification")[-1]
        self.assertEqual(report["info"], "connecting to the central system first")
        plant.app.station.resume()
        self.wait("Charging")
        self.finish()
        self.assertEqual(len(plant.csms.books()), 1)

    def test_defer_while_charging_then_waits_and_holds_the_next_one_off(self):
        # Charging goes on; once it has ended, nobody starts until the stall is over.
        plant = self.begin()
        self.charge()
        for _ in range(50):
            self.assertFalse(self.quiet("defer"))
            plant.run(100)
        self.assertTrue(plant.closed())
        plant.do("ev", wants=False)
        plant.run_until(lambda: self.quiet("defer"), 3000)
        plant.do("ev", wants=True)
        plant.run(10_000)
        self.assertFalse(plant.closed())
        plant.app.station.resume()
        self.wait("Charging")

    def test_allow_while_charging_then_nothing_changes(self):
        # For boards where something else opens in time.
        plant = self.begin()
        self.charge()
        self.assertTrue(self.quiet("allow"))
        plant.run(5000)
        self.assertTrue(plant.closed())

    def test_setting_takes_one_of_three_words(self):
        # The default is the board's.
        plant = self.begin()
        config = plant.app.config
        self.assertEqual(config.get("BlockingWhileClosed"), "pause")
        for text, status in (("defer", "Accepted"), ("allow", "Accepted"), ("never", "Rejected")):
            self.assertEqual(config.set("BlockingWhileClosed", text), status)

    def test_pause_of_a_limit_then_the_status_says_which(self):
        # Which limit keeps the EV waiting, in the info of SuspendedEVSE.
        plant = self.begin()
        self.charge()
        plant.app.station.connectors[0].limiter.set(4, 0)
        self.wait("SuspendedEVSE")
        plant.run(500)
        report = plant.csms.of("StatusNotification")[-1]
        self.assertEqual(report["info"], "limit below 6 A: charging profile")
