"""Modules that are needed for a moment: forgotten, and loaded again when asked for."""

import sys
import unittest

from firmware import late


class Forget(unittest.TestCase):
    """The heap that a module takes is given back; what is used of it stays."""

    def test_module_when_forgotten_then_the_next_import_loads_it_again(self):
        """Neither sys.modules nor its package holds on to it."""
        from websock import handshake

        first = handshake.new_key(bytes(16))
        late.forget("websock.handshake")
        self.assertFalse("websock.handshake" in sys.modules)
        self.assertFalse(hasattr(sys.modules["websock"], "handshake"))
        from websock.handshake import new_key

        self.assertTrue("websock.handshake" in sys.modules)
        self.assertEqual(new_key(bytes(16)), first)

    def test_module_when_it_was_never_loaded_then_nothing_happens(self):
        """Nor for a name without a package."""
        late.forget("websock.no_such_module")
        late.forget("no_such_module")


if __name__ == "__main__":
    unittest.main()
