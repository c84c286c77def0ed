"""What is wrong with a connector, worst first, from the guard's and the drivers' facts.

A fault lies over the session: the state beneath is tracked on, and returns when the fault goes.
Codes: OCPP 1.6 7.6 ChargePointErrorCode; the vendor codes are ChargeX MREC numbers.
"""

from micropython import const

from firmware.evse import pilot as pilots

# name|text|errorCode|vendorErrorCode, worst first. A text, because it costs no heap.
TABLE = """
contactor_welded|contactor is welded|PowerSwitchFailure|CX017
rcd_trip|residual current device tripped|GroundFailure|CX002
emergency_stop|emergency stop|OtherError|CX008
overcurrent|EV drew too much current|OverCurrentFailure|CX004
contactor_stuck_open|contactor does not close|PowerSwitchFailure|CX017
cp_short|pilot shorted to earth (E)|OtherError|CX014
cp_negative|pilot stays negative (F)|InternalError|CX014
diode|EV diode is missing|OtherError|CX010
storage_lost|configuration lost, check limits|InternalError|
lock_jammed|plug cannot be locked|ConnectorLockFailure|CX001
pp_short|proximity pilot: short|OtherError|CX023
pp_open|proximity pilot: no cable found|OtherError|CX023
pp_changed|proximity pilot: cable has changed|OtherError|CX023
lock_stuck|plug cannot be unlocked|ConnectorLockFailure|CX001
meter_silent|energy meter does not answer|PowerMeterFailure|
"""

# firmware.guard.guard's TRIP_ constants in the order of the first rows.
_TRIPS = b"\x04\x01\x02\x08\x10"
# Bit of each further row.
_CP_SHORT = const(1 << 5)
_CP_NEGATIVE = const(1 << 6)
_DIODE = const(1 << 7)
_STORAGE_LOST = const(1 << 8)
# Found by a socket itself (socket_side.py).
LOCK_JAMMED = const(1 << 9)
PP_SHORT = const(1 << 10)
PP_OPEN = const(1 << 11)
PP_CHANGED = const(1 << 12)
LOCK_STUCK = const(1 << 13)
_METER_SILENT = const(1 << 14)
# What stops the whole charge point: with it, connector 0 is Faulted, too.
OF_STATION = const(1 << 2 | _STORAGE_LOST)
# The last rows only warn.
_WARNINGS = const(LOCK_STUCK | _METER_SILENT)


class Fault:
    """One row of the table; `bit` is 1 << its number."""

    def __init__(self, row):
        self.bit = 1 << row
        self.name, self.text, self.error_code, self.vendor_error_code = TABLE.split("\n")[
            row + 1
        ].split("|")


def find(connector, before=((), ())):
    """Return (faults that block, faults that only warn) as tuples, worst first.

    A fault that blocks lets no energy flow and makes the connector Faulted. `before`: the last
    result, which is returned again while nothing changes.
    """
    found = _found(connector)
    known = 0
    for faults in before:
        for fault in faults:
            known |= fault.bit
    if found == known:
        return before
    faults = [Fault(row) for row in range(len(TABLE.split("\n")) - 2) if found >> row & 1]
    blocking = tuple([fault for fault in faults if not fault.bit & _WARNINGS])
    return blocking, tuple(faults[len(blocking) :])


def _found(connector):
    """Return the bits of the rows that are true."""
    found = 0 if connector.socket is None else connector.socket.faults
    trips = connector.guard.trips_latched
    if trips:
        for row in range(len(_TRIPS)):
            if trips & _TRIPS[row]:
                found |= 1 << row
    state = connector.pilot.state
    if state == pilots.E:
        found |= _CP_SHORT
    elif state == pilots.F:
        found |= _CP_NEGATIVE
    if connector.diode_missing:
        found |= _DIODE
    if connector.storage_lost:
        found |= _STORAGE_LOST
    if connector.meter_silent:
        found |= _METER_SILENT
    return found
