"""What micropython-lib's `unittest` lacks of the part that our tests use.

Its assertions and its way of running tests stay its own. Found with version 0.4: no assertNotIn,
no exception kept by assertRaises, and messages that are formatted with `% x`, which breaks for a
tuple even where the assertion holds.
"""


def complete(unittest):
    """Add to the module `unittest` what is missing in it; what it has stays."""
    case = unittest.TestCase
    if not hasattr(case, "assertNotIn"):
        case.assertNotIn = _assert_not_in
    for name in ("assertIsNone", "assertIsNotNone", "assertTrue", "assertFalse"):
        setattr(case, name, _with_message(getattr(case, name)))
    context = getattr(unittest, "AssertRaisesContext", None)
    if context and not hasattr(context, "exception"):
        context.exception = None
        context.__exit__ = _keep_exception(context.__exit__)


def _assert_not_in(self, x, y, msg=None):
    assert x not in y, msg or "%r is in %r" % (x, y)


def _with_message(assertion):
    def checked(self, x, msg=None):
        return assertion(self, x, msg or "found %r" % (x,))

    return checked


def _keep_exception(leave):
    def keep(self, kind, value, trace):
        self.exception = value
        return leave(self, kind, value, trace)

    return keep
