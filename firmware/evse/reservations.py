"""Reservations: which connector waits for whom (OCPP 1.6 5.2 and 5.13).

Owner of `connector.reserved`. One record for all of them, replaced as a whole. A reservation on
connector 0 blocks no connector as long as one more is free than such reservations wait; then the
rest is reserved. A reservation ends when it is used, expires, is cancelled, or when its connector
is Faulted or Unavailable; from the moment the holder is authorised it no longer expires, as the
wait for the plug has a limit of its own.
"""

import json

from firmware.evse import session as sessions
from firmware.evse import tap

_RECORD = "reservations"

# A reservation is a list: reservationId, connector (0: any), expiry in seconds since 2000, id
# token, parent or None.
_ID = 0
_CONNECTOR = 1
_EXPIRY = 2
_TOKEN = 3
_PARENT = 4


class Reservations:
    """All reservations of the station: `entries`. `tick` before the statuses are derived."""

    def __init__(self, connectors, parts, availability):
        """parts: clock, settings (a key/value store). availability: `operative` of the station."""
        self._connectors = connectors
        self._clock = parts.clock
        self._store = parts.settings
        self._availability = availability
        self.entries = self._load()
        self.mark()

    # Calls of the central system.

    def reserve(self, now, wish):
        """Take a reservation, or replace the one with the same id. Returns the OCPP status.

        wish: (reservationId, connector or 0, expiry in seconds since 2000, id token, parent or
        None). Nothing changes but with "Accepted"; then it is stored.
        """
        number = wish[_CONNECTOR]
        wall = self._clock.wall(now)
        if not 0 <= number <= len(self._connectors):
            return "Rejected"
        # Without a clock nobody could say when it ends.
        if wall is None or wish[_EXPIRY] <= wall[0]:
            return "Rejected"
        others = [entry for entry in self.entries if entry[_ID] != wish[_ID]]
        refusal = self._refusal(number, others)
        if refusal:
            return refusal
        others.append(list(wish))
        return "Accepted" if self._replace(others) else "Rejected"

    def used(self, reservation_id):
        """Its transaction has begun: the reservation is over."""
        if reservation_id is not None and not self.cancel(reservation_id):
            # The flash refuses: until the next boot it is over all the same.
            self._set([entry for entry in self.entries if entry[_ID] != reservation_id])

    def cancel(self, reservation_id):
        """Give a reservation up; False if there is none with this id."""
        others = [entry for entry in self.entries if entry[_ID] != reservation_id]
        return len(others) < len(self.entries) and self._replace(others)

    def _refusal(self, number, others):
        """Return why connector `number` cannot be reserved next to `others`; None if it can."""
        wanted = [c for c in self._connectors if number in (0, c.id)]
        usable = [c for c in wanted if not c.faults and c.operative]
        if not usable or not self._availability.operative:
            faulted = [c for c in wanted if c.faults]
            return "Faulted" if faulted else "Unavailable"
        taken = [entry[_CONNECTOR] for entry in others if not self._claimed(entry)]
        free = [c for c in self._connectors if _is_free(c) and c.id not in taken]
        if not [c for c in free if c in usable]:
            return "Occupied"
        # Who waits for any connector must still find one.
        return None if len(free) > taken.count(0) else "Occupied"

    # Questions of those who let users in.

    def standing(self, connector, id_token, parent):
        """What is `id_token` (its parent as far as it is known) to `connector`? See `tap`."""
        if self._held(connector, id_token, parent) is not None:
            return tap.HOLDER
        if not connector.reserved:
            return tap.FREE
        for entry in self._waiting(connector):
            if parent is None and entry[_PARENT]:
                return tap.MAYBE
        return tap.OTHERS

    def claim(self, connector, id_token, parent):
        """A token was authorised: False if the connector waits for another one. What it holds
        goes into the session as `reservation_id`."""
        entry = self._held(connector, id_token, parent)
        if entry is None:
            return not connector.reserved
        connector.session.reservation_id = entry[_ID]
        return True

    def _waiting(self, connector):
        """Return the reservations that the connector waits for: its own, else those of any."""
        open_ = [entry for entry in self.entries if not self._claimed(entry)]
        own = [entry for entry in open_ if entry[_CONNECTOR] == connector.id]
        return own or [entry for entry in open_ if entry[_CONNECTOR] == 0]

    def _held(self, connector, id_token, parent):
        for entry in self._waiting(connector):
            if entry[_TOKEN].upper() == id_token.upper():
                return entry
            # Parents are compared with parents only.
            if parent and entry[_PARENT] and entry[_PARENT].upper() == parent.upper():
                return entry
        return None

    def _claimed(self, entry):
        """Is its holder authorised and on the way to plug in?"""
        for connector in self._connectors:
            if connector.session.reservation_id == entry[_ID]:
                return True
        return False

    # Time.

    def tick(self, now):
        """Drop what has ended, mark the connectors that wait."""
        if not self.entries:
            return
        kept = [entry for entry in self.entries if self._lasts(now, entry)]
        if len(kept) < len(self.entries):
            if not self._replace(kept):
                # The flash refuses: what has ended ends again after the next boot.
                self._set(kept)
        self.mark()

    def _lasts(self, now, entry):
        if self._claimed(entry):
            return True
        wall = self._clock.wall(now)
        now_s = self._clock.floor_s if wall is None else wall[0]
        if now_s >= entry[_EXPIRY] or not self._availability.operative:
            return False
        for connector in self._connectors:
            if entry[_CONNECTOR] in (0, connector.id):
                if connector.operative and not connector.faults:
                    return True
        return False

    def mark(self):
        """Set `connector.reserved` by the facts; also after a token was let in."""
        waiting = [e[_CONNECTOR] for e in self.entries if not self._claimed(e)]
        rest = [c for c in self._connectors if c.id not in waiting and _may_wait(c)]
        tight = len(rest) <= waiting.count(0)
        for connector in self._connectors:
            own = connector.id in waiting
            connector.reserved = own or (tight and 0 in waiting and connector in rest)

    def _replace(self, entries):
        try:
            self._store.set(_RECORD, json.dumps(entries).encode())
        except OSError:
            return False
        self._set(entries)
        return True

    def _set(self, entries):
        self.entries = entries
        known = [entry[_ID] for entry in entries]
        for connector in self._connectors:
            if connector.session.reservation_id not in known:
                connector.session.reservation_id = None
        self.mark()

    def _load(self):
        record = self._store.get(_RECORD)
        try:
            entries = json.loads(record) if record else []
        except ValueError:
            return []
        return [e for e in entries if 0 <= e[_CONNECTOR] <= len(self._connectors)]


def _is_free(connector):
    """Nobody there: no plug, no user, nothing left of the last session, and it works."""
    idle = connector.session.state == sessions.IDLE and not connector.plugged
    return idle and not connector.interrupted and connector.operative and not connector.faults


def _may_wait(connector):
    """Can the connector wait for the holder of a reservation of connector 0? A plug in it does
    not matter once it does: it may be the holder's."""
    if not connector.operative or connector.faults:
        return False
    state = connector.session.state
    return state == sessions.IDLE or (state == sessions.PLUGGED and connector.reserved)
