"""What charging profiles may never do, and that every one of them is answered."""

import json

import rfc3339
from boards.sim.ev import offered_ma
from tests.sim.charging_profiles import NOW, maximum, profile, tx
from tests.sim.prng import Prng
from tests.sim.scenario import CARD, Scenario

_OFFLINE = (("LocalAuthorizeOffline", "true"), ("AllowOfflineTxForUnknownId", "true"))
_CABLE_MA = 20_000
_TICK_MS = 50


class ProfileScenario(Scenario):
    """Words for profiles; moments are given relative to now."""

    calls = 0

    def now_s(self):
        """Return the time that the charger has, in seconds since 2000."""
        return self.plant.app.clock.wall(self.plant.time.now)[0]

    def begun(self, age_s=60):
        """Return the `start` of a profile that began so long ago."""
        return self.now_s() - NOW - age_s

    def text(self, later_s):
        """Return a moment `later_s` from now as OCPP writes it."""
        return rfc3339.format(self.now_s() + later_s, 0)

    def set(self, payload, connector=1):
        """Install a profile; returns the status, or the code of the error."""
        plant = self.plant
        self.calls += 1
        # Not through `csms.call`: a schema would have to judge what is meant to be wrong.
        question = {"connectorId": connector, "csChargingProfiles": payload}
        text = json.dumps([2, "set-%d" % self.calls, "SetChargingProfile", question])
        plant.app.client.receive(plant.time.now, text)
        plant._pump()
        answer = plant.csms._results["set-%d" % self.calls]
        return answer[2]["status"] if answer[0] == 3 else answer[2]

    def composite(self, duration_s=600, connector=1):
        """Return [(startPeriod, limit)] in A."""
        question = {"connectorId": connector, "duration": duration_s, "chargingRateUnit": "A"}
        answer = self.plant.call("GetCompositeSchedule", question)
        rows = answer["chargingSchedule"]["chargingSchedulePeriod"]
        return [(row["startPeriod"], row["limit"]) for row in rows]

    def offer_ma(self):
        """Return what the car reads from the pilot."""
        duty = self.plant.world.outlets[0].circuit.duty
        return offered_ma(duty) if duty < 65535 else 0

    def until_offer(self, ma, limit_ms):
        """Let time pass until the pilot says `ma`; returns how long it took, in ms."""
        plant = self.plant
        began = plant.time.uptime_ms
        plant.run_until(lambda: abs(self.offer_ma() - ma) <= 100, limit_ms)
        return plant.time.uptime_ms - began


class HardwareTest(ProfileScenario):
    def test_no_profile_raises_the_offer_above_cable_or_installation(self):
        # 200 of all purposes, kinds and units, most of them far above; the car looks each 10 ms.
        plant = self.begin(socket=True)
        plant.do("plug", cable_a=20)
        plant.run(1000)
        plant.do("card", id=CARD)
        self.wait("Charging")
        source = Prng(7)
        most_ma = _CABLE_MA
        for number in range(200):
            if number == 100:
                plant.app.config.set("InstallationCurrentMax", "13")
                plant.run(_TICK_MS)
                most_ma = 13_000
            self.set_any(source, number)
            for _ in range(source.between(2, 10)):
                plant.run(10)
                self.assertTrue(self.offer_ma() <= most_ma, (number, self.offer_ma()))
        for _, limit in self.composite():
            self.assertTrue(limit <= most_ma // 1000, limit)

    def set_any(self, source, number):
        """Install something random; it must be accepted."""
        purpose = source.choice((maximum, profile, tx))
        is_watts = source.chance(500)
        limits = []
        for start_s in range(0, source.between(1, 4)):
            limit = source.choice((32, 63, 80, 250.5, 1_000_000, 20, 13.1, 8))
            limits.append((start_s, min(limit * 690, 1_000_000) if is_watts else limit))
        more = {"stack": source.between(0, 10), "unit": "W" if is_watts else "A"}
        more["kind"] = source.choice(("Absolute", "Relative"))
        if source.chance(300):
            more["phases"] = source.between(1, 3)
        payload = purpose(number % 40, limits=limits, start=self.begun(), **more)
        self.assertEqual(self.set(payload, 0 if purpose is maximum else 1), "Accepted")

    def test_one_phase_in_a_profile_neither_raises_nor_lowers_amperes(self):
        # A board that cannot switch phases off: A is per phase as it is, W is for all that flow.
        plant = self.begin()
        plant.connector().protection.port.phase_switch = None
        self.charge(run_ms=500)
        self.set(profile(1, limits=((0, 10),), phases=1))
        self.until_offer(10_000, 200)
        # 6900 W on one phase alone would be 30 A: on all three it would be 20,700 W.
        self.set(profile(1, unit="W", limits=((0, 6900),), phases=1))
        plant.run(6000)
        self.until_offer(10_000, 200)
        self.assertEqual(self.set(profile(2, phases=4)), "PropertyConstraintViolation")


class PaceTest(ProfileScenario):
    def test_lower_limit_is_in_the_pilot_at_the_next_tick(self):
        # 5 s are allowed; also right after a change, when a rise would have to wait.
        self.begin()
        self.charge(run_ms=500)
        for ampere in (20, 19.9, 10, 6):
            self.set(profile(1, limits=((0, ampere),)))
            self.assertTrue(self.until_offer(int(ampere * 1000), 5000) <= 2 * _TICK_MS)

    def test_higher_limits_arrive_every_5_s_at_most_and_the_newest_counts(self):
        # A central system that sends each second does not make the pilot jump.
        plant = self.begin()
        self.charge(run_ms=6000)
        self.set(profile(1, limits=((0, 6),)))
        self.until_offer(6000, 200)
        offers = []
        for second in range(16):
            self.set(profile(1, limits=((0, 7 + second),)))
            plant.run(1000)
            if not offers or self.offer_ma() != offers[-1]:
                offers.append(self.offer_ma())
        self.assertEqual(len(offers), 4, offers)
        self.assertTrue(self.until_offer(22_000, 5100) <= 5000)

    def test_rise_right_after_the_first_offer_waits_as_well(self):
        # The car has 5 s for the duty with which the offer begins, at the start and after a pause.
        plant = self.begin()
        self.set(profile(1, limits=((0, 6),)))
        self.charge(run_ms=0)
        self.set(profile(1, limits=((0, 10),)))
        plant.run(3000)
        self.assertEqual(self.offer_ma(), 6000)
        self.until_offer(10_000, 2500)
        self.set(profile(1, limits=((0, 0),)))
        plant.run(10_000)
        self.set(profile(1, limits=((0, 6),)))
        self.until_offer(6000, 6000)
        self.set(profile(1, limits=((0, 12),)))
        plant.run(4500)
        self.assertEqual(self.offer_ma(), 6000)
        self.until_offer(12_000, 1000)

    def test_zero_pauses_and_a_new_limit_resumes_the_same_transaction(self):
        # SuspendedEVSE, contactor open, no StopTransaction; then Charging.
        plant = self.begin()
        self.charge()
        for limit in (0, 5.9):
            self.set(profile(1, limits=((0, limit),)))
            self.wait("SuspendedEVSE")
            plant.run_until(lambda: not plant.closed(), 7000)
            plant.run(20_000)
            self.assertEqual(plant.state()["why"], ["limit below 6 A: charging profile"])
            self.set(profile(1, limits=((0, 6),)))
            self.wait("Charging")
        self.assertEqual(plant.csms.actions().count("StartTransaction"), 1)
        self.assertEqual(plant.csms.actions().count("StopTransaction"), 0)


class AnswerTest(ProfileScenario):
    def test_enormous_values_are_answered_and_harmless(self):
        # What a field can hold is taken or refused, and never something else.
        plant = self.begin()
        huge = 1 << 40
        refused = ("PropertyConstraintViolation", "TypeConstraintViolation",
                   "OccurenceConstraintViolation", "Rejected")
        for number, more in enumerate((
            {"limits": ((0, 1e30),)},
            {"limits": ((0, huge),)},
            {"limits": ((0, -1),)},
            {"limits": ((0, 8), (huge, 9))},
            {"limits": ((0, 8),) * 31},
            {"limits": [(second, 8) for second in range(31)]},
            {"limits": [(second, 8) for second in range(300)]},
            {"limits": ()},
            {"stack": huge},
            {"stack": -1},
            {"stack": 11},
            {"duration": 0},
            {"duration": huge},
            {"rate": 1e30},
            {"chargingProfileId": huge},
            {"chargingProfileKind": "Sometimes"},
            {"validFrom": self.text(100), "validTo": self.text(99)},
            {"start": self.begun(), "duration": 59},
            {"validTo": self.text(-1)},
            {"kind": "Recurring", "recurrencyKind": "Daily"},
            {"kind": "Recurring", "start": self.begun()},
        )):
            status = self.set(profile(1, **more))
            self.assertTrue(status in refused, (number, status))
        for more in (
            {"limits": ((0, 1_000_000),)},
            {"limits": ((0, 8), (0x7FFFFFFF, 9))},
            {"duration": 0x7FFFFFFF},
            {"chargingProfileId": -0x80000000},
            {"start": -1_000_000_000},
            {"start": 1_000_000_000},
            {"validFrom": "1970-01-01T00:00:00Z", "validTo": "2199-12-31T23:59:59Z"},
            {"rate": 100_000.1},
        ):
            self.assertEqual(self.set(profile(1, **more)), "Accepted", more)
            self.assertTrue(len(self.composite(0x7FFFFFFF)) >= 1)
        self.assertEqual(plant.call("ClearChargingProfile", {}), {"status": "Accepted"})

    def test_frame_longer_than_any_profile_is_answered(self):
        # 30 KB of periods: an error of the call, and the next call is served.
        self.begin()
        payload = profile(1, limits=[(second, 8) for second in range(800)])
        self.assertTrue(len(json.dumps(payload)) > 20_000)
        self.assertEqual(self.set(payload), "FormationViolation")
        self.assertEqual(self.composite(), [(0, 32)])

    def test_overlapping_profiles_give_one_schedule_without_gaps(self):
        # The same level and purpose replaces; levels cover each other; the maximum cuts all.
        self.begin()
        start = self.begun(0)
        self.set(profile(1, start=start, limits=((0, 20),)))
        self.set(profile(2, start=start, limits=((0, 16),)))
        self.set(profile(3, stack=5, start=start + 100, duration=100, limits=((0, 25),)))
        self.set(profile(4, stack=9, start=start + 150, duration=100, limits=((0, 7),)))
        self.set(maximum(5, start=start, limits=((0, 32), (120, 18), (400, 6))), 0)
        expected = [(0, 16), (100, 25), (120, 18), (150, 7), (250, 16), (400, 6)]
        self.assertEqual(self.composite(), expected)

    def test_same_id_for_another_purpose_replaces_the_first(self):
        # 5.16; what is contradictory to what was there before is no second truth.
        self.begin()
        self.set(profile(1, limits=((0, 8),)))
        self.assertEqual(self.set(maximum(1, limits=((0, 12),)), 0), "Accepted")
        self.assertEqual(self.composite(), [(0, 12)])

    def test_profile_that_expires_while_it_limits_gives_way(self):
        # To the lower level, then to nothing; refused when it comes again.
        plant = self.begin()
        self.set(profile(1, limits=((0, 10),), validTo=self.text(60)))
        late = profile(2, stack=1, limits=((0, 8),), validTo=self.text(30))
        self.set(late)
        self.charge(run_ms=2000)
        self.assertEqual(plant.connector().limit_ma, 8000)
        plant.run(32_000)
        self.assertEqual(plant.connector().limit_ma, 10_000)
        self.assertEqual(self.set(late), "Rejected")
        plant.run(31_000)
        self.assertEqual(plant.connector().limit_ma, 32_000)


class LateClockTest(ProfileScenario):
    def test_schedules_outlive_a_power_cut_and_follow_the_clock_when_it_is_known(self):
        # Three hours without power, then no connection: the limit of the last known moment
        # holds. Within two seconds after the first answer it is that of now, in the middle of a
        # transaction.
        plant = self.begin(settings=_OFFLINE)
        limits = [(hour * 3600, 8 + hour) for hour in range(24)]
        daily = {"kind": "Recurring", "recurrencyKind": "Daily", "start": self.begun(4 * 3600)}
        self.assertEqual(self.set(profile(1, limits=limits, **daily)), "Accepted")
        plant.connected = False
        plant.power_cycle(off_ms=3 * 3_600_000)
        plant.run_until(lambda: plant.app.station.settled)
        self.charge(run_ms=1000)
        self.assertIsNone(plant.app.clock.wall(plant.time.now))
        self.assertEqual(plant.connector().limit_ma, 12_000)
        plant.connected = True
        plant.run(5000)
        self.assert_online_again()
        plant.run(2000)
        self.assertEqual(plant.connector().limit_ma, 15_000)
        self.assertEqual(self.composite(3600)[0], (0, 15))
