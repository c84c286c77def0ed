"""Run one test file: `micropython run_file.py tests/unit/test_x.py [name part]`.

Exit status 0 only if at least one test ran and none failed. The last line gives counts and heap.
A process of its own per file: no test inherits another one's heap or modules. Serves with our own
`unittest` shim, with micropython-lib's, and on CPython with the standard one.
"""

import gc
import sys


def main(path, only=None):
    """Import the file as a module, run its tests, report."""
    # The folder of this script comes first by itself, and would hide a real unittest.
    if sys.path[0].endswith("compat_mpy"):
        sys.path.pop(0)
    # Compiling leaves garbage between what stays; collected late, the holes would be too small
    # for a frame. The firmware does the same before its imports.
    if hasattr(gc, "threshold"):
        gc.threshold(8192)
    import unittest

    if hasattr(unittest, "TestRunner"):
        from complete import complete

        complete(unittest)
    folder, _, name = path.rpartition("/")
    sys.path.insert(0, folder or ".")
    module = __import__(name[:-3])
    gc.collect()
    after_import = _heap("mem_alloc")
    if hasattr(unittest, "run_module"):
        run, failures, skipped = unittest.run_module(module, only)
    elif hasattr(unittest, "TextTestRunner"):
        run, failures, skipped = _run_on_cpython(unittest, module, only)
    else:
        run, failures, skipped = _run_with_real_unittest(unittest, module)
    gc.collect()
    print(
        "%s: %d run, %d failed, %d skipped; heap %d after import, %d at the end, %d free"
        % (path, run, failures, skipped, after_import, _heap("mem_alloc"), _heap("mem_free"))
    )
    return 0 if run > 0 and failures == 0 else 1


def _heap(figure):
    """Return a heap figure in bytes, 0 where the interpreter has none."""
    return getattr(gc, figure)() if hasattr(gc, figure) else 0


def _run_with_real_unittest(unittest, module):
    """Drive the `unittest` of micropython-lib, which has no run_module."""
    suite = unittest.TestSuite()
    for name in sorted(dir(module)):
        case = getattr(module, name)
        if isinstance(case, type) and issubclass(case, unittest.TestCase):
            if case is not unittest.TestCase:
                suite.addTest(case)
    result = unittest.TestRunner().run(suite)
    for text in getattr(result, "exceptions", ()):
        print(text)
    failed = result.failuresNum + result.errorsNum
    return result.testsRun, failed, result.skippedNum


def _run_on_cpython(unittest, module, only):
    """Drive the standard library's `unittest`."""
    loader = unittest.defaultTestLoader
    if only:
        loader.testNamePatterns = ["*%s*" % only]
    suite = loader.loadTestsFromModule(module)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    return result.testsRun, failed, len(result.skipped)


sys.exit(main(*sys.argv[1:]))
