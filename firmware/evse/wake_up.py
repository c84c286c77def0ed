"""Waking an EV that sleeps although current is offered (IEC 61851-1 A.5.3, informative).

Some EVs fall asleep in a long pause and ask for nothing when it ends. They wake when the pilot is
broken for some seconds, as if somebody had unplugged; where the board has no switch for that, X1
instead of the offer wakes a few. State F would wake most, but some hybrids take it for a defect
of the charger until they are replugged. Once after each time that the EV has asked, not oftener:
a car that is full stays in B, too.
"""

from micropython import const

from firmware.evse import pilot as pilots
from ticks import Deadline

_PULSE_MS = const(4000)
_STEADY_HIGH = const(65535)


class WakeUp:
    """`delay_s`: so long an EV may stay in B with an offer; 0 = it is never woken."""

    def __init__(self, port):
        self.delay_s = 0
        self._switch = None if port is None else port.cp_switch
        self._wait, self._pulse = Deadline(), Deadline()
        self._is_done = False

    def tick(self, now, connector):
        """Return True while what the pilot shows is our own doing."""
        if self._pulse.running:
            if not self._pulse.expired(now):
                return self._switch is not None
            self._pulse.stop()
            self._connect(1)
        state = connector.pilot.state
        sleeps = connector.offering and state == pilots.B and not connector.guard.closed
        if state != pilots.B:
            self._is_done = False
        if not sleeps or self._is_done or not self.delay_s:
            self._wait.stop()
        elif not self._wait.running:
            self._wait.start(now, self.delay_s * 1000)
        elif self._wait.expired(now):
            self._wait.stop()
            self._is_done = True
            self._pulse.start(now, _PULSE_MS)
            self._connect(0)
            return self._switch is not None
        return False

    def duty(self, duty):
        """Return the duty to drive instead of `duty`."""
        is_pause = self._pulse.running and self._switch is None
        return _STEADY_HIGH if is_pause else duty

    def _connect(self, level):
        if self._switch is not None:
            self._switch.value(level)
