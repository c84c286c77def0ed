"""The one-wire sensor: never waits for a conversion, knows cold, absent and broken ones."""

import sys
import unittest

sys.path.insert(0, "tests/esp32")
import on_fakes  # noqa: F401  isort: split
import onewire
from boards.common.ds18b20 import Ds18b20


def scratch(sixteenths):
    """A scratchpad with its checksum."""
    low = bytearray((sixteenths & 0xFFFF).to_bytes(2, "little") + b"\x4b\x46\x7f\xff\x0c\x10\0")
    low[8] = onewire.OneWire(None).crc8(low[:8])
    return bytes(low)


class Ds18b20Test(unittest.TestCase):
    def setUp(self):
        self.now = 0x3FFFFFFF - 400
        onewire.scratch[0] = scratch(0x0191)
        del onewire.written[:]
        self.sensor = Ds18b20(onewire.OneWire(None), lambda: self.now & 0x3FFFFFFF)

    def measure(self):
        """Ask for a conversion, wait for it, read."""
        self.sensor.read()
        self.now += 800
        return self.sensor.read()

    def test_temperatures_of_the_data_sheet(self):
        """+125, +25.0625, 0, -10.125, -55 degrees, in tenths."""
        for sixteenths, tenths in ((0x07D0, 1250), (0x0191, 250), (0, 0), (0xFF5E, -102),
                                   (0xFC90, -550)):
            onewire.scratch[0] = scratch(sixteenths)
            self.assertEqual(self.measure(), tenths)

    def test_conversion_is_waited_for_by_others(self):
        """Nothing is sent until 800 ms have passed, over the wrap; the last value stands."""
        self.assertIsNone(self.sensor.read())
        self.assertEqual(onewire.written, ["reset", 0xCC, 0x44])
        for _ in range(7):
            self.now += 100
            self.assertIsNone(self.sensor.read())
        self.assertEqual(len(onewire.written), 3)
        self.now += 100
        self.assertEqual(self.sensor.read(), 250)
        self.assertEqual(self.sensor.read(), 250)

    def test_sensor_that_goes_and_comes_back(self):
        """None while it is away, a value again afterwards."""
        self.assertEqual(self.measure(), 250)
        onewire.scratch[0] = None
        self.assertIsNone(self.measure())
        onewire.scratch[0] = scratch(0x0191)
        self.assertEqual(self.measure(), 250)

    def test_answers_that_are_none(self):
        """Wrong checksum, a shorted line, a sensor that has lost its power meanwhile."""
        good = scratch(0x0191)
        for bad in (good[:-1] + bytes([good[-1] ^ 1]), bytes(9), b"\xff" * 9, scratch(0x0550)):
            onewire.scratch[0] = bad
            self.assertIsNone(self.measure())
