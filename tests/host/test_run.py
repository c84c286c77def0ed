"""The test runner cannot be fooled: what fails, breaks, hangs or is empty is a failure."""

import pytest

from tests import everything, run
from tools import micropython_unittest

HEAD = '"""Planted."""\nimport unittest\nclass PlantedTest(unittest.TestCase):\n'
GOOD = HEAD + "    def test_a(self):\n        self.assertEqual(1, 1)\n"
BAD = GOOD + "    def test_b(self):\n        self.assertEqual(1, 2)\n"
ERROR = GOOD + "    def test_b(self):\n        raise OSError(5)\n"
SKIPPED = GOOD + "    def test_b(self):\n        raise unittest.SkipTest('not here')\n"
BROKEN = "import does_not_exist\n"
EMPTY = "import unittest\n"
EXITS = HEAD + "    def test_a(self):\n        import sys\n        sys.exit(0)\n"
HANGS = HEAD + "    def test_a(self):\n        while True:\n            pass\n"
GREEDY = HEAD + "    def test_a(self):\n        self.assertTrue(bytearray(200000))\n"

SUBSET = HEAD + """
    def test_not_in(self):
        self.assertNotIn(1, (2, 3))

    def test_not_in_fails(self):
        self.assertNotIn(2, (2, 3))

    def test_kept_exception(self):
        with self.assertRaises(ValueError) as raised:
            raise ValueError("kept")
        self.assertEqual(raised.exception.args[0], "kept")

    def test_not_raised_fails(self):
        with self.assertRaises(ValueError):
            pass

    def test_tuple(self):
        self.assertIsNotNone((1, 2))

    def test_truth_of_tuples(self):
        self.assertTrue((1, 2))
        self.assertFalse(())
"""
BAD_FRAME = HEAD + """
    def test_a(self):
        from tests.sim.csms import Csms
        Csms().receive('[2,"1","Heartbeat",{"surprise":1}]')
"""
GOOD_FRAME = BAD_FRAME.replace('"surprise":1', "")
# text, passed, failed
CASES = ((GOOD, 1, 0), (BAD, 1, 1), (ERROR, 1, 1), (SKIPPED, 1, 0), (BROKEN, 0, 1), (EMPTY, 0, 1),
         (EXITS, 0, 1), (HANGS, 0, 1))


def outcome(tmp_path, text, vm, real=None):
    path = tmp_path / "test_planted.py"
    path.write_text(text)
    (result,) = run.run_files(run.collect([str(path)]), vm, 160 * 1024, 2, real)
    return result


@pytest.mark.parametrize("vm", ["micropython32", "cpython"])
@pytest.mark.parametrize("text, passed, failed", CASES)
def test_file_when_planted_then_is_counted_for_what_it_is(tmp_path, vm, text, passed, failed):
    """The same counts on both interpreters."""
    result = outcome(tmp_path, text, vm)
    assert (result.passed, result.failed) == (passed, failed)
    assert (result.verdict == "ok") == (failed == 0)


@pytest.mark.parametrize("vm", ["micropython32", "cpython"])
def test_frame_when_it_breaks_a_schema_then_its_file_fails(tmp_path, vm):
    """A scenario cannot pass with a frame that the standard forbids; the report names it."""
    bad, good = outcome(tmp_path, BAD_FRAME, vm), outcome(tmp_path, GOOD_FRAME, vm)
    assert (bad.passed, bad.failed) == (0, 1)
    assert "surprise" in bad.output
    assert "Heartbeat" in bad.output
    assert (good.passed, good.failed) == (1, 0), good.output


@pytest.mark.parametrize("text, verdict", [
    (BROKEN, "BROKE, STATUS 1"), (EMPTY, "NO TEST IN IT"), (HANGS, "TIMED OUT"),
    (EXITS, "BROKE, STATUS 0")])
def test_file_when_it_gives_no_result_then_the_table_says_why(tmp_path, text, verdict):
    """Found without reading the output."""
    assert outcome(tmp_path, text, "micropython32").verdict == verdict


@pytest.mark.parametrize("text, passed, failed", (*CASES[:-2], (SUBSET, 4, 2)))
def test_file_when_run_by_the_real_unittest_then_counts_the_same(tmp_path, text, passed, failed):
    """micropython-lib's own `main` is not trusted with the exit status."""
    result = outcome(tmp_path, text, "micropython32", micropython_unittest.fetch())
    assert (result.passed, result.failed) == (passed, failed)


@pytest.mark.parametrize("vm, real, shim", [
    ("micropython32", False, 1), ("micropython32", True, 0), ("cpython", False, 0)])
def test_unittest_when_chosen_then_is_the_one_in_use(tmp_path, vm, real, shim):
    """The shim must not stand in front of what it stands in for."""
    text = HEAD + "    def test_a(self):\n" \
                  "        self.assertEqual(hasattr(unittest, 'run_module'), bool(%d))\n" % shim
    result = outcome(tmp_path, text, vm, micropython_unittest.fetch() if real else None)
    assert (result.passed, result.failed) == (1, 0), result.output


def test_heap_when_too_small_for_a_test_then_fails(tmp_path):
    """A unit test has the heap of a board, not that of a PC."""
    assert outcome(tmp_path, GREEDY, "micropython32").failed == 1


def test_report_when_one_file_fails_then_so_does_the_run(tmp_path, capsys):
    """The closing line counts tests, not files."""
    results = [outcome(tmp_path, BAD, "cpython"), outcome(tmp_path, GOOD, "cpython")]
    assert run.report(results) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "2 passed, 1 failed"


def test_report_when_nothing_ran_then_fails(capsys):
    """A pattern that matches nothing is no success."""
    assert run.report([]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "0 passed, 0 failed"


def test_collect_when_given_a_pattern_then_finds_by_part_of_the_path():
    """`make test`'s inner runner is used by hand, too."""
    assert run.collect(["ticks"]) == ["tests/unit/test_ticks.py"]
    assert "tests/unit/test_prng.py" in run.collect([])


@pytest.mark.parametrize("lines, counted", [
    (["x", "12 passed, 3 failed"], (12, 3)),
    (["2 failed, 101 passed, 1 skipped, 1 error in 0.81s"], (101, 3)),
    (["house rules: 0 findings"], (0, 0)),
])
def test_count_when_a_step_ends_then_reads_its_last_line(lines, counted):
    """Both our runner's and pytest's closing line are understood."""
    assert everything.count(lines) == counted


@pytest.mark.parametrize("status, lines, counted", [
    (0, [], (1, 0)), (1, [], (0, 1)), (1, ["3 passed, 0 failed"], (3, 1)),
    (5, ["no tests ran in 0.01s"], (0, 1))])
def test_result_when_a_step_does_not_count_then_its_status_does(status, lines, counted):
    """A step that fails without saying so fails all the same."""
    result = everything.Result("step", status, lines, 0)
    assert (result.passed, result.failed) == counted
