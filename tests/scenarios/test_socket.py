"""A socket with lock and proximity contact: detachable cables through whole sessions."""

from tests.sim.scenario import CARD, OTHER, Scenario



class SocketTest(Scenario):
    def setUp(self):
        self.start()

    def start(self, *settings):
        if self.plant is not None:
            super().tearDown()
        self.begin(socket=True, settings=settings)

    def tearDown(self):
        super().tearDown()
        for outlet in self.plant.world.outlets:
            self.assertEqual(outlet.socket.lock.shorts, 0)
            self.assertTrue(outlet.socket.lock.longest_ms <= 350)

    # Steps.

    def charge_with(self, **fields):
        self.plant.do("plug", **fields)
        self.plant.run(1000)
        self.plant.do("card", id=CARD)
        self.wait("Charging")

    def bolt(self):
        return self.plant.world.outlets[0].socket.lock.locked

    def refused(self, name, **fields):
        answer = self.plant.control.handle(dict(fields, do=name))
        self.assertFalse(answer["ok"])
        return answer["error"]

    def unlock(self, limit_ms=20_000):
        csms = self.plant.csms
        message_id, text = csms.call("UnlockConnector", {"connectorId": 1})
        self.plant.app.client.receive(self.plant.time.now, text)
        self.plant.run_until(lambda: csms.result(message_id), limit_ms)
        return csms.result(message_id)["status"]

    def reasons(self):
        return [row[3] for row in self.plant.csms.books()]

    def errors(self):
        return [
            (payload["status"], payload["errorCode"])
            for action, payload in self.plant.csms.log
            if action == "StatusNotification" and payload["errorCode"] != "NoError"
        ]

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
