"""Smart charging on the whole charger: the test cases, evcc, Home Assistant, reboots."""

import rfc3339
from tests.sim.scenario import CARD, Scenario

SET, CLEAR, COMPOSITE = "SetChargingProfile", "ClearChargingProfile", "GetCompositeSchedule"


class SmartCharging(Scenario):
    """Words for profiles; `x` seconds after their start the schedule is asked for."""

    def setUp(self):
        self.begin()

    def now_s(self):
        plant = self.plant
        return plant.app.clock.wall(plant.time.now)[0]

    def profile(self, number, purpose, limits, start=None, duration=None, **more):
        schedule = {
            "chargingRateUnit": more.pop("unit", "A"),
            "chargingSchedulePeriod": [{"startPeriod": s, "limit": a} for s, a in limits],
        }
        if start is not None:
            schedule["startSchedule"] = rfc3339.format(start, 0)
        if duration is not None:
            schedule["duration"] = duration
        payload = {
            "chargingProfileId": number,
            "stackLevel": more.pop("stack", 0),
            "chargingProfilePurpose": purpose,
            "chargingProfileKind": more.pop("kind", "Absolute"),
            "chargingSchedule": schedule,
        }
        payload.update(more)
        return payload

    def set(self, connector, *arguments, **more):
        profile = self.profile(*arguments, **more)
        answer = self.plant.call(SET, {"connectorId": connector, "csChargingProfiles": profile})
        return answer and answer["status"]

    def schedule(self, duration, unit="A", connector=1):
        """Return [(startPeriod, limit)]; checks what every test case checks."""
        now_s = self.now_s()
        question = {"connectorId": connector, "duration": duration, "chargingRateUnit": unit}
        answer = self.plant.call(COMPOSITE, question)
        self.assertEqual((answer["status"], answer["connectorId"]), ("Accepted", connector))
        self.assertTrue(abs(rfc3339.parse(answer["scheduleStart"])[0] - now_s) <= 1)
        schedule = answer["chargingSchedule"]
        self.assertEqual((schedule["duration"], schedule["chargingRateUnit"]), (duration, unit))
        return [(p["startPeriod"], p["limit"]) for p in schedule["chargingSchedulePeriod"]]

    def validity(self, start):
        return {"validFrom": rfc3339.format(start, 0), "validTo": rfc3339.format(start + 401, 0)}

    def remote(self, **more):
        """Plug in and start as the test tool does."""
        self.plant.do("plug")
        self.wait("Preparing")
        payload = dict({"connectorId": 1, "idTag": CARD}, **more)
        return self.plant.call("RemoteStartTransaction", payload)["status"]

    def transaction_id(self):
        return self.plant.app.station.connectors[0].transaction.transaction_id


class TestCases(SmartCharging):
    def test_tc_056_cs_default_profile_without_transaction(self):
        # It appears in the schedule, in both units.
        for unit, factor in (("A", 1), ("W", 1000)):
            status = self.set(
                1, 1, "TxDefaultProfile", [(0, 6 * factor)], self.now_s(), 300, unit=unit
            )
            self.assertEqual(status, "Accepted")
            self.assertEqual(self.schedule(300, unit), [(0, 6 * factor)])

    def test_tc_057_cs_tx_profile_during_a_transaction(self):
        # With the id of the transaction.
        self.remote()
        self.wait("Charging")
        status = self.set(
            1, 1, "TxProfile", [(0, 6.0)], self.now_s(), 300, transactionId=self.transaction_id()
        )
        self.assertEqual(status, "Accepted")
        self.assertEqual(self.schedule(300), [(0, 6)])
        self.plant.run(100)
        self.assertEqual(self.plant.state()["limit_ma"], 6000)

    def test_tc_058_cs_tx_profile_for_no_or_another_transaction(self):
        # Discarded, nothing changes.
        status = self.set(1, 1, "TxProfile", [(0, 6)], self.now_s(), 300, transactionId=1)
        self.assertEqual(status, "Rejected")
        self.remote()
        self.wait("Charging")
        other = self.transaction_id() + 1
        status = self.set(1, 1, "TxProfile", [(0, 6)], self.now_s(), 300, transactionId=other)
        self.assertEqual(status, "Rejected")
        self.assertEqual(self.schedule(300), [(0, 32)])

    def test_tc_059_cs_remote_start_with_profile(self):
        # Bound to the transaction before anybody knows its id.
        profile = self.profile(1, "TxProfile", [(0, 8), (60, 10)], self.now_s(), 300)
        self.assertEqual(self.remote(chargingProfile=profile), "Accepted")
        self.wait("Charging")
        periods = self.schedule(290)
        self.assertEqual([limit for _, limit in periods], [8, 10])
        self.assertEqual(self.plant.state()["limit_ma"], 8000)

    def test_tc_060_cs_remote_start_with_a_wrong_purpose(self):
        # Rejected, and no transaction.
        profile = self.profile(1, "TxDefaultProfile", [(0, 8)], self.now_s(), 300)
        self.assertEqual(self.remote(chargingProfile=profile), "Rejected")
        self.plant.run(5000)
        self.assertEqual(self.plant.status(1), "Preparing")

    def test_tc_066_cs_composite_of_three_purposes(self):
        # Both readings of what comes after the TxProfile; equal neighbours are one period.
        self.remote()
        self.wait("Charging")
        start = self.now_s() - 2
        validity = self.validity(start)
        self.set(0, 1, "ChargePointMaxProfile", [(0, 10)], start, 86_400)
        default = [(0, 6), (60, 10), (120, 8), (180, 15), (260, 8)]
        self.set(1, 2, "TxDefaultProfile", default, start, 300, **validity)
        own = [(0, 8), (50, 11), (140, 16), (200, 6), (240, 12)]
        status = self.set(1, 3, "TxProfile", own, start, 260, transactionId=self.transaction_id(),
                          **validity)
        self.assertEqual(status, "Accepted")
        x = self.now_s() - start
        expected = [(0, 8), (50 - x, 10), (200 - x, 6), (240 - x, 10)]
        fallen = [(260 - x, 8), (300 - x, 10)]
        self.assertEqual(self.schedule(400), expected + fallen)
        self.plant.app.config.set("TxDefaultAfterTxProfile", "false")
        self.assertEqual(self.schedule(400)[:4], expected)
        # After 401 s the TxProfile is not valid any more, and 399 have been asked for.
        self.assertEqual(len(self.schedule(398)), 4)

    def test_tc_067_cs_clear_charging_profile(self):
        # By id, by purpose and stack level 0, everything.
        start = self.now_s()
        until = rfc3339.format(start + 401, 0)
        self.set(1, 1, "TxDefaultProfile", [(0, 6), (60, 8), (200, 10)], start, 400, stack=1)
        self.set(1, 2, "TxDefaultProfile", [(0, 7), (100, 9)], start, 400,
                 validFrom=rfc3339.format(start, 0), validTo=until)
        self.set(0, 3, "ChargePointMaxProfile", [(0, 11), (200, 12)], start, 86_400)
        self.assertEqual(self.plant.call(CLEAR, {"id": 1})["status"], "Accepted")
        x = self.now_s() - start
        self.assertEqual(self.schedule(350), [(0, 7), (100 - x, 9)])
        by_level = {"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0}
        self.assertEqual(self.plant.call(CLEAR, by_level)["status"], "Accepted")
        self.assertEqual(self.plant.call(CLEAR, by_level)["status"], "Unknown")
        self.assertEqual(self.schedule(350), [(0, 11), (200 - x, 12)])
        self.assertEqual(self.plant.call(CLEAR, {})["status"], "Accepted")
        self.assertEqual(self.schedule(350), [(0, 32)])
        self.assertEqual(self.schedule(350, "W"), [(0, 22_080)])

    def test_tc_072_cs_stacking(self):
        # The lower level re-appears in the middle of its own periods.
        start = self.now_s()
        validity = self.validity(start)
        low = [(0, 6), (100, 8), (200, 10)]
        self.set(1, 1, "TxDefaultProfile", low, start, 400, **validity)
        self.set(1, 2, "TxDefaultProfile", [(0, 7), (100, 9)], start, 150, stack=1, **validity)
        x = self.now_s() - start
        expected = [(0, 7), (100 - x, 9), (150 - x, 8), (200 - x, 10)]
        self.assertEqual(self.schedule(350), expected)

    def test_tc_082_cs_default_profile_during_a_transaction(self):
        # It takes effect on the one that runs.
        self.remote()
        self.wait("Charging")
        self.set(1, 1, "TxDefaultProfile", [(0, 6)], self.now_s(), 300)
        self.assertEqual(self.schedule(300), [(0, 6)])
        self.plant.run(100)
        self.assertEqual(self.plant.state()["limit_ma"], 6000)


class AnswersTest(SmartCharging):
    def test_what_cannot_be_installed_is_rejected(self):
        # Contradictory, too long, too high, on the wrong connector.
        now_s = self.now_s()
        periods = [(index * 10, 6) for index in range(31)]
        default = "TxDefaultProfile"
        for arguments, more in (
            ((1, 1, "ChargePointMaxProfile", [(0, 6)]), {}),
            ((0, 1, "TxProfile", [(0, 6)]), {}),
            ((1, 1, default, [(0, 6)]), {"stack": 11}),
            ((1, 1, default, periods), {}),
            ((1, 1, default, [(5, 6)]), {}),
            ((1, 1, default, [(0, 6), (9, 7), (8, 6)]), {}),
            ((1, 1, default, [(0, 6)]), {"kind": "Recurring", "recurrencyKind": "Daily"}),
            ((1, 1, default, [(0, 6)], now_s - 20, 10), {}),
            ((1, 1, default, [(0, 6)]), {"validTo": rfc3339.format(now_s - 1, 0)}),
        ):
            self.assertEqual(self.set(*arguments, **more), "Rejected")
        self.assertEqual(self.plant.call(CLEAR, {})["status"], "Unknown")

    def test_wrong_values_are_errors(self):
        # No status fits an unknown connector.
        self.assertIsNone(self.set(2, 1, "TxDefaultProfile", [(0, 6)]))
        self.assertIsNone(self.set(-1, 1, "TxDefaultProfile", [(0, 6)]))
        question = {"connectorId": 2, "duration": 10}
        self.assertEqual(self.plant.call(COMPOSITE, question), {"status": "Rejected"})

    def test_decimals_are_exact_in_both_directions(self):
        # One decimal at most, whatever came in.
        self.set(1, 1, "TxDefaultProfile", [(0, 16.1), (10, 6.000000), (20, 7.3)], self.now_s())
        self.assertEqual([limit for _, limit in self.schedule(100)], [16.1, 6, 7.3])

    def test_keys_and_profile_are_announced(self):
        # As evcc reads them.
        names = ["SupportedFeatureProfiles", "ChargeProfileMaxStackLevel",
                 "ChargingScheduleAllowedChargingRateUnit", "MaxChargingProfilesInstalled",
                 "ChargingScheduleMaxPeriods", "ConnectorSwitch3to1PhaseSupported"]
        rows = self.plant.call("GetConfiguration", {"key": names})["configurationKey"]
        values = [row["value"] for row in rows]
        self.assertTrue("SmartCharging" in values[0].split(","))
        self.assertEqual(values[1:], ["10", "Current,Power", "50", "30", "true"])


class FieldTest(SmartCharging):
    def test_evcc_steers_a_session(self):
        # TxDefaultProfile of the highest level, begun a minute ago, again and again; 0 A pauses.
        self.charge()
        plant = self.plant

        def steer(current):
            status = self.set(1, 50, "TxDefaultProfile", [(0, current)], self.now_s() - 60,
                              stack=10)
            self.assertEqual(status, "Accepted")

        steer(9.7)
        plant.run(200)
        self.assertEqual(plant.state()["limit_ma"], 9700)
        steer(0)
        self.wait("SuspendedEVSE")
        question = {"connectorId": 1, "duration": 60}
        schedule = plant.call(COMPOSITE, question)["chargingSchedule"]
        self.assertEqual(schedule["chargingSchedulePeriod"], [{"startPeriod": 0, "limit": 0}])
        plant.run(10_000)
        steer(6)
        self.wait("Charging")
        for current in (7, 8, 16.3):
            steer(current)
        plant.run(6000)
        self.assertEqual(plant.state()["limit_ma"], 16_300)
        self.assertEqual(plant.csms.actions().count("StopTransaction"), 0)
        self.finish()

    def test_home_assistant_sets_the_rate_in_three_steps(self):
        # Each of the three is accepted: maximum for connector 0, TxProfile, TxDefaultProfile.
        self.charge()
        plant = self.plant
        more = {"kind": "Relative"}
        self.assertEqual(self.set(0, 8, "ChargePointMaxProfile", [(0, 10)], **more), "Accepted")
        plant.run(200)
        self.assertEqual(plant.state()["limit_ma"], 10_000)
        self.assertEqual(self.set(1, 9, "TxProfile", [(0, 9)], **more), "Accepted")
        plant.run(200)
        self.assertEqual(plant.state()["limit_ma"], 9000)
        self.assertEqual(self.set(1, 10, "TxDefaultProfile", [(0, 8)], **more), "Accepted")
        self.assertEqual(plant.call(CLEAR, {})["status"], "Accepted")
        plant.run(10_000)
        self.assertEqual(plant.state()["limit_ma"], 32_000)

    def test_profile_above_the_installation_raises_nothing(self):
        # The smallest of all counts.
        self.plant.app.config.set("InstallationCurrentMax", "13")
        self.set(1, 1, "TxDefaultProfile", [(0, 80)])
        self.charge()
        self.assertEqual(self.plant.state()["limit_ma"], 13_000)
        self.assertEqual(self.schedule(60), [(0, 13)])

    def test_session_begins_paused_and_resumes(self):
        # A limit of 0 before the plug: a transaction without energy, then with.
        self.set(1, 1, "TxDefaultProfile", [(0, 0)])
        self.remote()
        self.wait("SuspendedEVSE")
        self.assertEqual(self.plant.state()["duty_permille"], 1000)
        self.plant.call(CLEAR, {"id": 1})
        self.wait("Charging")

    def test_profiles_are_there_after_a_power_cut(self):
        # The default with the boot; the TxProfile goes with the transaction that the cut ended.
        plant = self.plant
        self.charge()
        self.set(1, 1, "TxDefaultProfile", [(0, 8)])
        self.set(1, 2, "TxProfile", [(0, 7)])
        plant.power_off()
        plant.power_on()
        plant.run_until(lambda: plant.app.client.online)
        plant.run_until(lambda: plant.app.station.at_rest)
        plant.run(1000)
        self.assertEqual(self.schedule(60), [(0, 8)])
        self.assertEqual(plant.call(CLEAR, {"chargingProfilePurpose": "TxProfile"}),
                         {"status": "Unknown"})

    def test_fifty_profiles_of_thirty_periods(self):
        # The largest that we announce; in the schedule each counts when its turn comes.
        start = self.now_s()
        number = 0
        for connector, purpose in ((0, "ChargePointMaxProfile"), (0, "TxDefaultProfile"),
                                   (1, "TxDefaultProfile")):
            for stack in range(11):
                limits = [(index * 10, 6 + number % 20 + index % 2) for index in range(30)]
                status = self.set(connector, number, purpose, limits, start, 300 + stack,
                                  stack=stack)
                self.assertEqual(status, "Accepted")
                number += 1
        periods = self.schedule(600)
        self.assertTrue(len(periods) > 30)
        self.assertEqual(periods[-1][1], 32)
        self.remote()
        self.wait("Charging")
        for stack in range(11):
            limits = [(index * 10, 6 + stack + index % 2) for index in range(30)]
            self.assertEqual(
                self.set(1, 100 + stack, "TxProfile", limits, stack=stack), "Accepted"
            )
        self.assertEqual(self.plant.call(CLEAR, {})["status"], "Accepted")
        self.assertEqual(self.schedule(600), [(0, 32)])
