"""What must hold at every moment of every scenario, looked at every 10 ms of free VM time.

A stall of the VM counts as no time here: what it may cost is asked by tests of its own.
"""

import ticks
from boards.sim.ev import offered_ma
from firmware.evse import session as sessions

_X1 = 65535
# Steps of 10 ms. IEC 61851-1 Table A.6, sequence 8.1 and 2.2: 100 ms; 75 ms is the project's own.
_OPEN_STEPS = 8
_LOWER_STEPS = 10
_GLITCH_STEPS = 60
_GLITCH_AGAIN_STEPS = 440
# Sequence 10.2: an EV that ignores X1 is cut off after 6 s.
_X1_STEPS = 660
_RISE_MS = 5000
# A bolt that slips must be noticed and the contactor opened.
_SLIP_STEPS = 35


class _Watch:
    """What was seen of one connector."""

    def __init__(self):
        self.was_closed = self.was_driven = False
        self.without_c = 0
        self.duty = _X1
        self.since_duty = 0
        self.since_glitch = _GLITCH_AGAIN_STEPS
        self.unlocked = 0
        self.under_x1 = 0
        self.too_much = 0
        self.offer_ma = 0
        self.raised_at = None
        self.register_wh = 0


class Invariants:
    """Adds each violation, once a moment, to `plant.violations` as a sentence."""

    def __init__(self, plant):
        self._plant = plant
        self._watches = [_Watch() for _ in plant.world.outlets]

    def poll(self, now):
        """Look at everything; called after the guard's step."""
        for index, watch in enumerate(self._watches):
            outlet = self._plant.world.outlets[index]
            connector = self._plant.app.station.connectors[index]
            self._contactor(watch, outlet, connector)
            self._offer(now, watch, outlet.circuit.duty, connector)
            if connector.energy.register_wh < watch.register_wh:
                self._report("energy register fell")
            watch.register_wh = connector.energy.register_wh

    def _contactor(self, watch, outlet, connector):
        closed = outlet.contactor.closed
        if closed and not watch.was_closed:
            self._closing(outlet, connector)
        watch.was_closed = closed
        # Contacts that hung may follow their coil later, when the test is used up.
        coil = outlet.contactor.coil
        if coil and not watch.was_driven and not connector.protection.rcd_ok:
            self._report("contactor is driven without a tested RCD")
        watch.was_driven = coil
        self._bolt(watch, outlet.socket, closed)
        # Nobody can open a welded one.
        closed = closed and not outlet.contactor.welded
        asks = outlet.load == "C" or (outlet.load == "D" and connector.guard.is_d_allowed)
        # After a new offer an EV may look like B for a moment, and mean C: counted from that
        # offer, and the next time at the earliest after an offer 4.4 s later.
        duty = outlet.circuit.duty
        watch.since_duty += 1
        watch.since_glitch += 1
        if duty != watch.duty:
            watch.since_duty = 0
            watch.duty = duty
        if outlet.load == "B" and closed and 0 < duty < _X1:
            age = watch.since_glitch - watch.since_duty
            if watch.since_duty < _GLITCH_STEPS and age >= _GLITCH_AGAIN_STEPS:
                watch.since_glitch = watch.since_duty
            asks = asks or watch.since_glitch < _GLITCH_STEPS
        watch.without_c = watch.without_c + 1 if closed and not asks else 0
        if watch.without_c == _OPEN_STEPS:
            self._report("contactor closed for 80 ms without the EV in C")
        steady = closed and outlet.circuit.duty == _X1
        watch.under_x1 = watch.under_x1 + 1 if steady else 0
        if watch.under_x1 == _X1_STEPS:
            self._report("contactor closed for 6.6 s under X1")

    def _closing(self, outlet, connector):
        if connector.session.state != sessions.RUNNING:
            self._report("contactor closes in session state %d" % connector.session.state)
        if self._plant.app.transactions.running(connector.id) is None:
            self._report("contactor closes without a start record")
        if connector.guard.trips_latched or connector.faults:
            self._report("contactor closes with a fault")
        if outlet.socket is not None and not outlet.socket.lock.locked:
            self._report("contactor closes without the lock")
        if not outlet.circuit.has_diode:
            self._report("contactor closes without a diode")

    def _bolt(self, watch, socket, closed):
        if socket is None or not closed:
            watch.unlocked = 0
            return
        if socket.lock.towards_open:
            self._report("lock opens while the contactor is closed")
        watch.unlocked = 0 if socket.lock.locked else watch.unlocked + 1
        if watch.unlocked == _SLIP_STEPS:
            self._report("contactor closed for 350 ms without the lock")

    def _offer(self, now, watch, duty, connector):
        offer_ma = 0
        if 0 < duty < _X1:
            offer_ma = offered_ma(duty)
            if not offer_ma:
                self._report("duty %d means nothing" % duty)
        most_ma = connector.limiter.minimum_ma()
        watch.too_much = watch.too_much + 1 if offer_ma > most_ma else 0
        if watch.too_much == _LOWER_STEPS:
            self._report("%d mA offered where %d are allowed" % (offer_ma, most_ma))
        if offer_ma > watch.offer_ma:
            if watch.raised_at is not None and ticks.diff(now, watch.raised_at) < _RISE_MS:
                self._report("offer raised twice within 5 s")
            watch.raised_at = now
        watch.offer_ma = offer_ma

    def _report(self, text):
        self._plant.violations.append((text, self._plant.uptime_ms()))
