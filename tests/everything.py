"""Everything that CI runs, in order, with one summary at the end.

`python -m tests.everything [--quick] [step ...]`. Every step runs, whatever became of the one
before. A step that counts tests says so in its last lines (`12 passed, 0 failed`); any other step
is one check. The last line is `N passed, N failed`; exit status 1 if anything failed.
"""

import argparse
import importlib.util
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_COUNT = re.compile(r"\b(\d+) (passed|failed|errors?)\b")


class Step:
    """One command; `quick` says whether it belongs to the quick run too."""

    def __init__(self, name, module, arguments=(), quick=False):
        self.name = name
        self.module = module
        self.arguments = arguments
        self.quick = quick


STEPS = (
    Step("tidy", "tools.tidy", (), quick=True),
    Step("boards", "tools.board", (), quick=True),
    Step("micropython", "tests.run", ("--vm", "micropython32"), quick=True),
    Step("cpython", "tests.run", ("--vm", "cpython"), quick=True),
    Step("esp32", "tests.run", ("--vm", "micropython32", "tests/esp32"), quick=True),
    Step("size", "tools.size", (), quick=True),
    Step("unittest", "tests.run", ("--vm", "micropython32", "--unittest", "fetch", "tests/unit")),
    Step("host", "pytest", ("-q", "-n", "3", "tests/host")),
    Step("spec", "pytest", ("-q", "-n", "4", "tests/spec")),
    Step("demo", "tools.demo", ()),
    Step("fuzz", "tests.fuzz", ()),
    Step("soak", "tests.soak", ()),
)


class Result:
    """What became of a step."""

    def __init__(self, name, status, lines, seconds):
        self.name = name
        self.seconds = seconds
        self.passed, self.failed = count(lines)
        if status and not self.failed:
            self.failed = 1
        elif not status and not self.passed:
            self.passed = 1


def count(lines):
    """Return (passed, failed) from the last line that counts, (0, 0) if there is none."""
    for line in reversed(lines):
        counts = _COUNT.findall(line)
        if counts:
            passed = sum(int(number) for number, kind in counts if kind == "passed")
            return passed, sum(int(number) for number, kind in counts if kind != "passed")
    return 0, 0


def run(step):
    """Run one step, showing its output as it comes; returns its Result."""
    print("\n=== %s" % step.name, flush=True)
    began = time.monotonic()
    lines = []
    process = subprocess.Popen(
        [sys.executable, "-m", step.module, *step.arguments], cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        env=dict(os.environ, PYTHONUNBUFFERED="1"))
    for line in process.stdout:
        print(line, end="", flush=True)
        lines.append(line)
    return Result(step.name, process.wait(), lines, time.monotonic() - began)


def chosen(names, quick):
    """Return the steps that are asked for and whose part exists."""
    steps = [step for step in STEPS
             if (step.name in names if names else step.quick or not quick)]
    return [step for step in steps if importlib.util.find_spec(step.module)]


def main(arguments=None):
    """Run the steps; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.everything", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only what takes a moment")
    parser.add_argument("steps", nargs="*", metavar="step",
                        help="one of: " + ", ".join(step.name for step in STEPS))
    options = parser.parse_args(arguments)
    unknown = set(options.steps) - {step.name for step in STEPS}
    if unknown:
        parser.error("no such step: %s" % ", ".join(sorted(unknown)))
    results = [run(step) for step in chosen(options.steps, options.quick)]
    print("\n=== summary")
    for result in results:
        print("%-12s %5d passed %5d failed %7.1f s" % (
            result.name, result.passed, result.failed, result.seconds))
    passed = sum(result.passed for result in results)
    failed = sum(result.failed for result in results)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
