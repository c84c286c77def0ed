"""What is wrong with a connector, worst first: one row per fault, from detection to clearing.

A fault lies over the session: the state beneath is tracked on, and returns when the fault goes.
Codes: OCPP 1.6 7.6 ChargePointErrorCode; the vendor codes are ChargeX MREC numbers. Who finds the
facts: `_found` here, protection.py (mains, temperature, earth, RCD), socket_side.py (lock, PP).
"""

from micropython import const

from firmware.evse import pilot as pilots

# name|text|errorCode|vendorErrorCode|reaction|on|off, worst first. A text: it costs no heap.
# reaction: H opens at once and shows state F; S is X1, then open when the EV has opened S2, or
# after 6 s; both make the connector Faulted. A number: so many A are still offered, 0 is a pause.
# errorCode: ! is Failure, ~ is Error. vendorErrorCode: the digits behind CX0.
# on: how long it must be true, in 50 ms. off: how long it must be gone, in 0.5 s; 255: until the
# EV is unplugged. Whoever finds a fault may have filtered it already.
TABLE = """
contactor_welded|contactor is welded|PowerSwitch!|17|H||
rcd_trip|residual current device tripped|Ground!|02|H||
emergency_stop|emergency stop|Other~|08|H||
overcurrent|EV drew too much current|OverCurrent!|04|H||
contactor_stuck_open|contactor does not close|PowerSwitch!|17|S||
pe_lost|protective earth is lost|Ground!|02|H|5|20
cp_short|pilot shorted to earth (E)|Other~|14|H||10
cp_generator|pilot generator is wrong|Internal~|14|H||10
diode|EV diode is missing|Other~|10|H||255
power_loss|mains gone|UnderVoltage|15|H|4|120
crash_loop|three crashes: check, then power off and on|Internal~||S||
storage_lost|configuration lost, check limits|Internal~||S||
rcd_selftest|RCD fails its self-test|Ground!||S||
overvoltage|mains voltage too high|OverVoltage|05|S|10|120
undervoltage|mains voltage too low|UnderVoltage|06|S|30|120
frequency|mains frequency is wrong|Other~||S||120
overtemperature|too hot inside|HighTemperature|03|S|20|
lock_jammed|plug cannot be locked|ConnectorLock!|01|S||
pp_short|proximity pilot: short|Other~|23|S||
pp_open|proximity pilot: no cable found|Other~|23|S||
pp_changed|proximity pilot: cable has changed|Other~|23|S||
cp_unstable|pilot is unstable|EVCommunication~|14|S|100|60
ventilation|EV needs ventilation|Other~|10|0||60
phase_missing|mains phase is missing|Other~||16|20|120
temperature_sensor|temperature sensor fails|Internal~||16|40|10
meter_silent|energy meter does not answer|PowerMeter!||16||
derating|hot: less current|HighTemperature||80||
lock_stuck|plug cannot be unlocked|ConnectorLock!|01|80||
cp_toggling|EV toggles: only 6 A|No~||6||255
simplified_pilot|EV without S2: only 10 A|No~||10||
"""

# firmware.guard.guard's TRIP_ constants in the order of the first rows.
_TRIPS = b"\x04\x01\x02\x08\x10"
# TRIP_NOT_CLOSING: a fault after so many more tries (latches.py).
_NOT_CLOSING = const(16)
_RETRIES = const(2)
# Bits of the rows that are found here. The others are known to whoever finds them.
_CP_SHORT = const(1 << 6)
_CP_GENERATOR = const(1 << 7)
_VENTILATION = const(1 << 22)

_FOREVER = const(255)
_OLD_MS = const(0x10000000)
# What stops the whole charge point: emergency stop, crash loop, storage lost. With one of them,
# connector 0 is Faulted, too.
OF_STATION = const(1 << 2 | 1 << 10 | 1 << 11)


class Fault:
    """One row of the table; `bit` is 1 << its number."""

    def __init__(self, row):
        self.bit = 1 << row
        self._row = row

    def __getattr__(self, name):
        # Only when somebody asks: what a fault does hangs on no text, which may lie in flash.
        words = TABLE.split("\n")[self._row + 1].split("|")
        self.name, self.text, code, vendor, self.reaction = words[:5]
        self.error_code = code.replace("!", "Failure").replace("~", "Error")
        self.vendor_error_code = vendor and "CX0" + vendor
        return self.__dict__[name]


# The columns `reaction` in A (many, if it is no number), `on` and `off` of all rows.
_OFFERED_A, _ON, _OFF = [
    bytes([int(row.split("|")[at].replace("H", "80").replace("S", "80") or 0)
           for row in TABLE.split("\n")[1:-1]])
    for at in (4, 5, 6)
]
# The rows whose reaction is H: the first, without the contactor that does not close, which stands
# with its trip. And how many rows have H or S: they are the first, too.
HARD = const(0x3EF)
_BLOCKING_ROWS = const(22)


class Faults:
    """The faults of one connector, filtered in time.

    bits: the rows that are true. blocking, warnings: the same as tuples of Fault, worst first; the
    former make the connector Faulted. limit_ma: what they leave to offer.
    """

    def __init__(self):
        self.bits = 0
        self.blocking = self.warnings = ()
        self.limit_ma = 80000
        # How long each row has been other than `bits` says, in ms.
        self._ages = [0] * len(_ON)
        self._other = 0

    def tick(self, connector, elapsed_ms):
        """Take in the facts of `connector`; `elapsed_ms` since the last time."""
        other = _found(connector) ^ self.bits
        was_other = self._other
        self._other = other
        if not other:
            return
        bits = self.bits
        for row in range(len(_ON)):
            bit = 1 << row
            if other & bit:
                age_ms = self._ages[row] + elapsed_ms if was_other & bit else 0
                # Nothing is older than three days: a small integer on every port.
                self._ages[row] = min(age_ms, _OLD_MS)
                if not bits & bit:
                    is_due = age_ms >= _ON[row] * 50
                elif _OFF[row] == _FOREVER:
                    is_due = not connector.plugged
                else:
                    is_due = age_ms >= _OFF[row] * 500
                if is_due:
                    bits ^= bit
        if bits != self.bits:
            self._other &= ~(bits ^ self.bits)
            self._set(bits)

    def _set(self, bits):
        self.bits = bits
        faults = [Fault(row) for row in range(len(_ON)) if bits >> row & 1]
        self.blocking = tuple([fault for fault in faults if not fault.bit >> _BLOCKING_ROWS])
        self.warnings = tuple(faults[len(self.blocking) :])
        offered_a = [_OFFERED_A[row] for row in range(len(_ON)) if bits >> row & 1]
        self.limit_ma = min([80] + offered_a) * 1000


def _found(connector):
    """Return the bits of the rows that are true right now."""
    found = connector.found | connector.protection.found
    if connector.socket is not None:
        found |= connector.socket.faults
    trips = connector.guard.trips_latched
    if connector.protection.retries < _RETRIES:
        trips &= ~_NOT_CLOSING
    if trips:
        for row in range(len(_TRIPS)):
            if trips & _TRIPS[row]:
                found |= 1 << row
    state = connector.pilot.state
    if state == pilots.E:
        found |= _CP_SHORT
    elif state == pilots.F:
        found |= _CP_GENERATOR
    elif state == pilots.D and not connector.guard.is_d_allowed:
        found |= _VENTILATION
    return found
