"""Counts on the 32-bit interpreter itself: executed instructions, flash operations.

Instructions need valgrind. Where it is missing, or cannot run the interpreter, None is the answer
and nothing fails.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from tools import micropython, mpy

ROOT = Path(__file__).resolve().parents[2]
_SCRIPT = "tests/sim/workload.py"
_COPY = ROOT / ".build" / "counting"
# Padding of newer assemblers: `lea` with a segment prefix that changes nothing and that valgrind
# up to 3.19 does not know. In a copy of the interpreter it becomes a nop and the same `lea`.
_PADDING = ((b"\x2e\x8d\xb4\x26", b"\x90\x8d\xb4\x26"), (b"\x2e\x8d\x74\x26", b"\x90\x8d\x74\x26"))
_CALLS = 50
_IDLE_MS = 2000
_FLASH_S = (30, 330)
_CYCLES = 100_000  # of a sector of SPI NOR, by any data sheet
_TIMEOUT_S = 300


def instructions():
    """Return (per answered call, per idle second), or None if they cannot be counted."""
    if not shutil.which("valgrind"):
        return None
    interpreter = _countable(Path(micropython.find("micropython32")[0]))
    counts = [_count(interpreter, *what)
              for what in (("calls", 0), ("calls", _CALLS), ("idle", 0), ("idle", _IDLE_MS))]
    if None in counts:
        return None
    return (counts[1] - counts[0]) // _CALLS, (counts[3] - counts[2]) * 1000 // _IDLE_MS


def flash():
    """Return (erases, writes) of a session and (erases, writes) of each hour in it."""
    short, long = (_operations(seconds) for seconds in _FLASH_S)
    hours = (_FLASH_S[1] - _FLASH_S[0]) / 3600
    rates = tuple((long[name] - short[name]) / hours for name in ("erases", "writes"))
    return (short["erases"], short["writes"]), rates


def years(erases_per_day, blocks=256):
    """How long a flash lives of which every block is erased equally often."""
    return blocks * _CYCLES / erases_per_day / 365


def _operations(seconds):
    command = [*micropython.find("micropython32"), "-X", "heapsize=512k", _SCRIPT]
    done = subprocess.run([*command, "flash", str(seconds)], cwd=ROOT, env=_environment(),
                          capture_output=True, text=True, timeout=_TIMEOUT_S, check=True)
    return json.loads(done.stdout)


def _count(interpreter, what, number):
    command = ["valgrind", "--trace-children=yes", "--tool=cachegrind", "--cache-sim=no",
               "--cachegrind-out-file=/dev/null", str(interpreter), "-X", "heapsize=512k",
               _SCRIPT, what, str(number)]
    done = subprocess.run(command, cwd=ROOT, env=_environment(), capture_output=True, text=True,
                          timeout=_TIMEOUT_S)
    counts = re.findall(r"I +refs: +([\d,]+)", done.stderr)
    return int(counts[-1].replace(",", "")) if counts and done.returncode == 0 else None


def _environment():
    mpy.build()
    return dict(os.environ, MICROPYPATH=f"{mpy.STAGE}:.:tests/compat_mpy:.frozen")


def _countable(interpreter):
    """A copy of the interpreter's folder that valgrind can run; returns its start."""
    copy = _COPY / interpreter.name
    if not copy.exists() or copy.stat().st_mtime < interpreter.stat().st_mtime:
        shutil.rmtree(_COPY, ignore_errors=True)
        shutil.copytree(interpreter.parent, _COPY, symlinks=True,
                        ignore=shutil.ignore_patterns("gconv"))
        for path in _COPY.rglob("*"):
            if path.is_file() and not path.is_symlink():
                _replace_padding(path)
    return copy


def _replace_padding(path):
    data = path.read_bytes()
    if data[:4] != b"\x7fELF":
        return
    for before, after in _PADDING:
        data = data.replace(before, after)
    path.write_bytes(data)
