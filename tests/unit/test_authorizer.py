"""Who may charge: every combination of list, cache, connection and keys against a plain oracle."""

import unittest

from firmware.auth.authorizer import ACCEPTED, PENDING, REJECTED, Authorizer
from firmware.clock import Clock

_NOW = 1000
_WALL_S = 848_000_000
_KEYS = (
    "LocalAuthListEnabled",
    "AuthorizationCacheEnabled",
    "LocalPreAuthorize",
    "LocalAuthorizeOffline",
    "AllowOfflineTxForUnknownId",
)
_LIST, _CACHE, _PRE, _OFFLINE, _UNKNOWN = range(5)

# What a list or a cache may hold of a token. "L" and "C" are the parents, to tell who was asked.
_ENTRIES = (
    None,
    ("Accepted", None),
    ("Accepted", _WALL_S + 60),
    ("Accepted", _WALL_S - 60),
    ("Blocked", None),
    ("Expired", None),
    ("Invalid", None),
    ("ConcurrentTx", None),
)


class Config:
    """Five switches as the bits of a number."""

    def __init__(self):
        self.bits = 0

    def is_set(self, index):
        """Return one switch."""
        return bool(self.bits >> index & 1)

    def get(self, name):
        """Return one switch by its name."""
        return self.is_set(_KEYS.index(name))


class Tokens:
    """A list or a cache that holds one entry for every token; what it learns is written down."""

    def __init__(self, parent):
        self.entry = None
        self.learned = []
        self._parent = parent

    def find(self, id_token):
        """Return the entry."""
        return self.entry and (self.entry[0], self._parent, self.entry[1])

    def learn(self, id_token, status, parent, expires_s):
        """Write it down."""
        self.learned.append((id_token, status, parent, expires_s))


class AuthorizerTest(unittest.TestCase):
    def setUp(self):
        self.config = Config()
        self.list = Tokens("L")
        self.cache = Tokens("C")
        self.clock = Clock(1)
        self.clock.set(_NOW, _WALL_S)
        self.authorizer = Authorizer(self.config, self.clock, self.cache, self.list)

    def _oracle(self, online):
        """The text of OCPP 1.6 3.5, question by question."""
        config = self.config
        entry, parent = None, None
        if config.is_set(_LIST) and self.list.entry:
            entry, parent = self.list.entry, "L"
        elif config.is_set(_CACHE) and self.cache.entry:
            entry, parent = self.cache.entry, "C"
        valid = False
        if entry and entry[0] == "Accepted":
            valid = entry[1] is None or (self.clock.known and entry[1] > _WALL_S)
        if online:
            return (ACCEPTED, parent) if valid and config.is_set(_PRE) else (PENDING, None)
        if valid and config.is_set(_OFFLINE):
            return ACCEPTED, parent
        if entry:
            return REJECTED, parent
        return (ACCEPTED if config.is_set(_UNKNOWN) else REJECTED), None

    def _sweep(self):
        """Every list entry x cache entry x connection x keys; returns how many."""
        count = 0
        for self.list.entry in _ENTRIES:
            for self.cache.entry in _ENTRIES:
                for bits in range(32):
                    self.config.bits = bits
                    for online in (True, False):
                        found = self.authorizer.decide(_NOW, "T", online)
                        if found != self._oracle(online):
                            case = (self.list.entry, self.cache.entry, bits, online, found)
                            raise AssertionError(repr(case))
                        count += 1
        return count

    def test_every_combination_is_as_the_standard_says(self):
        # 8 x 8 x 32 x 2 verdicts with their parents.
        self.assertEqual(self._sweep(), 4096)

    def test_every_combination_with_the_time_unknown(self):
        # An entry with a date cannot be believed then.
        self.clock = Clock(1)
        self.authorizer = Authorizer(self.config, self.clock, self.cache, self.list)
        self.assertEqual(self._sweep(), 4096)

    def test_without_list_and_cache_only_the_central_system_knows(self):
        # The features are absent: their keys are not asked.
        authorizer = Authorizer(self.config, self.clock, None)
        self.config.bits = 31
        self.assertEqual(authorizer.decide(_NOW, "T", True), (PENDING, None))
        self.assertEqual(authorizer.decide(_NOW, "T", False), (ACCEPTED, None))
        authorizer.learn(_NOW, "T", {"status": "Accepted"})
        self.assertFalse(authorizer.list_conflict)

    def test_parent_comes_from_the_list_before_the_cache(self):
        # Only of a token that is valid.
        self.config.bits = 3
        self.list.entry = self.cache.entry = ("Accepted", None)
        self.assertEqual(self.authorizer.parent_of(_NOW, "T"), "L")
        self.list.entry = ("Blocked", None)
        self.assertIsNone(self.authorizer.parent_of(_NOW, "T"))
        self.list.entry = None
        self.assertEqual(self.authorizer.parent_of(_NOW, "T"), "C")

    def test_listed_tokens_never_enter_the_cache(self):
        # OCPP 1.6 3.5.3. Switched off, the list has none.
        self.list.entry = ("Accepted", None)
        self.config.bits = 3
        self.authorizer.learn(_NOW, "T", {"status": "Accepted"})
        self.assertEqual(self.cache.learned, [])
        self.config.bits = 2
        self.authorizer.learn(_NOW, "T", {"status": "Blocked", "parentIdTag": "P"})
        self.assertEqual(self.cache.learned, [("T", "Blocked", "P", None)])
        self.assertFalse(self.authorizer.list_conflict)

    def test_conflict_is_when_one_accepts_and_the_other_does_not(self):
        # ConcurrentTx says nothing of the token; an entry past its date is not accepted.
        self.config.bits = 1
        conflicts = []
        for entry in _ENTRIES[1:]:
            for status in ("Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"):
                self.list.entry = entry
                self.authorizer.list_conflict = False
                self.authorizer.learn(_NOW, "T", {"status": status})
                if self.authorizer.list_conflict:
                    conflicts.append((_ENTRIES.index(entry), status))
        refused = ("Blocked", "Expired", "Invalid")
        wanted = [(index, status) for index in (1, 2) for status in refused]
        wanted += [(index, "Accepted") for index in (3, 4, 5, 6, 7)]
        self.assertEqual(sorted(conflicts), sorted(wanted))
