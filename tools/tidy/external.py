"""The linter and the type checker, with the settings of pyproject.toml."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TYPINGS = ROOT / ".build" / "typings"
_STUBS = "micropython-esp32-stubs==1.29.0.post1"


def lint():
    """Run ruff; returns (what it says, number of findings)."""
    return _run(["ruff", "check", "--output-format=concise", "--quiet", "."])


def types():
    """Run mypy on device code against MicroPython's stubs; returns (what it says, findings).

    Raises RuntimeError when the stubs cannot be fetched.
    """
    typings()
    return _run(["mypy", "--no-error-summary", "--no-color-output"])


def _run(command):
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT,
                          capture_output=True, text=True)
    lines = (done.stdout + done.stderr).strip().splitlines()
    found = len([line for line in lines if ": note:" not in line])
    return lines, found if done.returncode == 0 else max(found, 1)


def typings():
    """Return the folder of MicroPython's stubs, fetched if need be. Raises RuntimeError."""
    stamp = TYPINGS / ".version"
    if stamp.exists() and stamp.read_text() == _STUBS:
        return TYPINGS
    print("tidy: fetching %s ..." % _STUBS, file=sys.stderr, flush=True)
    TYPINGS.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".typings-", dir=TYPINGS.parent))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
             "--no-user", "--target", str(work), _STUBS], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError("cannot fetch %s: %s" % (
                _STUBS, (done.stderr.strip().splitlines() or ["no message"])[-1]))
        (work / ".version").write_text(_STUBS)
        shutil.rmtree(TYPINGS, ignore_errors=True)
        os.rename(work, TYPINGS)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return TYPINGS
