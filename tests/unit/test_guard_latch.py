"""One guard over time: trips, latches, events, memory."""

import unittest

import micropython

from firmware.guard import guard
from firmware.guard.guard import CLOSED, LATCHED, OPEN
from tests.unit.guard_rig import X1, Rig, charging


class LatchTest(unittest.TestCase):
    def test_step_with_a_trip_opens_at_once_and_latches(self):
        # Whatever the input: one step, X1 on the pilot, and it stays after the input is gone.
        for bit, why in ((1, "rcd"), (2, "emergency stop"), (8, "overcurrent")):
            rig = charging()
            rig.trips = bit
            rig.step()
            self.assertEqual((rig.guard.state, rig.guard.close), (LATCHED, False))
            self.assertEqual(rig.guard.duty, X1)
            self.assertEqual(rig.why(), why)
            rig.trips = 0
            rig.step(100)
            self.assertEqual(rig.guard.state, LATCHED)
            self.assertEqual(rig.guard.trips_latched, bit)

    def test_step_with_a_trip_of_the_application_latches(self):
        # The overcurrent is found by the application: it may open, too.
        rig = charging()
        rig.guard.request_trips = guard.TRIP_OVERCURRENT
        self.assertEqual(rig.steps_until(LATCHED), 1)

    def test_step_with_an_unknown_trip_bit_latches_as_emergency_stop(self):
        # A board with one more input than we know of.
        for bit in (32, 64, 2048, 1 << 20):
            rig = charging()
            rig.trips = bit
            rig.step()
            self.assertEqual(rig.why(), "emergency stop")
            self.assertFalse(rig.guard.close)

    def test_clear_with_cause_present_is_refused(self):
        # Clear needs the physical cause gone.
        rig = charging()
        rig.trips = guard.TRIP_RCD
        rig.step()
        self.assertFalse(rig.guard.clear(rig.now))
        rig.step()
        self.assertEqual(rig.guard.state, LATCHED)

    def test_clear_refused_is_not_kept(self):
        # When the cause goes later, nobody has asked any more.
        rig = charging()
        rig.trips = guard.TRIP_RCD
        rig.step()
        rig.guard.clear(rig.now)
        rig.step()
        rig.trips = 0
        rig.step(50)
        self.assertEqual(rig.guard.state, LATCHED)

    def test_clear_with_cause_gone_opens_and_forgets(self):
        # Back to OPEN, and the trips are gone.
        rig = charging()
        rig.trips = guard.TRIP_EMERGENCY
        rig.step()
        rig.trips = 0
        rig.guard.request_close = False
        rig.step()
        self.assertTrue(rig.guard.clear(rig.now))
        rig.step()
        self.assertEqual((rig.guard.state, rig.guard.trips_latched), (OPEN, 0))

    def test_step_with_welded_contactor_latches_after_one_second(self):
        # The mirror says closed long after the coil is off.
        rig = charging()
        rig.is_stuck = True
        rig.guard.request_close = False
        rig.step()
        self.assertEqual(rig.steps_until(LATCHED), 101)
        self.assertEqual(rig.why(), "weld")

    def test_step_with_weld_at_start_latches(self):
        # Welded before the reset.
        rig = Rig()
        rig.is_stuck = rig.mirror = True
        rig.steps_until(LATCHED, 110)
        self.assertEqual(rig.guard.trips_latched, guard.TRIP_WELD)

    def test_clear_of_a_weld_needs_service(self):
        # Even if the mirror is open again.
        rig = Rig()
        rig.is_stuck = rig.mirror = True
        rig.steps_until(LATCHED, 110)
        self.assertFalse(rig.guard.clear(rig.now, service=True))
        rig.step()
        self.assertEqual(rig.guard.state, LATCHED)
        rig.is_stuck = rig.mirror = False
        rig.step(10)
        self.assertFalse(rig.guard.clear(rig.now))
        rig.step()
        self.assertEqual(rig.guard.state, LATCHED)
        self.assertTrue(rig.guard.clear(rig.now, service=True))
        rig.step()
        self.assertEqual(rig.guard.state, OPEN)

    def test_step_with_weld_restored_by_the_application_latches_until_service(self):
        # The application keeps a weld over a reset and hands it back at boot.
        rig = Rig()
        rig.guard.request_trips = guard.TRIP_WELD
        rig.step()
        rig.guard.request_trips = 0
        rig.step()
        rig.guard.clear(rig.now)
        rig.step()
        self.assertEqual(rig.guard.state, LATCHED)
        rig.guard.clear(rig.now, service=True)
        rig.step()
        self.assertEqual(rig.guard.state, OPEN)

    def test_step_with_contactor_not_closing_latches_after_250_ms(self):
        # The coil is driven and the mirror stays open.
        rig = Rig()
        rig.is_stuck = False
        rig.ask()
        rig.steps_until(CLOSED)
        self.assertEqual(rig.steps_until(LATCHED), 26)
        self.assertEqual(rig.why(), "not closing")
        rig.step(5)
        self.assertTrue(rig.guard.clear(rig.now))

    def test_step_with_contactor_dropping_out_latches(self):
        # The coil fuse blows in mid-charge: same condition.
        rig = charging()
        rig.is_stuck = rig.mirror = False
        self.assertEqual(rig.steps_until(LATCHED), 26)


class EventTest(unittest.TestCase):
    def test_take_event_gives_the_reasons_in_order(self):
        # One event per change of state, with its moment; no event while nothing changes.
        rig = charging()
        closed_at = rig.now - 50
        rig.step(100)
        rig.guard.request_close = False
        rig.step(100)
        self.assertEqual(rig.guard.take_event(), OPEN << 4 | 11)
        self.assertEqual(rig.guard.event_moment, closed_at)
        self.assertEqual(rig.guard.take_event(), CLOSED << 4 | 6)
        self.assertEqual(rig.guard.take_event(), -1)

    def test_events_not_taken_are_counted_and_the_first_are_kept(self):
        # Full: what began it is worth more than what followed.
        rig = charging()
        for _ in range(20):
            rig.guard.request_close = False
            rig.step(2)
            rig.guard.request_close = True
            rig.step(2)
        self.assertEqual(rig.guard.take_event(), OPEN << 4 | 11)
        count = 1
        while rig.guard.take_event() >= 0:
            count += 1
        self.assertEqual((count, rig.guard.events_lost), (16, 25))


class MemoryTest(unittest.TestCase):
    def test_step_allocates_nothing(self):
        # A whole session with faults, at the wrap, with the heap locked.
        rig = Rig(0x3FFFFFFF - 20000)
        seen = 0
        micropython.heap_lock()
        try:
            rig.charge()
            seen |= 1 << rig.guard.state
            rig.trips = guard.TRIP_RCD
            rig.step(5)
            seen |= 1 << rig.guard.state
            rig.trips = 0
            rig.step()
            rig.guard.clear(rig.now)
            rig.low_mv = -5600
            rig.step(300)
            seen |= 1 << rig.guard.state
            rig.is_alive = False
            rig.is_stuck = True
            rig.step(2000)
            while rig.guard.take_event() >= 0:
                pass
        finally:
            micropython.heap_unlock()
        self.assertEqual(seen, 7)
        self.assertEqual(rig.guard.state, LATCHED)
