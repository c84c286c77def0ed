"""What one connector's hardware says beside pilot and contactor: earth, mains, temperature, the
residual current device's own test, and an EV that misuses the pilot.

Only facts, as bits of faults.py, which has the times, reactions and codes. Mains: below 0.8 and
above 1.15 of 230 V, and outside 47.5 to 51.5 Hz (57.5 to 61.5), nothing charges until 0.9 to 1.09
and 49.9 to 50.1 Hz, all of them, have held for 60 s (the limits of OVE R37; what comes after them
is in latches.py). Below 0.6 of it the first reading of the meter counts, and the contactor opens
at once.
"""

from micropython import const

from firmware.evse import pilot as pilots
from ticks import Deadline

# 1 << row of faults.TABLE.
_PE_LOST = const(1 << 5)
_POWER_LOSS = const(1 << 9)
_RCD_SELFTEST = const(1 << 12)
_OVERVOLTAGE = const(1 << 13)
_UNDERVOLTAGE = const(1 << 14)
_FREQUENCY = const(1 << 15)
_OVERTEMPERATURE = const(1 << 16)
_CP_UNSTABLE = const(1 << 21)
_PHASE_MISSING = const(1 << 23)
_TEMPERATURE_SENSOR = const(1 << 24)
_DERATING = const(1 << 26)
_CP_TOGGLING = const(1 << 28)
_SIMPLIFIED = const(1 << 29)
_MAINS = const(_OVERVOLTAGE | _UNDERVOLTAGE | _POWER_LOSS | _FREQUENCY | _PHASE_MISSING)

# 0.8 and 0.9, 1.15 and 1.09 of 230 V.
_LOW_MV = const(184_000)
_BACK_MV = const(207_000)
_HIGH_MV = const(264_500)
_DOWN_MV = const(250_700)
# 0.6 of 230 V: below it contactors drop out by themselves, and a box like this one at last.
_LOSS_MV = const(138_000)
# A phase below this is missing, not low.
_GONE_MV = const(70_000)
# In 0.1 degrees: the offer falls from there on to 6 A at _COLDEST_OFFER; off at _STOP.
_WARM = const(600)
_LEAST = const(750)
_STOP = const(800)
_RESUME = const(700)
_SAMPLE_MS = const(1000)
_SLOPE_MS = const(5000)
_LEAST_MA = const(6000)
_ALL_MA = const(80_000)
_OVER_MS = const(7000)
_HARD_MS = const(500)
_IDLE_MS = const(30_000)
_NOTHING_MA = const(100)
_MARGIN_MA = const(500)
# The residual current device answers its test within 3 s at most, and is quiet again as soon.
_ANSWER_MS = const(3000)
_SETTLE_MS = const(1000)
_AGAIN_MS = const(60_000)
_DAY_MS = const(86_400_000)
# States of the test.
_WAIT = const(0)
_PULSE = const(1)
_QUIET = const(2)
# A leaky bucket: more than 10 times B to C in 2 min. A pilot that changes faster is noise.
_TOGGLES = const(10)
_LEAK_MS = const(12_000)
_NOISE_MS = const(300)


class Protection:
    """`tick` before faults are looked for; `found` are the bits of faults.py, `limit_ma` what the
    temperature allows (80 A: all), `rcd_ok` whether the RCD was tested since the last opening."""

    def __init__(self, port, current_ma_max):
        """port: hal.ConnectorPort."""
        self.port = port
        self.found = 0
        self.limit_ma = _ALL_MA
        self._max_ma = current_ma_max
        self.rcd_ok = port.rcd_test is None
        self._test = _WAIT
        self._due, self._sample, self._slope = Deadline(), Deadline(), Deadline()
        self._leak, self._over, self._hard = Deadline(), Deadline(), Deadline()
        self._idle = Deadline()
        self._carried = False
        # For latches.py: how often a contactor that did not close was tried again since the EV
        # came; the last moment with a fault of the mains, None when all is as before, and what is
        # allowed since.
        self.retries = 0
        self.mains_at = None
        self.ramp_ma = _ALL_MA
        self._reading_id = 0
        self._toggles = 0
        self._cp = pilots.A

    def tick(self, now, connector):
        """Look at everything; every 50 ms."""
        port = self.port
        found = self.found & ~_PE_LOST
        if port.earth is not None and not port.earth.value():
            found |= _PE_LOST
        if port.thermistor is not None and not self._sample.left(now):
            self._sample.start(now, _SAMPLE_MS)
            found = self._temperature(now, port.thermistor.read(), found)
        if port.rcd_test is not None:
            found = self._rcd(now, connector.guard, found)
        meter = connector.meter
        if not meter.online:
            found &= ~_MAINS
        elif meter.reading_id != self._reading_id:
            self._reading_id = meter.reading_id
            found = found & ~_MAINS | mains(meter, connector.overlay.bits)
        self.found = self._pilot(now, connector, found)

    def overcurrent(self, now, offer_ma, current_ma):
        """Return True while the EV has drawn too much for 7 s, or far too much for 0.5 s.

        IEC 61851-1 Annex A gives the EV 5 s to follow a new duty cycle (Table A.6, sequence 6),
        and the offer is a maximum. The fuse protects the cable in a short; this protects a fuse
        that is smaller than the EV's charger. Beyond 1.25 of the rating nobody waits for the EV.

        offer_ma: what the pilot offers, 0 = nothing, then the contactor opens by other rules.
        current_ma: per phase, the last reading of the meter; None or empty where it has none.
        """
        # 10 % and 0.5 A: the errors of meter, duty and EV together.
        limit_ma = (offer_ma + _MARGIN_MA) * 11 // 10
        most_ma = -1
        for phase_ma in current_ma:
            if phase_ma is not None and phase_ma > most_ma:
                most_ma = phase_ma
        self._most_ma = most_ma
        _keep(self._over, now, offer_ma and most_ma > limit_ma, _OVER_MS)
        _keep(self._hard, now, most_ma > self._max_ma * 5 // 4, _HARD_MS)
        return self._over.expired(now) or self._hard.expired(now)

    def carries_nothing(self, now, charging):
        """Return True when nothing has flowed for 30 s while the EV asks and the contactor should
        be closed, and never since it was closed. Only where no mirror contact says it sooner, and
        where the meter says something. Asked after `overcurrent`."""
        most_ma = self._most_ma
        idle = charging and self.port.mirror() is None
        self._carried = idle and (self._carried or most_ma >= _NOTHING_MA)
        _keep(self._idle, now, idle and most_ma >= 0 and not self._carried, _IDLE_MS)
        return self._idle.expired(now)

    def _temperature(self, now, tenths, found):
        found &= ~_TEMPERATURE_SENSOR
        if tenths is None:
            return found | _TEMPERATURE_SENSOR
        if tenths >= _STOP:
            found |= _OVERTEMPERATURE
        elif tenths < _RESUME:
            found &= ~_OVERTEMPERATURE
        if not self._slope.left(now):
            self._slope.start(now, _SLOPE_MS)
            self.limit_ma = derated_ma(tenths, self._max_ma)
            found &= ~_DERATING
            if self.limit_ma < _ALL_MA:
                found |= _DERATING
        if found & _OVERTEMPERATURE:
            found &= ~_DERATING
        return found

    def _rcd(self, now, guard, found):
        """The RCD must prove that it trips before each closing (IEC 62955 asks for the function,
        UL 2231 for the moment)."""
        port = self.port
        if guard.closed or guard.close:
            # What is closed now has been opened before it closes again.
            if self._test != _WAIT:
                port.test_rcd(False, False)
            self._test = _WAIT
            self.rcd_ok = False
            self._due.start(now, _SETTLE_MS)
        elif self._test == _WAIT:
            if port.rcd_active():
                # Tripped, or stuck: it is tested again when that is over.
                self._due.start(now, _SETTLE_MS)
                return found
            if self._due.left(now):
                return found
            self.rcd_ok = False
            port.test_rcd(True, True)
            self._test = _PULSE
            self._due.start(now, _ANSWER_MS)
        elif port.rcd_active() == (self._test == _PULSE):
            if self._test == _PULSE:
                port.test_rcd(True, False)
                self._test = _QUIET
                self._due.start(now, _ANSWER_MS)
                return found
            self.rcd_ok = True
            found &= ~_RCD_SELFTEST
            self._tested(now, _DAY_MS)
        elif self._due.expired(now):
            found |= _RCD_SELFTEST
            self._tested(now, _AGAIN_MS)
        return found

    def _tested(self, now, again_ms):
        self.port.test_rcd(False, False)
        self._test = _WAIT
        self._due.start(now, again_ms)

    def _pilot(self, now, connector, found):
        """An EV that toggles, a line that is noise, and an EV without S2 (Table A.6, 1.2)."""
        pilot = connector.pilot
        state = pilot.state
        found &= ~(_CP_UNSTABLE | _CP_TOGGLING)
        if pilot.since(now) < _NOISE_MS:
            found |= _CP_UNSTABLE
        if state != self._cp:
            if state == pilots.C and connector.offering and self._cp == pilots.B:
                self._toggles += 1
            if state == pilots.C and self._cp == pilots.A:
                found |= _SIMPLIFIED
            self._cp = state
        if state in (pilots.A, pilots.B):
            found &= ~_SIMPLIFIED
        if self._toggles > _TOGGLES:
            self._toggles = 0
            found |= _CP_TOGGLING
        if not self._leak.left(now):
            self._leak.start(now, _LEAK_MS)
            self._toggles = max(self._toggles - 1, 0)
        return found


def mains(meter, before):
    """Return what is wrong with the mains by the last reading, as bits of faults.py; what is wrong
    already by `before` stays until everything is within narrower limits."""
    found = 0
    least_mv, most_mv = 999_999, -1
    for voltage_mv in meter.voltage_mv:
        if voltage_mv is not None:
            most_mv = max(most_mv, voltage_mv)
            if voltage_mv < _GONE_MV:
                found = _PHASE_MISSING
            else:
                least_mv = min(least_mv, voltage_mv)
    if least_mv < _LOW_MV:
        found = _UNDERVOLTAGE
    if least_mv < _LOSS_MV or 0 <= most_mv < _GONE_MV:
        found = _POWER_LOSS
    if most_mv > _HIGH_MV:
        found |= _OVERVOLTAGE
    is_back = _BACK_MV <= least_mv and most_mv <= _DOWN_MV
    frequency_mhz = meter.frequency_mhz
    if frequency_mhz:
        # From 50 Hz, or from 60: -2.5 to 1.5 Hz, or 0.1 both ways.
        off_mhz = frequency_mhz - (60_000 if frequency_mhz > 55_000 else 50_000)
        if not -2500 <= off_mhz <= 1500:
            found |= _FREQUENCY
        is_back = is_back and -100 <= off_mhz <= 100
    if not is_back:
        found |= before & (_UNDERVOLTAGE | _OVERVOLTAGE | _FREQUENCY)
        if before & _POWER_LOSS and not found & _POWER_LOSS:
            found |= _UNDERVOLTAGE
    return found


def derated_ma(tenths, max_ma):
    """Return the current in mA that is left at a temperature in 0.1 degrees, in whole A; 80 A
    (all) below 60 degrees."""
    if tenths < _WARM:
        return _ALL_MA
    left = max(_LEAST - tenths, 0)
    return (_LEAST_MA + (max_ma - _LEAST_MA) * left // (_LEAST - _WARM)) // 1000 * 1000


def _keep(deadline, now, is_true, time_ms):
    if not is_true:
        deadline.stop()
    elif not deadline.running:
        deadline.start(now, time_ms)
