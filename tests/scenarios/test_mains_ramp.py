"""The current after a fault of the mains: all at once, or as the rules of a country have it."""

from tests.sim.scenario import CARD, Scenario

_AUSTRIA = (("Country", "AT"),)
_MINUTE_MS = 60_000


class RampTest(Scenario):
    def back(self, name, settings=_AUSTRIA):
        """Charge, let the mains fail and come back; until the offer is there again."""
        plant = self.begin(settings=settings)
        self.charge()
        self.assertEqual(plant.connector().limit_ma, 32_000)
        plant.do("fault", name=name)
        self.wait("Faulted")
        plant.run(3000)
        plant.do("clear", name=name)
        self.wait("Charging", 90_000)
        return plant

    def most_ma(self, duration_ms):
        """Let time pass; returns the most that was offered in it."""
        most_ma = 0
        for _ in range(duration_ms // 1000):
            self.plant.run(1000)
            most_ma = max(most_ma, self.plant.connector().limit_ma)
        return most_ma

    def test_each_fault_of_the_mains_in_austria_then_6_a_and_one_more_each_minute(self):
        # OVE R37. The minutes count from the moment the fault is over, 60 s after its cause.
        for name in ("undervoltage", "overvoltage", "frequency", "power_loss"):
            plant = self.back(name)
            self.assertEqual(plant.connector().limit_ma, 6000)
            self.assertEqual(self.most_ma(40_000), 6000)
            self.assertEqual(self.most_ma(30_000), 7000)
            self.finish()
            self.tearDown()

    def test_second_fault_in_the_ramp_then_begins_it_anew(self):
        # And the 60 s before it.
        plant = self.back("undervoltage")
        self.assertEqual(self.most_ma(2 * _MINUTE_MS), 8000)
        plant.do("fault", name="overvoltage")
        self.wait("Faulted")
        plant.do("clear", name="overvoltage")
        plant.run(55_000)
        self.assertEqual(plant.status(), "Faulted")
        self.wait("Charging", 30_000)
        self.assertEqual(self.most_ma(30_000), 6000)

    def test_next_ev_in_the_ramp_then_gets_what_the_mains_may_give(self):
        # The ramp is the connection's, not the session's.
        plant = self.back("frequency")
        plant.run(_MINUTE_MS)
        self.unplug()
        self.charge(CARD)
        self.assertTrue(plant.connector().limit_ma in (7000, 8000))

    def test_dip_that_is_no_fault_then_no_ramp(self):
        # Below three seconds: ridden through.
        plant = self.begin(settings=_AUSTRIA)
        self.charge()
        plant.do("fault", name="undervoltage")
        plant.run(1000)
        plant.do("clear", name="undervoltage")
        plant.run(10_000)
        self.assertEqual((plant.status(), plant.connector().limit_ma), ("Charging", 32_000))

    def test_fault_of_the_mains_elsewhere_then_all_at_once(self):
        # No country, or one without the rule.
        for country in ("", "DE"):
            plant = self.back("undervoltage", (("Country", country),))
            self.assertEqual(plant.connector().limit_ma, 32_000)
            self.finish()
            self.tearDown()
