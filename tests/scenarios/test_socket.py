"""A socket with lock and proximity contact: detachable cables through whole sessions."""

from tests.sim.scenario import CARD, OTHER, Scenario
from tests.sim.socket_scenario import SocketScenario


class SocketTest(SocketScenario):
    # A normal session.

    def test_session_locks_from_the_card_to_the_end(self):
        # Plugged: open. Authorised: locked. Over: open again, and the user takes the cable.
        plant = self.plant
        plant.do("plug")
        plant.run(3000)
        self.assertEqual((self.bolt(), plant.state()["cp"]), (False, "B1"))
        plant.do("card", id=CARD)
        self.wait("Charging")
        self.assertEqual((self.bolt(), plant.state()["locked"]), (True, True))
        self.assertIn("locked", self.refused("unplug", side="station"))
        plant.do("card", id=CARD)
        self.wait("Finishing")
        plant.run(3000)
        self.assertEqual((self.bolt(), plant.state()["locked"]), (False, False))
        plant.do("unplug", side="station")
        self.wait("Available")
        self.assertEqual(
            plant.csms.statuses(), ["Available", "Preparing", "Charging", "Finishing", "Available"]
        )

    def test_lock_that_moves_then_nothing_may_stall_the_vm(self):
        # A handshake computes for seconds; so long would the motor be driven against its end.
        plant = self.plant
        station = plant.app.station
        plant.do("plug")
        plant.run(3000)
        self.assertTrue(station.quiet("allow"))
        plant.do("card", id=CARD)
        plant.run_until(lambda: plant.connector().socket.lock.moving, 3000)
        for mode in ("allow", "pause", "defer"):
            self.assertFalse(station.quiet(mode))
        self.wait("Charging")
        self.assertTrue(station.quiet("allow"))

    def test_every_cable_limits_the_offer(self):
        # 13, 20, 32 A; a 63 A cable does not raise what the board has.
        for cable_a, limit_ma in ((13, 13000), (20, 20000), (32, 32000), (63, 32000)):
            self.start()
            self.charge_with(cable_a=cable_a)
            self.assertEqual(self.plant.state()["limit_ma"], limit_ma)

    def test_cable_without_a_car_is_not_plugged_in(self):
        # The pilot shows A; a card then waits for a car, and nothing is locked.
        plant = self.plant
        plant.do("plug", side="station")
        plant.run(3000)
        self.assertEqual((plant.status(), plant.state()["cp"]), ("Available", "A1"))
        plant.do("card", id=CARD)
        plant.run(3000)
        self.assertEqual((plant.status(), self.bolt()), ("Preparing", False))
        plant.do("plug")
        self.wait("Charging")

    # The EV's end is unplugged.

    def test_tc_005_1_cs_ev_side_unplugged_unlocks_where_configured(self):
        # Finishing until the cable is out of the socket as well.
        self.start(("UnlockConnectorOnEVSideDisconnect", "true"))
        plant = self.plant
        self.charge_with()
        plant.do("unplug")
        self.wait("Finishing")
        plant.run(10_000)
        self.assertEqual((plant.status(), self.bolt()), ("Finishing", False))
        self.assertEqual(self.reasons(), ["EVDisconnected"])
        plant.do("unplug", side="station")
        self.wait("Available")

    def test_tc_005_2_cs_ev_side_unplugged_stays_locked_until_the_command(self):
        # Nobody but the owner or the central system frees the cable.
        plant = self.plant
        self.charge_with()
        plant.do("unplug")
        self.wait("Finishing")
        plant.run(60_000)
        self.assertEqual((plant.status(), self.bolt()), ("Finishing", True))
        self.assertEqual(self.unlock(), "Unlocked")
        plant.do("unplug", side="station")
        self.wait("Available")
        self.assertEqual(self.reasons(), ["EVDisconnected"])

    def test_tc_005_3_cs_ev_side_unplugged_keeps_the_transaction(self):
        # StopTransactionOnEVSideDisconnect=false has priority over an unlock that is configured.
        self.start(
            ("StopTransactionOnEVSideDisconnect", "false"),
            ("UnlockConnectorOnEVSideDisconnect", "true"),
        )
        plant = self.plant
        self.charge_with()
        plant.do("unplug")
        self.wait("SuspendedEV")
        plant.run(30_000)
        self.assertEqual((plant.status(), self.bolt()), ("SuspendedEV", True))
        number = plant.state()["transaction"]
        answer = plant.call("RemoteStopTransaction", {"transactionId": number})
        self.assertEqual(answer, {"status": "Accepted"})
        self.wait("Finishing")
        plant.run(3000)
        self.assertEqual((self.reasons(), self.bolt()), (["Remote"], False))

    def test_owner_card_frees_the_cable_and_starts_nothing(self):
        # Another card neither frees it nor begins a session.
        plant = self.plant
        self.charge_with()
        plant.do("unplug")
        self.wait("Finishing")
        plant.run(3000)
        plant.do("card", id=OTHER)
        plant.run(5000)
        self.assertEqual((plant.status(), self.bolt()), ("Finishing", True))
        plant.do("card", id=CARD)
        plant.run(3000)
        self.assertEqual((plant.status(), self.bolt()), ("Finishing", False))
        self.assertEqual(len(plant.csms.books()), 1)

    def test_held_cable_charges_for_its_owner_alone(self):
        # The car is plugged in again: the owner begins a new session, a stranger does not.
        plant = self.plant
        self.charge_with()
        plant.do("unplug")
        self.wait("Finishing")
        plant.run(3000)
        plant.do("plug")
        plant.run(1000)
        plant.do("card", id=OTHER)
        plant.run(5000)
        self.assertEqual(plant.status(), "Finishing")
        answer = plant.call("RemoteStartTransaction", {"idTag": OTHER, "connectorId": 1})
        self.assertEqual(answer, {"status": "Rejected"})
        plant.do("card", id=CARD)
        self.wait("Charging")
        self.assertEqual([row[1] for row in plant.csms.books()], [CARD, CARD])

    # UnlockConnector.

    def test_tc_017_1_cs_unlock_when_idle_is_unlocked(self):
        # With and without a cable in the socket; the motor moves each time.
        plant = self.plant
        self.assertEqual(self.unlock(), "Unlocked")
        plant.do("plug")
        plant.run(1000)
        self.assertEqual(self.unlock(), "Unlocked")
        self.assertEqual(plant.world.outlets[0].socket.lock.pulses, 2)
        self.assertEqual(plant.status(), "Preparing")

    def test_tc_018_1_cs_unlock_ends_the_transaction_first(self):
        # Energy off, then the bolt; the transaction ends with UnlockCommand.
        plant = self.plant
        self.charge_with()
        plant.run(5000)
        self.assertEqual(self.unlock(), "Unlocked")
        plant.run(3000)
        self.assertEqual((self.reasons(), plant.status()), (["UnlockCommand"], "Finishing"))
        plant.do("unplug", side="station")
        self.wait("Available")

    def test_unlock_of_a_car_that_ignores_the_stop_waits_for_the_contactor(self):
        # 6 s of X1, then the contactor opens under load, and only then the bolt moves.
        plant = self.plant
        self.charge_with()
        plant.do("ev", follows_pilot=False)
        plant.run(3000)
        began = plant.uptime_ms()
        self.assertEqual(self.unlock(), "Unlocked")
        self.assertTrue(plant.uptime_ms() - began >= 6000)

    def test_tc_030_cs_unlock_of_a_jammed_lock_is_unlock_failed(self):
        # The bolt stays in the plug; the next command finds it free.
        plant = self.plant
        self.charge_with()
        plant.do("fault", name="lock_jammed")
        plant.do("card", id=CARD)
        self.wait("Finishing")
        self.assertEqual(self.unlock(), "UnlockFailed")
        self.assertEqual(plant.state()["faults"], ["lock_stuck"])
        plant.run(1000)
        self.assertEqual(self.errors(), [("Finishing", "ConnectorLockFailure")])
        plant.do("clear", name="lock_jammed")
        self.assertEqual(self.unlock(), "Unlocked")
        plant.run(1000)
        self.assertEqual(plant.state()["faults"], [])

    def test_welded_contactor_keeps_the_plug(self):
        # Never unlocked under load, not even by command.
        plant = self.plant
        self.charge_with()
        plant.do("fault", name="contactor_welded")
        self.assertEqual(self.unlock(25_000), "UnlockFailed")
        self.assertTrue(self.bolt())


class TetheredTest(Scenario):
    def setUp(self):
        self.begin()

    def test_tc_018_2_cs_unlock_of_a_fixed_cable_changes_nothing(self):
        # NotSupported, and the transaction goes on.
        plant = self.plant
        self.charge()
        answer = plant.call("UnlockConnector", {"connectorId": 1})
        self.assertEqual(answer, {"status": "NotSupported"})
        plant.run(10_000)
        self.assertEqual(plant.status(), "Charging")

    def test_fixed_cable_has_no_station_side(self):
        # Clear refusals, and the key is read-only false.
        answer = self.plant.control.handle({"do": "unplug", "side": "station"})
        self.assertIn("fixed", answer["error"])
        key = "UnlockConnectorOnEVSideDisconnect"
        payload = {"key": key, "value": "true"}
        answer = self.plant.call("ChangeConfiguration", payload)
        self.assertEqual(answer, {"status": "Rejected"})
        rows = self.plant.call("GetConfiguration", {"key": [key]})["configurationKey"]
        self.assertEqual(rows, [{"key": key, "readonly": True, "value": "false"}])
