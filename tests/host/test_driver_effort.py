"""What the drivers compute counts as waiting too: the same rigs as tests/unit/test_blocking_*.py,
with virtual time for each line of Python that a driver executes.

6 us a line is an estimate. MicroPython takes 0.04 to 0.09 us for a line of these drivers on the
PC, and is some 100 times slower on a plain ESP32 at 240 MHz (pystone). The lines are counted on
CPython, so nothing here depends on how busy the machine is.
"""

import sys

import pytest

from tests.sim import blocking
from tests.unit import test_blocking_chips as chips
from tests.unit import test_blocking_lines as lines
from tests.unit import test_blocking_meters as meters
from tests.unit import test_blocking_parts as parts

_LINE_US = 6
_DRIVERS = ("/lib/rfid/", "/lib/meters/", "/lib/modbus/", "/lib/ticks.py", "/boards/common/")


class CountingWatch(blocking.Watch):
    """Lets time pass for the lines too."""

    def call(self, name, function, *arguments, **named):
        def in_driver(frame, event, _):
            if event == "line":
                self.us += _LINE_US
            return in_driver

        def anywhere(frame, *_):
            path = frame.f_code.co_filename
            return in_driver if any(part in path for part in _DRIVERS) else None

        before = sys.gettrace()
        sys.settrace(anywhere)
        try:
            return super().call(name, function, *arguments, **named)
        finally:
            sys.settrace(before)


@pytest.fixture(autouse=True)
def counting(monkeypatch):
    """Every rig made in a test gets a watch that counts lines."""
    monkeypatch.setattr(blocking, "Watch", CountingWatch)


def _lives():
    """Each rig with what happens to it."""
    yield "mfrc522", chips._Mfrc522, chips._TROUBLES
    for kind in chips._LINKS:
        yield "pn532 " + kind, lambda kind=kind: chips._Pn532(kind), chips._TROUBLES
    held = (("held clock", chips._held_clock),)
    yield "pn532 held clock", lambda: chips._Pn532("i2c"), held
    yield "rdm6300", lines._Rdm6300, lines._TAG_TROUBLES
    yield "wiegand", lines._Wiegand, lines._NUMBER_TROUBLES
    troubles = meters._READINGS + meters._LINE_TROUBLES
    for meter_map in meters._MAPS:
        yield meter_map[0], lambda found=meter_map: meters._Modbus(found), troubles
    yield "cse7766", meters._Cse7766, meters._READINGS + meters._CHIP_TROUBLES
    yield "pulse", meters._Pulse, meters._READINGS
    yield "probe", lambda: meters._Probe(meters._SLOWEST), (("search", meters._search),)
    sensor = (("broken", parts._broken_sensor), ("plugs", parts._plugs_at_any_moment))
    yield "ds18b20", parts._OneWire, sensor
    wires = (("charging", parts._charging), ("faulty wires", parts._faulty_wires))
    yield "connector", parts._Connector, wires
    yield "socket", parts._Socket, (("locking", parts._locking), ("jammed", parts._jammed))


_LIVES = list(_lives())


@pytest.mark.parametrize(("make", "troubles"), [life[1:] for life in _LIVES],
                         ids=[life[0] for life in _LIVES])
def test_driver_when_anything_happens_then_bus_and_computing_take_10_ms(make, troubles):
    """Of each call the transfers, as in the unit tests, and the lines executed."""
    assert make().live(troubles) == []


def test_driver_that_computes_for_long_is_caught():
    """A checksum over 2000 bytes in a tick, in Python."""
    from modbus.rtu import crc16

    rig = meters._Modbus(meters._SLOWEST)
    receive = rig.master._receive
    rig.master._receive = lambda: crc16(bytes(2000), 0, 2000) and receive()
    assert rig.live((("one tick", lambda rig: rig.run(10)),))
