"""What one run of the firmware leaves to the next: boot number, last known time, why it ended,
the energy registers. Small records in the settings store, each replaced as a whole.
"""

import binascii
import json

from micropython import const

# Wall time is never taken to be before this build (2026-11-01, seconds since 2000).
_BUILD_S = 846_720_000

_BOOT = "boot"
_TIME = "time"
_RESET = "reset"
_CRASHES = "crashes"
_CRASHES_MAX = const(3)


class BootRecord:
    """number: counts boots from 1; time_floor_s: it is later than this; stop_reason: what an open
    transaction is to be closed with (OCPP 1.6 7.35 Reason); crash_loop: see `take`."""

    def __init__(self, number, time_floor_s, stop_reason, crash_loop=False):
        self.number = number
        self.time_floor_s = time_floor_s
        self.stop_reason = stop_reason
        self.crash_loop = crash_loop


def take(store, crashed=False):
    """Read the record and count this boot. Raises OSError if the flash fails.

    crashed: the last run was ended by the watchdog or an error. Three such ends in a row, none
    after ten minutes of life (`save_time`), are a crash loop: whatever the reason is, it is not to
    happen with a contactor closed. It ends with a start of another kind.
    """
    crashes = _read(store, _CRASHES, 0)
    if crashed:
        crashes += 1
        store.set(_CRASHES, json.dumps(crashes).encode())
    elif crashes:
        crashes = 0
        store.delete(_CRASHES)
    number = _read(store, _BOOT, 0) + 1
    store.set(_BOOT, json.dumps(number).encode())
    floor_s = max(_BUILD_S, _read(store, _TIME, 0))
    is_loop = crashes >= _CRASHES_MAX
    reason = store.get(_RESET)
    if reason is None:
        return BootRecord(number, floor_s, "Other" if crashed else "PowerLoss", is_loop)
    store.delete(_RESET)
    return BootRecord(number, floor_s, reason.decode(), is_loop)


def note_reset(store, reason):
    """The firmware is about to leave by itself."""
    try:
        store.set(_RESET, reason.encode())
    except OSError:
        # The next boot will say PowerLoss: wrong, but nothing is lost by it.
        pass


def save_time(store, clock, now):
    """Keep the time, if it is known, as the floor of the next boot. Called each ten minutes and
    at an orderly end: crashes before it do not count any more."""
    stamp = clock.stamp(now)
    try:
        if store.get(_CRASHES):
            store.delete(_CRASHES)
        if not stamp[0]:
            store.set(_TIME, json.dumps(stamp[1]).encode())
    except OSError:
        pass


def id_prefix(boot, random):
    """Return a prefix for message ids that no other boot of this or another station has."""
    return "%x-%s-" % (boot.number, binascii.hexlify(random(4)).decode())


def restore_energy(store, connector):
    """Let the register of `connector` go on where it was, and the count of its closings."""
    record = _read(store, "energy%d" % connector.id, None)
    if isinstance(record, list) and len(record) >= 2:
        connector.energy.register_wh, connector.energy.offset_wh = record[:2]
        connector.closings = record[2] if len(record) > 2 else 0


def save_energy(store, connector):
    """Keep the register, if it moved. Called between transactions only: it costs a flash write."""
    energy = connector.energy
    record = [energy.register_wh, energy.offset_wh, connector.closings]
    name = "energy%d" % connector.id
    if not energy.known or _read(store, name, None) == record:
        return
    try:
        store.set(name, json.dumps(record).encode())
    except OSError:
        pass


def _read(store, name, default):
    data = store.get(name)
    if data is None:
        return default
    try:
        return json.loads(data)
    except ValueError:
        return default
