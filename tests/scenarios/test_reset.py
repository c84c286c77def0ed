"""Reset by the central system, in and out of a session; the plant carries the restart out."""

from tests.sim.scenario import CARD, Scenario


class ResetTest(Scenario):
    def reset(self, kind):
        """Reset and wait for the next boot."""
        plant = self.plant
        boots = len(plant.seen("boot"))
        self.assertEqual(plant.call("Reset", {"type": kind}), {"status": "Accepted"})
        plant.run_until(lambda: len(plant.seen("boot")) > boots)

    def test_reset_idle_then_boots_and_registers_again(self):
        # TC_013_CS and TC_014_CS without a session.
        for kind in ("Soft", "Hard"):
            plant = self.begin()
            self.reset(kind)
            self.assert_online_again()
            self.assertEqual(len(plant.csms.of("BootNotification")), 2)
            self.assertEqual(plant.csms.statuses(), ["Available", "Available"])
            self.assertEqual(len(plant.seen("reset", reason=kind + "Reset")), 1)
            plant.close()

    def test_reset_in_a_session_then_the_transaction_ends_with_the_reason(self):
        # TC_013_CS and TC_014_CS: StopTransaction, and Finishing after the boot.
        for kind in ("Soft", "Hard"):
            plant = self.begin()
            self.charge(run_ms=20_000)
            before_wh = plant.csms.of("StartTransaction")[0]["meterStart"]
            self.reset(kind)
            self.assert_online_again()
            self.settle()
            wh = plant.meter_wh() - before_wh
            self.assertEqual(plant.csms.books(), [(1, CARD, wh, kind + "Reset")])
            plant.run(20_000)
            self.assertFalse(plant.closed())
            self.assertEqual(len(plant.csms.books()), 1)
            plant.close()

    def test_reset_offline_in_a_session_then_the_stop_is_delivered_after(self):
        # The stop record is on flash, the restart does not wait for ever.
        plant = self.begin()
        self.charge(run_ms=10_000)
        plant.app.client.receive(plant.time.now, plant.csms.call("Reset", {"type": "Soft"})[1])
        plant.run(50)
        plant.connected = False
        plant.run_until(lambda: len(plant.seen("boot")) == 2)
        plant.run(5000)
        plant.connected = True
        self.assert_online_again()
        self.settle()
        self.assertEqual(len(plant.csms.books()), 1)
        self.assertEqual(plant.csms.books()[0][3], "SoftReset")

    def test_reset_with_an_ev_that_ignores_the_pilot_then_opens_by_force_before(self):
        # The contactor never stays closed while nobody runs.
        plant = self.begin()
        self.charge()
        plant.do("ev", follows_pilot=False)
        self.reset("Soft")
        self.assertFalse(plant.closed())
        self.assert_online_again()
        self.settle()
        self.assertEqual(plant.csms.books()[0][3], "SoftReset")

    def test_reset_then_no_new_session_begins_before_the_restart(self):
        # A card in the last second is not taken.
        plant = self.begin()
        plant.do("plug")
        plant.run(1000)
        plant.call("Reset", {"type": "Soft"})
        plant.call("RemoteStartTransaction", {"connectorId": 1, "idTag": CARD})
        plant.run_until(lambda: len(plant.seen("boot")) == 2)
        self.assert_online_again()
        plant.run(5000)
        self.assertEqual(plant.csms.of("StartTransaction"), [])
