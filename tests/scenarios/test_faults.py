"""Each fault that the world knows, one by one: what opens, what is reported, how it goes away."""

from tests.sim.scenario import CARD, Scenario


class FaultTest(Scenario):
    def break_down(self, name, error_code, limit_ms=5000):
        """Charge, let the fault come: the contactor opens and the connector is Faulted."""
        plant = self.begin()
        self.charge()
        plant.do("fault", name=name)
        plant.run_until(lambda: not plant.closed(), limit_ms)
        self.wait("Faulted", limit_ms)
        plant.run(1000)
        report = plant.csms.of("StatusNotification")[-1]
        self.assertEqual((report["status"], report["errorCode"]), ("Faulted", error_code))
        self.assertEqual(plant.state()["faults"][0], name)
        return plant

    def recovers_by_unplugging(self, name):
        """The fault stays while plugged in, is gone after the plug is, and charging works."""
        plant = self.plant
        plant.do("clear", name=name)
        plant.run(10_000)
        self.assertEqual(plant.status(), "Faulted")
        self.assertFalse(plant.closed())
        self.unplug()
        self.charge()
        self.finish()
        self.assertEqual(len(plant.csms.books()), 2)

    def recovers_by_itself(self, name, limit_ms=60_000):
        """The fault goes with its cause, and the same transaction charges on."""
        self.plant.do("clear", name=name)
        self.wait("Charging", limit_ms)
        self.finish()
        self.assertEqual(len(self.plant.csms.books()), 1)

    def test_rcd_trip_then_open_at_once_until_unplugged(self):
        # Residual current: latched by the guard, cleared by the user at the plug.
        plant = self.begin()
        self.charge()
        plant.do("fault", name="rcd_trip")
        plant.run(50)
        self.assertFalse(plant.closed())
        plant.close()
        self.break_down("rcd_trip", "GroundFailure")
        self.recovers_by_unplugging("rcd_trip")

    def test_emergency_stop_then_open_at_once_until_unplugged(self):
        # Released and unplugged: nothing starts again by itself.
        plant = self.break_down("emergency_stop", "OtherError", 50)
        plant.do("unplug")
        plant.run(3000)
        self.assertEqual(plant.status(), "Faulted")
        plant.do("clear", name="emergency_stop")
        self.wait("Available")
        self.settle()

    def test_pilot_short_then_faulted_and_charges_on_after_it(self):
        # State E; without its cause the session goes on.
        self.break_down("cp_short", "OtherError")
        self.recovers_by_itself("cp_short")

    def test_diode_lost_in_charge_then_faulted_until_unplugged(self):
        # IEC 61851-1 Table A.4: without the diode what is there is no EV.
        self.break_down("diode", "OtherError")
        self.recovers_by_unplugging("diode")

    def test_diode_missing_at_the_start_then_never_closes(self):
        # The contactor must not close even once.
        plant = self.begin()
        plant.do("fault", name="diode")
        self.plug_in()
        self.wait("Faulted")
        plant.run(30_000)
        self.assertEqual(plant.seen("contactor", closed=True), [])
        self.assertEqual(plant.state()["faults"], ["diode"])

    def test_contactor_stuck_open_then_faulted_until_unplugged(self):
        # The mirror contact does not follow the coil, in none of three tries.
        plant = self.begin()
        plant.do("fault", name="contactor_stuck_open")
        self.plug_in()
        self.wait("Faulted")
        plant.run(1000)
        report = plant.csms.of("StatusNotification")[-1]
        self.assertEqual(report["errorCode"], "PowerSwitchFailure")
        self.assertEqual(plant.state()["faults"], ["contactor_stuck_open"])
        plant.do("clear", name="contactor_stuck_open")
        plant.run(10_000)
        self.assertEqual(plant.status(), "Faulted")
        self.unplug()
        self.charge()

    def test_contactor_falls_open_in_charge_then_faulted(self):
        # As a coil that burns through.
        self.break_down("contactor_stuck_open", "PowerSwitchFailure", 20_000)
        self.recovers_by_unplugging("contactor_stuck_open")

    def test_contactor_welded_then_reported_and_no_unplugging_helps(self):
        # Found when it should open; only service may clear it.
        plant = self.begin()
        self.charge()
        plant.do("fault", name="contactor_welded")
        plant.run(3000)
        self.assertEqual(plant.status(), "Charging")
        plant.do("card", id=CARD)
        self.wait("Faulted")
        plant.run(1000)
        self.assertEqual(plant.state()["faults"], ["contactor_welded"])
        report = plant.csms.of("StatusNotification")[-1]
        self.assertEqual(report["errorCode"], "PowerSwitchFailure")
        plant.do("unplug")
        plant.run(10_000)
        self.assertEqual(plant.status(), "Faulted")
        plant.do("clear", name="contactor_welded")
        plant.run(10_000)
        self.assertEqual(plant.status(), "Faulted")
        # Service has put in a new one.
        plant.call("ChangeConfiguration", {"key": "ContactorWelded", "value": "0"})
        self.wait("Available")
        self.settle()
        self.charge()

    def test_contactor_welded_and_service_is_wrong_then_reported_again(self):
        # Setting the key back does not open anything.
        plant = self.welded()
        plant.call("ChangeConfiguration", {"key": "ContactorWelded", "value": "0"})
        plant.run(3000)
        self.assertEqual(plant.state()["faults"], ["contactor_welded"])
        self.assertEqual(plant.app.config.get("ContactorWelded"), 1)

    def test_contactor_welded_then_known_after_a_power_cut(self):
        # A weld that has come loose may come back: it stays reported over any reboot.
        plant = self.welded()
        plant.run(5000)
        plant.power_cycle()
        plant.run(3000)
        self.assertEqual(plant.status(), "Faulted")
        self.assertEqual(plant.state()["faults"], ["contactor_welded"])

    def test_contactor_welded_then_the_session_ends_all_the_same(self):
        # The bill must not wait for a contactor that never opens.
        plant = self.welded()
        plant.do("unplug")
        self.settle()
        self.assertEqual(plant.csms.books()[0][3], "Local")

    def test_ev_draws_too_much_then_cut_off_until_unplugged(self):
        # A car that ignores the pilot: more than 110 % of the offer and 0.5 A for 7 s.
        plant = self.begin()
        plant.app.config.set("InstallationCurrentMax", "10")
        self.charge()
        self.assertEqual(plant.connector().limit_ma, 10_000)
        plant.do("ev", follows_pilot=False, max_ma=13_000)
        plant.run(5000)
        self.assertEqual(plant.status(), "Charging")
        self.wait("Faulted", 8000)
        plant.run(100)
        self.assertFalse(plant.closed())
        plant.run(1000)
        report = plant.csms.of("StatusNotification")[-1]
        self.assertEqual(report["errorCode"], "OverCurrentFailure")
        plant.run(60_000)
        self.assertEqual(plant.status(), "Faulted")
        self.assertEqual(len(plant.seen("contactor", closed=True)), 1)
        self.unplug()

    def test_limit_falls_then_the_ev_has_time_to_follow(self):
        # Sequence 6: 5 s; no fault for an ordinary car.
        plant = self.begin()
        self.charge(run_ms=8000)
        plant.app.config.set("InstallationCurrentMax", "6")
        plant.run(20_000)
        self.assertEqual(plant.status(), "Charging")
        self.assertEqual(plant.state()["faults"], [])

    def test_ev_wants_ventilation_then_opens_and_never_closes(self):
        # State D where nobody ventilates.
        plant = self.begin()
        self.charge()
        plant.do("ev", ventilation=True)
        plant.run_until(lambda: not plant.closed(), 200)
        plant.run(20_000)
        self.assertFalse(plant.closed())
        plant.do("ev", ventilation=False)
        self.wait("Charging")
        self.finish()

    def test_pilot_noise_then_open_and_charges_on_after_it(self):
        # Levels that cannot be trusted open; nothing is closed by them.
        plant = self.begin()
        self.charge()
        plant.do("fault", name="cp_noise")
        plant.run_until(lambda: not plant.closed(), 200)
        plant.run(10_000)
        self.assertFalse(plant.closed())
        self.recovers_by_itself("cp_noise")

    def test_meter_silent_then_reported_and_charging_goes_on(self):
        # An error that does not stop energy keeps the status (OCPP 1.6 4.9).
        plant = self.begin()
        self.charge()
        plant.do("fault", name="meter_silent")
        plant.run(15_000)
        report = plant.csms.of("StatusNotification")[-1]
        self.assertEqual(report["status"], "Charging")
        self.assertEqual(report["errorCode"], "PowerMeterFailure")
        self.assertTrue(plant.closed())
        plant.do("clear", name="meter_silent")
        plant.run(5000)
        report = plant.csms.of("StatusNotification")[-1]
        self.assertEqual((report["status"], report["errorCode"]), ("Charging", "NoError"))
        self.finish()

    def test_meter_silent_from_the_boot_then_charges_all_the_same(self):
        # There are no readings at all, not even of the current.
        plant = self.begin()
        plant.do("fault", name="meter_silent")
        plant.power_cycle()
        self.assert_online_again()
        self.charge(run_ms=20_000)
        self.assertEqual(plant.status(), "Charging")
        self.finish()

    def test_meter_silent_at_the_stop_then_the_bill_is_made_all_the_same(self):
        # With the last register that was read.
        plant = self.begin()
        self.charge()
        plant.do("fault", name="meter_silent")
        plant.run(2000)
        self.finish()
        self.assertEqual(plant.csms.books()[0][3], "Local")

    def test_meter_backwards_then_no_energy_is_taken_back(self):
        # The register never falls, and goes on from where it was.
        plant = self.begin()
        self.charge()
        plant.do("fault", name="meter_backwards")
        plant.run(10_000)
        plant.do("clear", name="meter_backwards")
        plant.run(5000)
        self.finish()
        self.assertTrue(plant.csms.books()[0][2] > 0)

    def test_reader_silent_then_reported_and_remote_start_works(self):
        # A broken reader is the charge point's error, not a connector's.
        plant = self.begin()
        plant.do("fault", name="reader_silent")
        plant.run(90_000)
        report = plant.csms.of("StatusNotification")[-1]
        self.assertEqual(
            (report["connectorId"], report["status"], report["errorCode"]),
            (0, "Available", "ReaderFailure"),
        )
        plant.do("plug")
        plant.run(600)
        plant.call("RemoteStartTransaction", {"connectorId": 1, "idTag": CARD})
        self.wait("Charging")
        plant.do("clear", name="reader_silent")
        plant.run(30_000)
        report = plant.csms.of("StatusNotification")[-1]
        self.assertEqual((report["connectorId"], report["errorCode"]), (0, "NoError"))

    def test_fault_in_available_then_back_to_available(self):
        # The state beneath a fault is tracked on.
        plant = self.begin()
        plant.do("fault", name="cp_short")
        self.wait("Faulted")
        plant.run(500)
        plant.do("clear", name="cp_short")
        self.wait("Available")
        plant.run(500)
        self.assertEqual(plant.csms.statuses(), ["Available", "Faulted", "Available"])

    def test_card_while_faulted_then_nothing_starts(self):
        # Nor does a remote start.
        plant = self.begin()
        plant.do("fault", name="emergency_stop")
        self.wait("Faulted")
        plant.do("card", id=CARD)
        plant.run(2000)
        answer = plant.call("RemoteStartTransaction", {"connectorId": 1, "idTag": CARD})
        self.assertEqual(answer, {"status": "Rejected"})
        self.assertEqual(plant.csms.of("StartTransaction"), [])

    def test_fault_after_the_card_and_before_the_plug_then_no_transaction(self):
        # It begins when the fault is gone, or the card is forgotten after ConnectionTimeOut.
        plant = self.begin(settings=(("ConnectionTimeOut", "20"),))
        for clears in (True, False):
            plant.do("card", id=CARD)
            self.wait("Preparing")
            plant.do("fault", name="rcd_trip")
            plant.run(100)
            plant.do("plug")
            plant.run(5000)
            self.assertEqual(len(plant.csms.of("StartTransaction")), 0 if clears else 1)
            self.assertEqual(plant.status(), "Faulted")
            plant.run(0 if clears else 20_000)
            plant.do("clear", name="rcd_trip")
            plant.do("unplug")
            if clears:
                self.wait("Preparing")
                plant.do("plug")
                self.wait("Charging")
                self.unplug()
        self.assertEqual(len(plant.csms.books()), 1)

    def test_stop_while_faulted_then_the_transaction_ends(self):
        # Whoever leaves a broken charger wants the bill.
        plant = self.break_down("cp_short", "OtherError")
        plant.do("card", id=CARD)
        self.settle()
        self.assertEqual(plant.csms.books()[0][3], "Local")


class CompleteTest(Scenario):
    def test_names_of_all_faults_then_are_in_this_file(self):
        # A fault that the control port learns needs a scenario, here or in test_fault_rows.py.
        plant = self.begin()
        answer = plant.control.handle({"do": "fault", "name": "none of these"})
        known = answer["error"].split(": ")[1].split(", ")
        self.assertEqual(
            sorted(known),
            ["contactor_stuck_open", "contactor_welded", "cp_generator", "cp_low_rail",
             "cp_noise", "cp_short", "diode", "emergency_stop", "frequency", "meter_backwards",
             "meter_silent", "overcurrent", "overtemperature", "overvoltage", "pe_lost",
             "phase_missing", "power_loss", "rcd_selftest", "rcd_trip", "reader_silent",
             "temperature_sensor", "undervoltage", "voltage_sag"],
        )
