"""numberPhases of the charging profile in force, where a second contactor can leave phases out."""

# First what lies deepest: an import within an import takes C stack on MicroPython.
import tests.sim.scenario  # noqa: F401
from tests.scenarios.test_profile_limits import ProfileScenario
from tests.sim.charging_profiles import maximum, profile, tx

_X1 = 65535


class PhaseSwitchingTest(ProfileScenario):
    def switched(self, all_phases, limit_ms=15_000):
        """Let time pass until the second contactor is there; returns for how long X1 was first."""
        plant = self.plant
        outlet = plant.world.outlets[0]
        plant.run_until(lambda: outlet.circuit.duty == _X1, limit_ms)
        plant.run_until(lambda: outlet.all_phases == all_phases, limit_ms)
        self.assertFalse(plant.closed())
        self.assertFalse(outlet.circuit.is_connected)

    def live(self):
        """Which phases carry current."""
        self.plant.run(6000)
        return [ma > 0 for ma in self.plant.state()["current_ma"]]

    def test_profile_from_three_phases_to_one_and_back_then_stop_wait_switch_offer(self):
        # The same transaction; never switched under load, the EV sees nothing for a minute.
        plant = self.begin()
        self.charge()
        self.assertEqual(self.live(), [True] * 3)
        for phases, carry in ((1, [True, False, False]), (3, [True] * 3)):
            self.assertEqual(self.set(tx(1, limits=((0, 10),), phases=phases)), "Accepted")
            self.switched(phases == 3)
            plant.run(50_000)
            self.assertEqual((plant.status(), plant.closed()), ("SuspendedEVSE", False))
            self.assertFalse(plant.world.outlets[0].circuit.is_connected)
            self.wait("Charging", 30_000)
            self.assertEqual(self.live(), carry)
        self.finish()
        self.assertEqual(len(plant.csms.books()), 1)

    def test_watts_on_one_phase_then_the_current_of_one_phase(self):
        # 2300 W are 3.3 A on three phases, a pause; on one they are 10 A.
        self.begin()
        self.charge()
        self.set(profile(1, unit="W", limits=((0, 2300),), phases=1))
        self.switched(False)
        self.wait("Charging", 80_000)
        self.assertEqual(self.live(), [True, False, False])
        self.until_offer(10_000, 200)
        # Without numberPhases it is for three again: 11,040 W are 16 A, at no moment more.
        self.set(profile(1, unit="W", limits=((0, 11_040),)))
        self.switched(True)
        self.wait("Charging", 80_000)
        self.until_offer(16_000, 6000)
        self.finish()

    def test_two_phases_then_one_carries_and_neither_power_nor_current_is_more_than_allowed(self):
        # OCPP 1.6 7.14: so many can be used; the contactor knows one and three. 7.12: 5520 W by
        # 2 x 230 V are 12 A in a phase; three phases with 12 A would be 8280 W.
        for unit, limit in (("A", 12), ("W", 5520)):
            plant = self.begin()
            self.charge()
            self.assertEqual(
                self.set(profile(1, unit=unit, limits=((0, limit),), phases=2)), "Accepted")
            self.switched(False)
            self.wait("Charging", 80_000)
            self.assertEqual(self.live(), [True, False, False])
            self.until_offer(12_000, 200)
            self.assertTrue(plant.state()["power_w"] <= 5520)
            self.finish()
            self.tearDown()

    def test_pause_in_a_profile_then_no_phases_are_switched_for_it(self):
        # One phase, nothing, one phase: the contactor of the phases stays where it is.
        plant = self.begin()
        outlet = plant.world.outlets[0]
        self.set(profile(1, limits=((0, 10),), phases=1))
        plant.run(2000)
        self.assertFalse(outlet.all_phases)
        self.charge()
        self.set(profile(1, limits=((0, 0),)))
        self.wait("SuspendedEVSE")
        plant.run(10_000)
        self.assertFalse(outlet.all_phases)
        self.set(profile(1, limits=((0, 10),), phases=1))
        self.wait("Charging", 10_000)
        self.finish()

    def test_key_is_the_upper_bound_then_a_profile_switches_no_phases_on(self):
        # ChargingPhases 1: whatever the profile says.
        plant = self.begin(settings=(("ChargingPhases", "1"),))
        self.set(profile(1, limits=((0, 10),), phases=3))
        self.charge()
        self.assertEqual(self.live(), [True, False, False])
        self.assertFalse(plant.world.outlets[0].all_phases)
        self.finish()

    def test_maximum_for_the_station_with_one_phase_then_counts_as_well(self):
        # Whoever allows the fewest.
        plant = self.begin()
        self.set(maximum(1, limits=((0, 16),), phases=1), 0)
        self.set(profile(2, limits=((0, 10),), phases=3))
        self.charge()
        self.assertEqual(self.live(), [True, False, False])
        self.assertFalse(plant.world.outlets[0].all_phases)
        self.finish()
