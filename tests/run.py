"""Run the test files that both interpreters share, each in a process of its own, in parallel.

`python -m tests.run [--vm micropython32|micropython|cpython] [--heap 160K] [files or patterns]`

Runs tests/unit/test_*.py and tests/scenarios/test_*.py, on MicroPython with the compiled modules
of the device. A pattern is a part of the path, the path, or another folder with tests. Frames of
OCPP that a test leaves in the file named by PILOTWIRE_FRAMES are judged by the schemas. The
last line is `N passed, N failed`, tests and not files; exit status 1 if a test failed, a file
crashed or timed out, or no test ran at all.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.sim import frames_cpython
from tools import micropython, micropython_unittest, mpy

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("tests/unit", "tests/scenarios")
FRAMES = ROOT / ".build" / "frames"
# A scenario has the whole world, the central system and the test in the heap of the firmware.
_HEAP = {"tests/scenarios": 640 * 1024, "tests/esp32": 640 * 1024}
_HEAP_DEFAULT = 160 * 1024
_RUNNER = "tests/compat_mpy/run_file.py"
_REPORT = re.compile(
    r"^(\S+): (\d+) run, (\d+) failed, (\d+) skipped; "
    r"heap (\d+) after import, (\d+) at the end, (\d+) free$", re.M)


class Outcome:
    """What became of one file."""

    def __init__(self, path, status, output, seconds):
        self.path = path
        self.output = output
        self.seconds = seconds
        self.run = self.failed = self.skipped = self.heap = 0
        self.verdict = "ok"
        reports = _REPORT.findall(output)
        if status is None:
            self._break("timed out")
        elif not reports:
            self._break("broke, status %d" % status)
        else:
            counts = [int(number) for number in reports[-1][1:]]
            self.run, self.failed, self.skipped = counts[:3]
            self.heap = max(counts[3:5])
            if self.failed:
                self.verdict = "FAILED"
            elif self.run == 0:
                self._break("no test in it")
            elif status:
                self._break("status %d" % status)

    def _break(self, verdict):
        """Count a file that gave no result as one failed test: it must not go unseen."""
        self.verdict = verdict.upper()
        self.run = max(self.run, 1)
        self.failed = max(self.failed, 1)

    def judge(self, frames):
        """Count the file as failed if a frame in the file `frames` breaks the schemas."""
        if not frames.exists():
            return
        problems = frames_cpython.judge(frames)[1]
        if problems:
            self.output += "".join("\nBAD FRAME: " + problem for problem in problems)
            self.verdict = "BAD FRAME"
            self.failed = max(self.failed, 1)

    @property
    def passed(self):
        """The number of tests that ran and did not fail."""
        return self.run - self.failed - self.skipped


def collect(patterns, root=ROOT):
    """Return the test files, relative to `root`, whose path matches one of `patterns` (or all)."""
    files = []
    for folder in FOLDERS:
        files += sorted(str(path.relative_to(root)) for path in (root / folder).glob("test_*.py"))
    if not patterns:
        return files
    wanted = [os.path.relpath(p, root) if os.path.isabs(p) else os.path.normpath(p)
              for p in patterns]
    # A file that is named is run wherever it lies: a test of this runner needs that.
    named = [path for path in wanted if path.endswith(".py") and (root / path).is_file()]
    for folder in wanted:
        if folder not in FOLDERS and (root / folder).is_dir():
            named += sorted(str(path.relative_to(root))
                            for path in (root / folder).glob("test_*.py"))
    found = [path for path in files if any(part in path for part in wanted)]
    return named + [path for path in found if path not in named]


def run_files(files, vm, heap, timeout_s, real_unittest=None, jobs=None):
    """Run `files` on `vm`, return the Outcomes in order.

    heap: bytes, None for what each folder gets by default; ignored on CPython.
    """
    command = micropython.find(vm)
    environment = dict(os.environ)
    if vm == "cpython":
        command.append("-P")  # else the runner's own folder, with our unittest in it, comes first
        environment["PYTHONPATH"] = os.pathsep.join([".", "lib", "tests/compat"])
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
    else:
        mpy.build()
        paths = [str(mpy.STAGE), ".", "tests/compat_mpy", ".frozen"]
        if real_unittest:
            paths.insert(0, str(real_unittest))
        environment["MICROPYPATH"] = ":".join(paths)

    def run(path):
        options = [] if vm == "cpython" else _heap_options(vm, path, heap, real_unittest)
        return _run_file([*command, *options, _RUNNER, path], environment, path, timeout_s)

    FRAMES.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool:
        return list(pool.map(run, files))


def _heap_options(vm, path, heap, real_unittest):
    size = heap or _HEAP.get(os.path.dirname(path), _HEAP_DEFAULT)
    if real_unittest:
        size *= 2  # it formats a message for every assertion, also for those that hold
    return ["-X", "heapsize=%d" % micropython.heap_bytes(vm, size)]


def _run_file(command, environment, path, timeout_s):
    began = time.monotonic()
    frames = FRAMES / ("%d-%s.jsonl" % (os.getpid(), Path(path).stem))
    environment = dict(environment, PILOTWIRE_FRAMES=str(frames))
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True)
    try:
        output, _ = process.communicate(timeout=timeout_s)
        status = process.returncode
    except subprocess.TimeoutExpired:
        # The whole group: a test may have started processes of its own.
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        status = None
    outcome = Outcome(path, status, output, time.monotonic() - began)
    outcome.judge(frames)
    frames.unlink(missing_ok=True)
    return outcome


def _absolute(folder):
    return folder and os.path.abspath(folder)


def report(outcomes, verbose=False):
    """Print the table, what failed, and the closing line; returns the exit status."""
    width = max([len(outcome.path) for outcome in outcomes] or [0])
    for outcome in outcomes:
        print("%-*s %4d run %6.2f s %7s heap  %s" % (
            width, outcome.path, outcome.run, outcome.seconds,
            "%d" % outcome.heap if outcome.heap else "-", outcome.verdict))
    for outcome in outcomes:
        if verbose or outcome.failed or outcome.skipped:
            print("\n--- %s (%s)\n%s" % (outcome.path, outcome.verdict, outcome.output.rstrip()))
    passed = sum(outcome.passed for outcome in outcomes)
    failed = sum(outcome.failed for outcome in outcomes)
    skipped = sum(outcome.skipped for outcome in outcomes)
    if not outcomes:
        print("no test file matches")
    if skipped:
        print("%d skipped" % skipped)
    print("%d passed, %d failed" % (passed, failed))
    return 0 if passed > 0 and failed == 0 else 1


def main(arguments=None):
    """Run what the command line asks for; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("patterns", nargs="*", help="files, or parts of their paths")
    parser.add_argument("--vm", choices=micropython.VARIANTS, default="micropython32")
    parser.add_argument("--heap", type=micropython.parse_size,
                        help="for every file (default: 160K, scenarios 512K)")
    parser.add_argument("--timeout", type=float, default=240, help="seconds per file")
    parser.add_argument("--jobs", type=int, help="processes at a time (default: all cores)")
    parser.add_argument("--unittest", metavar="DIR",
                        help="folder of a real MicroPython unittest; `fetch` gets one")
    parser.add_argument("-v", "--verbose", action="store_true", help="show all output")
    options = parser.parse_args(arguments)
    try:
        fetched = options.unittest == "fetch"
        real = micropython_unittest.fetch() if fetched else _absolute(options.unittest)
        outcomes = run_files(collect(options.patterns), options.vm, options.heap,
                             options.timeout, real, options.jobs)
    except (micropython.Unavailable, RuntimeError) as error:
        print("error: %s" % error, file=sys.stderr)
        return 1
    return report(outcomes, options.verbose)


if __name__ == "__main__":
    sys.exit(main())
