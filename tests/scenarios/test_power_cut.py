"""The power goes in the middle of things: one start, one stop, and the meter's own figures."""

from tests.sim.scenario import CARD, Scenario


class PowerCutTest(Scenario):
    def assert_one_bill(self, before_wh, reason="PowerLoss"):
        """One transaction is in the books, with all that the meter counted."""
        plant = self.plant
        wh = plant.meter_wh() - before_wh
        self.assertEqual(plant.csms.books(), [(1, CARD, wh, reason)])
        self.assertEqual(len(plant.csms.transactions), 1)

    def learn(self):
        """Let the cache know the card, for what happens offline."""
        plant = self.begin()
        self.tap_twice()
        plant.run(1000)
        return plant

    def test_cut_while_charging_then_one_bill_and_finishing(self):
        # Online; the car stays plugged in and nothing starts by itself.
        plant = self.begin()
        before_wh = plant.meter_wh()
        self.charge(run_ms=30_000)
        plant.power_cycle()
        plant.csms.log.clear()
        self.assert_online_again()
        self.settle()
        self.assert_one_bill(before_wh)
        self.assertEqual(plant.csms.statuses(), ["Finishing"])
        plant.run(30_000)
        self.assertEqual(plant.status(), "Finishing")
        self.assertFalse(plant.closed())
        plant.do("unplug")
        self.wait("Available")

    def test_cut_while_charging_and_a_late_tick_at_the_start_then_finishing(self):
        # Late enough, it finds the EV and believes in it at once: 250 ms and 300 ms of B.
        plant = self.begin()
        for after_ms in range(450, 650, 10):
            self.charge(run_ms=500)
            plant.power_cycle()
            plant.run(after_ms)
            plant.do("stall", ms=100)
            plant.run(3000)
            self.assertEqual((after_ms, plant.status()), (after_ms, "Finishing"))
            self.unplug()

    def test_cut_and_unplugged_meanwhile_then_one_bill_and_available(self):
        # Nobody waits for the car that has left.
        plant = self.begin()
        before_wh = plant.meter_wh()
        self.charge(run_ms=30_000)
        plant.do("unplug")
        plant.power_cycle()
        plant.csms.log.clear()
        self.assert_online_again()
        self.settle()
        self.assert_one_bill(before_wh)
        self.assertEqual(plant.csms.statuses(), ["Available"])

    def test_cut_offline_then_one_bill_when_back(self):
        # The whole session and the restart offline.
        plant = self.learn()
        plant.connected = False
        plant.run(500)
        before_wh = plant.meter_wh()
        self.charge(run_ms=90_000)
        plant.power_cycle()
        plant.run(20_000)
        plant.connected = True
        self.assert_online_again()
        self.settle()
        self.assert_one_bill(before_wh)

    def test_cut_twice_then_one_bill(self):
        # Also while the last one is still being closed.
        plant = self.begin()
        before_wh = plant.meter_wh()
        self.charge(run_ms=30_000)
        plant.power_cycle()
        plant.run(200)
        plant.power_cycle()
        self.assert_online_again()
        self.settle()
        self.assert_one_bill(before_wh)

    def test_cut_right_after_the_start_record_then_one_bill_of_nothing(self):
        # Begun is begun: a start and a stop with the same register.
        plant = self.learn()
        plant.connected = False
        self.plug_in()
        plant.run_until(lambda: plant.connector().transaction is not None)
        plant.power_cycle()
        plant.connected = True
        self.assert_online_again()
        self.settle()
        self.assert_one_bill(plant.meter_wh())

    def test_cut_while_stopping_then_one_bill(self):
        # Between the card and the stop record.
        for delay_ms in (0, 50, 200, 600, 1000, 2000, 4000):
            plant = self.begin()
            before_wh = plant.meter_wh()
            self.charge(run_ms=20_000)
            plant.do("card", id=CARD)
            self.wait("Finishing")
            plant.run(delay_ms)
            plant.power_cycle()
            self.assert_online_again()
            self.settle()
            reason = plant.csms.books()[0][3]
            self.assertIn(reason, ("Local", "PowerLoss"))
            self.assert_one_bill(before_wh, reason)
            plant.close()

    def test_cut_while_the_ev_pauses_then_one_bill(self):
        # SuspendedEV is a transaction as well.
        plant = self.begin()
        before_wh = plant.meter_wh()
        self.charge(run_ms=20_000)
        plant.do("ev", wants=False)
        self.wait("SuspendedEV")
        plant.power_cycle()
        self.assert_online_again()
        self.settle()
        self.assert_one_bill(before_wh)

    def test_cut_of_two_sessions_then_two_bills(self):
        # Each connector has its own record.
        plant = self.begin(connectors=2)
        before = plant.meter_wh(1), plant.meter_wh(2)
        for number in (1, 2):
            plant.do("plug", connector=number)
            plant.run(600)
            plant.do("card", id="04A1B2C%d" % number)
            self.wait("Charging", connector=number)
            plant.run(5000)
        plant.power_cycle()
        self.assert_online_again()
        self.settle()
        self.assertEqual(plant.csms.books(), [
            (1, "04A1B2C1", plant.meter_wh(1) - before[0], "PowerLoss"),
            (2, "04A1B2C2", plant.meter_wh(2) - before[1], "PowerLoss"),
        ])

    def test_cut_then_a_new_session_is_possible(self):
        # Finishing to a second transaction, by the same card.
        plant = self.begin()
        self.charge(run_ms=10_000)
        plant.power_cycle()
        self.assert_online_again()
        self.settle()
        plant.run(6000)
        plant.do("card", id=CARD)
        self.wait("Charging")
        self.finish()
        self.assertEqual([row[3] for row in plant.csms.books()], ["PowerLoss", "Local"])

    def test_cut_before_the_answer_to_the_start_then_one_start(self):
        # The message is sent again with its old id, and the books know it.
        plant = self.begin()
        before_wh = plant.meter_wh()
        real = plant.csms._on_StartTransaction
        plant.csms.answers["StartTransaction"] = lambda payload: real(payload) and None
        self.charge(run_ms=10_000)
        plant.csms.answers.clear()
        number = sorted(plant.csms.transactions)[0]
        # As a careful central system answers the repetition.
        plant.csms.answers["StartTransaction"] = lambda payload: {
            "transactionId": number, "idTagInfo": {"status": "Accepted"}}
        plant.power_cycle()
        self.assert_online_again()
        self.settle()
        self.assert_one_bill(before_wh)

    def test_cut_and_a_silent_meter_then_one_bill_all_the_same(self):
        # With the last register on flash.
        plant = self.begin()
        self.charge(run_ms=90_000)
        plant.power_cycle()
        plant.do("fault", name="meter_silent")
        self.assert_online_again()
        self.settle()
        books = plant.csms.books()
        self.assertEqual((len(books), books[0][3]), (1, "PowerLoss"))
        self.assertTrue(books[0][2] > 100)
