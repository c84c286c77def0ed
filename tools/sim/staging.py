"""What the VM runs: which interpreter, which files, which import path, how much heap.

The only place that knows how the firmware's files reach the interpreter.
"""

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
    """How to start the VM: interpreter, script, environment, working folder."""

    variant: str
    interpreter: list[str]
    script: str
    environ: dict[str, str]
    folder: Path = ROOT
    heap_factor: int = 1  # a 64-bit build needs twice the bytes for the same objects

    def argv(self, heap):
        """The command line for a Python heap of `heap` bytes (CPython has no such limit)."""
        if self.variant == "cpython":
            return [*self.interpreter, "-u", self.script]
        return [*self.interpreter, "-X", f"heapsize={heap * self.heap_factor}", self.script]


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
    interpreter, heap_factor = _find(variant)
    return Staging(variant, interpreter, script, environ, heap_factor=heap_factor)


def _find(variant):
    """The start of MicroPython's command line, and how much larger its objects are."""
    # Here and not at the top: the tests of the host side need no MicroPython.
    try:
        from tools import micropython
    except ImportError as error:
        raise StagingError("tools.micropython is missing") from error
    try:
        return micropython.find(variant), micropython.heap_bytes(variant, 1)
    except (micropython.Unavailable, OSError) as error:
        raise StagingError(f"no interpreter '{variant}': {error}") from error
