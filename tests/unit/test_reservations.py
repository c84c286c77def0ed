"""The rules of reservations on plain connectors: every answer, who may come, what is stored."""

import unittest

from firmware.clock import Clock
from firmware.evse import session as sessions
from firmware.evse import tap
from firmware.evse.reservations import Reservations
from tests.sim.ram_store import RamStore

_NOW = 1000
_WALL_S = 848_000_000
_LATER_S = _WALL_S + 600

# What a connector can be in, and what ReserveNow says about it alone.
_STATES = (
    ("free", None),
    ("plugged", "Occupied"),
    ("authorised", "Occupied"),
    ("running", "Occupied"),
    ("finishing", "Occupied"),
    ("interrupted", "Occupied"),
    ("reserved", "Occupied"),
    ("faulted", "Faulted"),
    ("inoperative", "Unavailable"),
    ("faulted inoperative", "Faulted"),
)
_SESSIONS = {
    "plugged": sessions.PLUGGED,
    "authorised": sessions.AUTHORISED,
    "running": sessions.RUNNING,
    "finishing": sessions.FINISHING,
}


class Session:
    """State and what the reservation leaves in it."""

    def __init__(self):
        self.state = sessions.IDLE
        self.reservation_id = None


class Connector:
    """Attributes to set."""

    def __init__(self, number):
        self.id = number
        self.session = Session()
        self.faults = ()
        self.operative = True
        self.plugged = False
        self.interrupted = None
        self.reserved = False

    def be(self, name):
        """Take one of the states."""
        self.session.state = _SESSIONS.get(name, sessions.IDLE)
        self.plugged = name in ("plugged", "running", "finishing")
        self.interrupted = (1,) if name == "interrupted" else None
        self.faults = ("fault",) if "faulted" in name else ()
        self.operative = "inoperative" not in name


class Parts:
    """What the station hands in, and the station's own flag."""

    def __init__(self):
        self.clock = Clock(1)
        self.clock.set(_NOW, _WALL_S)
        self.settings = RamStore()
        self.operative = True


def wish(reservation_id, number, token="A", parent=None, expiry_s=_LATER_S):
    """Return the arguments of ReserveNow."""
    return (reservation_id, number, expiry_s, token, parent)


class ReservationsTest(unittest.TestCase):
    def setUp(self):
        self.parts = Parts()
        self.connectors = [Connector(1), Connector(2)]
        self.reservations = Reservations(self.connectors, self.parts, self.parts)

    def _again(self):
        """What the next boot finds."""
        return Reservations(self.connectors, self.parts, self.parts)

    def _flags(self):
        return [connector.reserved for connector in self.connectors]

    def _expected(self, number, names):
        """Plainly: faulted, else unavailable, else occupied, else accepted (OCPP 1.6 5.13)."""
        verdicts = [dict(_STATES)[name] for name in names]
        if number:
            return verdicts[number - 1] or "Accepted"
        if None in verdicts:
            return "Accepted"
        for verdict in ("Occupied", "Faulted", "Unavailable"):
            if verdict in verdicts:
                return verdict
        raise AssertionError(names)

    def test_every_pair_of_states_has_the_right_answer_for_0_1_and_2(self):
        # "Reserved" is by another id for that very connector.
        for first, _ in _STATES:
            for second, _ in _STATES:
                for number in (0, 1, 2):
                    self.setUp()
                    names = (first, second)
                    for connector, name in zip(self.connectors, names):
                        if name == "reserved":
                            other = wish(90 + connector.id, connector.id, "B")
                            self.assertEqual(self.reservations.reserve(_NOW, other), "Accepted")
                    for connector, name in zip(self.connectors, names):
                        connector.be(name)
                    found = self.reservations.reserve(_NOW, wish(7, number))
                    self.assertEqual((names, number, found),
                                     (names, number, self._expected(number, names)))

    def test_wrong_connector_past_expiry_and_unknown_time_are_rejected(self):
        # Nothing is stored then.
        for number in (-1, 3):
            self.assertEqual(self.reservations.reserve(_NOW, wish(1, number)), "Rejected")
        for expiry_s in (0, _WALL_S):
            past = wish(1, 1, expiry_s=expiry_s)
            self.assertEqual(self.reservations.reserve(_NOW, past), "Rejected")
        self.parts.clock = Clock(2)
        self.assertEqual(self._again().reserve(_NOW, wish(1, 1)), "Rejected")
        self.assertEqual(self.parts.settings.writes, 0)

    def test_flash_that_refuses_rejects_and_keeps_what_was(self):
        # As if nothing had been asked: neither the new one nor the end of the old one.
        self.reservations.reserve(_NOW, wish(1, 1))
        self.parts.settings.full = True
        self.assertEqual(self.reservations.reserve(_NOW, wish(2, 2)), "Rejected")
        self.assertEqual(self.reservations.reserve(_NOW, wish(1, 2)), "Rejected")
        self.assertFalse(self.reservations.cancel(1))
        self.assertEqual(self._flags(), [True, False])
        # What has ended has ended, written or not.
        self.reservations.used(1)
        self.reservations.tick(_NOW)
        self.assertEqual(self._flags(), [False, False])

    def test_record_survives_and_a_damaged_one_is_none(self):
        # Including a connector that this board does not have.
        self.reservations.reserve(_NOW, wish(-5, 2, "A", "P"))
        self.connectors[1].reserved = False
        again = self._again()
        self.assertEqual(self._flags(), [False, True])
        self.assertTrue(again.cancel(-5))
        for record in (b"[", b"[[1, 9, 999999999, \"A\", null]]"):
            self.parts.settings.set("reservations", record)
            self._again()
            self.assertEqual(self._flags(), [False, False])

    def test_time_unknown_after_a_boot_keeps_it_until_the_floor_says_it_is_over(self):
        # The floor is a time that has surely passed.
        self.reservations.reserve(_NOW, wish(1, 1))
        for floor_s, kept in ((_LATER_S - 1, True), (_LATER_S, False)):
            self.parts.clock = Clock(2, floor_s)
            again = self._again()
            again.tick(_NOW)
            self.assertEqual(self._flags(), [kept, False])

    def test_standing_of_tokens_and_parents(self):
        # Tokens without regard to case; parents with parents only.
        first, second = self.connectors
        self.reservations.reserve(_NOW, wish(1, 1, "aB", "P"))
        self.reservations.reserve(_NOW, wish(2, 2, "C"))
        cases = (
            (first, "Ab", None, tap.HOLDER),
            (first, "X", "p", tap.HOLDER),
            (first, "X", "Q", tap.OTHERS),
            (first, "X", None, tap.MAYBE),
            (first, "P", "Q", tap.OTHERS),
            (second, "c", None, tap.HOLDER),
            (second, "X", None, tap.OTHERS),
            (second, "X", "P", tap.OTHERS),
        )
        for connector, token, parent, wanted in cases:
            self.assertEqual(self.reservations.standing(connector, token, parent), wanted)
        self.reservations.cancel(2)
        self.assertEqual(self.reservations.standing(second, "X", None), tap.FREE)

    def test_claimed_reservation_blocks_nobody_else_and_cannot_be_claimed_twice(self):
        # Connector 0: the holder is at connector 1, so connector 2 is free for all.
        first, second = self.connectors
        self.reservations.reserve(_NOW, wish(1, 0))
        self.assertTrue(self.reservations.claim(first, "A", None))
        first.be("authorised")
        self.reservations.tick(_NOW)
        self.assertEqual(self._flags(), [False, False])
        self.assertEqual(first.session.reservation_id, 1)
        self.assertTrue(self.reservations.claim(second, "A", None))
        self.assertIsNone(second.session.reservation_id)
        self.assertEqual(self.reservations.reserve(_NOW, wish(2, 2)), "Accepted")

    def test_connector_0_ends_when_nothing_works_any_more(self):
        # One that works is enough to keep it.
        first, second = self.connectors
        self.reservations.reserve(_NOW, wish(1, 0))
        first.be("faulted")
        self.reservations.tick(_NOW)
        self.assertEqual(self._flags(), [False, True])
        second.be("inoperative")
        self.reservations.tick(_NOW)
        self.assertFalse(self.reservations.cancel(1))

    def test_connector_0_and_unauthorised_plugs(self):
        # A plug on the other one makes the free one wait; the holder's plug on it changes nothing.
        first, second = self.connectors
        self.reservations.reserve(_NOW, wish(1, 0))
        first.be("plugged")
        self.reservations.tick(_NOW)
        self.assertEqual(self._flags(), [False, True])
        second.be("plugged")
        self.reservations.tick(_NOW)
        self.assertEqual(self._flags(), [False, True])
        first.be("free")
        self.reservations.tick(_NOW)
        self.assertEqual(self._flags(), [False, False])
