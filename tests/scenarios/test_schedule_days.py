"""Two days under charging profiles: what the pilot tells the EV, against the slow oracle.

The days pass in leaps: the world stands still in between, as if the VM were stalled, and after
each leap the charger gets the time that it needs to rise (5 s).
"""

import rfc3339
import ticks
from firmware.evse.limiter import CURRENT_MA_MIN
from firmware.evse.pilot import duty_u16
from tests.sim.charging_profiles import NOW, profile
from tests.sim.prng import Prng
from tests.sim.scenario import Scenario
from tests.sim.schedule_oracle import Oracle

_DAY_S = 86_400
_LEAP_S = 3300
_SETTLE_MS = 6500


class DaysTest(Scenario):
    def test_pilot_follows_the_oracle_for_two_days(self):
        # Recurring, absolute and relative profiles of all purposes, in A and W, with pauses.
        plant = self.begin()
        self.charge(run_ms=1000)
        oracle = Oracle(3, 230, [32_000])
        connector = plant.app.station.connectors[0]
        begin_s = self._now_s()
        oracle.begins[1] = begin_s
        for number, (purpose, more) in enumerate(_profiles(begin_s)):
            payload = profile(number, purpose, **more)
            where = 0 if purpose == "ChargePointMaxProfile" else 1
            answer = plant.call(
                "SetChargingProfile", {"connectorId": where, "csChargingProfiles": payload}
            )
            self.assertEqual(answer["status"], "Accepted")
            oracle.install(where, payload, self._now_s())
        source = Prng(4)
        seen = []
        while self._now_s() < begin_s + 2 * _DAY_S:
            plant.run(_SETTLE_MS)
            second = self._now_s()
            # Not within the seconds in which it may still be on its way.
            allowed = [oracle.current_ma(1, second - age) for age in (0, 2, 4, 6)]
            if allowed.count(allowed[0]) == len(allowed):
                ma = allowed[0] if allowed[0] >= CURRENT_MA_MIN else 0
                expected = duty_u16(ma) if ma else 65_535
                age_s = second - begin_s
                self.assertEqual((age_s, connector.guard.duty), (age_s, expected))
                seen.append(ma)
            self._leap((_LEAP_S + source.between(-600, 600)) * 1000)
        # The days were no dull ones: pauses, and many different limits.
        self.assertTrue(len(seen) > 40, seen)
        self.assertTrue(0 in seen and len(set(seen)) > 6, seen)

    def _leap(self, leap_ms):
        """Let time pass in which nothing lives: the world would need longer than the test may."""
        time = self.plant.time
        time.now = ticks.add(time.now, leap_ms)
        time.uptime_ms += leap_ms
        self.plant.world.now = time.now

    def _now_s(self):
        return self.plant.app.clock.wall(self.plant.time.now)[0]


def _profiles(begin_s):
    """Yield (purpose, profile's fields); starts are given relative to charging_profiles.NOW."""
    start = begin_s - NOW
    hours = [(hour * 3600, (0, 8, 12, 16.5, 20, 10)[hour % 6]) for hour in range(24)]
    daily = {"kind": "Recurring", "recurrencyKind": "Daily", "start": start - 5 * _DAY_S + 1234}
    yield "TxDefaultProfile", dict(daily, limits=hours)
    night = dict(daily, start=start - 3 * _DAY_S + 40_000, duration=8 * 3600, stack=3)
    yield "TxDefaultProfile", dict(night, unit="W", limits=((0, 11_040), (3600, 4140)))
    yield "ChargePointMaxProfile", {"start": start + _DAY_S, "limits": ((0, 15), (30_000, 32))}
    later = {"kind": "Relative", "duration": 90_000, "validFrom": _text(begin_s + 70_000)}
    yield "TxProfile", dict(later, limits=((0, 6), (80_000, 31.9)))


def _text(seconds):
    return rfc3339.format(seconds, 0)
