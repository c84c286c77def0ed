"""A contactor that does not close: three tries with a pause, then a fault until the EV has gone.

The row of the fault table: PowerSwitchFailure, CX017; soft, so no state F; three tries; over by
itself in state A.
"""

from tests.sim.scenario import Scenario

_CODES = ("Faulted", "PowerSwitchFailure", "CX017")
_LINE = "contactor 1 did not close: once more"
# After each opening nothing is offered for so long, and the EV must be seen in C again.
_PAUSE_MS = 5000


class Tries(Scenario):
    """The words; no tests."""

    def stuck(self, **options):
        """A charger whose contactor does not close, a car and a card."""
        plant = self.begin(**options)
        plant.do("fault", name="contactor_stuck_open")
        self.plug_in()
        return plant

    def coil(self):
        return self.plant.world.outlets[0].contactor.coil

    def fails(self, limit_ms=20_000):
        """The contactor is driven and given up; returns how long nothing was driven before."""
        plant = self.plant
        began_ms = plant.uptime_ms()
        plant.run_until(self.coil, limit_ms)
        waited_ms = plant.uptime_ms() - began_ms
        plant.run_until(lambda: not self.coil(), 40_000)
        return waited_ms

    def logged(self):
        return [line[2] for line in self.plant.app.log.lines()].count(_LINE)

    def told(self):
        last = [report for report in self.plant.csms.of("StatusNotification")
                if report["connectorId"] == 1][-1]
        return last["status"], last["errorCode"], last.get("vendorErrorCode", "")

    def assert_no_fault_told(self):
        for report in self.plant.csms.of("StatusNotification"):
            self.assertEqual((report["errorCode"], report["status"] == "Faulted"),
                             ("NoError", False))


class MirrorTest(Tries):
    def test_feedback_absent_once_then_second_try_charges_and_only_the_log_knows(self):
        # A relay that hung for once is no reason to send a technician.
        plant = self.stuck()
        self.fails()
        plant.run(100)
        self.assertEqual(plant.state()["why"], ["contactor did not close: next try soon"])
        plant.do("clear", name="contactor_stuck_open")
        self.wait("Charging")
        plant.run(10_000)
        self.assertTrue(plant.closed())
        self.assertEqual((plant.state()["faults"], self.logged()), ([], 1))
        self.finish()
        self.assert_no_fault_told()
        self.assertEqual(len(plant.csms.books()), 1)

    def test_feedback_absent_three_times_then_faulted_until_the_ev_has_gone(self):
        # Open, pause, again; the third is the last, whatever becomes of the contactor.
        plant = self.stuck()
        self.fails()
        for _ in range(2):
            self.assertTrue(self.fails() >= _PAUSE_MS)
        plant.run(400)
        self.assertEqual((self.told(), self.logged()), (_CODES, 2))
        self.assertEqual(plant.state()["faults"], ["contactor_stuck_open"])
        plant.do("clear", name="contactor_stuck_open")
        plant.run(120_000)
        self.assertEqual(plant.status(), "Faulted")
        self.assertEqual(plant.seen("contactor", closed=True), [])
        self.unplug()
        self.charge()
        self.finish()
        self.assertEqual(len(plant.csms.books()), 2)

    def test_feedback_absent_then_no_state_f_and_given_up_in_a_second(self):
        # The reaction is soft: X1, and the coil is not left driven for contacts that come late.
        plant = self.stuck()
        duties = set()
        for _ in range(3):
            plant.run_until(self.coil, 20_000)
            began_ms = plant.uptime_ms()
            while self.coil() or plant.uptime_ms() - began_ms < 1000:
                plant.run(10)
                duties.add(plant.world.outlets[0].circuit.duty)
                if plant.uptime_ms() - began_ms >= 400:
                    self.assertFalse(self.coil())
        plant.run(2000)
        duties.add(plant.world.outlets[0].circuit.duty)
        self.assertEqual(plant.status(), "Faulted")
        self.assertFalse(0 in duties)
        self.assertTrue(65535 in duties)

    def test_contactor_that_drops_out_in_charge_then_closes_again_and_charges_on(self):
        # The same condition: the mirror is open, the coil driven.
        plant = self.begin()
        self.charge()
        plant.do("fault", name="contactor_stuck_open")
        plant.run_until(lambda: not self.coil(), 400)
        plant.do("clear", name="contactor_stuck_open")
        self.wait("SuspendedEVSE")
        self.wait("Charging")
        self.assertEqual(self.logged(), 1)
        self.finish()
        self.assert_no_fault_told()
        self.assertEqual(len(plant.csms.books()), 1)

    def test_contactor_that_closes_in_between_then_the_tries_before_count_on(self):
        # One that drops out every other minute burns its contacts: three in a session are all.
        plant = self.begin()
        self.charge()
        for _ in range(3):
            self.assertEqual(plant.status(), "Charging")
            plant.do("fault", name="contactor_stuck_open")
            plant.run_until(lambda: not self.coil(), 400)
            plant.do("clear", name="contactor_stuck_open")
            plant.run(30_000)
        self.assertEqual((self.told(), self.logged()), (_CODES, 2))

    def test_ev_that_leaves_in_the_pause_then_the_next_one_has_three_tries_again(self):
        # The fault is over in state A, and so are the tries.
        plant = self.stuck()
        for _ in range(2):
            self.fails()
        self.unplug()
        self.plug_in()
        for _ in range(2):
            self.fails()
        plant.do("clear", name="contactor_stuck_open")
        self.wait("Charging")
        self.finish()
        self.assert_no_fault_told()

    def test_card_in_the_pause_then_the_transaction_ends_and_nothing_is_tried(self):
        # Whoever gives up first is the user.
        plant = self.stuck()
        self.fails()
        plant.run(1000)
        self.finish()
        plant.run(60_000)
        self.assertEqual(plant.csms.books()[0][3], "Local")
        self.assertFalse(self.coil())
        self.assertEqual(plant.status(), "Finishing")
        self.assert_no_fault_told()

    def test_other_trip_in_the_pause_then_nothing_is_tried_again(self):
        # A residual current is latched until the EV has gone, whatever else there was.
        plant = self.stuck()
        self.fails()
        plant.do("fault", name="rcd_trip")
        plant.run(100)
        plant.do("clear", name="rcd_trip")
        plant.do("clear", name="contactor_stuck_open")
        plant.run(60_000)
        self.assertEqual(plant.state()["faults"], ["rcd_trip"])
        self.assertEqual(plant.seen("contactor", closed=True), [])
        self.assertEqual(self.logged(), 0)


class CurrentTest(Tries):
    def test_no_current_for_half_a_minute_then_closed_again_and_charges(self):
        # Without a mirror contact the current is what tells.
        plant = self.stuck(has_mirror=False)
        plant.run_until(self.coil, 20_000)
        began_ms = plant.uptime_ms()
        plant.run_until(lambda: not self.coil(), 40_000)
        self.assertTrue(30_000 <= plant.uptime_ms() - began_ms <= 32_000)
        plant.do("clear", name="contactor_stuck_open")
        self.wait("Charging")
        plant.run(60_000)
        self.assertEqual((plant.status(), plant.closed(), self.logged()), ("Charging", True, 1))
        self.finish()
        self.assert_no_fault_told()

    def test_no_current_three_times_then_faulted_until_the_ev_has_gone(self):
        # Thrice 30 s, with a pause between.
        plant = self.stuck(has_mirror=False)
        for _ in range(3):
            self.fails()
        plant.run(400)
        self.assertEqual((self.told(), self.logged()), (_CODES, 2))
        plant.do("clear", name="contactor_stuck_open")
        plant.run(60_000)
        self.assertEqual((plant.status(), self.coil()), ("Faulted", False))
        self.unplug()
        self.charge()
        self.finish()
