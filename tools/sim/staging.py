"""What the VM runs: which interpreter, which files, which import path, how much heap.

The only place that knows how the firmware's files reach the interpreter.
"""

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tools import bundle, device_files, mpy, probe
from tools.sim.options import PASSWORD_VARIABLE

ROOT = Path(__file__).resolve().parents[2]
_MAIN = "boards/sim/main.py"
_ROM = ROOT / ".build" / "sim.romfs"
_STOCK = ROOT / ".build" / "sim-stock"
# Parts of the firmware that a session needs, whose names stay; what SimBoard needs of the world.
_LOADED_LATE = ("firmware.auth.list_update", "firmware.evse.socket_side", "websock.handshake")
_OF_THE_WORLD = ("boards.sim.pilot_circuit", "boards.sim.chips.proximity")
# Room for the simulated world beside the firmware's heap; the VM takes away what it does not need.
_WORLD_BYTES = 1024 * 1024


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
    vm_options: dict = field(default_factory=dict)  # beside those of the command line

    def argv(self, heap):
        """The command line for a firmware heap of `heap` bytes (CPython has no such limit)."""
        if self.variant == "cpython":
            return [*self.interpreter, "-u", self.script]
        size = (heap + _WORLD_BYTES) * self.heap_factor
        return [*self.interpreter, "-X", f"heapsize={size}", self.script]


def prepare(variant, tier, script=_MAIN, linked=True):
    """Return the Staging for an interpreter and a tier. Raises StagingError.

    MicroPython gets compiled modules, as a board does: tier "stock" loads them into its heap,
    "full" executes them in place from a ROM image. Not `linked`, each module is one of its own,
    with asserts, line numbers and all names, and nothing is loaded late. CPython runs the sources.
    """
    if not (ROOT / script).is_file():
        raise StagingError(f"{script} is missing: there is no firmware to run")
    environ = {k: v for k, v in os.environ.items() if k != PASSWORD_VARIABLE}
    if variant == "cpython":
        environ["PYTHONPATH"] = os.pathsep.join(
            str(ROOT / part) for part in ("", "lib", "tests/compat")
        )
        return Staging(variant, [sys.executable], script, environ)
    interpreter, heap_factor = _find(variant)
    staging = Staging(variant, interpreter, script, environ, heap_factor=heap_factor)
    try:
        _compile(staging, tier, bundle.SIMULATED_BOARD if linked else None)
    except (mpy.CompileError, probe.ProbeError) as error:
        raise StagingError(str(error)) from error
    return staging


def _compile(staging, tier, board):
    single = "" if board else "-single"
    if tier == "full":
        how, where = "rom", _ROM.with_stem(_ROM.stem + single)
        mpy.romfs(where, board=board)
        staging.environ["MICROPYPATH"] = ".frozen"
        staging.vm_options["rom"] = str(where)
    else:
        how, where = "path", _STOCK.with_name(_STOCK.name + single)
        mpy.files(where, board=board, without=device_files.left_out(tier, simulator=True))
        # Not from the root: MicroPython keeps the paths of modules, which on a board are short.
        staging.environ["MICROPYPATH"] = f"{where.relative_to(ROOT)}:.frozen"
    modules = [*bundle.SIMULATED_BOARD, bundle.ROOT_MODULE, *_LOADED_LATE]
    names = probe.probe(staging.interpreter, how, where, modules, _OF_THE_WORLD).names
    staging.vm_options["names_bytes"] = probe.table_of_names(staging.interpreter, names)


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
