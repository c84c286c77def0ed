"""How the trips that the guard has latched go away, and what of them outlives a reboot.

Residual current, emergency stop, overcurrent and a contactor that does not close are over when
their cause is gone and the user has unplugged. A welded contactor is service's business: it is
remembered in the configuration key ContactorWelded (one bit per connector) until somebody who has
looked at it sets the bit back.
"""

from micropython import const

from firmware.evse import pilot as pilots

_KEY = "ContactorWelded"
_WELD = const(4)  # firmware.guard.guard: TRIP_WELD


def tick(now, connector, config):
    """Bring the latch of one connector up to date; every 50 ms."""
    guard = connector.guard
    _weld(now, connector, config)
    latched = guard.trips_latched
    # The guard keeps a weld among its conditions, so what is left here may be undone.
    if latched and connector.pilot.state == pilots.A and not guard.conditions & latched:
        guard.clear(now)


def _weld(now, connector, config):
    guard = connector.guard
    kept = config.get(_KEY)
    bit = 1 << (connector.id - 1)
    if not guard.trips_latched & _WELD:
        if kept & bit:
            guard.request_trips |= _WELD
            connector.weld_kept = True
    elif not connector.weld_kept:
        # Not kept when the flash refuses: tried again with the next tick.
        connector.weld_kept = config.set(_KEY, str(kept | bit)) == "Accepted"
    elif not kept & bit:
        connector.weld_kept = False
        guard.request_trips &= ~_WELD
        guard.clear(now, True)
