"""The part of the standard `unittest` that the tests use, for MicroPython.

micropython-lib's own `unittest` may be put in front of it on MICROPYPATH: the tests use only what
both know. This one reports every failing test, counts, and never swallows an exception.
"""

import sys


class SkipTest(Exception):
    """Raised by a test that cannot run here; it is counted and named, never taken for a pass."""


class TestCase:
    """Base class of the tests: one instance per test method."""

    def setUp(self):
        """Prepare one test."""

    def tearDown(self):
        """Clean up after one test."""

    def fail(self, msg=None):
        """Fail the running test."""
        raise AssertionError(msg or "failed")

    def assertEqual(self, x, y, msg=None):
        """Fail unless `x == y`."""
        if not x == y:
            raise AssertionError(msg or "%r != %r" % (x, y))

    def assertNotEqual(self, x, y, msg=None):
        """Fail if `x == y`."""
        if x == y:
            raise AssertionError(msg or "%r == %r" % (x, y))

    def assertTrue(self, x, msg=None):
        """Fail unless `x` is true."""
        if not x:
            raise AssertionError(msg or "%r is not true" % (x,))

    def assertFalse(self, x, msg=None):
        """Fail if `x` is true."""
        if x:
            raise AssertionError(msg or "%r is not false" % (x,))

    def assertIs(self, x, y, msg=None):
        """Fail unless both are the same object."""
        if x is not y:
            raise AssertionError(msg or "%r is not %r" % (x, y))

    def assertIsNone(self, x, msg=None):
        """Fail unless `x` is None."""
        if x is not None:
            raise AssertionError(msg or "%r is not None" % (x,))

    def assertIsNotNone(self, x, msg=None):
        """Fail if `x` is None."""
        if x is None:
            raise AssertionError(msg or "unexpectedly None")

    def assertIn(self, x, y, msg=None):
        """Fail unless `x` is in `y`."""
        if x not in y:
            raise AssertionError(msg or "%r not in %r" % (x, y))

    def assertNotIn(self, x, y, msg=None):
        """Fail if `x` is in `y`."""
        if x in y:
            raise AssertionError(msg or "%r in %r" % (x, y))

    def assertRaises(self, exception, function=None, *args, **kwargs):
        """Fail unless `exception` is raised by the call, or in the `with` block."""
        if function is None:
            return _Raises(exception)
        with _Raises(exception):
            function(*args, **kwargs)
        return None


class _Raises:
    """Context of `assertRaises`."""

    def __init__(self, expected):
        self.expected = expected
        self.exception = None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            raise AssertionError("%r not raised" % (self.expected,))
        self.exception = value
        return issubclass(kind, self.expected)


def run_module(module, only=None):
    """Run every test of `module`; returns (run, failures, skipped). Prints what fails, and why."""
    run = failures = skipped = 0
    for class_name in sorted(dir(module)):
        case = getattr(module, class_name)
        if not (isinstance(case, type) and issubclass(case, TestCase) and case is not TestCase):
            continue
        for name in sorted(dir(case)):
            if not name.startswith("test") or (only and only not in name):
                continue
            run += 1
            try:
                _run_one(case, name)
            except SkipTest as error:
                skipped += 1
                print("SKIP %s.%s: %s" % (class_name, name, error))
            except Exception as error:  # noqa: BLE001  any exception is a failure to report
                failures += 1
                print("FAIL %s.%s" % (class_name, name))
                sys.print_exception(error)
    return run, failures, skipped


def _run_one(case, name):
    test = case()
    test.setUp()
    try:
        getattr(test, name)()
    finally:
        test.tearDown()
