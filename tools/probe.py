"""Measure on MicroPython what importing modules takes of the heap; see tools/heap_probe.py."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = Path(__file__).with_name("heap_probe.py")
_HEAP = 4 * 1024 * 1024
_NAMES = re.compile(r"n_str_data_bytes=(\d+), n_total_bytes=(\d+)")


class ProbeError(Exception):
    """The interpreter failed; the text is its own."""


@dataclass
class Probed:
    """`modules`: [[name, bytes or None, error or None]]; `total`: bytes of them all; `names`:
    bytes that the table of names grew by, its texts apart."""

    modules: list
    total: int
    names: int


def probe(interpreter, how, where, modules):
    """Import `modules` one after the other in a fresh `interpreter`, the start of a command line.

    how: "rom" executes them in place from the image `where`, "path" loads the .mpy files of the
    folder `where`. Raises ProbeError.
    """
    command = [*interpreter, "-X", "heapsize=%d" % _HEAP, str(_SCRIPT), how, str(where), *modules]
    done = subprocess.run(command, cwd=_SCRIPT.parent.parent, capture_output=True, text=True)
    if done.returncode:
        raise ProbeError("heap probe: %s" % (done.stderr or done.stdout).strip())
    told = json.loads(done.stdout.splitlines()[-1])
    before, after = [int(total) - int(texts) for texts, total in _NAMES.findall(done.stdout)]
    return Probed(told["modules"], told["total"], after - before)
