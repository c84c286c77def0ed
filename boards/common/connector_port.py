"""One connector's pins as firmware/hal.py wants them: pilot, coil, mirror contact, trip inputs."""

from firmware.hal import TRIP_EMERGENCY, TRIP_RCD


class ConnectorPort:
    """Works on anything with machine.Pin's `value`; allocates nothing after the constructor.

    The parts that hal.ConnectorPort calls optional are set after it.
    """

    rcd_test = earth = thermistor = cp_switch = phase_switch = None

    def __init__(self, pilot, coil, mirror, rcd=None, emergency=None):
        """pilot: boards.common.pilot_io.PilotIo; the others are pins, active high."""
        self._pilot = pilot
        self._coil = coil
        self._mirror = mirror
        self._rcd = rcd
        self._emergency = emergency
        self._is_driven = False
        self._is_test = False  # The input's answer to a test is expected and is no trip.

    def read_pilot(self, levels):
        """Fill `levels` with the high and low plateau in mV."""
        self._pilot.read(levels)

    def set_duty(self, duty):
        """Drive the pilot, 0..65535."""
        self._pilot.set_duty_u16(duty)

    def contactor(self, close):
        """Drive the coil. While it is driven the RCD's input counts, whoever tests it."""
        self._is_driven = close
        self._coil.value(1 if close else 0)

    def mirror(self):
        """Return True while the contacts are closed."""
        return self._mirror.value() != 0

    def trips(self):
        """Return the trip inputs as firmware.hal's bits."""
        trips = 0
        if (self._is_driven or not self._is_test) and self.rcd_active():
            trips |= TRIP_RCD
        if self._emergency is not None and self._emergency.value():
            trips |= TRIP_EMERGENCY
        return trips

    def rcd_active(self):
        """Return True while the residual current device says trip, to a test too."""
        return self._rcd is not None and self._rcd.value() != 0

    def test_rcd(self, is_test, is_on):
        """Drive the test input to `is_on`. While `is_test` the device's answer is no trip; only
        while the contactor is open."""
        self._is_test = is_test
        if self.rcd_test is not None:
            self.rcd_test.value(1 if is_on else 0)
