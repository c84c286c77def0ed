"""The authorisation cache: what the central system last said about an id token.

OCPP 1.6 3.5.1: entries come from Authorize, StartTransaction and StopTransaction confirmations,
survive a power cut, and when the cache is full, invalid ones go first, then the oldest. Entries
live in the store, one small record each; in the heap there is only their number.
"""

import binascii
import json

from micropython import const

ENTRIES_MAX = const(100)


class Cache:
    """Bounded map from id token (case-insensitive, up to 20 characters) to its last verdict."""

    def __init__(self, store, entries_max=ENTRIES_MAX):
        self._store = store
        self._entries_max = entries_max
        self._order = 0
        self._count = 0
        for key in store.keys():
            entry = self._read(key)
            if entry:
                self._count += 1
                self._order = max(self._order, entry[3])

    def __len__(self):
        return self._count

    def find(self, id_token):
        """Return (status, parent or None, expiry in seconds since 2000 or None), or None."""
        entry = self._read(_key(id_token))
        return (entry[0], entry[1], entry[2]) if entry else None

    def learn(self, id_token, status, parent, expires_s):
        """Remember what the central system said. Raises OSError if the flash fails."""
        key = _key(id_token)
        entry = self._read(key)
        if entry and (entry[0], entry[1], entry[2]) == (status, parent, expires_s):
            return
        if not entry:
            if self._count >= self._entries_max:
                self._evict()
            self._count += 1
        self._order += 1
        text = json.dumps([status, parent, expires_s, self._order])
        self._store.set(key, text.encode())

    def clear(self):
        """Forget every entry. Raises OSError if the flash fails."""
        for key in list(self._store.keys()):
            self._store.delete(key)
        self._count = 0

    def _evict(self):
        """Drop the entry that is worth least: not Accepted before Accepted, old before new."""
        victim = None
        for key in self._store.keys():
            entry = self._read(key)
            if entry is None:
                continue
            rank = (entry[0] == "Accepted", entry[3])
            if victim is None or rank < victim[0]:
                victim = (rank, key)
        if victim:
            self._store.delete(victim[1])
            self._count -= 1

    def _read(self, key):
        data = self._store.get(key)
        if data is None:
            return None
        try:
            entry = json.loads(data)
        except ValueError:
            return None
        return entry if isinstance(entry, list) and len(entry) == 4 else None


def _key(id_token):
    """File name of a token: any text is a legal token, not any text is a legal name."""
    return binascii.hexlify(id_token.upper().encode()).decode()
