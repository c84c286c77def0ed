"""Smart charging at work: what limits which connector when."""

import unittest

from tests.sim.charging_profiles import NOW, maximum, profile, tx
from tests.sim.schedule_sets import Rig


def _count_reads(rig):
    reads = []
    get = rig.records.get

    def counted(key):
        reads.append(int(key))
        return get(key)

    rig.records.get = counted
    return reads


class PurposeTest(unittest.TestCase):
    def setUp(self):
        self.rig = Rig(NOW)

    def test_nothing_installed_is_no_limit(self):
        # None, not some large number.
        self.assertIsNone(self.rig.limit_ma())

    def test_smaller_of_maximum_and_default_counts(self):
        # In both orders.
        self.rig.set(1, profile(1, limits=((0, 10),)))
        self.rig.set(0, maximum(2, limits=((0, 12.5),)))
        self.assertEqual(self.rig.limit_ma(), 10_000)
        self.rig.set(0, maximum(2, limits=((0, 9.5),)))
        self.assertEqual(self.rig.limit_ma(), 9_500)

    def test_tx_profile_hides_the_default_also_upwards(self):
        # 3.13.1: it overrules for the transaction; the maximum stays.
        self.rig.set(1, profile(1, limits=((0, 10),)))
        self.rig.begin(7)
        self.rig.set(1, tx(2, limits=((0, 20),)), 7)
        self.assertEqual(self.rig.limit_ma(), 20_000)
        self.rig.set(0, maximum(3, limits=((0, 15),)))
        self.assertEqual(self.rig.limit_ma(), 15_000)

    def test_default_comes_back_when_the_tx_profile_has_ended(self):
        # Our default; TxDefaultAfterTxProfile=false is the other reading of 3.13.
        for after_tx, expected in ((True, 10_000), (False, None)):
            rig = Rig(NOW, TxDefaultAfterTxProfile=after_tx)
            rig.set(1, profile(1, limits=((0, 10),)))
            rig.begin(7)
            rig.set(1, tx(2, start=0, duration=60, limits=((0, 20),)), 7)
            rig.run(59)
            self.assertEqual(rig.limit_ma(), 20_000)
            rig.run(1)
            self.assertEqual(rig.limit_ma(), expected)

    def test_tx_profile_goes_with_its_transaction(self):
        # The next one starts without it.
        self.rig.begin(7)
        self.rig.set(1, tx(2), 7)
        self.rig.connectors[0].transaction = None
        self.rig.run(1)
        self.assertIsNone(self.rig.limit_ma())
        self.rig.begin(8)
        self.assertIsNone(self.rig.limit_ma())
        self.assertEqual(self.rig.records.keys(), [])

    def test_default_of_the_connector_comes_before_that_of_all(self):
        # Of the same stack level; a higher level of connector 0 wins.
        rig = Rig(NOW, 2)
        rig.set(0, profile(1, limits=((0, 10),)))
        rig.set(2, profile(2, limits=((0, 14),)))
        self.assertEqual((rig.limit_ma(1), rig.limit_ma(2)), (10_000, 14_000))
        rig.set(0, profile(3, stack=1, limits=((0, 7),)))
        self.assertEqual((rig.limit_ma(1), rig.limit_ma(2)), (7_000, 7_000))

    def test_watts_are_divided_by_all_phases_of_the_station(self):
        # It cannot switch two off, so one phase in the profile must not triple the power.
        self.rig.set(1, profile(1, unit="W", limits=((0, 6900),)))
        self.assertEqual(self.rig.limit_ma(), 10_000)
        self.rig.set(1, profile(1, unit="W", phases=1, limits=((0, 6900),)))
        self.assertEqual(self.rig.limit_ma(), 10_000)
        rig = Rig(NOW, phases=1)
        rig.set(1, profile(1, unit="W", phases=1, limits=((0, 2300),)))
        self.assertEqual(rig.limit_ma(), 10_000)
        rig.set(1, profile(1, unit="W", limits=((0, 6900),)))
        self.assertEqual(rig.limit_ma(), 10_000)

    def test_two_phases_are_one_where_they_can_be_switched_and_three_where_not(self):
        # 6900 W: 10 A on three phases whatever is said; 15 A on the one that stands for two.
        self.rig.set(1, profile(1, unit="W", phases=2, limits=((0, 6900),)))
        connector = self.rig.connectors[0]
        self.assertEqual((self.rig.limit_ma(), connector.phases_allowed), (10_000, 1))
        connector.phases = 1
        self.rig.run(1)
        self.assertEqual(self.rig.limit_ma(), 15_000)
        for phases, allowed in ((3, 3), (2, 1), (None, 3), (1, 1)):
            self.rig.set(1, profile(1, phases=phases, limits=((0, 10),)))
            self.assertEqual((self.rig.limit_ma(), connector.phases_allowed), (10_000, allowed))

    def test_profile_above_the_hardware_raises_nothing(self):
        # 1,000,000 A is a limit like any other, and the cable's 20 A stay.
        self.rig.connectors[0].limiter.set(1, 20_000)
        self.rig.set(1, profile(1, limits=((0, 1_000_000),)))
        self.assertEqual(self.rig.connectors[0].limiter.minimum_ma(), 20_000)
        _, composite = self.rig.composite(1, 60)
        self.assertEqual(composite.periods, [(0, 200, 0)])


class TimeTest(unittest.TestCase):
    def test_power_cut_without_a_clock_lifts_no_limit(self):
        # The time line goes on from the reception of the newest profile, the latest moment that
        # is surely past; the true time corrects it. The unknown time is told to nobody.
        rig = Rig(NOW)
        rig.set(1, profile(1, start=-60, limits=((0, 8), (3600, 16))))
        rig.set(0, maximum(2, kind="Relative", limits=((0, 20), (1800, 14))))
        again = Rig(None, records=rig.records)
        self.assertEqual(again.limit_ma(), 8_000)
        self.assertIsNone(again.composite(1, 60)[0])
        again.run(3540)
        self.assertEqual(again.limit_ma(), 14_000)
        again.clock.set(again.now, NOW + 600)
        again.run(1)
        self.assertEqual(again.limit_ma(), 8_000)
        self.assertEqual(again.composite(1, 60)[0], NOW + 601)

    def test_profile_that_has_surely_ended_is_refused_without_a_clock(self):
        # What is known to be past needs no clock.
        rig = Rig(NOW)
        rig.set(1, profile(1))
        again = Rig(None, records=rig.records)
        self.assertFalse(again.set(1, profile(2, start=-60, duration=60)))
        self.assertTrue(again.set(1, profile(2, start=-60, duration=61)))

    def test_station_that_never_had_a_clock_follows_relative_schedules_only(self):
        # And the others take effect as soon as it is known.
        rig = Rig(None)
        rig.set(1, profile(1, start=-60, limits=((0, 8),)))
        self.assertIsNone(rig.limit_ma())
        rig.set(1, profile(2, kind="Relative", stack=1, duration=100, limits=((0, 20), (50, 10))))
        self.assertEqual(rig.limit_ma(), 20_000)
        rig.begin(7)
        rig.run(60)
        self.assertEqual(rig.limit_ma(), 10_000)
        self.assertIsNone(rig.composite(1, 60)[0])
        rig.run(40)
        self.assertIsNone(rig.limit_ma())
        rig.clock.set(rig.now, NOW)
        rig.run(1)
        self.assertEqual(rig.limit_ma(), 8_000)

    def test_clock_set_forward_and_back_moves_absolute_schedules(self):
        # Within a second; the relative one does not notice.
        rig = Rig(NOW)
        rig.begin(7)
        rig.set(1, profile(1, kind="Relative", limits=((0, 16), (100, 12))))
        rig.set(0, maximum(2, start=3600, limits=((0, 9),)))
        rig.run(90)
        self.assertEqual(rig.limit_ma(), 16_000)
        rig.clock.set(rig.now, NOW + 4000)
        rig.run(1)
        self.assertEqual(rig.limit_ma(), 9_000)
        rig.clock.set(rig.now, NOW)
        rig.run(1)
        self.assertEqual(rig.limit_ma(), 16_000)
        rig.run(8)
        self.assertEqual(rig.limit_ma(), 12_000)

    def test_small_corrections_of_the_clock_compute_nothing(self):
        # Each Heartbeat brings one; idle costs nothing.
        rig = Rig(NOW)
        rig.set(1, profile(1, start=-60))
        reads = _count_reads(rig)
        for _ in range(100):
            rig.run(5)
            wall = rig.clock.wall(rig.now)
            rig.clock.set(rig.now, wall[0], (wall[1] + 400) % 1000)
        self.assertEqual(reads, [])

    def test_change_on_either_connector_is_noticed(self):
        # The next look is at the earliest of all changes.
        rig = Rig(NOW, 2)
        rig.set(1, profile(1, start=0, limits=((0, 8), (10, 9))))
        rig.set(2, profile(2, start=0, limits=((0, 8), (20, 9))))
        rig.run(10)
        self.assertEqual((rig.limit_ma(1), rig.limit_ma(2)), (9_000, 8_000))
        rig.run(10)
        self.assertEqual((rig.limit_ma(1), rig.limit_ma(2)), (9_000, 9_000))

    def test_idle_reads_no_record(self):
        # The governing period is known until its end.
        rig = Rig(NOW)
        rig.set(1, profile(1, start=0, limits=((0, 8), (1000, 9))))
        reads = _count_reads(rig)
        for _ in range(999):
            rig.run(1)
        self.assertEqual(reads, [])
        rig.run(1)
        self.assertEqual(reads, [0])
        self.assertEqual(rig.limit_ma(), 9_000)

    def test_relative_maximum_runs_from_its_reception(self):
        # There is no start of charging for the whole station.
        rig = Rig(NOW)
        rig.set(0, maximum(1, kind="Relative", limits=((0, 8), (100, 9))))
        rig.run(99)
        self.assertEqual(rig.limit_ma(), 8_000)
        rig.run(1)
        self.assertEqual(rig.limit_ma(), 9_000)


class SharingTest(unittest.TestCase):
    def setUp(self):
        self.rig = Rig(NOW, 2)

    def _limits(self):
        return self.rig.limit_ma(1), self.rig.limit_ma(2)

    def test_maximum_is_for_the_sum_of_the_connectors(self):
        # Alone all of it, together halves.
        self.rig.set(0, maximum(1, limits=((0, 20),)))
        self.rig.begin(5, 1)
        self.assertEqual(self._limits(), (20_000, 20_000))
        self.rig.begin(6, 2)
        self.assertEqual(self._limits(), (10_000, 10_000))

    def test_what_one_may_not_take_the_other_gets(self):
        # 8 A by its own profile leave 12.
        self.rig.set(0, maximum(1, limits=((0, 20),)))
        self.rig.set(2, profile(2, limits=((0, 8),)))
        self.rig.begin(5, 1)
        self.rig.begin(6, 2)
        self.assertEqual(self._limits(), (12_000, 8_000))

    def test_part_below_six_amperes_goes_to_the_earlier_transaction(self):
        # Two halves of 5 A would charge nobody.
        self.rig.set(0, maximum(1, limits=((0, 10),)))
        self.rig.begin(5, 2)
        self.rig.begin(6, 1)
        self.assertEqual(self._limits(), (0, 10_000))

    def test_min_charging_rate_counts_when_it_can_be_had(self):
        # 10 A each would be below it; alone the limit is followed.
        self.rig.set(0, maximum(1, limits=((0, 20),)))
        self.rig.set(2, profile(2, rate=12, limits=((0, 32),)))
        self.rig.begin(5, 2)
        self.rig.begin(6, 1)
        self.assertEqual(self._limits(), (0, 20_000))
        self.rig.set(0, maximum(1, limits=((0, 8),)))
        self.assertEqual(self._limits(), (0, 8_000))

    def test_composite_of_the_station_is_the_sum_under_the_maximum(self):
        # Each connector at most what its hardware carries.
        self.rig.set(0, maximum(1, start=0, duration=100, limits=((0, 20),)))
        self.rig.set(2, profile(2, limits=((0, 8),)))
        _, composite = self.rig.composite(0, 200, "A")
        self.assertEqual(composite.periods, [(0, 200, 0), (100, 400, 0)])


class CompositeTest(unittest.TestCase):
    def test_no_duration_has_one_period(self):
        # Never an empty list.
        rig = Rig(NOW)
        _, composite = rig.composite(1, 0, "W")
        self.assertEqual((composite.periods, composite.duration_s), ([(0, 220_800, 0)], 0))

    def test_socket_without_a_plug_reports_what_a_cable_could_carry(self):
        # TC_056_CS asks while nothing is plugged in; a cable that is there counts.
        rig = Rig(NOW)
        rig.connectors[0].limiter.set(1, 0)
        self.assertEqual(rig.composite(1, 60)[1].periods, [(0, 320, 0)])
        rig.connectors[0].limiter.set(1, 13_000)
        self.assertEqual(rig.composite(1, 60)[1].periods, [(0, 130, 0)])

    def test_unit_is_that_of_the_first_limit_if_none_is_asked_for(self):
        # Without profiles A.
        rig = Rig(NOW)
        self.assertEqual(rig.composite(1, 60)[1].unit, 0)
        rig.set(1, profile(1, unit="W", limits=((0, 6000),)))
        _, composite = rig.composite(1, 60)
        self.assertEqual((composite.unit, composite.periods), (1, [(0, 60_000, 0)]))
        self.assertEqual(rig.composite(1, 60, "A")[1].periods, [(0, 86, 0)])

    def test_equal_limits_are_one_period_unless_phases_differ(self):
        # TC_066_CS counts them.
        rig = Rig(NOW)
        rig.set(1, profile(1, start=0, limits=((0, 10), (5, 10), (9, 8))))
        self.assertEqual(rig.composite(1, 60)[1].periods, [(0, 100, 0), (9, 80, 0)])
        rig.set(1, profile(1, start=0, phases=1, limits=((0, 10), (5, 10))))
        self.assertEqual(rig.composite(1, 60)[1].periods, [(0, 100, 1), (5, 100, 0)])

    def test_schedule_with_too_many_periods_ends_earlier_and_says_so(self):
        # A hundred are what a frame holds.
        rig = Rig(NOW)
        limits = [(index * 60, 6 + index % 2) for index in range(30)]
        daily = profile(1, kind="Recurring", recurrencyKind="Daily", start=0, limits=limits)
        rig.set(1, daily)
        _, composite = rig.composite(1, 30 * 86_400)
        self.assertEqual(len(composite.periods), 100)
        self.assertEqual(composite.duration_s, 3 * 86_400 + 600)
        self.assertEqual(composite.periods[-1][0], 3 * 86_400 + 540)

    def test_tick_counter_wraps_within_a_schedule(self):
        # 12 days pass in steps; the time line is uptime.
        rig = Rig(NOW)
        weekly = profile(1, kind="Recurring", recurrencyKind="Weekly", start=0, duration=3600)
        rig.set(1, weekly)
        rig.run(14 * 86_400)
        self.assertEqual(rig.limit_ma(), 8_000)
        rig.run(3600)
        self.assertIsNone(rig.limit_ma())
