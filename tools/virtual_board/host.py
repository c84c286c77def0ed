"""The outside of the virtual board: a pseudo-terminal, and the process behind it."""

import contextlib
import errno
import fcntl
import json
import os
import select
import signal
import subprocess
import threading
import time
import tty
from pathlib import Path

from tools import micropython

ROOT = Path(__file__).resolve().parents[2]
_VM = "tools/virtual_board/vm.py"
# What vm.py itself and its flash take; the board gets exactly the heap that was asked for.
_VM_BYTES = 96 * 1024
_CHUNK = 4096
_CTRL_C = b"\x03"
_START_S = 10


class VirtualBoard:
    """A board on the serial port `port`, a path that stays the same as long as the object lives.

    folder: where its flash lies (flash.img) and its port; a second board there is the same board.
    heap: bytes that the firmware has; blocks: 4096-byte blocks of flash.
    """

    def __init__(self, folder, heap=192 * 1024, blocks=512, unique_id=b"\x24\x0a\xc4\0\0\1"):
        self.folder = Path(folder).resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = str(self.folder / "port")
        self.flash = self.folder / "flash.img"
        self._options = {"flash": str(self.flash), "blocks": blocks, "heap": heap,
                         "unique_id": list(unique_id), "cut_after": 0, "torn": "none",
                         "version": None, "raw": False, "soft": False}
        self._process = None
        self._thread = None
        self._lines = None
        self._interruptible = False
        self._is_up = False
        self._mute = False
        self._watchdog = None
        self._stop = threading.Event()
        self._up = threading.Event()
        self._button = threading.Event()
        self.resets = []

    def __enter__(self):
        return self if self.is_on else self.start()

    def __exit__(self, *_):
        self.stop()

    @property
    def is_on(self):
        """Whether the board has power."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def watchdog_left_s(self):
        """How long it will wait to be fed, None if it was not started."""
        return self._watchdog and self._watchdog - time.monotonic()

    def start(self, cut_after=0, torn="none", version=None, mute=False):
        """Switch it on; returns itself. Raises RuntimeError if the interpreter does not start.

        cut_after, torn: cut the power at that flash operation, see boards/sim/flash.py.
        version: pretend to be this MicroPython, (1, 24, 0). mute: never answer.
        """
        assert not self.is_on
        self._options.update(cut_after=cut_after, torn=torn, version=version, raw=False,
                             soft=False)
        self._mute = mute
        self._watchdog = None
        self._interruptible = self._is_up = False
        self._stop.clear()
        self._up.clear()
        lines = _Lines(self.port)
        self._lines = lines
        self._boot()
        self._thread = threading.Thread(target=self._pump, args=(lines,), daemon=True)
        self._thread.start()
        if not self._up.wait(_START_S):
            self.stop()
            raise RuntimeError("the virtual board does not start")
        return self

    def stop(self):
        """Cut the power, at once; the flash stays."""
        self._stop.set()
        if self._thread:
            self._thread.join(_START_S)
        self._thread = None

    def reset(self):
        """Press the reset button: the board boots again, its port stays."""
        self._button.set()

    def wait_for_cut(self, timeout_s=20):
        """Wait until the cut that `start` was told of has happened. Raises TimeoutError."""
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            raise TimeoutError("the power was not cut")
        self.stop()

    def _boot(self):
        heap = micropython.heap_bytes("micropython32", self._options["heap"] + _VM_BYTES)
        lines = self._lines
        # Not as an argument: those may have 255 characters at most.
        options = self.folder / "options.json"
        options.write_text(json.dumps(dict(self._options, control=lines.control_write)))
        self._process = subprocess.Popen(
            [*micropython.find("micropython32"), "-X", "heapsize=%d" % heap, _VM,
             str(options)],
            cwd=ROOT, env=dict(os.environ, MICROPYPATH=".:lib:.frozen"),
            stdin=lines.input_read, stdout=lines.output_write, stderr=subprocess.STDOUT,
            pass_fds=(lines.control_write,), preexec_fn=_ignore_interrupts)

    def _pump(self, lines):
        try:
            while not self._stop.is_set():
                inputs = [lines.control, lines.output]
                # Before that nobody could tell a Ctrl-C that interrupts from one that is data.
                if self._is_up:
                    inputs.append(lines.master)
                ready = select.select(inputs, [], [], 0.1)[0]
                # First what explains the rest.
                if lines.control in ready and not self._obey(os.read(lines.control, _CHUNK)):
                    return
                if lines.output in ready and lines.control not in ready:
                    lines.to_port(os.read(lines.output, _CHUNK))
                if lines.master in ready and self._is_up:
                    self._from_port(lines)
                if self._watchdog and time.monotonic() > self._watchdog:
                    self._restart("watchdog", 0)
                if self._button.is_set():
                    self._button.clear()
                    self._restart("hard", 0)
                if self._process.poll() is not None:
                    return
        finally:
            self._kill()
            lines.close()

    def _from_port(self, lines):
        data = lines.from_port()
        if self._mute:
            return
        if self._interruptible and _CTRL_C in data:
            data = data.replace(_CTRL_C, b"")
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGINT)
            time.sleep(0.02)  # a serial line is not that fast: the interrupt comes first
        os.write(lines.input, data)

    def _obey(self, text):
        """Do what the inside asks for; returns False when the power is gone."""
        for line in text.decode().splitlines():
            word, _, rest = line.partition(" ")
            if word == "cut":
                return False
            if word == "up":
                self._interruptible = self._is_up = True
                self._up.set()
            elif word == "kbd":
                self._interruptible = rest == "3"
            elif word == "wdt":
                self._watchdog = time.monotonic() + int(rest) / 1000
            elif word == "reset":
                how, operations = rest.split()
                self._restart(how, int(operations))
        return True

    def _restart(self, how, operations):
        self.resets.append(how)
        self._interruptible = self._is_up = False
        self._kill()
        self._options["raw"] = how == "raw"
        self._options["soft"] = how in ("raw", "soft")
        if not self._options["soft"]:
            self._watchdog = None
        self._options["cut_after"] = max(0, self._options["cut_after"] - operations)
        self._boot()

    def _kill(self):
        self._process.kill()
        self._process.wait()


class _Lines:
    """The pseudo-terminal and the pipes to the process, which outlive the process."""

    def __init__(self, port):
        self.master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self.master, False)
        self._port = port
        with contextlib.suppress(FileNotFoundError):
            os.unlink(port)
        os.symlink(os.ttyname(self._slave), port)
        self.input_read, self.input = os.pipe()
        self.output, self.output_write = os.pipe()
        self.control, self.control_write = os.pipe()
        fcntl.fcntl(self.input, fcntl.F_SETPIPE_SZ, 1 << 20)

    def from_port(self):
        """Return what has come in over the port."""
        try:
            return os.read(self.master, _CHUNK)
        except OSError as error:
            if error.errno not in (errno.EIO, errno.EAGAIN):
                raise
            return b""

    def to_port(self, data):
        """Send; as on a serial line, what nobody takes is lost."""
        while data:
            if not select.select([], [self.master], [], 1)[1]:
                return
            data = data[os.write(self.master, data):]

    def close(self):
        """Take the port away."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._port)
        for number in (self.master, self._slave, self.input_read, self.input, self.output,
                       self.output_write, self.control, self.control_write):
            os.close(number)


def _ignore_interrupts():
    # Until MicroPython has set up its own handling, a Ctrl-C must not end the process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
