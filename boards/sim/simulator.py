"""One run of the simulated charger: world, board, firmware, control, trace."""

import asyncio
import gc
import json
import sys

from boards.sim import flash as flashes
from boards.sim.control import Control
from boards.sim.runtime import Runtime
from boards.sim.trace import Trace
from boards.sim.world import World

_MICROPYTHON = sys.implementation.name == "micropython"
_TRACE_MS = 10
# Seven bytes a name: a table that grew by that much has room for 2,000 more.
_NAMES_FREE_BYTES = 14_000
# What a command of the host needs for its answer, in pieces. The firmware does not get it: it is
# taken while no command is at work. (The trace is written piece by piece and needs nothing.)
_TALK_PIECES = 8
_TALK_PIECE_BYTES = 512
_TEXT_PIECE = 128
# No hole that the world leaves is that large.
_PIECE_BYTES = 100_000


class SimulatorError(Exception):
    """The simulator cannot start; the text says why."""


class Settings:
    """Where the central system is, and who we are there. `repr` must not show the password."""

    def __init__(self, options):
        self.url = options["csms"] or ""
        self.identity = options["id"]
        self.password = options.get("password")
        self.profile = options.get("profile") or (1 if self.password else 0)
        self.ca = _file(options.get("ca"))


class _Trace(Trace):
    """Writes piece by piece: a frame's text may be longer than the largest piece that is free."""

    def tell(self, fields):
        parts = fields.pop("text", None)
        if parts is None:
            _say(json.dumps(fields))
            return
        sys.stdout.write(json.dumps(fields)[:-1])
        sys.stdout.write(', "text": "')
        for part in [parts] if isinstance(parts, str) else parts:
            for at in range(0, len(part), _TEXT_PIECE):
                sys.stdout.write(json.dumps(part[at : at + _TEXT_PIECE])[1:-1])
        _say('"}')


class Simulator:
    """Builds all from the host's options. `run` returns the exit status (0 quit, 3 reset, 4
    Ctrl-C at the console)."""

    def __init__(self, options):
        self._options = options
        self._runtime = Runtime()
        self._trace = _Trace(_say, self._t_ms, options.get("trace"))
        self._talk = []
        self._ballast = None
        self._names = None
        self._holes = None
        self._world_bytes = 0
        self._heap = {"free": 0, "used": 0, "world": 0}
        self.parts_read = 0  # since the start, see tools/overlays.py
        self._storage_lost = None
        self._console = None
        self._interrupted = False
        self.flash = None

    # What control and state ask for.

    def uptime_ms(self):
        """Return the ms since the firmware was started."""
        return self._runtime.uptime_ms

    def heap(self):
        """Return the heap figures in bytes, as they were before the command that asks for them:
        free, used by the firmware, taken by the world."""
        return self._heap

    def measure(self):
        """Find what `heap` is to return, after a collection."""
        if _MICROPYTHON:
            ballast = len(self._ballast) if self._ballast else 0
            ballast += len(self._talk) * _TALK_PIECE_BYTES
            used = _allocated() - self._world_bytes - ballast
            free = gc.mem_free()
            self._heap = {"free": free, "used": used, "world": self._world_bytes}

    def cut_after(self, operations, torn):
        """Cut the power at a flash operation to come."""
        self.flash.cut_after(operations, torn, _die)

    def stall(self, stall_ms):
        """Block the VM."""
        self._runtime.stall(stall_ms)

    def _t_ms(self):
        return self._options.get("t0_ms", 0) + self._runtime.uptime_ms

    # Build and run.

    def run(self, heap_before):
        """Build and run until the end; status 2 if the options cannot be carried out."""
        try:
            return self._run(heap_before)
        except SimulatorError as error:
            self._trace.event("refused", {"text": str(error)})
        except MemoryError:
            self._trace.event("refused", {"text": "the heap is too small for the firmware"})
        return 2

    def _run(self, heap_before):
        options = self._options
        fs = self._mount()
        path = options["state"] + "/world.bin"
        has_sockets = bool(options.get("socket"))
        world = World(self._runtime.ticks_ms, options["connectors"], path, has_sockets)
        self._runtime.advance = world.advance
        self._reserve(heap_before)
        # From here on it is the firmware's heap.
        from boards.sim.board import SimBoard
        from firmware.app import App

        board = SimBoard(self._runtime, world, fs, _description(options.get("board")))
        app = App(board, Settings(options), options.get("features"))
        before = _allocated()
        self._watch_parts()
        self._trace.watch(app, world)
        self._runtime.every(_TRACE_MS, self._trace.poll)
        control = Control(app, world, self)
        self._world_bytes += _allocated() - before
        self._configure(app)
        status = self._runtime.run(self._main(app, control))
        world.save()
        self._trace.event("exit", {"status": status})
        return status

    def _watch_parts(self):
        """Count from here on what a linked firmware reads late."""
        archive = getattr(sys.modules["firmware.app"], "_archive", None)
        if archive is None:
            return
        opened = archive.open

        def open_part(path, mode):
            self.parts_read += 1
            return opened(path, mode)

        archive.open = open_part

    def _mount(self):
        try:
            self.flash = flashes.NorFlash(self._options["state"] + "/flash.img")
        except flashes.FlashError as error:
            raise SimulatorError(str(error))
        try:
            return flashes.mount(self.flash)
        except flashes.FlashError as error:
            copy = flashes.recover(self.flash)
            self._storage_lost = "%s; kept as %s, started empty" % (error, copy)
            return flashes.mount(self.flash)

    def _reserve(self, heap_before):
        """Measure the world's share and leave the firmware exactly the heap that was asked for."""
        if not _MICROPYTHON:
            return
        _fill_table_of_names()
        gc.collect()
        self._holes = _fill_holes()
        gc.collect()
        self._world_bytes = gc.mem_alloc() - heap_before
        self.keep_quiet(True)
        spare = gc.mem_free() - (self._options["heap"] - heap_before)
        if spare < 0:
            raise SimulatorError("the interpreter's heap is %d bytes too small" % -spare)
        if spare > 1024:
            self._ballast = bytearray(spare - 64)
        # A board's table of names begins with the firmware's: it counts as that would.
        self._names = bytearray(self._options.get("names_bytes", 0))

    def keep_quiet(self, is_quiet):
        """Take the room for answers while no command is at work, and give it free for one."""
        if not _MICROPYTHON:
            return
        if not is_quiet:
            self._talk.clear()
        try:
            while is_quiet and len(self._talk) < _TALK_PIECES:
                self._talk.append(bytearray(_TALK_PIECE_BYTES))
        except MemoryError:
            # The firmware has filled it meanwhile; what is left of it is for the next time.
            pass

    def _configure(self, app):
        if self._storage_lost:
            app.storage_lost(self._storage_lost)
        for key, value in self._options.get("set", ()):
            status = app.config.set(key, value)
            if status not in ("Accepted", "RebootRequired"):
                reason = "unknown key" if status == "NotSupported" else "value refused"
                raise SimulatorError("--set %s: %s" % (key, reason))

    async def _main(self, app, control):
        before = _allocated()
        commands = asyncio.create_task(_commands(control, self))
        await asyncio.sleep(0)
        self._world_bytes += _allocated() - before
        firmware = asyncio.create_task(app.run())
        await self._serve_console(app)
        while not app.station.settled and not firmware.done():
            # Ready means that the pilots are known: what comes then, is seen.
            await asyncio.sleep(0.02)
        connectors = len(app.station.connectors)
        self.measure()
        self._trace.event("ready", {"connectors": connectors, "heap": self.heap()})
        while not control.quit and not self._interrupted and not firmware.done():
            await asyncio.sleep(0.02)
        commands.cancel()
        if firmware.done():
            await firmware  # Raises what it died of.
        if app.exit_reason is None:
            app.leave("Reboot")
            await app.stop()
            firmware.cancel()
            return 4 if self._interrupted else 0
        self._trace.event("reset", {"reason": app.exit_reason})
        return 3


    async def _serve_console(self, app):
        fd = self._options.get("console_fd")
        if fd is None:
            return
        from boards.sim.console import open_line
        from firmware.local.console_shell import ConsoleShell

        reader, write = await open_line(fd)
        self._console = asyncio.create_task(
            ConsoleShell(app, reader, write, self._interrupt).run()
        )

    def _interrupt(self):
        self._interrupted = True


async def _commands(control, simulator):
    """Answer the host's commands until it closes the pipe."""
    read_line = await _stdin()
    while True:
        line = await read_line()
        if not line:
            control.quit = True
            return
        if b'"state"' in line:
            simulator.measure()
        simulator.keep_quiet(False)
        try:
            command = json.loads(line)
        except ValueError:
            simulator.keep_quiet(True)
            continue
        number = command.get("n")
        try:
            answer = control.handle(command)
            answer["n"] = number
            text = json.dumps(answer)
        except MemoryError:
            text = '{"ok":false,"error":"the answer does not fit into the heap","n":%d}' % number
        _say(text)
        # Not while the next one is waited for.
        command = answer = text = line = None
        simulator.keep_quiet(True)


async def _stdin():
    if _MICROPYTHON:
        return asyncio.StreamReader(sys.stdin).readline
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader.readline


def _allocated():
    """Return the bytes that are in use: what lies between two of these calls is the world's."""
    if not _MICROPYTHON:
        return 0
    gc.collect()
    return gc.mem_alloc()


def _fill_table_of_names():
    """Make names until the table of names has room for all that the firmware will add.

    MicroPython doubles the table when it is full. The world's names stand in it too, so without
    this the firmware would pay for a table that no board has.
    """
    number = grown = 0
    while grown < _NAMES_FREE_BYTES:
        before = gc.mem_alloc()
        # Many at a time: to tell what is allocated takes a look at the whole heap.
        for _ in range(32):
            getattr(gc, "name%d" % number, None)
            number += 1
        grown = gc.mem_alloc() - before
        # What the texts were made of would lie between the pieces of the table.
        gc.collect()


def _fill_holes():
    """Fill what is free between the world's objects: the firmware gets its heap in one piece."""
    beyond = id(bytearray(_PIECE_BYTES))
    filling = None
    while id(filling) < beyond:
        filling = (filling, None)
    return filling


def _say(line):
    # Not as one text: it may be as long as the largest piece that is free.
    sys.stdout.write(line)
    sys.stdout.write("\n")
    if not _MICROPYTHON:
        sys.stdout.flush()


def _die():
    """The power is gone in the middle of a flash operation: the host kills this process."""
    _say('{"event":"cut"}')
    while True:
        pass


def _description(path):
    # The host starts us in the project's folder.
    with open(path or "boards/sim/board.json") as file:
        return json.loads(file.read())


def _file(path):
    if not path:
        return None
    with open(path, "rb") as file:
        return file.read()
