"""Which of the installed profiles counts at a moment: one connector's view of them.

Rules (OCPP 1.6 edition 2, 3.13), and ours where it leaves a choice:
- Within a purpose the highest stack level counts whose schedule covers the moment; when it ends,
  the next lower one. Of one level, the connector's profile comes before that of connector 0.
- A TxProfile hides the TxDefaultProfiles. When no TxProfile covers the moment they count again,
  unless the configuration (TxDefaultAfterTxProfile) says that an installed one hides them anyway.
- The smaller of that and the ChargePointMaxProfile counts; nothing raises the hardware's limit.
- A is per phase, W the total. W becomes A by the nominal voltage and by numberPhases (3 if
  absent, 7.12), or by the phases of the connector if these are more: less would let an EV take
  more than allowed. numberPhases 1 or 2 leave one phase where a second contactor can switch the
  others off: it has no two, and all three would be more than the schedule allows. 2 in W still
  halve the power on that one phase, since 7.12 says which current a phase may carry. Where nothing
  switches, A stay as they are, per phase, and W are divided by the three that are in use.
  For the way back the smaller of the two counts.
"""

from micropython import const

from firmware.evse.profile_store import CONNECTOR, PURPOSE, SLOT, TRANSACTION
from ocpp16.charging_profile import (
    AMPERES,
    CHARGE_POINT_MAX,
    FOREVER,
    TX,
    TX_DEFAULT,
    WATTS,
    Segment,
    min_rate,
    segment,
    unit,
)

_PHASES_DEFAULT = const(3)


class Supply:
    """What converts between A and W: `voltage_v` (nominal, phase to neutral) and `phases`."""

    def __init__(self, voltage_v, phases):
        self.voltage_v = voltage_v
        self.phases = phases

    def current_ma(self, tenths, unit_number, phases):
        """Return a limit as mA per phase, rounded down."""
        if unit_number == AMPERES:
            return tenths * 100
        return tenths * 100 // (self.voltage_v * max(phases or _PHASES_DEFAULT, self.phases))

    def tenths(self, limit, unit_number):
        """Return a Limit in tenths of another unit, rounded down."""
        if limit.unit == unit_number:
            return limit.tenths
        if unit_number == AMPERES:
            return limit.ma // 100
        return limit.tenths * self.voltage_v * min(limit.phases or self.phases, self.phases)


class Limit:
    """A limit as its profile wrote it (tenths, unit, numberPhases or 0), and in mA per phase.

    floor_ma: what minChargingRate asks for, 0 if nothing.
    """

    def __init__(self, tenths, unit_number, phases, ma):
        self.tenths = tenths
        self.unit = unit_number
        self.phases = phases
        self.ma = ma
        self.floor_ma = 0


def hardware(ma):
    """Return the Limit of the hardware."""
    return Limit(ma // 100, AMPERES, 0, ma)


def smaller(one, other):
    """Return the smaller of two Limits; None is no limit; of equals the first."""
    if one is None or (other is not None and other.ma < one.ma):
        return other
    return one


class View:
    """The profiles as one connector sees them, or the whole station (connector None).

    A record is read from flash once for each Segment, not for each question. `until`: up to this
    second the answers since it was last set to FOREVER hold.
    """

    def __init__(self, store, supply, connector_id, transaction):
        """transaction: the local number of the one that runs there, or 0."""
        self._store = store
        self._supply = supply
        self._connector_id = connector_id
        self._transaction = transaction
        self._segments = {}
        self.begin = None  # when charging began, None if it does not run
        self.default_after_tx = True
        self.until = FOREVER

    def maximum(self, seconds):
        """Return the Limit by ChargePointMaxProfiles, or None."""
        return self._prevailing(CHARGE_POINT_MAX, seconds)

    def own(self, seconds):
        """Return the Limit by the connector's TxProfiles and TxDefaultProfiles, or None."""
        if self._transaction:
            limit = self._prevailing(TX, seconds)
            if limit is not None or (not self.default_after_tx and self._has_valid_tx(seconds)):
                return limit
        return self._prevailing(TX_DEFAULT, seconds)

    def _prevailing(self, purpose, seconds):
        for entry in self._store.index:
            if entry[PURPOSE] != purpose or not self._concerns(entry):
                continue
            found, unit_number, floor = self._segment(entry, seconds)
            if found.until < self.until:
                self.until = found.until
            if found.limit is not None:
                supply = self._supply
                ma = supply.current_ma(found.limit, unit_number, found.phases)
                limit = Limit(found.limit, unit_number, found.phases, ma)
                limit.floor_ma = supply.current_ma(floor, unit_number, found.phases)
                return limit
        return None

    def _has_valid_tx(self, seconds):
        for entry in self._store.index:
            if entry[PURPOSE] == TX and self._concerns(entry):
                if self._segment(entry, seconds)[0].valid:
                    return True
        return False

    def _concerns(self, entry):
        if entry[PURPOSE] == CHARGE_POINT_MAX:
            return True
        if entry[PURPOSE] == TX:
            return entry[TRANSACTION] == self._transaction
        return entry[CONNECTOR] in (0, self._connector_id)

    def _segment(self, entry, seconds):
        slot = entry[SLOT]
        known = self._segments.get(slot)
        if known is None or seconds >= known[0].until:
            data = self._store.read(entry)
            if data is None:
                # Lost on flash: it limits no more, as after a boot.
                known = Segment(FOREVER, None, 0, False), WATTS, 0
            else:
                found = segment(data, seconds, self.begin)
                known = found, unit(data), min_rate(data)
            self._segments[slot] = known
        return known
