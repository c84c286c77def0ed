"""Keys that a board declares in its board.json: type, range, default, access."""

import unittest

from firmware import device_keys
from firmware.config import Config
from tests.sim.ram_store import RamStore

_ROWS = (
    {"key": "Active", "type": "bool", "default": True},
    {"key": "Amount", "type": "int", "default": 5000, "min": 10, "max": 9999},
    {"key": "Currency", "type": "text", "default": "EUR", "max": 3},
    {"key": "Revision", "type": "text", "default": "B", "readonly": True},
)


class DeclaredKeysTest(unittest.TestCase):
    def setUp(self):
        self.config = Config(RamStore(), (device_keys.declared(_ROWS),))
        self.config.load()

    def test_get_when_never_set_then_default(self):
        """Each key reports what the board declares."""
        texts = [self.config.text(row["key"]) for row in _ROWS]
        self.assertEqual(texts, ["true", "5000", "EUR", "B"])

    def test_set_when_in_range_then_accepted(self):
        """Type and range are the declared ones."""
        for name, text in (("Active", "FALSE"), ("Amount", "9999"), ("Currency", "CHF")):
            self.assertEqual(self.config.set(name, text), "Accepted")

    def test_set_when_out_of_range_then_rejected(self):
        """Wrong type, too much, too long, read-only."""
        for name, text in (("Active", "1"), ("Amount", "9"), ("Currency", "EURO"),
                           ("Revision", "C")):
            self.assertEqual(self.config.set(name, text), "Rejected")

    def test_declared_when_type_is_unknown_then_raises(self):
        """A mistake in board.json shows at once."""
        with self.assertRaises(ValueError):
            device_keys.declared([{"key": "X", "type": "float", "default": 1}])
