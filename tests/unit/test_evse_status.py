"""The table of status changes (OCPP 1.6 4.9)."""

import unittest

from firmware.evse import session as sessions
from firmware.evse import status as statuses
from tools.csms import status_pairs


class _Facts:
    """The facts of a connector, one bit each; `session` stands for itself."""

    NAMES = ("faults", "operative", "reserved", "charging", "starting_up", "paused", "plugged",
             "offering", "ev_asks")

    def set(self, state, bits):
        self.session = self
        self.state = state
        for at, name in enumerate(self.NAMES):
            setattr(self, name, bits >> at & 1 == 1)


def _expected(facts, previous):
    """The status by the order of the questions, written without the firmware's words."""
    state, before_start = facts.state, previous in ("Available", "Preparing", "Finishing",
                                                    "Reserved")
    in_transaction = state in (sessions.RUNNING, sessions.STOPPING)
    for is_true, status in (
        (facts.faults, "Faulted"),
        (state == sessions.STOPPING, "Finishing"),
        (in_transaction and facts.charging, "Charging"),
        (in_transaction and facts.starting_up and not facts.paused and before_start, "Preparing"),
        (in_transaction and not facts.plugged, "SuspendedEV"),
        (in_transaction and (facts.paused or not facts.offering), "SuspendedEVSE"),
        (in_transaction and facts.ev_asks and previous != "Faulted", previous),
        (in_transaction, "SuspendedEV"),
        (not facts.operative, "Unavailable"),
        (state == sessions.FINISHING, "Finishing"),
        (facts.reserved and state in (sessions.IDLE, sessions.PLUGGED), "Reserved"),
        (state == sessions.IDLE, "Available"),
    ):
        if is_true:
            return status
    return "Preparing"


class DeriveTest(unittest.TestCase):
    def test_every_session_state_with_every_set_of_facts_and_every_status_before(self):
        # 7 states, 2**9 sets of facts, 9 statuses: the status is as expected, and what is
        # reported on the way to it is allowed, step by step.
        facts = _Facts()
        wrong = []
        for state in range(len(sessions.STATES.split())):
            for bits in range(1 << len(_Facts.NAMES)):
                facts.set(state, bits)
                for before in status_pairs.STATUSES:
                    status = statuses.derive(facts, before)
                    if status != _expected(facts, before):
                        wrong.append((state, bits, before, status))
                    way = [before, statuses.between(before, status) or before, status]
                    for at in (0, 1):
                        if way[at] != way[at + 1] and not _MAY[way[at] + way[at + 1]]:
                            wrong.append((state, bits, way))
        self.assertEqual(wrong[:3], [])


_MAY = {before + after: status_pairs.may_follow(before, after)
        for before in status_pairs.STATUSES for after in status_pairs.STATUSES}


class AllowedTest(unittest.TestCase):
    def test_each_of_81_pairs_is_as_the_standard_says(self):
        # The firmware's table against one that was written down a second time, by column.
        for before in status_pairs.STATUSES:
            for after in status_pairs.STATUSES:
                expected = status_pairs.may_follow(before, after)
                self.assertEqual(statuses.allowed(before, after), expected, (before, after))

    def test_listener_hears_each_bad_pair_and_no_good_one(self):
        # The check that every harness relies on: planted pairs must be found.
        for before in status_pairs.STATUSES:
            for after in status_pairs.STATUSES:
                pairs = status_pairs.StatusPairs()
                pairs.hear(1, before)
                is_bad = pairs.hear(1, after) is not None
                self.assertEqual(is_bad, before != after and not statuses.allowed(before, after))
                pairs.begin()
                self.assertIsNone(pairs.hear(1, before))
        self.assertEqual(status_pairs.StatusPairs().hear(0, "Charging"),
                         "connector 0 is never Charging")


class BetweenTest(unittest.TestCase):
    def test_any_pair_then_there_is_a_legal_way(self):
        # The derivation may jump; what is reported may not.
        names = [line.split()[0] for line in statuses.ALLOWED.strip().split("\n")]
        self.assertEqual(len(names), 9)
        for before in names:
            for after in names:
                status = statuses.between(before, after)
                if status is None:
                    self.assertTrue(before == after or statuses.allowed(before, after))
                else:
                    self.assertTrue(statuses.allowed(before, status), (before, after))
                    self.assertTrue(statuses.allowed(status, after), (before, after))
