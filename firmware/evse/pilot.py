"""Control pilot: measured levels to the state of the EV, and current to duty and back.

Nothing is driven here and nothing is closed; the guard watches the same levels with code of its
own. Levels: IEC 61851-1:2017 Table A.3 and A.4. Times: Table A.6, by sequence number. Duty:
Table A.7 (what the EVSE sends) and A.8 (what the EV understands).
"""

import ticks
from micropython import const

A = const(0)
B = const(1)
C = const(2)
D = const(3)
E = const(4)
F = const(5)
NAMES = ("A", "B", "C", "D", "E", "F")

# Lower bounds in mV of the states A..E, midpoints of the nominal levels; below the last one is F.
# Those of the current state are moved outwards.
_BOUNDS_MV = (10500, 7500, 4500, 1500, -1500)
_HYSTERESIS_MV = const(400)

# How long in 25 ms the level must stay before the state changes; rows: from, in a row: to A..F.
# Towards a closed contactor slow, away from it fast.
DEBOUNCE = (
    # A: sequence 1.1 plug-in with its bounces; 1.2 without S2: never at once.
    b"\x00\x0a\x28\x28\x14\x14"
    # B: 2.1 unplugged, contactor open, no hurry; 4 EV ready: longer than the C pulse of
    # 200..400 ms by which an EV signals (11); 12 and 13 errors, contactor off within 3 s.
    b"\x0a\x00\x14\x14\x14\x14"
    # C: 2.2 and 8.1, 8.2 contactor off within 100 ms; C to D may happen in charge.
    b"\x03\x03\x00\x0a\x14\x14"
    # D: as C.
    b"\x03\x03\x0a\x00\x14\x14"
    # E: the way back is a plug-in again.
    b"\x14\x14\x28\x28\x00\x14"
    # F: driven by us; the level returns as soon as we let it.
    b"\x0a\x0a\x14\x14\x14\x00"
)

_DIODE_MV = const(-10300)  # midway between -12 V and the -8.8 V of a missing diode in B
_DIODE_MS = const(250)
_OLD_MS = const(0x10000000)  # 3.1 days; `since` says no more than that

_DUTY_X1 = const(65535)
_DUTY_51_A = const(55705)  # just below 85 %


class PilotReader:
    """The state of one control pilot.

    state: A..F. diode_ok: the low half was seen under PWM since the plug-in, and is still there.
    raw: the state by the latest sample alone.
    """

    def __init__(self):
        """Begin in A: what is plugged in shows itself by its first change."""
        self.state = A
        self.raw = A
        self.diode_ok = False
        self._raw_at = None
        self._diode_bad_at = None

    def update(self, now, high_mv, low_mv, pwm_on, blanked=False):
        """Take one measurement; returns True when `state` has changed.

        now: ticks. high_mv, low_mv: plateaus of the pilot. pwm_on: the duty is neither X1 nor F.
        blanked: after a new duty some EVs look like B and mean C (or D).
        """
        raw = classify(self.state, high_mv)
        if blanked and raw == B and self.state in (C, D):
            raw = self.state
        if raw != self.raw or self._raw_at is None:
            self.raw = raw
            self._raw_at = now
        age_ms = self.since(now)
        is_changed = raw != self.state and age_ms >= 25 * DEBOUNCE[6 * self.state + raw]
        if is_changed:
            self.state = raw
        self._check_diode(now, low_mv, pwm_on)
        return is_changed

    def since(self, now):
        """Return the ms (0 .. 3 days) since the last raw change; 0 before the first sample."""
        if self._raw_at is None:
            return 0
        age_ms = ticks.diff(now, self._raw_at)
        if age_ms > _OLD_MS:
            # Kept from coming round with the counter.
            self._raw_at = ticks.add(now, -_OLD_MS)
            return _OLD_MS
        return age_ms

    def _check_diode(self, now, low_mv, pwm_on):
        """Table A.4, note: the -12 V half has to be seen before closing, and while charging."""
        if self.state in (A, E, F):
            self.diode_ok = False
            self._diode_bad_at = None
        elif not pwm_on:
            # X1 has no low half: what was seen stays seen.
            self._diode_bad_at = None
        elif low_mv <= _DIODE_MV:
            self.diode_ok = True
            self._diode_bad_at = None
        elif self._diode_bad_at is None:
            self._diode_bad_at = now
        elif ticks.diff(now, self._diode_bad_at) >= _DIODE_MS:
            self.diode_ok = False
            self._diode_bad_at = now  # so that the age never comes round


def classify(state, high_mv):
    """Return the state A..F of a level, as seen from `state`: its own window is wider."""
    found = A
    for bound_mv in _BOUNDS_MV:
        if found == state:
            bound_mv -= _HYSTERESIS_MV
        elif found == state - 1:
            bound_mv += _HYSTERESIS_MV
        if high_mv > bound_mv:
            break
        found += 1
    return found


def duty_u16(current_ma, bits=16):
    """Duty that offers `current_ma`, rounded down to the step of a timer of `bits` bits.

    current_ma: 6000..80000. bits: 8..16. Returns 65536ths of the period, below 65535 (X1).
    Raises ValueError outside the ranges; the caller then keeps the pilot at X1.
    The offer is never above `current_ma`, and less than 0.1 A below it with 12 bits or more up to
    51 A and 13 bits or more above 52.5 A; between the two the standard has no duty, and 51 A is
    offered. Coarser timers miss the 0.1 A: 10 bits step by 0.06 and 0.24 A,
    8 bits by 0.23 and 0.98 A.
    Source: IEC 61851-1:2017 Table A.7.
    """
    if not 6000 <= current_ma <= 80000 or not 8 <= bits <= 16:
        raise ValueError("current_ma")
    # The factors are cancelled so that the products stay below 2**30.
    if current_ma <= 51000:
        duty = current_ma * 4096 // 3750  # I / 0.6 A per percent
    else:
        # I / 2.5 A + 64 percent. That gives 84.4 % at 51 A, which an EV reads as 50.6 A, and
        # passes 85 % only at 52.5 A: up to there the offer stays at 51 A.
        duty = max((current_ma + 160000) * 4096 // 15625, _DUTY_51_A)
    return duty >> (16 - bits) << (16 - bits)


def current_ma(duty):
    """Current that an EV may draw at `duty` (65536ths of the period), 0 where it must not.

    Never rounds up. Source: IEC 61851-1:2017 Table A.8; below 8 % (5 % is digital communication)
    and above 97 % nothing, 8..10 % 6 A, 96..97 % 80 A.
    """
    if duty * 25 < 2 * 65536 or duty * 100 > 97 * 65536:
        return 0
    if duty * 10 < 65536:
        return 6000
    if duty * 20 <= 17 * 65536:
        return duty * 3750 // 4096
    if duty * 25 >= 24 * 65536:
        return 80000
    return duty * 15625 // 4096 - 160000


def duty_permille(duty):
    """Return `duty` in 1/1000 of the period, 0..1000, rounded to the nearest; for people only."""
    return 1000 if duty >= _DUTY_X1 else (duty * 125 + 4096) // 8192
