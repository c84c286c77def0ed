"""What the VM runs: which interpreter, which files, which import path, how much heap.

The only place that knows how the firmware's files reach the interpreter.
"""

import importlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.sim.options import PASSWORD_VARIABLE

ROOT = Path(__file__).resolve().parents[2]
_MAIN = "boards/sim/main.py"


class StagingError(Exception):
    """The interpreter or the firmware's files are not there; the text says what to do."""


@dataclass
class Staging:
    """How to start the VM: interpreter, heap option, script, environment, working folder."""

    variant: str
    interpreter: list[str]
    script: str
    environ: dict[str, str]
    folder: Path = ROOT

    def argv(self, heap):
        """The command line for a Python heap of `heap` bytes (CPython has no such limit)."""
        if self.variant == "cpython":
            return [*self.interpreter, "-u", self.script]
        return [*self.interpreter, "-X", f"heapsize={heap}", self.script]


def prepare(variant, tier, script=_MAIN):
    """Return the Staging for an interpreter and a tier. Raises StagingError.

    `tier`: both tiers run from the source files as long as no image is built here.
    """
    if not (ROOT / script).is_file():
        raise StagingError(f"{script} is missing: there is no firmware to run")
    environ = {k: v for k, v in os.environ.items() if k != PASSWORD_VARIABLE}
    if variant == "cpython":
        environ["PYTHONPATH"] = os.pathsep.join(
            str(ROOT / part) for part in ("", "lib", "tests/compat")
        )
        return Staging(variant, [sys.executable], script, environ)
    environ["MICROPYPATH"] = f"{ROOT}:{ROOT / 'lib'}:.frozen"
    return Staging(variant, find_interpreter(variant), script, environ)


def find_interpreter(variant):
    """Command line prefix of MicroPython. Raises StagingError when it cannot be had."""
    try:
        fetcher = importlib.import_module("tools.micropython")
        return [str(part) for part in fetcher.find(variant)]
    except (ImportError, OSError, RuntimeError) as error:
        raise StagingError(f"no interpreter '{variant}': {error}") from error
