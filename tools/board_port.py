"""A board on a serial port, by way of the real mpremote, one command at a time.

Every failure becomes a PortError whose text names the remedy. Code that runs on the board is
handed over in a private file, never on a command line, where others could read a secret in it.
"""

import errno
import fcntl
import os
import re
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

_LOCKS = Path(__file__).resolve().parents[1] / ".build" / "ports"
_CONTACT_S = 15
_RETRY_S = 0.5
_RESET_S = 0.5
# The firmware's watchdog outlives it, and nobody feeds it while a tool is at work. It cannot be
# stopped, but be given more time; the reset that ends the work ends it too.
_HOLD = """
try:
    import machine
    machine.WDT(timeout=600000)
except (ImportError, AttributeError, ValueError):
    pass
"""
_LAST_LINE = re.compile(r"^(?:mpremote: )?(\S.*)$", re.M)
# As the PC words them: a board says EIO, and means its flash.
_LOST = ("SerialException", "Errno 5] I", "Errno 6] N", "device reports readiness", "Errno 19] N")
_ROTTEN = ("EIO", "OSError: 5", "OSError: 84", "Errno 84]")
_FULL = ("ENOSPC", "OSError: 28", "Errno 28]", "No space left")


class PortError(Exception):
    """The board cannot be reached, or did not do what it was told; the text is for a person."""


class _Silent(Exception):
    """No answer."""


class BoardPort:
    """port: what the system calls it; contact_s: how long a board may take to answer at all."""

    def __init__(self, port, contact_s=_CONTACT_S):
        self.port = port
        self._contact_s = contact_s
        self._keep = None

    def run(self, *words, limit_s=None, keep=False):
        """Run mpremote with `words`; returns what it printed. Raises PortError.

        limit_s: how long it may take; keep: without a soft reset before.
        """
        if self._keep is None:
            self.contact()
        self.check()
        try:
            return self._mpremote(["resume"] if keep or self._keep else [], words, limit_s)
        except _Silent as error:
            raise PortError(self._silent()) from error

    def contact(self):
        """Reach the board. Raises PortError.

        Finds out whether it bears a soft reset: with a damaged boot.py it may not.
        """
        self.check()
        try:
            self._mpremote([], ["exec", "pass"])
            self._keep = False
        except _Silent:
            try:
                self._mpremote(["resume"], ["exec", "pass"])
            except _Silent as error:
                raise PortError(self._silent()) from error
            self._keep = True

    def _mpremote(self, start, words, limit_s=None):
        # The real name: by another name mpremote takes a pseudo-terminal for a slow line.
        command = [sys.executable, "-m", "mpremote", "connect", os.path.realpath(self.port)]
        try:
            done = subprocess.run([*command, *start, *words], capture_output=True, text=True,
                                  errors="replace", stdin=subprocess.DEVNULL,
                                  timeout=limit_s or self._contact_s)
        except subprocess.TimeoutExpired as error:
            raise _Silent() from error
        text = done.stdout.replace("\r\n", "\n")
        if done.returncode:
            self._explain(text + "\n" + done.stderr)
        return text

    def execute(self, code, limit_s=None):
        """Run Python on the board after a soft reset; returns what it printed.

        Afterwards the board wants a `restart`: its watchdog has been given ten minutes.
        """
        with tempfile.TemporaryDirectory() as folder:  # only its owner may look into it
            script = Path(folder) / "code.py"
            script.write_text(_HOLD + code, encoding="utf-8")
            return self.run("run", str(script), limit_s=limit_s)

    @contextmanager
    def stopped(self, start=True):
        """Have the board for oneself. Its firmware, which is stopped to look at it, goes on when
        it is over, however it ends; `start` false: it stays stopped. Raises PortError."""
        with self._alone():
            try:
                yield
            except BaseException:
                if self._keep is not None:
                    with suppress(PortError):
                        self.restart()
                raise
            if start:
                self.restart()

    @contextmanager
    def _alone(self):
        """mpremote keeps others off the port for one command, this for all of them."""
        self.check()
        path = _LOCKS / os.path.realpath(self.port).strip("/").replace("/", "-")
        try:
            _LOCKS.mkdir(parents=True, exist_ok=True)
            # For reading: it may be somebody else's, who said sudo once.
            descriptor = os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)
        except OSError as error:
            raise PortError("cannot use the file %s (%s): remove the folder it is in"
                            % (path, error.strerror)) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise PortError("another deploy or provision is at work on %s: wait for it"
                            % self.port) from error
        try:
            yield
        finally:
            os.close(descriptor)

    def restart(self, *before):
        """Reset the board, as its button does; `before` are words of a command to run first."""
        self.run(*before, *(["+"] if before else []), "reset")
        self._keep = None
        # The board takes 100 ms until it does it; whoever speaks to it now would prevent it.
        time.sleep(_RESET_S)

    def wait(self, seconds=15):
        """Wait until the board answers, which takes a moment after a reset. Raises PortError."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.contact()
                return
            except PortError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_S)

    def check(self):
        """Raise PortError if there is no such port."""
        if not self.port:
            raise PortError("no port given: say PORT=...; %s" % _connected())
        if os.name == "posix" and not os.path.exists(self.port):
            raise PortError("there is no port %s: is the board connected? %s"
                            % (self.port, _connected()))
        if os.name == "posix" and not stat.S_ISCHR(os.stat(self.port).st_mode):
            raise PortError("%s is no serial port; %s" % (self.port, _connected()))
        if os.name == "posix" and not os.access(self.port, os.R_OK | os.W_OK):
            raise PortError(
                "no permission to use %s: add yourself to the group that owns it (Debian, Ubuntu: "
                "sudo usermod -a -G dialout $USER) and log in again" % self.port)

    def refused(self):
        """The system does not open the port: raise a PortError that says why."""
        # Only now: to open a port may reset the board behind it.
        try:
            descriptor = os.open(self.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise PortError("the port %s cannot be opened (%s): is it the right one? %s" % (
                    self.port, error.strerror, _connected())) from error
        else:
            is_terminal = os.isatty(descriptor)
            os.close(descriptor)
            if not is_terminal:
                raise PortError("%s is no serial port; %s" % (self.port, _connected()))
        raise PortError("the port %s is busy: close what uses it (a console, a monitor, another "
                        "deploy) and try again" % self.port)

    def _silent(self):
        return ("the board on %s does not answer: is MicroPython on it (make image), is it the "
                "right port, is its cable good? Press its reset button and try again" % self.port)

    def _explain(self, text):
        """Raise what the messages of mpremote mean."""
        if "failed to access" in text or "Could not exclusively lock" in text:
            self.refused()
        if "could not enter raw repl" in text or "could not exec command" in text:
            raise _Silent()
        lines = _LAST_LINE.findall(text)
        last = lines[-1] if lines else "no message"
        if any(word in last for word in _LOST):
            raise PortError("the connection to the board on %s was lost: check the cable and the "
                            "supply, and try again" % self.port)
        if any(word in last for word in _FULL):
            raise PortError("the file system of the board on %s is full: remove files of your own "
                            "(mpremote fs rm), and try again" % self.port)
        if any(word in last for word in _ROTTEN):
            raise PortError("the flash of the board on %s cannot be read any more: try again, and "
                            "if it stays so, flash the board anew (make image), which erases its "
                            "settings" % self.port)
        raise PortError("the board on %s reports: %s" % (self.port, last))


def _connected():
    """Say which ports there are, as a sentence."""
    from serial.tools import list_ports

    ports = sorted(port.device for port in list_ports.comports() if port.vid is not None)
    if not ports:
        return "no USB serial port is connected"
    return "connected: %s" % ", ".join(ports)
