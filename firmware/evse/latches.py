"""How the trips that the guard has latched go away, and what of them outlives a reboot; and how
the current comes back after a fault of the mains.

Emergency stop and overcurrent are over when their cause is gone and the user has unplugged. So is
a contactor that does not close, but it is tried three times before it counts as a fault: the guard
has opened it, the pilot shows X1 for the usual pause, then the offer comes back and with it the
next try. What was tried counts until the EV has gone. A residual current is over then, too, but
where the configuration key Country names one of those that forbid it, and a welded contactor
always is service's business. These two are remembered in the keys RcdTripped and ContactorWelded
(one bit per connector), and a reboot changes nothing: until somebody who has looked at it sets the
bit back.

Where Country is AT, what the mains carried before its fault comes back as OVE R37 has it: 6 A at
first, and 1 A more each minute. Elsewhere all of it at once.
"""

from micropython import const

from firmware.evse import pilot as pilots

# firmware.guard.guard: TRIP_RCD, TRIP_WELD, TRIP_NOT_CLOSING
_RCD = const(1)
_WELD = const(4)
_NOT_CLOSING = const(16)
_RETRIES = const(2)
# Where a residual current device must not be closed again by itself, nor by unplugging.
_BY_HAND = "CH DK FR GB"
_TICKS_MASK = const(0x3FFFFFFF)
_RAMP_MA = const(6000)
_RAMP_MS = const(60_000)
_ALL_MA = const(80_000)


def tick(now, connector, config, log):
    """Bring the latch of one connector up to date; every 50 ms."""
    guard = connector.guard
    protection = connector.protection
    _keep(now, connector, config, _WELD, "ContactorWelded")
    _keep(now, connector, config, _RCD, "RcdTripped")
    if protection.mains_at is not None:
        # While the fault is there its last moment is now.
        minutes = (now - protection.mains_at & _TICKS_MASK) // _RAMP_MS
        protection.ramp_ma = _RAMP_MA + minutes * 1000
        if config.get("Country")[:2].upper() != "AT" or protection.ramp_ma >= _ALL_MA:
            protection.mains_at = None
            protection.ramp_ma = _ALL_MA
    latched = guard.trips_latched
    # The guard keeps a weld among its conditions, so what is left here may be undone.
    is_over = latched and not guard.conditions & latched
    if connector.pilot.state != pilots.A or not connector.pilot_known:
        is_tried = latched == _NOT_CLOSING and protection.retries < _RETRIES
        if is_tried and is_over and not connector.power.rest.left(now):
            protection.retries += 1
            log.warn("guard", "contactor %d did not close: once more", connector.id)
            guard.clear(now)
        return
    protection.retries = 0
    if connector.kept & _RCD and not connector.protection.port.rcd_active():
        country = config.get("Country")[:2].upper()
        if not country or country not in _BY_HAND:
            config.set("RcdTripped", str(config.get("RcdTripped") & ~(1 << connector.id - 1)))
    if is_over:
        guard.clear(now)


def _keep(now, connector, config, trip, key):
    """Take what is kept to the guard, and what the guard has found to the flash."""
    guard = connector.guard
    kept = config.get(key)
    bit = 1 << (connector.id - 1)
    if not guard.trips_latched & trip:
        if kept & bit:
            guard.request_trips |= trip
            connector.kept |= trip
    elif not connector.kept & trip:
        # Not kept when the flash refuses: tried again with the next tick.
        if config.set(key, str(kept | bit)) == "Accepted":
            connector.kept |= trip
            guard.request_trips |= trip
    elif not kept & bit:
        connector.kept &= ~trip
        guard.request_trips &= ~trip
        guard.clear(now, trip == _WELD)
