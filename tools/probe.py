"""Measure on MicroPython what importing modules takes of the heap; see tools/heap_probe.py."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = Path(__file__).with_name("heap_probe.py")
_HEAP = 4 * 1024 * 1024
_NAMES = re.compile(r"n_qstr=(\d+), n_str_data_bytes=(\d+), n_total_bytes=(\d+)")


class ProbeError(Exception):
    """The interpreter failed; the text is its own."""


@dataclass
class Probed:
    """`modules`: [[name, bytes or None, error or None]]; `total`: bytes of them all; `names`: how
    many names they added to those that the interpreter has."""

    modules: list
    total: int
    names: int


def probe(interpreter, how, where, modules, ahead=()):
    """Import `modules` one after the other in a fresh `interpreter`, the start of a command line.

    how: "rom" executes them in place from the image `where`, "path" loads the .mpy files of the
    folder `where`. ahead: modules that are there before and do not count. Raises ProbeError.
    """
    text = _run(interpreter, how, str(where), *ahead, *["--"] * bool(ahead), *modules)
    told = json.loads(text.splitlines()[-1])
    before, after = [int(count) for count, _, _ in _NAMES.findall(text)]
    return Probed(told["modules"], told["total"], after - before)


def table_of_names(interpreter, count):
    """Return the bytes that the table of names grows by for `count` of them, their texts apart.

    It doubles when it is full, so no two counts within a step differ. Raises ProbeError.
    """
    text = _run(interpreter, "names", str(count))
    before, after = [int(total) - int(texts) for _, texts, total in _NAMES.findall(text)]
    return after - before


def _run(interpreter, *arguments):
    command = [*interpreter, "-X", "heapsize=%d" % _HEAP, str(_SCRIPT), *arguments]
    done = subprocess.run(command, cwd=_SCRIPT.parent.parent, capture_output=True, text=True)
    if done.returncode:
        raise ProbeError("heap probe: %s" % (done.stderr or done.stdout).strip())
    return done.stdout
