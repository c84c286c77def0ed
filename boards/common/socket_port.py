"""A socket's pins as firmware/hal.py wants them: proximity contact, lock motor, lock feedback."""

from micropython import const

from ticks import Deadline

_READS = const(4)


class SocketPort:
    """Works on anything with machine.Pin's `value` and machine.ADC's `read_u16`.

    motor: the two pins of the H bridge, (towards locked, towards open); never both are high.
    feedback: high while the bolt is in the plug. pulse_ms: how long the motor is driven, by its
    data sheet; it is ended by the first `tick` after that.
    divider: (supply in mV, pull-up in ohm, mV at a full-scale reading) of the proximity contact.
    """

    def __init__(self, pp_adc, motor, feedback, divider, pulse_ms=300):
        """Only remembers; `tick` has driven both pins low before anything else happens."""
        self.pp_supply_mv, self.pp_pull_ohm, self._full_mv = divider
        self._pp_adc = pp_adc
        self._towards_open, self._towards_locked = motor[1], motor[0]
        self._feedback = feedback
        self._pulse_ms = pulse_ms
        self._pulse = Deadline()
        self._is_known = False

    def pp_mv(self):
        """Return the proximity contact's voltage in mV: the mean of four conversions."""
        total = 0
        for _ in range(_READS):
            total += self._pp_adc.read_u16()
        return total // _READS * (self._full_mv >> 2) // (65535 >> 2)

    def start(self, now, lock):
        """Begin a pulse towards locked, or towards open."""
        self._is_known = True
        off, on = self._towards_open, self._towards_locked
        if not lock:
            off, on = on, off
        off.value(0)
        on.value(1)
        self._pulse.start(now, self._pulse_ms)

    def tick(self, now):
        """End the pulse when it is over."""
        if self._pulse.expired(now) or not self._is_known:
            self._is_known = True
            self._pulse.stop()
            self._towards_open.value(0)
            self._towards_locked.value(0)

    def is_locked(self):
        """Return True while the bolt is in the plug."""
        return self._feedback.value() != 0
