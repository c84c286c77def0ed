"""Run one test file on MicroPython: `micropython run_file.py tests/unit/test_x.py [name part]`.

Exit status 0 only if at least one test ran and none failed. The last line gives the heap figures.
A process of its own per file: no test inherits another one's heap or modules.
"""

import gc
import sys


def main(path, only=None):
    """Import the file as a module, run its tests, report."""
    # Compiling leaves garbage between what stays; collected late, the holes would be too small
    # for a frame. The firmware does the same before its imports.
    gc.threshold(8192)
    import unittest

    folder, _, name = path.rpartition("/")
    sys.path.insert(0, folder or ".")
    module = __import__(name[:-3])
    gc.collect()
    after_import = gc.mem_alloc()
    if hasattr(unittest, "run_module"):
        run, failures, skipped = unittest.run_module(module, only)
    else:
        run, failures, skipped = _run_with_real_unittest(unittest, module)
    gc.collect()
    print(
        "%s: %d run, %d failed, %d skipped; heap %d after import, %d at the end, %d free"
        % (path, run, failures, skipped, after_import, gc.mem_alloc(), gc.mem_free())
    )
    return 0 if run > 0 and failures == 0 else 1


def _run_with_real_unittest(unittest, module):
    """Drive the `unittest` of micropython-lib, which has no run_module."""
    suite = unittest.TestSuite()
    for name in sorted(dir(module)):
        case = getattr(module, name)
        if isinstance(case, type) and issubclass(case, unittest.TestCase):
            if case is not unittest.TestCase:
                suite.addTest(case)
    result = unittest.TestRunner().run(suite)
    failed = result.failuresNum + result.errorsNum
    return result.testsRun, failed, result.skippedNum


sys.exit(main(*sys.argv[1:]))
