"""The way to the central system: address, identity, key, Wi-Fi. What can cut the box off is tried.

A change of these settings is used at once but kept in RAM; it lasts when the central system
answers in time, or somebody says so, and otherwise goes away by itself, with a restart too. While
no address is set there is nothing to be cut off from, and a change is kept at once. All settings
that are kept are one record, so they change together or not at all.

`change` also takes keys of the other registry along: one record on flash holds all that is to be
done until it is done, and `take_up` finishes at the next boot what a power cut has interrupted.
"""

import json

from firmware.config import Config
from ticks import Deadline

_KEPT = "access"
_CHANGE = "change"
# Lengths: OCPP 1.6 allows 48 in an address, IEEE 802.11 32 and 63.
_TABLE = """
OcppIdentity text rw 0 48
OcppKey text w 0 100
OcppUrl text rw 0 400
SecurityProfile int rw 0 0 3
TrialTime int rw 120 10 3600
WifiPassword text w 0 63
WifiSsid text rw 0 32
"""


class Access:
    """The settings in force, as keys of `config`, a registry of its own: the central system
    neither sees nor sets them. `trial` is a Deadline that runs during a trial; `ended` tells how
    the last one ended, None if it was kept."""

    def __init__(self, store, other, settings):
        """store: key/value store; other: the registry of all other keys; settings: what the board
        brings (url, identity, password, ca, profile), or None.
        """
        self._ca = None
        self.trial = Deadline()
        self.ended = None
        self._store = store
        self._other = other
        self._given = {}
        if settings is not None:
            self._ca = settings.ca
            self._given = {
                "OcppUrl": settings.url or "",
                "OcppIdentity": settings.identity,
                "OcppKey": settings.password or "",
                "SecurityProfile": str(settings.profile),
            }
        self._take_up()
        self._load()

    # What the connection asks for.

    @property
    def url(self):
        """The address of the central system, without the identity; empty: none."""
        return self.config.get("OcppUrl")

    @property
    def identity(self):
        """The identity at the central system."""
        return self.config.get("OcppIdentity")

    @property
    def password(self):
        """The key for Basic authentication, None without."""
        return self.config.get("SecurityProfile") and self.config.get("OcppKey") or None

    @property
    def ca(self):
        """The certificate of the authority that signs central systems' (PEM or DER bytes), None
        without: what `make provision` has left, if the board brings none. It is large, so it is
        not kept in RAM. Raises OSError."""
        return self._ca or self._store.get("ca")

    # Changes.

    def change(self, now, pairs, reset=False):
        """Set all of `pairs` (name, text), valid and in canonical spelling, or nothing.

        reset: first return all keys to their defaults, which need a restart. Returns True if the
        connection is to be made anew. Raises OSError: then it is finished at the next boot.
        """
        mine = {}
        rest = []
        for name, text in pairs:
            if self.config.row(name):
                mine[name] = text
            else:
                rest.append((name, text))
        on_trial = bool(mine) and bool(self.url or self.trial.running)
        if reset:
            self.trial.stop()
        # With a trial no more is kept than that there is one.
        self._put(_CHANGE, (reset, rest, {} if on_trial else mine, on_trial))
        self._finish(reset, rest, {} if on_trial else mine)
        if on_trial:
            self._own.update(mine)
            self._use()
            self.trial.start(now, self.config.get("TrialTime") * 1000)
        elif mine or reset:
            self._load()
        if self.trial.running:
            self._put(_CHANGE, (False, (), {}, True))
        else:
            self._store.delete(_CHANGE)
        return len(mine) > 0

    def tick(self, now, is_up):
        """A trial goes on. is_up: the central system answers. Returns True when it has failed."""
        if is_up:
            self.keep()
        elif self.trial.expired(now):
            self.revert("given up, nobody answered in time")
            return True
        return False

    def keep(self):
        """What is on trial is good. Raises OSError."""
        self.trial.stop()
        self.ended = None
        self._put(_KEPT, self._own)
        self._store.delete(_CHANGE)

    def revert(self, why):
        """What is on trial goes away. Raises OSError."""
        self.trial.stop()
        self.ended = why
        self._load()
        self._store.delete(_CHANGE)

    def given(self, name):
        """Return what a key of `config` is while nobody has set it, as a text."""
        return self._given.get(name) or str(self.config.row(name)[3])

    def _take_up(self):
        change = self._read(_CHANGE)
        if not change:
            return
        self._finish(change[0], change[1], change[2])
        if change[3]:
            self.ended = "given up, a restart came before the answer"
        self._store.delete(_CHANGE)

    def _finish(self, reset, rest, mine):
        other = self._other
        if reset:
            for row in other.rows():
                if row[2][-1] not in "?r":
                    other.reset(row[0])
            # The installer's limits are gone.
            other.set("StorageLost", "true")
            self._store.delete(_KEPT)
        for name, text in rest:
            other.set(name, text)
        if mine:
            kept = self._read(_KEPT) or {}
            kept.update(mine)
            self._put(_KEPT, kept)

    def _load(self):
        self._own = self._read(_KEPT) or {}
        self._use()

    def _use(self):
        self.config = Config(self, (_TABLE,))
        self.config.load()

    def _read(self, name):
        data = self._store.get(name)
        return json.loads(data) if data else None

    def _put(self, name, record):
        self._store.set(name, json.dumps(record).encode())

    # The store of `config`, which only reads.

    def keys(self):
        """Return the names of all keys that differ from the table."""
        return set(self._given) | set(self._own)

    def get(self, name):
        """Return the value of a key, as bytes."""
        return (self._own[name] if name in self._own else self._given[name]).encode()
