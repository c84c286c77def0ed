"""Names for people of the guard's states, conditions and reasons; the guard itself knows numbers.

Loaded by whoever prints them, so that they cost no heap otherwise.
"""

STATES = ("open", "closed", "latched")

# Of the condition bits, lowest bit first.
CONDITIONS = (
    "rcd",  # residual current device has tripped
    "emergency stop",
    "weld",  # mirror contact still closed long after opening, or so restored at boot
    "overcurrent",
    "not closing",  # mirror contact open though the coil is driven
    "pilot bad",
    "request",
    "stale",
    "pilot C or D",
    "no diode",
    "not ready",
    "clear",
)

_WHY = (
    "rcd",
    "emergency stop",
    "weld",
    "overcurrent",
    "not closing",
    "pilot bad",
    "no request",
    "stale request",
    "pilot not C or D",
    "no diode",
    "not ready",
    "all proven",
    "default",
)
# Name of a reason: REASONS[reason >> 4][reason & 15], the state it matched in and the row.
REASONS = (_WHY, _WHY, _WHY[:5] + ("cleared", "latched"))
