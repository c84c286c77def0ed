"""May this id token charge? Asks list, cache, central system and offline rules, in that order.

OCPP 1.6 3.5 and 4.1. The rule is a table of questions answered from the configuration; what has
to wait for the central system is PENDING, one token at a time, and the answer comes back through
`on_authorize`. Knows no connector and no card reader.
"""

from micropython import const

import rfc3339
from ticks import Deadline

ACCEPTED = const(0)
REJECTED = const(1)
PENDING = const(2)

# An Authorize that is not answered in this time counts as "offline": somebody stands there.
_PATIENCE_MS = const(15000)


class Authorizer:
    """Verdicts on id tokens. `cache` and `local_list` may be None (feature absent).

    `list_conflict`: the central system said something else of a token than its own list.
    """

    def __init__(self, config, clock, cache, local_list=None):
        self.list_conflict = False
        self._config = config
        self._clock = clock
        self._cache = cache
        self._list = local_list
        self._waiting = None
        self._patience = Deadline()
        self._verdict = None

    def decide(self, now, id_token, online):
        """Return (verdict, parent or None) for a token that wants to start or stop.

        PENDING means: asked the central system; `take_verdict` will tell. A second token that
        comes while one is pending replaces it: the last card counts.
        """
        known = self._known(now, id_token)
        config = self._config
        if known and known[0] == "Accepted":
            if config.get("LocalPreAuthorize" if online else "LocalAuthorizeOffline"):
                return ACCEPTED, known[1]
        if online:
            self._waiting = id_token
            self._verdict = None
            self._patience.start(now, _PATIENCE_MS)
            return PENDING, None
        if known:
            return REJECTED, known[1]
        return (ACCEPTED if config.get("AllowOfflineTxForUnknownId") else REJECTED), None

    def parent_of(self, now, id_token):
        """Return the parent of a token as far as it is known here, else None."""
        known = self._known(now, id_token)
        return known[1] if known and known[0] == "Accepted" else None

    def _known(self, now, id_token):
        """Return (status, parent) as known here, an entry past its date as Expired; or None."""
        # OCPP 1.6 3.5.3: what the list says of a token hides what the cache says.
        entry = self._listed(id_token)
        if entry is None and self._caching:
            entry = self._cache.find(id_token)
        if entry is None:
            return None
        status, parent, expires_s = entry
        if status == "Accepted" and expires_s is not None:
            stamp = self._clock.stamp(now)
            # With the time unknown (boot number set) nobody can say that it is still valid.
            if stamp[0] or stamp[1] >= expires_s:
                status = "Expired"
        return status, parent

    def _listed(self, id_token):
        if self._list is None or not self._config.get("LocalAuthListEnabled"):
            return None
        return self._list.find(id_token)

    @property
    def _caching(self):
        return self._cache is not None and self._config.get("AuthorizationCacheEnabled")

    # The online question.

    def pending_token(self):
        """Return the token that an Authorize is to be sent for now, or None."""
        return self._waiting

    def on_authorize(self, now, id_token, id_tag_info):
        """Take the answer: `id_tag_info` of Authorize.conf, or None if there was none."""
        if id_tag_info is not None:
            self.learn(now, id_token, id_tag_info)
        if id_token != self._waiting:
            return
        if id_tag_info is None:
            self._offline_verdict(now)
            return
        status = id_tag_info.get("status")
        verdict = ACCEPTED if status == "Accepted" else REJECTED
        self._settle(id_token, verdict, id_tag_info.get("parentIdTag"))

    def tick(self, now, online):
        """Give up waiting: no answer in time, or the connection is gone."""
        if self._waiting is not None and (self._patience.expired(now) or not online):
            self._offline_verdict(now)

    def _offline_verdict(self, now):
        id_token = self._waiting
        verdict, parent = self.decide(now, id_token, False)
        self._settle(id_token, verdict, parent)

    def _settle(self, id_token, verdict, parent):
        self._waiting = None
        self._patience.stop()
        self._verdict = (id_token, verdict, parent)

    def take_verdict(self):
        """Return (id token, verdict, parent) of a question that was pending, once; else None."""
        verdict = self._verdict
        self._verdict = None
        return verdict

    # The cache.

    def learn(self, now, id_token, id_tag_info):
        """Keep what a confirmation said of a token (OCPP 1.6 3.5.1: each of the three does)."""
        if self._listed(id_token) is not None:
            # Tokens of the list are none of the cache's.
            self._compare(now, id_token, id_tag_info.get("status"))
            return
        if not self._caching:
            return
        expires_s = None
        expiry = id_tag_info.get("expiryDate")
        if expiry:
            try:
                expires_s = rfc3339.parse(expiry)[0]
            except ValueError:
                expires_s = 0
        try:
            self._cache.learn(
                id_token, id_tag_info.get("status"), id_tag_info.get("parentIdTag"), expires_s
            )
        except OSError:
            # A cache that cannot be written is a slower one, no reason to refuse anybody.
            pass

    def _compare(self, now, id_token, status):
        # Used elsewhere at the same time: that says nothing of the token itself.
        if status == "ConcurrentTx":
            return
        known = self._known(now, id_token)
        if known and (known[0] == "Accepted") != (status == "Accepted"):
            self.list_conflict = True

    def clear_cache(self, now):
        """Forget all tokens; returns False if there is no cache or the flash refused."""
        if self._cache is None:
            return False
        try:
            self._cache.clear()
        except OSError:
            return False
        return True
