"""The guard's cycle: order of driving, faults of the hardware, gaps, watchdog, memory."""

import unittest

import micropython
import ticks

from firmware.guard import guard
from firmware.guard.guard import CLOSED, OPEN, Guard
from firmware.guard.loop import GuardLoop

_PWM = 17476


class Connector:
    """Hardware of one connector: what was driven, in order; any call can be made to raise."""

    def __init__(self, log=None):
        self.high_mv = 9000
        self.is_closed = False
        self.duty = None
        self.trip_bits = 0
        self.broken = ""
        self.log = log

    def _enter(self, name, value):
        if name in self.broken:
            raise OSError(5)
        if self.log is not None:
            self.log.append((name, value))

    def read_pilot(self, buffer):
        if "read_pilot" in self.broken:
            raise OSError(5)
        buffer[0] = self.high_mv
        buffer[1] = -12000

    def mirror(self):
        if "mirror" in self.broken:
            raise OSError(5)
        return self.is_closed

    def trips(self):
        if "trips" in self.broken:
            raise OSError(5)
        return self.trip_bits

    def contactor(self, is_closed):
        self._enter("contactor", is_closed)
        self.is_closed = is_closed

    def set_duty(self, duty):
        self._enter("set_duty", duty)
        self.duty = duty


class Watchdog:
    def __init__(self):
        self.feeds = 0
        self.is_broken = False

    def feed(self):
        if self.is_broken:
            raise OSError(5)
        self.feeds += 1


class Rig:
    """A loop over `count` connectors, the application alive on all of them."""

    def __init__(self, count=1, log=None):
        self.connectors = [Connector(log) for _ in range(count)]
        self.guards = [Guard() for _ in range(count)]
        self.watchdog = Watchdog()
        self.loop = GuardLoop(self.connectors, self.guards, self.watchdog, ticks)
        self.now = 0

    def step(self, count=1, period_ms=10, is_alive=True):
        for _ in range(count):
            self.now = ticks.add(self.now, period_ms)
            if is_alive:
                for index in range(len(self.guards)):
                    self.guards[index].requested_at = self.now
            self.loop.step(self.now)

    def charge(self, index=0):
        self.guards[index].request_duty = _PWM
        self.guards[index].request_close = True
        self.connectors[index].high_mv = 6000
        self.step(60)


def charging(count=1, log=None):
    rig = Rig(count, log)
    rig.charge()
    return rig


class DriveTest(unittest.TestCase):
    def test_step_at_first_opens_and_sets_x1(self):
        # Whatever the pins were before: the first cycle drives both.
        log = []
        Rig(log=log).step()
        self.assertEqual(log, [("contactor", False), ("set_duty", guard.DUTY_X1)])

    def test_step_drives_only_changes(self):
        # Writing the duty again would restart the period on some PWM units.
        log = []
        rig = charging(log=log)
        del log[:]
        rig.step(100)
        self.assertEqual(log, [])

    def test_step_opening_drives_the_contactor_before_the_pilot(self):
        # Opening: contactor first; F with a closed contactor never exists.
        log = []
        rig = charging(log=log)
        del log[:]
        rig.guards[0].request_duty = 0
        rig.step()
        self.assertEqual(log, [("contactor", False), ("set_duty", 0)])

    def test_step_closing_drives_the_pilot_before_the_contactor(self):
        # The duty that belongs to the closed contactor is on the line first.
        log = []
        rig = Rig(log=log)
        rig.guards[0].request_duty = _PWM
        rig.connectors[0].high_mv = 6000
        rig.step(60)
        del log[:]
        rig.guards[0].request_close = True
        rig.guards[0].request_duty = _PWM + 100
        rig.step()
        self.assertEqual(log, [("set_duty", _PWM + 100), ("contactor", True)])

    def test_step_with_two_connectors_keeps_them_apart(self):
        # A fault of one does not open the other.
        rig = charging(2)
        rig.charge(1)
        rig.connectors[0].trip_bits = guard.TRIP_RCD
        rig.step(20)
        self.assertFalse(rig.connectors[0].is_closed)
        self.assertTrue(rig.connectors[1].is_closed)


class FaultTest(unittest.TestCase):
    def test_step_with_unreadable_inputs_opens_and_counts(self):
        # An exception of a driver is a bad pilot: three steps, then open.
        for name in ("read_pilot", "mirror", "trips"):
            rig = charging()
            rig.connectors[0].broken = name
            rig.step(2)
            self.assertTrue(rig.connectors[0].is_closed)
            rig.step()
            self.assertFalse(rig.connectors[0].is_closed)
            self.assertEqual(rig.loop.hal_errors, 3)

    def test_step_with_one_failing_read_stays_closed(self):
        # A glitch of the driver is filtered as one of the line is.
        rig = charging()
        rig.connectors[0].broken = "read_pilot"
        rig.step(2)
        rig.connectors[0].broken = ""
        rig.step(10)
        self.assertTrue(rig.connectors[0].is_closed)

    def test_step_when_the_duty_cannot_be_driven_opens(self):
        # The EV would go on drawing what it was offered before.
        rig = charging()
        rig.connectors[0].broken = "set_duty"
        rig.guards[0].request_duty = _PWM // 2
        rig.step(4)
        self.assertFalse(rig.connectors[0].is_closed)

    def test_step_when_the_duty_is_refused_in_closing_leaves_the_coil_alone(self):
        # The pilot obeys first; what the EV is told is unknown as long as it does not.
        rig = Rig()
        rig.guards[0].request_duty = _PWM
        rig.connectors[0].high_mv = 6000
        rig.step(60)
        rig.guards[0].request_close = True
        rig.guards[0].request_duty = _PWM + 100
        rig.connectors[0].broken = "set_duty"
        rig.step()
        self.assertEqual((rig.guards[0].close, rig.connectors[0].is_closed), (True, False))

    def test_step_when_the_contactor_does_not_obey_starves_the_watchdog(self):
        # The pin cannot be driven: tried again in every step, and the reset opens it.
        rig = charging()
        rig.connectors[0].broken = "contactor"
        rig.guards[0].request_close = False
        before = rig.watchdog.feeds
        rig.step(10)
        self.assertEqual(rig.watchdog.feeds, before)
        rig.connectors[0].broken = ""
        rig.step()
        self.assertFalse(rig.connectors[0].is_closed)
        self.assertEqual(rig.watchdog.feeds, before + 1)

    def test_step_with_nonsense_in_the_request_block_opens(self):
        # The guard itself may stumble over what is no integer: open, and let the reset come.
        for name in ("request_duty", "request_trips"):
            rig = charging()
            setattr(rig.guards[0], name, None)
            before = rig.watchdog.feeds
            rig.step(3)
            self.assertFalse(rig.connectors[0].is_closed)
            self.assertEqual(rig.watchdog.feeds, before)
            self.assertEqual(rig.loop.hal_errors, 3)

    def test_step_with_nonsense_from_the_hardware_opens(self):
        # The same for inputs.
        rig = charging()
        rig.connectors[0].high_mv = None
        rig.step()
        self.assertFalse(rig.connectors[0].is_closed)

    def test_step_when_the_application_is_dead_for_a_minute_starves_the_watchdog(self):
        # It is safe, and would be out of order for ever: the reset brings it back.
        rig = Rig(2)
        rig.step(10)
        rig.step(6000, is_alive=False)
        before = rig.watchdog.feeds
        rig.step(110, is_alive=False)
        self.assertTrue(rig.watchdog.feeds < before + 110)
        before = rig.watchdog.feeds
        rig.step(1000, is_alive=False)
        self.assertEqual(rig.watchdog.feeds, before)
        rig.step()
        self.assertEqual(rig.watchdog.feeds, before + 1)

    def test_step_when_the_application_has_not_begun_feeds_for_a_minute(self):
        # A start on a flash that is full of records takes its time, but not for ever.
        rig = Rig()
        rig.step(5999, is_alive=False)
        self.assertEqual(rig.watchdog.feeds, 5999)
        rig.step(1000, is_alive=False)
        self.assertEqual(rig.watchdog.feeds, 6000)

    def test_step_when_a_person_has_ended_the_application_goes_on_feeding(self):
        # Somebody sits at the prompt.
        rig = Rig()
        rig.loop.is_alone = True
        rig.step(20_000, is_alive=False)
        self.assertEqual(rig.watchdog.feeds, 20_000)

    def test_step_with_broken_watchdog_does_not_raise(self):
        # Nothing leaves the timer callback.
        rig = charging()
        rig.watchdog.is_broken = True
        rig.step(5)
        self.assertEqual(rig.loop.hal_errors, 5)
        self.assertEqual(rig.guards[0].state, CLOSED)

    def test_step_feeds_the_watchdog_once(self):
        # With any number of connectors.
        rig = Rig(2)
        rig.step(7)
        self.assertEqual(rig.watchdog.feeds, 7)


class GapTest(unittest.TestCase):
    def test_step_measures_the_largest_gap(self):
        # Also across the wrap of the counter; the first step has no gap.
        rig = Rig()
        rig.now = 0x3FFFFFFF - 15
        rig.step(3)
        self.assertEqual(rig.loop.gap_ms_max, 10)
        rig.step(1, 37)
        rig.step(5)
        self.assertEqual(rig.loop.gap_ms_max, 37)
        self.assertEqual(rig.loop.last_step, rig.now)

    def test_step_counts_gaps_over_50_ms_only_while_closed(self):
        # 50 is still in time, and an open contactor does not care.
        rig = Rig()
        rig.step(1)
        rig.step(1, 400)
        self.assertEqual(rig.loop.gaps_over_50_closed, 0)
        rig.charge()
        rig.step(3, 50)
        self.assertEqual(rig.loop.gaps_over_50_closed, 0)
        rig.step(2, 51)
        self.assertEqual(rig.loop.gaps_over_50_closed, 2)

    def test_reset_gaps_begins_anew(self):
        # The self-test asks for the gaps of its own time.
        rig = charging()
        rig.step(1, 300)
        rig.loop.reset_gaps()
        rig.step(5)
        self.assertEqual((rig.loop.gap_ms_max, rig.loop.gaps_over_50_closed), (10, 0))

    def test_step_after_a_stall_opens_within_30_ms_of_work(self):
        # A VM that stood still for 300 ms, the EV gone meanwhile.
        rig = charging()
        rig.connectors[0].high_mv = 12000
        rig.step(1, 300)
        rig.step(2)
        self.assertEqual(rig.guards[0].state, OPEN)


class MemoryTest(unittest.TestCase):
    def test_step_allocates_nothing(self):
        # Two connectors, closing, tripping, opening, with the heap locked.
        rig = Rig(2)
        closed = 0
        micropython.heap_lock()
        try:
            rig.charge(0)
            rig.charge(1)
            for index in range(2):
                if rig.connectors[index].is_closed:
                    closed += 1
            rig.connectors[0].trip_bits = guard.TRIP_EMERGENCY
            rig.connectors[1].high_mv = 9000
            rig.step(50, 60)
        finally:
            micropython.heap_unlock()
        self.assertEqual(closed, 2)
        self.assertFalse(rig.connectors[0].is_closed or rig.connectors[1].is_closed)

    def test_step_with_a_raising_driver_and_locked_heap_still_opens(self):
        # The exception object itself may not even fit: the loop survives that, too.
        rig = charging()
        rig.connectors[0].broken = "mirror"
        micropython.heap_lock()
        try:
            rig.step(5)
        finally:
            micropython.heap_unlock()
        self.assertFalse(rig.connectors[0].is_closed)
