"""What is wrong with a connector, worst first, from the guard's and the drivers' facts.

A fault lies over the session: the state beneath is tracked on, and returns when the fault goes.
Codes: OCPP 1.6 7.6 ChargePointErrorCode; the vendor codes are ChargeX MREC numbers.
"""

from micropython import const

from firmware.evse import pilot as pilots

# What a fault is found by.
_TRIP = const(0)  # A bit of the guard's latched trips.
_PILOT = const(1)  # A pilot state.
_FACT = const(2)  # An attribute of the connector that is true.


class Fault:
    """One row of the table. `blocks`: no energy while it lasts, the connector is Faulted."""

    def __init__(self, name, text, codes, found_by, blocks):
        """codes: (errorCode, vendorErrorCode); found_by: (kind, value)."""
        self.name = name
        self.text = text
        self.error_code, self.vendor_error_code = codes
        self.kind, self.value = found_by
        self.blocks = blocks


# The trip bits are firmware.guard.guard's TRIP_ constants.
TABLE = (
    Fault("contactor_welded", "contactor is welded", ("PowerSwitchFailure", "CX017"),
          (_TRIP, 4), True),
    Fault("rcd_trip", "residual current device tripped", ("GroundFailure", "CX002"),
          (_TRIP, 1), True),
    Fault("emergency_stop", "emergency stop", ("OtherError", "CX008"), (_TRIP, 2), True),
    Fault("overcurrent", "EV drew too much current", ("OverCurrentFailure", "CX004"),
          (_TRIP, 8), True),
    Fault("contactor_stuck_open", "contactor does not close", ("PowerSwitchFailure", "CX017"),
          (_TRIP, 16), True),
    Fault("cp_short", "pilot shorted to earth (E)", ("OtherError", "CX014"),
          (_PILOT, pilots.E), True),
    Fault("cp_negative", "pilot stays negative (F)", ("InternalError", "CX014"),
          (_PILOT, pilots.F), True),
    Fault("diode", "EV diode is missing", ("OtherError", "CX010"), (_FACT, "diode_missing"), True),
    Fault("storage_lost", "configuration lost, check limits", ("InternalError", ""),
          (_FACT, "storage_lost"), True),
    Fault("meter_silent", "energy meter does not answer", ("PowerMeterFailure", ""),
          (_FACT, "meter_silent"), False),
)


def find(connector):
    """Return (faults that block, faults that only warn) as tuples, worst first."""
    blocking = ()
    warning = ()
    for fault in TABLE:
        if not _present(fault, connector):
            continue
        if fault.blocks:
            blocking += (fault,)
        else:
            warning += (fault,)
    return blocking, warning


def _present(fault, connector):
    if fault.kind == _TRIP:
        return connector.guard.trips_latched & fault.value != 0
    if fault.kind == _PILOT:
        return connector.pilot.state == fault.value
    return getattr(connector, fault.value)
