"""The inside of the virtual board: MicroPython with a raw REPL, on a littlefs of its own.

Runs on the unix port, started by tools/virtual_board/host.py, one process from reset to reset. It
does what the ESP32 port does behind its serial line: mounts the flash at "/", runs boot.py and,
unless a tool waits in the raw REPL, main.py; then it reads commands. Standard input and output are
the serial line; one more pipe tells the host what no line carries: resets, power cuts, and whether
Ctrl-C interrupts. Argument: a file of JSON, see `VirtualBoard`.
"""

import builtins
import gc
import json
import os
import sys
import vfs

_PROMPT = "raw REPL; CTRL-B to exit\r\n>"
_BANNER = "MicroPython virtual board; type Ctrl-D for a soft reset\r\n>>> "
_CTRL_A = b"\x01"
_CTRL_B = b"\x02"
_CTRL_D = b"\x04"
_CTRL_E = b"\x05"
_WINDOW = 2048


class Board:
    """What stands for the chip: reset, serial number, flash, and the way to the host."""

    def __init__(self, options, host):
        self.options = options
        self._host = host
        self.names = {"__name__": "__main__"}
        self.is_raw = bool(options["raw"])
        self.flash = None

    def tell(self, text):
        """Send a line to the host."""
        self._host.write(text.encode() + b"\n")

    def reset(self, how):
        """End this process; the host starts the next one. how: "hard" or "soft"."""
        how = "raw" if how == "soft" and self.is_raw else how
        self.tell("reset %s %d" % (how, self.flash.writes + self.flash.erases))
        # The process ends here, whatever code of the user is on the way to catch.
        while True:
            pass

    def power_lost(self):
        """The flash says that the power went; nothing may be written any more."""
        self.tell("cut")
        while True:
            pass

    def mount(self):
        """Put the flash where the host's files were."""
        from boards.sim import flash as flashes

        flash = flashes.NorFlash(self.options["flash"], self.options["blocks"])
        fs = flashes.mount(flash)
        if self.options["cut_after"]:
            flash.cut_after(self.options["cut_after"], self.options["torn"], self.power_lost)
        vfs.umount("/")
        vfs.mount(fs, "/")
        os.chdir("/")
        # From here on a module comes from the flash, as on the chip, or is built in.
        sys.path[:] = ["", ".frozen", "/lib"]
        for name in list(sys.modules):
            if name.split(".")[0] in ("boards", "array"):
                del sys.modules[name]
        self.flash = flash


class Machine:
    """Stands for the module `machine`, as far as tools ask for it."""

    def __init__(self, board):
        self._board = board
        self._feed = ""
        self.SOFT_RESET = 5

    def reset(self):
        """Reset the chip: main.py runs."""
        self._board.reset("hard")

    def reset_cause(self):
        """Return SOFT_RESET, or 0 after any other."""
        return self.SOFT_RESET if self._board.options["soft"] else 0

    def soft_reset(self):
        """Reset the interpreter."""
        self._board.reset("soft")

    def unique_id(self):
        """Return the serial number of the chip, some bytes."""
        return bytes(self._board.options["unique_id"])

    def WDT(self, timeout):
        """Start the watchdog, or give it another time in ms; it goes on through soft resets."""
        self._feed = "wdt %d" % timeout
        self.feed()
        return self

    def feed(self):
        """Feed the watchdog."""
        self._board.tell(self._feed)


class _Patched:
    """A built-in module with some names replaced."""

    def __init__(self, module, **replaced):
        self._module = module
        for name in replaced:
            setattr(self, name, replaced[name])

    def __getattr__(self, name):
        return getattr(self._module, name)


class _Implementation:
    def __init__(self, real, version):
        self.name = real.name
        self.version = tuple(version)
        self._mpy = real._mpy
        self._machine = "virtual board"

    def __getitem__(self, index):
        return (self.name, self.version, self._machine)[index]


def replace_modules(board):
    """Give the code on the board a `machine`, and Ctrl-C as the chip has it."""
    import micropython

    sys.modules["machine"] = Machine(board)
    # The unix port's own would end the process at the next Ctrl-C.
    sys.modules["micropython"] = _Patched(
        micropython, kbd_intr=lambda character: board.tell("kbd %d" % character))
    version = board.options["version"] or sys.implementation.version
    implementation = _Implementation(sys.implementation, version)
    sys.modules["sys"] = _Patched(sys, implementation=implementation, platform="esp32")


def run_file(board, name):
    """Run a file on the flash if it is there, as the chip does at a reset."""
    try:
        os.stat(name)
    except OSError:
        return
    with builtins.open(name) as file:
        text = file.read()
    run(board, text, name)


def run(board, text, name="<stdin>", kind="exec"):
    """Run source text; a traceback goes to the serial line."""
    try:
        exec(compile(text, name, kind), board.names)
    except SystemExit:
        board.reset("soft")
    except BaseException as error:  # noqa: BLE001  whatever the user's code does
        sys.print_exception(error)


def read_byte():
    """Return the next byte of the serial line; ends with the host."""
    byte = sys.stdin.buffer.read(1)
    if not byte:
        sys.exit(1)
    return byte


def read_until_eot(first=b""):
    """Return the code that the host sends, up to Ctrl-D; allows the next window as it goes."""
    code = bytearray(first)
    while True:
        byte = read_byte()
        if byte == _CTRL_D:
            return bytes(code)
        code.extend(byte)
        if not first and len(code) % _WINDOW == 0:
            sys.stdout.write("\x01")


def read_pasted():
    """Return what comes in raw-paste mode, which has flow control by windows of bytes."""
    sys.stdin.buffer.read(2)
    sys.stdout.buffer.write(b"R\x01" + _WINDOW.to_bytes(2, "little"))
    code = read_until_eot()
    sys.stdout.write("\x04")
    return code


def raw_repl(board):
    """Serve tools until one asks for a soft reset or for the friendly prompt."""
    sys.stdout.write(_PROMPT)
    while True:
        byte = read_byte()
        if byte == _CTRL_A:
            sys.stdout.write(_PROMPT)
        elif byte == _CTRL_B:
            board.is_raw = False
            return
        elif byte == _CTRL_D:
            sys.stdout.write("OK\r\nMPY: soft reboot\r\n")
            board.reset("soft")
        elif byte == _CTRL_E:
            _run_raw(board, read_pasted())
        elif byte not in b"\r\x03":
            code = read_until_eot(byte)
            sys.stdout.write("OK")
            _run_raw(board, code)


def _run_raw(board, code):
    try:
        exec(compile(code, "<stdin>", "exec"), board.names)
    except SystemExit:
        sys.stdout.write("\x04")
        board.reset("soft")
    except BaseException as error:  # noqa: BLE001  whatever the user's code does
        sys.stdout.write("\x04")
        sys.print_exception(error)
    else:
        sys.stdout.write("\x04")
    sys.stdout.write("\x04>")


def friendly_repl(board):
    """One line at a time, for people."""
    sys.stdout.write(_BANNER)
    line = b""
    while True:
        byte = read_byte()
        if byte == _CTRL_A:
            board.is_raw = True
            return
        if byte == _CTRL_D:
            sys.stdout.write("\r\nMPY: soft reboot\r\n")
            board.reset("soft")
        elif byte in b"\r\x03\x02":
            sys.stdout.write("\r\n")
            if line and byte == b"\r":
                run(board, line, kind="single")
            line = b""
            sys.stdout.write(">>> ")
        else:
            line += byte
            sys.stdout.buffer.write(byte)


def repl(board):
    """Serve the line for ever."""
    while True:
        try:
            if board.is_raw:
                raw_repl(board)
            else:
                friendly_repl(board)
        except KeyboardInterrupt:
            pass  # Ctrl-C between two commands: nothing to interrupt


def main():
    """Start the board."""
    with builtins.open(sys.argv[1]) as file:
        options = json.load(file)
    board = Board(options, builtins.open(options["control"], "wb"))
    board.mount()
    replace_modules(board)
    gc.collect()
    # What this file takes is not the board's.
    spare = gc.mem_free() - options["heap"]
    board.ballast = bytearray(spare - 64) if spare > 64 else None
    try:
        board.tell("up")
        run_file(board, "boot.py")
        if not board.is_raw:
            run_file(board, "main.py")
    except KeyboardInterrupt:
        pass  # Ctrl-C before a file ran or after it: what counts is that the REPL comes
    repl(board)


main()
