"""One connector's pins as firmware/hal.py wants them: pilot, coil, mirror contact, trip inputs."""

from firmware.hal import TRIP_EMERGENCY, TRIP_RCD


class ConnectorPort:
    """Works on anything with machine.Pin's `value`; allocates nothing after the constructor."""

    def __init__(self, pilot, coil, mirror, rcd=None, emergency=None):
        """pilot: boards.common.pilot_io.PilotIo; the others are pins, active high."""
        self._pilot = pilot
        self._coil = coil
        self._mirror = mirror
        self._rcd = rcd
        self._emergency = emergency

    def read_pilot(self, levels):
        """Fill `levels` with the high and low plateau in mV."""
        self._pilot.read(levels)

    def set_duty(self, duty):
        """Drive the pilot, 0..65535."""
        self._pilot.set_duty_u16(duty)

    def contactor(self, close):
        """Drive the coil."""
        self._coil.value(1 if close else 0)

    def mirror(self):
        """Return True while the contacts are closed."""
        return self._mirror.value() != 0

    def trips(self):
        """Return the trip inputs as firmware.hal's bits."""
        trips = 0
        if self._rcd is not None and self._rcd.value():
            trips |= TRIP_RCD
        if self._emergency is not None and self._emergency.value():
            trips |= TRIP_EMERGENCY
        return trips
