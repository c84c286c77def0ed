"""A socket whose lock or proximity contact fails, and what a power cut leaves of it."""

from tests.sim.scenario import CARD
from tests.sim.socket_scenario import SocketScenario


class SocketFaultsTest(SocketScenario):
    # The lock fails.

    def test_tc_024_cs_lock_failure_at_start_is_faulted_without_a_transaction(self):
        # Remote start, plug half in.
        plant = self.plant
        plant.do("fault", name="lock_jammed")
        plant.call("RemoteStartTransaction", {"idTag": CARD, "connectorId": 1})
        self.wait("Preparing")
        plant.do("plug")
        self.wait("Faulted")
        plant.run(5000)
        self.assertEqual(self.errors(), [("Faulted", "ConnectorLockFailure")])
        self.assertEqual(plant.csms.books(), [])
        # The user takes the plug out and pushes it in properly: no second card is needed.
        plant.do("unplug", side="station")
        self.wait("Preparing")
        plant.do("clear", name="lock_jammed")
        plant.do("plug")
        self.wait("Charging")

    def test_lock_that_slips_while_charging_opens_the_contactor(self):
        # A confirmation that is gone is no confirmation; the lock is tried again and it goes on.
        plant = self.plant
        self.charge_with()
        plant.run(5000)
        plant.world.outlets[0].socket.lock.set(False)
        plant.run(400)
        self.assertFalse(plant.state()["contactor"])
        self.wait("Charging")

    # Proximity.

    def test_pp_short_and_open_are_faults_at_rest_and_under_load(self):
        # Neither the largest nor the smallest cable: nothing is offered. Cleared with the EV.
        for name in ("pp_short", "pp_open"):
            self.start()
            plant = self.plant
            plant.do("fault", name=name)
            plant.do("plug")
            self.wait("Faulted")
            self.assertEqual(plant.state()["faults"], [name])
            plant.do("unplug", side="station")
            plant.do("clear", name=name)
            self.wait("Available")
            self.charge_with()
            plant.do("fault", name=name)
            self.wait("Faulted")
            # The car opens S2 within a second of X1, and the contactor follows.
            plant.run(3000)
            self.assertFalse(plant.closed())
            self.assertEqual(self.errors()[-1], ("Faulted", "OtherError"))
            self.assertTrue(self.bolt())
            plant.do("unplug")
            plant.do("clear", name=name)
            self.wait("Finishing")

    def test_pp_open_after_the_card_begins_no_transaction(self):
        # Card first, then a plug without resistor: Faulted, nothing in the books.
        plant = self.plant
        plant.do("fault", name="pp_open")
        plant.do("card", id=CARD)
        self.wait("Preparing")
        plant.do("plug")
        self.wait("Faulted")
        plant.run(3000)
        self.assertEqual(plant.csms.books(), [])

    # Power cuts.

    def test_power_cut_while_charging_frees_the_cable_after_the_boot(self):
        # The transaction is closed as PowerLoss; who comes back finds the plug free.
        plant = self.plant
        self.charge_with()
        plant.run(2000)
        plant.power_off()
        plant.power_on()
        self.assertTrue(self.bolt())
        self.wait("Finishing")
        plant.run(3000)
        self.assertEqual((self.reasons(), self.bolt()), (["PowerLoss"], False))

    def test_unplug_while_the_lock_moves_waits_for_a_plug_no_longer_than_configured(self):
        # The card is accepted, the plug goes before it is locked: ConnectionTimeOut runs.
        self.start(("ConnectionTimeOut", "20"))
        plant = self.plant
        plant.do("fault", name="lock_jammed")
        plant.do("plug")
        plant.run(1000)
        plant.do("card", id=CARD)
        plant.run(2000)
        plant.do("unplug", side="station")
        plant.run(2000)
        self.assertEqual(plant.status(), "Preparing")
        plant.run(20_000)
        self.assertEqual(plant.status(), "Available")
