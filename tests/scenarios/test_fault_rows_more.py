"""More rows of the fault table: mains that are gone, a weld that stays visible, the pilot's own
generator, a contactor without a mirror.

Times in ms; the bounds are those of the fault table that the firmware follows.
"""

from tests.sim.scenario import CARD, Scenario

_F = 0
_X1 = 65535


class Rows(Scenario):
    @property
    def duty(self):
        return self.plant.world.outlets[0].circuit.duty

    def opens(self, limit_ms):
        self.plant.run_until(lambda: not self.plant.closed(), limit_ms)

    def told(self):
        """The last report of connector 1: (status, errorCode, vendorErrorCode)."""
        for report in reversed(self.plant.csms.of("StatusNotification")):
            if report["connectorId"] == 1:
                return report["status"], report["errorCode"], report.get("vendorErrorCode", "")
        raise AssertionError("nothing was told")

    def assert_faulted(self, name, error_code, vendor_code):
        self.plant.run(300)
        self.assertEqual(self.told(), ("Faulted", error_code, vendor_code))
        self.assertEqual(self.plant.state()["faults"], [name])


class MainsGoneTest(Rows):
    def test_mains_below_six_tenths_while_charging_then_open_at_once_and_f(self):
        # The meter speaks once a second; 200 ms after its first word the contactor opens, and
        # nobody waits for the EV.
        for name in ("voltage_sag", "power_loss"):
            plant = self.begin()
            self.charge()
            plant.do("fault", name=name)
            self.opens(1700)
            plant.run_until(lambda: self.duty == _F, 100)
            self.assert_faulted("power_loss", "UnderVoltage", "CX015")
            plant.do("clear", name=name)
            plant.run(58_000)
            self.assertEqual(plant.status(), "Faulted")
            self.wait("Charging", 20_000)
            self.finish()
            self.tearDown()

    def test_mains_that_come_back_low_then_are_not_good_yet(self):
        # 172 V is no place to start again, although it is more than nothing.
        plant = self.begin()
        plant.do("fault", name="power_loss")
        self.wait("Faulted", 2000)
        plant.do("fault", name="undervoltage")
        plant.do("clear", name="power_loss")
        plant.run(100_000)
        self.assert_faulted("undervoltage", "UnderVoltage", "CX006")


class WeldTest(Rows):
    def weld(self):
        plant = self.welded()
        plant.run(1000)
        return plant

    def seen_duties(self, time_ms):
        """Every duty that was on the pilot in so long."""
        found = set()
        for _ in range(time_ms // 10):
            self.plant.run(10)
            found.add(self.duty)
        return found

    def test_weld_then_f_stays_while_it_is_latched(self):
        # Longer than the 300 ms of other faults, with the EV there or gone, and F is no fault.
        plant = self.weld()
        self.assertEqual(self.seen_duties(20_000), {_F})
        plant.do("unplug")
        self.assertEqual(self.seen_duties(20_000), {_F})
        self.assert_faulted("contactor_welded", "PowerSwitchFailure", "CX017")

    def test_weld_then_f_again_after_a_power_cut(self):
        # Also when it has come loose: only service may end it.
        plant = self.weld()
        plant.do("clear", name="contactor_welded")
        plant.power_cycle()
        self.assert_online_again()
        plant.run(2000)
        self.assertEqual(self.seen_duties(20_000), {_F})
        self.assert_faulted("contactor_welded", "PowerSwitchFailure", "CX017")
        self.assertEqual(self.plant.app.config.get("ContactorWelded"), 1)

    def test_weld_that_service_has_cleared_then_x1_and_the_ev_is_known(self):
        # Who has left meanwhile is gone, and the next one charges.
        plant = self.weld()
        plant.do("unplug")
        plant.do("clear", name="contactor_welded")
        plant.run(5000)
        plant.call("ChangeConfiguration", {"key": "ContactorWelded", "value": "0"})
        self.wait("Available")
        self.assertEqual(self.duty, _X1)
        self.settle()
        self.charge()


class GeneratorTest(Rows):
    def boot(self, *faults):
        """Cut the power, and give it back with these faults in the world."""
        plant = self.plant
        for name in faults:
            plant.do("fault", name=name)
        plant.power_cycle()
        for name in faults:
            # What a power cut makes of the world's faults is not the question.
            plant.do("fault", name=name)
        self.assert_online_again()
        plant.run(3000)
        return plant

    def test_wrong_rail_at_the_boot_then_faulted_until_the_test_passes(self):
        # Both rails at 9 V look like an EV in B; a weak low rail alone looks like nothing.
        for name in ("cp_generator", "cp_low_rail"):
            self.begin()
            plant = self.boot(name)
            self.assert_faulted("cp_generator", "InternalError", "CX014")
            plant.run(120_000)
            self.assertEqual(plant.status(), "Faulted")
            plant.do("clear", name=name)
            self.wait("Available", 70_000)
            self.charge()
            self.finish()
            self.tearDown()

    def test_ev_that_is_plugged_in_at_the_boot_then_is_no_wrong_generator(self):
        # In B, in C from the start, one that takes F for a defect, and with a line shorted (E).
        for car in ("ordinary", "simplified", "no-f"):
            plant = self.begin()
            plant.do("plug", ev=car)
            plant = self.boot()
            self.assertFalse("cp_generator" in plant.state()["faults"])
            plant.do("card", id=CARD)
            self.wait("Charging", 40_000)
            plant.run(5000)
            self.assertFalse(plant.world.outlets[0].ev.confused)
            self.finish()
            self.tearDown()
        plant = self.begin()
        plant.do("plug")
        plant = self.boot("cp_short")
        self.assertEqual(plant.state()["faults"], ["cp_short"])

    def test_low_rail_that_fails_while_charging_then_open_and_faulted(self):
        # A second of it; the EV's diode is not to blame. The self-test ends it.
        for name in ("cp_low_rail", "cp_generator"):
            plant = self.begin()
            self.charge()
            plant.do("fault", name=name)
            self.opens(400)
            self.wait("Faulted", 1400)
            self.assert_faulted("cp_generator", "InternalError", "CX014")
            plant.run(130_000)
            self.assertEqual(plant.status(), "Faulted")
            plant.do("clear", name=name)
            self.wait("Charging", 110_000)
            self.finish()
            self.tearDown()

    def test_low_rail_that_fails_while_offering_then_withdrawn_and_faulted(self):
        # B2: the EV asks for nothing; a second of wrong negative plateau is enough here, too.
        for name in ("cp_low_rail", "cp_generator"):
            plant = self.begin()
            plant.do("plug")
            plant.do("ev", wants=False)
            plant.run(600)
            plant.do("card", id="04A1B2C3")
            self.wait("SuspendedEV", 20_000)
            plant.run(3000)
            plant.do("fault", name=name)
            self.wait("Faulted", 3000)
            plant.run(500)
            self.assertTrue(plant.world.outlets[0].circuit.duty in (0, 65535))
            self.assertFalse(plant.closed())
            self.tearDown()

    def test_missing_diode_while_charging_then_the_generator_is_not_blamed(self):
        # The low half mirrors the high one.
        plant = self.begin()
        self.charge()
        plant.do("fault", name="diode")
        self.wait("Faulted", 2000)
        plant.run(2000)
        self.assertEqual(plant.state()["faults"], ["diode"])

    def test_board_without_a_switch_then_tested_when_nobody_is_plugged_in(self):
        # F is shown to no EV; what the rails are is found when it has left.
        plant = self.begin()
        plant.app.station.connectors[0].wake_up._switch = None
        self.charge()
        plant.do("fault", name="cp_low_rail")
        self.wait("Faulted", 2000)
        plant.run(70_000)
        self.assertFalse(plant.world.outlets[0].ev.confused)
        plant.do("clear", name="cp_low_rail")
        plant.run(70_000)
        self.assertEqual(plant.status(), "Faulted")
        plant.do("unplug")
        self.wait("Available", 20_000)


class NoMirrorTest(Rows):
    def test_current_that_has_flowed_then_the_contactor_is_closed_whatever_comes(self):
        # An EV that stays in C and takes a break is no fault of ours.
        plant = self.begin(has_mirror=False)
        self.charge()
        plant.do("ev", max_ma=0)
        plant.run(120_000)
        self.assertEqual((plant.status(), plant.state()["current_ma"][0]), ("Charging", 0))
        self.finish()

    def test_board_with_a_mirror_contact_then_no_current_says_nothing(self):
        # The mirror has said it in 250 ms, or there is nothing to be said.
        plant = self.begin()
        plant.do("plug")
        plant.do("ev", max_ma=0)
        plant.run(600)
        plant.do("card", id=CARD)
        self.wait("Charging")
        plant.run(120_000)
        self.assertEqual((plant.status(), plant.closed()), ("Charging", True))
        self.finish()

    def test_meter_that_is_silent_then_says_nothing_about_the_contactor(self):
        # Nobody knows whether something flows.
        plant = self.begin(has_mirror=False)
        plant.do("fault", name="meter_silent")
        plant.run(15_000)
        self.charge()
        plant.run(60_000)
        self.assertEqual(plant.state()["faults"], ["meter_silent"])
        self.finish()
