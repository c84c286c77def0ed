"""The README's way from a clone to a configured board, with the commands and outputs as they stand
there: README and tools cannot drift apart. Prints how long each command takes.

With PILOTWIRE_CLONE=FOLDER the commands run in that folder, and `make` sets up what it lacks: so
the figure in the README was measured, in a fresh clone.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.host import esp_bin
from tools import mpy

SECTION = "## From a box of parts to a configured wallbox\n"
# What each machine, interpreter and day has of its own: counts, sizes, times, versions.
_VOLATILE = re.compile(r"\b\d+(?= (?:files|KB|more|s$|s\b|notes))|(?<=MicroPython )[\d.]+")
_PORT = "9000"
_END_S = 120
# In the folder of the tests the environment is there, since this test runs in it.
_MAKE = 'make() { command make -o .venv/.ready "$@"; }\n'
_TREE = ("Makefile", "boards", "firmware", "lib", "tools", ".venv")


class Step:
    """One command of the README, and the lines that it is said to show."""

    def __init__(self, command):
        self.command = command
        self.shown = []

    @property
    def goes_on(self):
        """Whether it is left running in the background."""
        return self.command.endswith("&")


def steps(text):
    """Return the Steps in all blocks of the section."""
    found = []
    ending = None
    for block in re.findall(r"^```\n(.*?)^```", text, re.M | re.S):
        for line in block.splitlines():
            if ending:
                found[-1].command += "\n" + line
                ending = None if line == ending else ending
            elif line.startswith("$ "):
                found.append(Step(line[2:]))
                here = re.search(r"<< (\w+)$", line)
                ending = here and here[1]
            else:
                found[-1].shown.append(line)
    return found


def section():
    """Return the text of the section, to the next heading of its rank."""
    text = (mpy.ROOT / "README.md").read_text(encoding="utf-8")
    return text.split(SECTION)[1].split("\n## ")[0]


class Walk:
    """Runs Steps in a folder; a context manager, which ends what is left running."""

    def __init__(self, folder, before, port):
        self._folder = folder
        self._before = before
        self._port = port
        self._running = []
        self.took_s = 0

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        for process in self._running:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)

    def take(self, step):
        """Run a command; fails unless it shows what it is said to, lines between allowed."""
        began = time.monotonic()
        missing = "it did not run"
        # The console may be asked before the board is there: a person would ask again.
        while missing and time.monotonic() < began + _END_S:
            output, status = self._run(step)
            missing = self._missing(step, output)
            if "tools.console" not in step.command:
                break
        took_s = time.monotonic() - began
        self.took_s += took_s
        print("%6.1f s  %s" % (took_s, step.command.splitlines()[0]))
        assert not missing, "%s\nshows no line\n%s\nbut\n%s" % (step.command, missing, output)
        assert status in (0, None), output

    def _run(self, step):
        command = step.command.replace(_PORT, self._port)
        if not step.goes_on:
            done = subprocess.run(
                ["bash", "-c", self._before + command], cwd=self._folder, timeout=900,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                text=True)
            return done.stdout, done.returncode
        with tempfile.NamedTemporaryFile("w+", dir=self._folder) as output:
            self._running.append(subprocess.Popen(
                ["bash", "-c", "exec " + command.rstrip("& ")], cwd=self._folder, stdout=output,
                stderr=output, stdin=subprocess.DEVNULL, start_new_session=True))
            deadline = time.monotonic() + _END_S
            text = ""
            while self._missing(step, text) and time.monotonic() < deadline:
                time.sleep(0.05)
                text = Path(output.name).read_text()
            return text, self._running[-1].poll()

    def _missing(self, step, output):
        """Return the first line that should be in `output`, in order, and is not; None if none."""
        lines = [_VOLATILE.sub("#", line).strip() for line in output.splitlines()]
        at = 0
        for line in step.shown:
            wanted = _VOLATILE.sub("#", line.replace(_PORT, self._port)).strip()
            # The central system begins its lines with the time of day.
            while at < len(lines) and not lines[at].endswith(wanted):
                at += 1
            if at == len(lines):
                return line
        return None


@pytest.fixture
def folder(tmp_path):
    """A project folder of its own, whose parts are ours; or the clone that was asked for."""
    clone = os.environ.get("PILOTWIRE_CLONE")
    made = Path(clone) if clone else tmp_path / "pilotwire"
    if not clone:
        made.mkdir()
        for name in _TREE:
            (made / name).symlink_to(mpy.ROOT / name)
    # What a person has downloaded.
    (made / "ESP32_GENERIC.bin").write_bytes(esp_bin.official())
    return made


@pytest.fixture
def free_port():
    """A TCP port that nobody uses."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def test_first_steps_when_typed_as_in_the_readme_then_show_what_it_shows(folder, free_port):
    """Each command of the section runs, in order, in one folder, and each line that the README
    shows comes; only counts, sizes, times and versions may differ."""
    before = "" if os.environ.get("PILOTWIRE_CLONE") else _MAKE
    taken = steps(section())
    assert len(taken) >= 9
    with Walk(folder, before, str(free_port)) as walk:
        for step in taken:
            walk.take(step)
    print("%6.1f s  all of them" % walk.took_s, file=sys.stderr)


def test_first_steps_when_the_readme_shows_another_line_then_found(tmp_path):
    """A line that does not come is named, and so is one that comes in another place."""
    step, = steps("```\n$ echo one; echo two 2 files\none\ntwo 3 files\n```\n")
    with Walk(tmp_path, "", _PORT) as walk:
        walk.take(step)
        step.shown = ["two 2 files", "one"]
        with pytest.raises(AssertionError, match=r"shows no line\s+one\s"):
            walk.take(step)
