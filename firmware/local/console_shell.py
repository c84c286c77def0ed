"""The serial line of the console: bytes in, bytes out, and the lines between them.

What a line means is firmware/console's; it is loaded with the first line, and gives its heap back
when nobody has typed for a while. `ConsoleShell.receive` is pure; `run` waits for the bytes.
"""

import asyncio
import gc
import sys

from micropython import const

_LINE_MAX = const(512)
_IDLE_MS = const(120_000)
_PACKAGE = "firmware.console"
_MODULES = " .commands .configure .doctor .meter"  # the first is the package itself


class Commands:
    """The commands behind a line, whether they are in the heap or not."""

    def __init__(self, app):
        self._app = app
        self._console = None

    @property
    def taking(self):
        """What takes the lines: an import or a search; None for commands."""
        return self._console and self._console.taking

    def run(self, line):
        """Carry out a line; yields the lines of the answer. Raises nothing."""
        try:
            if self._console is None:
                gc.collect()
                from firmware.console.commands import Console

                self._console = Console(self._app)
            for answer in self._console.run(line):
                yield answer
        # Broad: a mistake in a command, a broken flash or a full heap must not end the console.
        except Exception as error:  # noqa: BLE001
            self.drop()
            yield "error: it failed (%r): see `doctor`, then try again" % error

    def drop(self):
        """Forget a half finished import, end a search, and give the heap back."""
        if self._console:
            self._console.taking = None
        self._console = None
        for tail in _MODULES.split(" "):
            sys.modules.pop(_PACKAGE + tail, None)
        parent = sys.modules.get("firmware")
        if hasattr(parent, "console"):
            del parent.console


class ConsoleShell:
    """One serial line. on_interrupt(): called at Ctrl-C where the port does not catch it itself.

    reader: `await read(1)`, b"" at its end; write(data): a coroutine; echo: what is typed is
    shown, but for secrets.
    """

    def __init__(self, app, reader, write, on_interrupt=None, echo=True):
        self._commands = Commands(app)
        self._reader = reader
        self._write = write
        self._on_interrupt = on_interrupt
        self._echo = echo
        self._line = None
        self._count = 0
        self._last = 0
        self._escape = False

    async def run(self):
        """Serve the line until it ends."""
        read = self._reader.read
        while True:
            taking = self._commands.taking
            if self._line is None or taking and taking.prompt:
                data = await read(1)
            else:
                try:
                    data = await asyncio.wait_for(read(1), 1 if taking else _IDLE_MS // 1000)
                except asyncio.TimeoutError:
                    data = None
            if data == b"":
                self._commands.drop()
                return
            for piece in self.receive(data[0]) if data else self._waited(taking):
                await self._write(piece)

    def _waited(self, taking):
        # Nothing was typed for a while: a search may have something to tell.
        if not taking:
            self._line = None
            self._count = 0
            self._commands.drop()
            return
        for line in self._commands.run(""):
            yield line.encode() + b"\r\n"
        if not self._commands.taking:
            yield b"> "

    def receive(self, byte):
        """Take one byte; returns what is to be written, in pieces."""
        last, self._last = self._last, byte
        if self._line is None:
            self._line = bytearray(_LINE_MAX)
        if byte == 3:
            self._count = 0
            self._commands.drop()
            if self._on_interrupt:
                self._on_interrupt()
            return (b"\r\n",)
        if byte in b"\r\n":
            return () if byte == 10 and last == 13 else self._end()
        if self._escape or byte == 27:
            # Arrow keys and their like: up to the letter that ends the sequence.
            self._escape = byte == 27 or byte == 91 or not 64 <= byte <= 126
            return ()
        if byte in b"\x08\x7f\x15":
            return (self._delete(byte == 21),)
        if byte < 32 + (self._count == 0):
            return ()  # a blank before a command would hide from `_hides` what it is
        if self._count >= _LINE_MAX:
            self._count = _LINE_MAX + 1
            return (b"\a",)
        hidden = self._echo and _hides(self._text().lower())
        self._line[self._count] = byte
        self._count += 1
        if not self._echo:
            return ()
        return (b"*" if hidden else bytes((byte,)),)

    def _text(self):
        return bytes(self._line[: min(self._count, _LINE_MAX)])

    def _delete(self, all_of_it):
        shown = 0
        while self._count > 0:
            self._count = min(self._count, _LINE_MAX) - 1
            # A character of UTF-8 goes as a whole.
            if self._line[self._count] & 0xC0 != 0x80:
                shown += 1
                if not all_of_it:
                    break
        return b"\b \b" * shown if self._echo else b""

    def _end(self):
        data = self._text()
        is_long = self._count > _LINE_MAX
        self._count = 0
        self._escape = False
        if self._echo:
            yield b"\r\n"
        try:
            lines = self._commands.run(str(data, "utf-8"))
        except UnicodeError:
            lines = ("error: no UTF-8: set the terminal to it",)
        if is_long:
            lines = ("error: ignored, a line has %d bytes at most" % _LINE_MAX,)
        for line in lines:
            yield line.encode() + b"\r\n"
        taking = self._commands.taking
        yield taking.prompt if taking else b"> "


def _hides(line):
    """Return True if what follows `line` (lower case) may be a secret."""
    if b"key" in line or b"password" in line:
        return True
    return line.startswith(b"wifi ") and b" " in line[5:]
