"""The real mpremote, as a person types it, against a virtual board."""

import os
import subprocess
import sys


def mpremote(board, *words, text=None):
    """Run mpremote on the board's port; returns the CompletedProcess."""
    command = [sys.executable, "-m", "mpremote", "connect", os.path.realpath(board.port), *words]
    return subprocess.run(command, capture_output=True, text=True, input=text, timeout=60)


def execute(board, code):
    """Run code after a soft reset; returns what it printed. Raises AssertionError."""
    done = mpremote(board, "exec", code)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.replace("\r\n", "\n")


def put(board, folder, files):
    """Copy {name: text} to the root of the board, by way of `folder`."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    names = sorted({str(folder / name.split("/")[0]) for name in files})
    done = mpremote(board, "fs", "cp", "-r", *names, ":")
    assert done.returncode == 0, done.stdout + done.stderr
