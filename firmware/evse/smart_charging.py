"""Smart charging: applies the installed profiles to the connectors, second by second.

It sets one limit per connector (source PROFILE of its limiter), and the phases that it may have;
otherwise it only answers. When
nothing changes it does nothing but look once a second whether the clock was set.

The time line is the uptime plus one offset, which is taken over again when the wall clock moves by
more than a second: after that every limit is computed anew, and a relative schedule, which counts
from the start of charging, does not notice. While the wall time is unknown the time line goes on
from the latest moment that is surely past: a power cut without a connection must lift no limit.
"""

from micropython import const

# From the ground up: every import inside of an import takes stack (firmware/preload.py).
from ocpp16 import charging_profile
from ocpp16.charging_profile import FOREVER, TX
from ticks import Deadline

from firmware.evse.profile_store import CONNECTOR, ID, PURPOSE, STACK, TRANSACTION, ProfileStore
from firmware.evse.schedule import Supply, View, smaller
from firmware.evse.composite import Composite
from firmware.evse.limiter import CABLE, PROFILE
from firmware.evse.sharing import share

_LOOK_MS = const(1000)
_PROFILES_MAX = const(50)
# A profile of a RemoteStart waits so much longer for its transaction than the user for the plug.
_EXPECT_MS = const(60_000)
_DURATION_MAX_S = const(0x1FFFFFFF)


class _Seat:
    """One connector and what was last seen of it."""

    def __init__(self, connector):
        self.connector = connector
        self.transaction = None
        self.interrupted = None
        self.phases = connector.phases
        self.begin_s = None  # uptime


class _Expected:
    """The profile of a RemoteStart until its transaction begins."""

    def __init__(self, data, connector_id, id_token, after):
        self.data = data
        self.connector_id = connector_id  # None: any
        self.id_token = id_token
        self.after = after  # its transaction has a higher number
        self.patience = Deadline()


class SmartCharging:
    """`tick` before the station's; the rest is what the central system asks for."""

    def __init__(self, connectors, parts, records):
        """parts: clock, config; records: a key/value store of its own. Raises OSError."""
        self._clock = parts.clock
        self._config = parts.config
        self._seats = [_Seat(connector) for connector in connectors]
        self._store = ProfileStore(records)
        self._offset_s = max(self._store.load(), self._clock.floor_s)
        self._expected = []
        self._until = 0
        self._changed = True
        self._look = Deadline()

    def tick(self, now):
        """Take every connector to what its profiles say now."""
        for seat in self._seats:
            connector = seat.connector
            if (
                connector.transaction is not seat.transaction
                or connector.interrupted is not seat.interrupted
                or connector.phases != seat.phases
            ):
                self._note(now, seat)
        if not self._changed and self._look.running and not self._look.expired(now):
            return
        self._look.start(now, _LOOK_MS)
        seconds = self._seconds(now)
        if self._expected:
            self._bind(now)
        if self._changed or seconds >= self._until:
            self._changed = False
            self._apply(seconds)

    # What the central system asks for.

    def install(self, now, data, connector_id, transaction=0):
        """Install a record; False if it is of no use any more or does not fit. Safe on return.

        transaction: the local number of the one that a TxProfile belongs to. Raises OSError.
        """
        seconds = self._seconds(now)
        if charging_profile.expired(data, seconds):
            return False
        if not self.has_room(now, data, connector_id):
            return False
        self._store.put(data, connector_id, transaction, seconds if self._clock.known else 0)
        self._changed = True
        return True

    def has_room(self, now, data, connector_id):
        """Return True if a record can be installed; profiles that ended make room."""
        store = self._store
        if len(store.index) < _PROFILES_MAX or store.replaced_by(data, connector_id):
            return True
        seconds = self._seconds(now)
        store.remove_if(lambda entry: self._is_over(entry, seconds))
        return len(store.index) < _PROFILES_MAX

    def expect(self, now, data, connector_id, id_token):
        """Keep the record of a RemoteStart (None: it had none) until its transaction begins."""
        self._expected = [
            other
            for other in self._expected
            if other.connector_id != connector_id and other.id_token != id_token
        ]
        if data is None:
            return
        after = max([-1] + [s.transaction.number for s in self._seats if s.transaction])
        expected = _Expected(data, connector_id, id_token, after)
        wait_s = self._config.get("ConnectionTimeOut")
        if wait_s:
            expected.patience.start(now, wait_s * 1000 + _EXPECT_MS)
        self._expected.append(expected)

    def clear(self, profile_id, connector_id, purpose, stack_level):
        """Remove the profiles that fit; returns how many. None is "any". Raises OSError.

        With an id, the rest does not count (OCPP 1.6 6.13).
        """
        if profile_id is not None:
            connector_id = purpose = stack_level = None
        wanted = (
            (PURPOSE, purpose), (STACK, stack_level), (CONNECTOR, connector_id), (ID, profile_id),
        )  # fmt: skip
        self._changed = True
        kept = []
        for other in self._expected:
            row = list(charging_profile.describe(other.data))
            row[CONNECTOR] = other.connector_id
            if not _fits(row, wanted):
                kept.append(other)
        removed = len(self._expected) - len(kept)
        self._expected = kept
        return removed + self._store.remove_if(lambda entry: _fits(entry, wanted))

    def composite(self, now, connector_id, duration_s, unit):
        """Return (moment or None while unknown, Composite) from now on.

        connector_id: 0 for the whole station; unit: AMPERES, WATTS or None.
        """
        begin = self._seconds(now)
        supply = self._supply()
        views = []
        hardware_ma = []
        for seat in self._seats:
            if connector_id in (0, seat.connector.id):
                views.append(self._view(seat, supply, begin))
                hardware_ma.append(_hardware_ma(seat.connector.limiter))
        composite = Composite(supply, unit)
        composite.fill(views, hardware_ma, begin, min(duration_s, _DURATION_MAX_S))
        return (begin if self._clock.known else None), composite

    # What happens by itself.

    def _note(self, now, seat):
        """A transaction has begun or ended: with it goes what was only for it. Or phases were
        switched."""
        self._changed = True
        seat.interrupted = seat.connector.interrupted
        seat.phases = seat.connector.phases
        transaction = seat.connector.transaction
        if transaction is not seat.transaction:
            seat.transaction = transaction
            seat.begin_s = None if transaction is None else self._clock.uptime_s(now)
        numbers = []
        for other in self._seats:
            if other.transaction:
                numbers.append(other.transaction.number)
            if other.interrupted:
                numbers.append(other.interrupted[0].number)
        try:
            self._store.remove_if(lambda e: e[PURPOSE] == TX and e[TRANSACTION] not in numbers)
        except OSError:
            # It binds no other transaction; the next change tries again.
            pass

    def _bind(self, now):
        """Install what a RemoteStart brought for the transaction that it has begun."""
        kept = []
        for expected in self._expected:
            seat = self._begun(expected)
            if seat is None:
                if not expected.patience.expired(now):
                    kept.append(expected)
            elif expected.id_token.upper() == seat.transaction.id_tag.upper():
                try:
                    self.install(now, expected.data, seat.connector.id, seat.transaction.number)
                except OSError:
                    kept.append(expected)
        self._expected = kept

    def _begun(self, expected):
        """Return the seat where the awaited transaction, or another instead of it, has begun."""
        for seat in self._seats:
            transaction = seat.transaction
            if transaction is None or transaction.number <= expected.after:
                continue
            if expected.connector_id == seat.connector.id:
                return seat
            same = expected.id_token.upper() == transaction.id_tag.upper()
            if expected.connector_id is None and same:
                return seat
        return None

    def _apply(self, seconds):
        supply = self._supply()
        limits = []
        maximum = None
        until = FOREVER
        for seat in self._seats:
            view = self._view(seat, supply, None)
            if not limits:
                maximum = view.maximum(seconds)
            # What is for all counts with the phases of all, what is for one with its own.
            supply.phases = seat.phases
            own = view.own(seconds)
            limits.append(own)
            limit = smaller(own, maximum)
            # In a pause nothing is switched: the next period may want the phases as they are.
            if limit is None or limit.tenths:
                # 7.14 numberPhases: so many can be used. The contactor knows all or one: of two it
                # leaves one, since all would be more than the schedule allows.
                fewest = min([each and each.phases or 3 for each in (own, maximum)])
                seat.connector.phases_allowed = 3 if fewest == 3 else 1
            until = min(until, view.until)
        self._until = until
        share([seat.connector for seat in self._seats], limits, maximum)

    def _view(self, seat, supply, default_begin):
        transaction = seat.transaction
        view = View(self._store, supply, seat.connector.id, transaction and transaction.number)
        view.begin = default_begin
        if transaction is not None:
            view.begin = seat.begin_s + self._offset_s
        view.default_after_tx = self._config.get("TxDefaultAfterTxProfile", True)
        return view

    def _supply(self):
        phases = max([seat.connector.phases for seat in self._seats])
        return Supply(self._config.get("NominalVoltage", 230), phases)

    def _is_over(self, entry, seconds):
        data = self._store.read(entry)
        return data is None or charging_profile.expired(data, seconds)

    def _seconds(self, now):
        """Return the place on the time line; takes the clock over when it was set."""
        uptime_s = self._clock.uptime_s(now)
        wall = self._clock.wall(now)
        if wall and not -1 <= wall[0] - uptime_s - self._offset_s <= 1:
            self._offset_s = wall[0] - uptime_s
            self._changed = True
        return uptime_s + self._offset_s


def _hardware_ma(limiter):
    # A socket without a plug limits to 0: that says nothing about the cable that will come.
    no_cable = limiter.limit(CABLE) == 0
    return limiter.least_ma((PROFILE, CABLE) if no_cable else (PROFILE,))


def _fits(entry, wanted):
    for place, value in wanted:
        if value is not None and entry[place] != value:
            return False
    return True
