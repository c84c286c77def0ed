"""Each named car: it charges to its end, or is refused for the reason written beside it."""

from boards.sim.cars import figure, names
from tests.sim.scenario import CARD, Scenario

_SPEED = 1800


class Cars(Scenario):
    """What the tests of cars have in common; no tests."""

    def arrive(self, car, soc=78, before_card_ms=600):
        """Plug in, nearly full, and show a card."""
        plant = self.plant
        plant.do("plug", ev=car)
        if figure(car, "soc") is None:
            plant.do("ev", soc=soc)
        plant.run(before_card_ms)
        plant.do("card", id=CARD)
        plant.run(1000)

    def car(self):
        return self.plant.world.outlets[0].ev

    def is_full(self):
        return self.car().soc_permille >= 1000

    def is_open(self):
        return not self.plant.closed()

    def is_low(self):
        return 0 < self.plant.connector().limit_ma <= 6000

    def errors(self):
        """The error codes that were reported."""
        reports = self.plant.csms.of("StatusNotification")
        return [r["errorCode"] for r in reports if r["errorCode"] != "NoError"]


class CarTest(Cars):
    def test_each_car_then_charges_to_its_end_or_is_refused_for_its_reason(self):
        # The reason stands in the car's row; a car that charges is full, paid for, and gone.
        for name in names():
            plant = self.begin()
            self.arrive(name)
            end = figure(name, "end")
            try:
                if end == "charges":
                    self.charges_to_its_end(name)
                else:
                    plant.run(60_000)
                    self.assertEqual(plant.seen("contactor", closed=True), [])
                    self.assertEqual(plant.state()["why"][0], end)
                    self.unplug()
            except AssertionError as error:
                raise AssertionError("%s: %s" % (name, error))
            self.tearDown()

    def charges_to_its_end(self, name):
        plant = self.plant
        plant.run_until(plant.closed, 150_000)
        plant.do("energy_speed", factor=_SPEED)
        plant.run_until(self.is_full, 300_000)
        if figure(name, "end_ma"):
            plant.run(10_000)
            self.assertEqual(plant.status(), "Charging")
        elif self.car().has_s2:
            self.wait("SuspendedEV")
            self.assertEqual(plant.state()["why"], ["EV does not ask for energy (pilot B)"])
        self.finish()
        self.assertTrue(plant.csms.books()[0][2] > 12_000)
        plant.do("unplug")
        self.wait("Available")
        self.assertEqual(self.errors(), [])

    def test_battery_fills_up_then_the_current_tapers(self):
        # From 80 % on it falls linearly; what is offered stays.
        plant = self.begin()
        self.arrive("ordinary")
        self.wait("Charging")
        plant.run(10_000)
        seen_ma = []
        for soc in (70, 85, 90, 95):
            plant.do("ev", soc=soc)
            plant.run(6000)
            seen_ma.append(self.car().current_ma)
        for ma, expected_ma in zip(seen_ma, (32_000, 24_000, 16_000, 8000)):
            self.assertTrue(expected_ma - 300 <= ma <= expected_ma)
        self.assertEqual(plant.connector().limit_ma, 32_000)

    def test_car_that_keeps_drawing_then_is_opened_after_six_seconds(self):
        # Sequence 10.2: not before, and it is no fault.
        plant = self.begin()
        self.arrive("keeps-drawing")
        self.wait("Charging")
        plant.run(5000)
        plant.do("card", id=CARD)
        plant.run_until(lambda: plant.connector().power.state == 2, 2000)
        plant.run(5800)
        self.assertTrue(plant.closed())
        plant.run(700)
        self.assertFalse(plant.closed())
        self.assertEqual(plant.connector().power.forced_opens, 1)
        self.settle()
        self.assertEqual(self.errors(), [])

    def test_car_that_is_slow_to_stop_then_opens_by_itself(self):
        # Without load: nothing is forced on a car that needs 5 s.
        plant = self.begin()
        self.arrive("slow-stop")
        self.wait("Charging")
        plant.run(5000)
        self.finish()
        self.assertEqual(plant.connector().power.forced_opens, 0)

    def test_glitch_after_a_new_duty_then_the_contactor_stays_closed(self):
        # It looks like B for 500 ms: switching would wear the contactor and upset the car.
        plant = self.begin()
        self.arrive("glitchy")
        self.wait("Charging")
        for limit_a in (10, 16, 8, 20):
            plant.run(8000)
            plant.app.config.set("InstallationCurrentMax", str(limit_a))
        plant.run(8000)
        self.assertEqual(len(plant.seen("contactor", closed=True)), 1)
        self.assertTrue(len(plant.seen("ev", load="B")) > 3)
        self.assertEqual(plant.status(), "Charging")

    def test_sleeper_then_is_woken_once_and_never_seen_as_unplugged(self):
        # Its pilot is broken for 4 s: the central system must not hear of an Available.
        plant = self.begin()
        self.arrive("sleeper", before_card_ms=30_000)
        self.assertTrue(self.car().asleep)
        plant.run(58_000)
        self.assertEqual(plant.status(), "SuspendedEV")
        self.wait("Charging", 10_000)
        self.assertEqual(plant.csms.statuses()[-3:], ["Preparing", "SuspendedEV", "Charging"])
        self.assertEqual(plant.seen("contactor", closed=True)[0]["closed"], True)

    def test_sleeper_and_waking_is_switched_off_then_it_sleeps_on(self):
        # WakeUpDelay 0.
        plant = self.begin(settings=(("WakeUpDelay", "0"),))
        self.arrive("sleeper", before_card_ms=30_000)
        plant.run(200_000)
        self.assertTrue(self.car().asleep)
        self.assertEqual(plant.state()["why"], ["EV does not ask for energy (pilot B)"])

    def test_full_car_then_is_woken_once_and_left_alone(self):
        # A car in B is mostly full, and a broken pilot wakes all that is in it.
        plant = self.begin()
        self.arrive("full")
        breaks = 0
        for _ in range(600):
            was_connected = plant.world.outlets[0].circuit.is_connected
            plant.run(1000)
            breaks += was_connected and not plant.world.outlets[0].circuit.is_connected
        self.assertEqual(breaks, 1)

    def test_car_unplugged_while_it_is_woken_then_noticed(self):
        # The moment that the pilot is there again.
        plant = self.begin()
        self.arrive("full")
        plant.run_until(lambda: not plant.world.outlets[0].circuit.is_connected, 70_000)
        plant.do("unplug")
        self.wait("Available", 5000)
        self.settle()
        self.assertEqual(plant.csms.books()[0][3], "EVDisconnected")

    def test_car_that_dislikes_f_then_is_never_shown_it_by_waking(self):
        # State F would be a defect to it until the next plug.
        plant = self.begin()
        self.arrive("no-f", before_card_ms=600)
        plant.do("ev", wants=False)
        plant.run(200_000)
        self.assertFalse(self.car().confused)
        plant.do("ev", wants=True)
        self.wait("Charging")

    def test_car_that_does_not_resume_then_says_so(self):
        # After a pause it stays in B until the next plug, whatever is offered.
        plant = self.begin()
        self.arrive("no-resume")
        self.wait("Charging")
        plant.run(3000)
        plant.do("temperature", celsius=85)
        self.wait("Faulted")
        plant.do("temperature", celsius=25)
        self.wait("SuspendedEV", 20_000)
        plant.run(100_000)
        self.assertEqual(plant.state()["why"], ["EV does not ask for energy (pilot B)"])
        plant.do("unplug")
        self.wait("Available")
        self.arrive("no-resume")
        self.wait("Charging")

    def test_car_that_cycles_then_gets_six_ampere_and_charges(self):
        # A cold battery that stumbles over a large offer: ten times, then a minute, then 6 A.
        plant = self.begin()
        self.arrive("cycling")
        plant.run_until(lambda: plant.connector().warnings, 200_000)
        self.assertEqual(plant.connector().warnings[0].name, "cp_toggling")
        plant.run(50_000)
        self.assertFalse(plant.closed())
        plant.run_until(self.is_low, 20_000)
        self.wait("Charging")
        plant.run(60_000)
        self.assertTrue(plant.closed())
        self.assertEqual(self.errors(), [])
        self.assertTrue(len(plant.seen("contactor", closed=True)) < 25)

    def test_car_without_s2_then_gets_ten_ampere_and_x1_first(self):
        # 1.2 of Table A.6: A to C; three seconds of X1, and no more than 10 A.
        plant = self.begin()
        self.arrive("simplified", before_card_ms=1500)
        plant.run(200)
        self.assertFalse(plant.closed())
        self.wait("Charging")
        plant.run(10_000)
        self.assertEqual(plant.connector().limit_ma, 10_000)
        plant.do("card", id=CARD)
        plant.run(7500)
        self.assertFalse(plant.closed())
        self.settle()

    def test_car_that_jumps_to_c_and_shows_b_later_then_gets_all(self):
        # It has S2 after all.
        plant = self.begin()
        self.arrive("jumper", before_card_ms=6000)
        self.wait("Charging")
        plant.run(6000)
        self.assertEqual(plant.connector().limit_ma, 32_000)

    def test_car_that_needs_eight_ampere_then_waits_for_them(self):
        # 6 A are offered and not taken: that is the EV's choice.
        plant = self.begin()
        plant.app.config.set("InstallationCurrentMax", "6")
        self.arrive("needs-8a")
        plant.run(10_000)
        self.assertEqual(plant.state()["why"], ["EV does not ask for energy (pilot B)"])
        plant.app.config.set("InstallationCurrentMax", "8")
        self.wait("Charging")

    def test_car_that_overdraws_by_eight_percent_then_is_tolerated(self):
        # 7 to 8 % above the pilot are a real car's; 30 % are not.
        plant = self.begin()
        plant.app.config.set("InstallationCurrentMax", "20")
        self.arrive("over-draw")
        self.wait("Charging")
        plant.run(60_000)
        self.assertEqual((plant.status(), self.car().current_ma), ("Charging", 21_598))

    def test_car_with_ventilation_where_there_is_ventilation_then_charges(self):
        # The board says so.
        plant = self.begin()
        plant.app.guards[0].is_d_allowed = True
        self.arrive("ventilated")
        self.wait("Charging")
        plant.run(5000)
        self.assertTrue(plant.closed())
        self.finish()


class PhasesTest(Cars):
    def switch(self, car, phases):
        """Charge, then ask for so many phases."""
        plant = self.plant
        self.arrive(car, soc=40)
        self.wait("Charging")
        plant.run(5000)
        plant.app.config.set("ChargingPhases", str(phases))

    def test_fewer_phases_while_charging_then_switched_open_and_charging_goes_on(self):
        # X1, open, the pilot broken for a minute, switched, and the same transaction again.
        plant = self.begin()
        outlet = plant.world.outlets[0]
        self.switch("ordinary", 1)
        plant.run_until(lambda: not outlet.all_phases, 10_000)
        self.assertFalse(plant.closed())
        self.assertFalse(outlet.circuit.is_connected)
        plant.run(50_000)
        self.assertEqual((plant.status(), plant.closed()), ("SuspendedEVSE", False))
        self.wait("Charging", 30_000)
        plant.run(5000)
        self.assertEqual([ma > 0 for ma in plant.state()["current_ma"]], [True, False, False])
        plant.app.config.set("ChargingPhases", "3")
        plant.run_until(lambda: outlet.all_phases, 10_000)
        self.wait("Charging", 90_000)
        self.finish()
        self.assertEqual(len(plant.csms.books()), 1)

    def test_car_that_is_slow_with_new_phases_then_gets_its_time(self):
        # Less than 45 s without a pilot and it would not charge again; its pulse of C closes
        # nothing.
        plant = self.begin()
        self.switch("slow-phase", 1)
        plant.run(20_000)
        self.wait("Charging", 70_000)
        self.assertFalse(self.car().confused)
        self.assertEqual(len(plant.seen("contactor", closed=True)), 2)

    def test_phases_with_nobody_there_then_switched_at_once(self):
        # And the next EV waits for nothing.
        plant = self.begin()
        plant.app.config.set("ChargingPhases", "1")
        plant.run(200)
        self.assertFalse(plant.world.outlets[0].all_phases)
        self.arrive("ordinary")
        self.wait("Charging", 6000)
