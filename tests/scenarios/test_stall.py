"""The VM stalls, and everything with it; or the application hangs, and the guard does not."""

from tests.sim.scenario import CARD, OTHER, Scenario


class StallTest(Scenario):
    def hang(self, time_ms):
        """The application is not run for so long; the guard is."""
        for _ in range(time_ms // 10):
            self.plant.time.step()

    def assert_no_offer_for_five_seconds(self):
        plant = self.plant
        plant.run(100)
        for _ in range(48):
            self.assertEqual((plant.closed(), plant.state()["cp"][1]), (False, "1"))
            plant.run(100)

    def sleep_in_b(self):
        plant = self.begin()
        plant.do("plug")
        plant.do("ev", wants=False)
        plant.run(600)
        plant.do("card", id=CARD)
        self.wait("SuspendedEV")
        plant.run(1000)

    def test_stalls_of_a_handshake_while_charging_then_nothing_changes(self):
        # TC_068_CS on a slow machine. The EV sees no end of the offer, which some do not survive,
        # and the central system no SuspendedEVSE: `allow` means that nothing changes.
        plant = self.begin(socket=True)
        plant.do("plug")
        plant.run(600)
        plant.call("RemoteStartTransaction", {"connectorId": 1, "idTag": CARD})
        self.wait("Charging")
        for stall_ms in (700, 1000, 1200, 2500, 3900):
            for pause_ms in (60, 250, 1500):
                plant.do("stall", ms=stall_ms)
                plant.run(pause_ms)
        plant.do("card", id=OTHER)
        plant.run(2000)
        plant.do("stall", ms=1200)
        plant.do("card", id=CARD)
        self.wait("Finishing")
        self.settle()
        heard = ["Available", "Preparing", "Charging", "Finishing"]
        self.assertEqual(plant.csms.statuses(), heard)
        self.assertEqual(len(plant.seen("contactor", closed=True)), 1)

    def test_stall_of_a_handshake_when_a_session_ends_then_the_bill_has_all_of_it(self):
        # The meter gets its time to be read after the contactor has opened, whatever stalls.
        plant = self.begin()
        plant.do("energy_speed", factor=60)
        for after_ms in range(0, 300, 20):
            plant.run(1000)
            before_wh = plant.meter_wh()
            self.charge(run_ms=2330)
            plant.do("card", id=CARD)
            plant.run_until(lambda: not plant.closed(), 5000)
            plant.run(after_ms)
            plant.do("stall", ms=2500)
            self.wait("Finishing")
            self.unplug()
            bill = plant.csms.books()[-1][2]
            self.assertEqual((after_ms, bill), (after_ms, plant.meter_wh() - before_wh))

    def test_stall_of_a_handshake_while_offering_then_the_offer_stands(self):
        # An EV in B is not told anything either.
        self.sleep_in_b()
        plant = self.plant
        for _ in range(5):
            plant.do("stall", ms=3000)
            for _ in range(12):
                plant.run(10)
                self.assertEqual((plant.state()["cp"], plant.status()), ("B2", "SuspendedEV"))

    def test_stall_over_four_seconds_while_charging_then_open_and_five_seconds_of_x1(self):
        # The guard opens and goes to X1 at its first step: the offer that comes back is a new one
        # (Table A.6, sequence 6), and the contactor does not bounce under load.
        plant = self.begin()
        self.charge()
        plant.do("stall", ms=4200)
        self.assert_no_offer_for_five_seconds()
        self.wait("Charging", 5000)
        self.finish()
        self.assertEqual(len(plant.seen("contactor", closed=True)), 2)
        self.assertEqual(len(plant.csms.books()), 1)

    def test_application_that_hangs_while_charging_then_open_and_five_seconds_of_x1(self):
        # The same when only the application stands still, for which a second is enough; the
        # central system hears why nothing flows.
        plant = self.begin()
        self.charge()
        self.hang(1200)
        self.assert_no_offer_for_five_seconds()
        report = plant.csms.of("StatusNotification")[-1]
        self.assertEqual(report["status"], "SuspendedEVSE")
        self.assertEqual(report["info"], "waiting before current is offered again")
        self.wait("Charging", 5000)
        self.finish()
        self.assertEqual(len(plant.seen("contactor", closed=True)), 2)

    def test_application_that_hangs_while_offering_then_five_seconds_of_x1(self):
        # An EV in B sees one end of the offer and one beginning.
        self.sleep_in_b()
        self.hang(1200)
        self.assert_no_offer_for_five_seconds()
        self.plant.run(500)
        self.assertEqual(self.plant.state()["cp"], "B2")

    def hang_and_be_interrupted(self):
        """The guard's eleventh step comes within the tick of an application that had hung: after
        it has looked at the guard, before it speaks."""
        plant = self.plant
        guard = plant.app.guards[0]
        while guard._stale_steps < 10:
            plant.time.step()
        power = plant.connector().power
        tick = power.tick

        def interrupted(*arguments):
            power.tick = tick
            plant.time.step()
            return tick(*arguments)

        power.tick = interrupted
        plant.app.tick(plant.time.now)
        self.assertFalse(guard.close)

    def test_application_that_comes_back_when_it_is_given_up_then_five_seconds_of_x1(self):
        # On a board without an RCD test, which would keep it open anyway.
        plant = self.begin()
        protection = plant.connector().protection
        protection.port.rcd_test, protection.rcd_ok = None, True
        self.charge()
        self.hang_and_be_interrupted()
        self.assert_no_offer_for_five_seconds()
        self.wait("Charging", 5000)

    def break_each_tick(self, part, name):
        """Every tick fails from here on in the method `name` of `part`; returns when open."""
        plant = self.plant

        def fails(*_arguments):
            raise ValueError("a mistake")

        setattr(part, name, fails)
        for _ in range(30):
            for _ in range(5):
                plant.time.step()
            self.assertRaises(ValueError, plant.app.tick, plant.time.now)
        delattr(part, name)
        self.assertFalse(plant.closed())

    def test_application_whose_every_tick_fails_then_open(self):
        # Overcurrent cannot be found any more, a card ends nothing: it is not alive.
        plant = self.begin()
        self.charge()
        self.break_each_tick(plant.connector().protection, "overcurrent")
        self.wait("Charging", 6000)
        self.break_each_tick(plant.app.station.lifecycle, "step")
