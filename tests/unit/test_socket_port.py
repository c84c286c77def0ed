"""A socket's pins: pulses that end, a bridge that is never shorted, a contact that is measured."""

import unittest

from boards.common.socket_port import SocketPort
from boards.sim.cable import RATINGS_A, CableError, Socket
from boards.sim.chips.proximity import PULL_OHM, SUPPLY_MV
from firmware.evse.proximity import classify, resistance_ohm

_START = 0x3FFFFFFF - 100


class _Pin:
    """A pin that notes its levels in a common list."""

    def __init__(self, name, log):
        self.name = name
        self.log = log
        self.level = 0

    def value(self, level=None):
        if level is None:
            return self.level
        self.level = level
        self.log.append((self.name, level))
        return None


class SocketPortTest(unittest.TestCase):
    def setUp(self):
        self.log = []
        self.lock = _Pin("lock", self.log)
        self.open = _Pin("open", self.log)
        self.feedback = _Pin("feedback", self.log)
        self.socket = Socket(7)
        self.port = SocketPort(
            self.socket.proximity,
            (self.lock, self.open),
            self.feedback,
            (SUPPLY_MV, PULL_OHM, SUPPLY_MV),
        )

    def at(self, elapsed_ms):
        return (_START + elapsed_ms) & 0x3FFFFFFF

    def test_constructor_drives_nothing_and_the_first_tick_drives_low(self):
        # A reset may have left a pin high.
        self.assertEqual(self.log, [])
        self.port.tick(self.at(0))
        self.assertEqual(sorted(self.log), [("lock", 0), ("open", 0)])

    def test_pulse_ends_with_the_first_tick_after_its_time(self):
        # Over the wrap of the counter; nothing waits.
        self.port.tick(self.at(0))
        self.port.start(self.at(0), True)
        self.port.tick(self.at(299))
        self.assertEqual((self.lock.level, self.open.level), (1, 0))
        self.port.tick(self.at(300))
        self.assertEqual((self.lock.level, self.open.level), (0, 0))

    def test_turning_round_switches_one_half_off_before_the_other_on(self):
        # Both on is a short circuit of the bridge.
        self.port.tick(self.at(0))
        for lock in (True, False, True):
            del self.log[:]
            self.port.start(self.at(50), lock)
            self.assertEqual([level for _, level in self.log], [0, 1])

    def test_pulse_before_the_first_tick_is_a_whole_one(self):
        # `start` knows both pins as well as `tick` does.
        self.port.start(self.at(0), True)
        self.port.tick(self.at(50))
        self.assertEqual((self.lock.level, self.open.level), (1, 0))
        self.port.tick(self.at(300))
        self.assertEqual((self.lock.level, self.open.level), (0, 0))

    def test_each_cable_is_measured_through_adc_and_noise(self):
        # The driver's millivolts give the rating that is in the socket, read for read.
        for cable_a in RATINGS_A:
            self.socket.insert(cable_a)
            for _ in range(50):
                ohm = resistance_ohm(self.port.pp_mv(), SUPPLY_MV, PULL_OHM)
                self.assertEqual(classify(ohm), cable_a * 1000)
            self.socket.remove()

    def test_feedback_is_a_truth_value(self):
        # The lock compares it by identity.
        self.assertIs(self.port.is_locked(), False)
        self.feedback.level = 1
        self.assertIs(self.port.is_locked(), True)


class SocketTest(unittest.TestCase):
    def test_locked_plug_does_not_come_out_and_none_goes_in(self):
        # The bolt decides, in both directions.
        socket = Socket(1)
        socket.insert(20)
        socket.lock.set(True)
        self.assertRaises(CableError, socket.remove)
        socket.lock.set(False)
        socket.remove()
        self.assertRaises(CableError, socket.remove)
        socket.lock.set(True)
        self.assertRaises(CableError, socket.insert, 20)

    def test_cable_that_is_there_is_used_again_and_no_other_goes_in(self):
        # A second car at the same cable.
        socket = Socket(1)
        socket.insert(None)
        socket.insert(None)
        self.assertEqual(socket.cable_a, 32)
        self.assertRaises(CableError, socket.insert, 13)

    def test_power_cut_keeps_cable_and_bolt(self):
        # One byte has both.
        for cable_a in (0,) + RATINGS_A:
            for locked in (False, True):
                before, after = Socket(1), Socket(1)
                before.proximity.cable_a = cable_a
                before.lock.set(locked)
                after.unpack(before.pack())
                self.assertEqual((after.cable_a, after.lock.locked), (cable_a, locked))
