"""The supervisor: keeps one simulated charger alive, and says how it ended."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time

from tools.sim.commands import Commands, failure
from tools.sim.console import ConsolePty
from tools.sim.control import ControlServer
from tools.sim.panel import Panel
from tools.sim.redact import Redactor
from tools.sim.state import StateFolder
from tools.sim.trace import Trace
from tools.sim.vm import Vm

EXIT_QUIT = 0
EXIT_FAULT = 1
EXIT_REFUSED = 2
EXIT_RESET = 3
EXIT_POWER_CUT = 9
_EXIT_INTERRUPT = 4  # of the VM alone: Ctrl-C at the serial console

_READY_TIMEOUT_S = 60
_END_TIMEOUT_S = 5
_ANSWER_TIMEOUT_S = 60
_SHORT_LIFE_S = 1.0
_SHORT_LIVES_MAX = 3


class Host:
    """One run of the simulator.

    options: `tools.sim.options.Options`; staging: `tools.sim.staging.Staging`.
    """

    def __init__(self, options, staging):
        self._options = options
        self._staging = staging
        self._redactor = Redactor(options.secrets())
        self._commands = Commands()
        self._control = ControlServer(self._execute)
        self._console = ConsolePty() if options.console_pty else None
        self._panel = Panel(self._state) if options.panel is not None else None
        self._vm = None
        self._state_folder = None
        self._trace = None
        self._announced = False
        self._verdict = None  # the exit status that the host decided; None while the VM decides
        self._quitting = False
        self._signals = 0
        self._exit_event = None
        self._born = time.monotonic()

    async def run(self):
        """Run until the end; returns the exit status. Raises StateError, OSError at the start."""
        options = self._options
        self._catch_signals()
        with StateFolder(options.state) as folder, Trace(options.trace, self._redactor) as trace:
            self._state_folder, self._trace = folder, trace
            try:
                await self._control.start(*options.control)
                if self._panel:
                    await self._panel.start(options.panel)
                return await self._supervise()
            finally:
                self._commands.give_up("the simulator ended")
                await self._control.close()
                if self._panel:
                    await self._panel.close()
                if self._console:
                    self._console.close()

    async def _supervise(self):
        """Life after life, until one ends with something other than a reset."""
        short_lives = 0
        while True:
            born = time.monotonic()
            status = await self._one_life()
            if status == _EXIT_INTERRUPT:
                status = await self._prompt()
            if status != EXIT_RESET or self._options.once:
                return status
            short = time.monotonic() - born < _SHORT_LIFE_S
            short_lives = short_lives + 1 if short else 0
            if short_lives >= _SHORT_LIVES_MAX:
                self._say(f"the VM reset itself {short_lives} times within a second each: stopped")
                return EXIT_FAULT

    async def _prompt(self):
        """MicroPython's prompt until Ctrl-D, which is a reset; or until the host is to end."""
        await self._console.prompt(self._staging)
        if self._verdict is not None:
            return self._verdict
        return EXIT_QUIT if self._quitting else EXIT_RESET

    async def _one_life(self):
        """Power-on to end of one VM; returns the exit status that it means."""
        self._exit_event = None
        argv = self._staging.argv(self._options.heap)
        fds = [self._state_folder.lock_fd] + ([self._console.fd] if self._console else [])
        self._vm = await Vm.start(argv, self._staging, fds)
        deadline = asyncio.get_running_loop().call_later(_READY_TIMEOUT_S, self._not_ready)
        try:
            self._trace.write({"event": "vm_start", "pid": self._vm.pid})
            self._vm.send(dict(
                self._options.for_vm(self._state_folder.path),
                t0_ms=int((time.monotonic() - self._born) * 1000),
                heap=self._options.heap * self._staging.heap_factor,
                console_fd=self._console.fd if self._console else None,
                **self._staging.vm_options,
            ))
            async for line in self._vm.lines():
                if self._on_line(line) == "ready":
                    deadline.cancel()
            code = await self._vm.wait(_END_TIMEOUT_S)
        finally:
            deadline.cancel()
            self._vm.kill()
        status = self._judge(code)
        if status == _EXIT_INTERRUPT or status == EXIT_RESET and not self._options.once:
            self._commands.vm_restarts()
        else:
            self._commands.vm_gone(quit_ok=status == EXIT_QUIT)
        self._vm = None
        return status

    def _judge(self, code):
        """The meaning of a VM's end; `code`: its exit status, negative for a signal."""
        if self._verdict is not None:
            return self._verdict
        said = self._exit_event
        if said in (EXIT_QUIT, EXIT_RESET, _EXIT_INTERRUPT) and code in (0, said):
            return EXIT_QUIT if self._quitting else said
        if said is None and code == EXIT_RESET:
            return EXIT_QUIT if self._quitting else EXIT_RESET
        how = f"signal {-code}" if code < 0 else f"status {code}"
        self._say(f"the VM ended without being asked to ({how})")
        return EXIT_FAULT

    def _on_line(self, line):
        """Take one line of the VM; returns the event's name, or None."""
        message = _json_object(line)
        if message is None:
            self._say(line, "vm")
            return None
        if "event" not in message:
            number = message.get("n")
            if not isinstance(number, int) or not self._commands.answered(message):
                self._say(f"an answer that nobody waits for: {line}")
            return None
        self._on_event(message)
        return message["event"]

    def _on_event(self, event):
        name = event["event"]
        if name == "ready":
            self._on_ready(event)
        elif name == "exit":
            self._exit_event = event.get("status")
            self._commands.vm_leaving()
            self._limit_ending()
        else:
            self._trace.write(event)
        if name == "cut":
            self._power_cut()
        elif name == "refused":
            # Only the firmware could tell that an option cannot be carried out.
            self._say(event.get("text", ""))
            self._verdict = EXIT_REFUSED
        elif name == "log":
            text = f"{event.get('level', '')} {event.get('area', '')}: {event.get('text', '')}"
            self._say(text.strip(), "log")

    def _on_ready(self, event):
        self._commands.vm_ready(self._vm)
        options = self._options
        line = dict(event, event="restarted" if self._announced else "ready")
        line.update(control=self._control.port, pid=os.getpid(), vm_pid=self._vm.pid)
        line.update(vm=options.vm, heap=options.heap, tier=options.tier, seed=options.seed)
        line.update(state=str(self._state_folder.path))
        if self._panel:
            line["panel"] = self._panel.port
        if self._console:
            line["console"] = self._console.path
        self._announced = True
        try:
            print(json.dumps(line), flush=True)
        except BrokenPipeError:
            sys.stdout = None  # nobody listens any more; the control port still does

    async def _execute(self, command):
        """Carry out one control command; returns the answer."""
        if command["do"] == "mains":
            if command.get("on") is not False:
                return failure('mains: "on" can only be false; start the simulator again instead')
            self._power_cut()
            return {"ok": True}
        if command["do"] == "quit":
            self._quitting = True
            self._limit_ending()
            if self._end_prompt():
                return {"ok": True}
        patience_s = _ANSWER_TIMEOUT_S
        if isinstance(command.get("ms"), int):
            patience_s += max(0, min(command["ms"], 3_600_000)) / 1000
        try:
            return await asyncio.wait_for(self._commands.submit(command), patience_s)
        except TimeoutError:
            return failure(f"the VM did not answer within {patience_s:.0f} s")

    async def _state(self):
        return await self._execute({"do": "state"})

    def _power_cut(self):
        self._verdict = EXIT_POWER_CUT
        if self._vm:
            self._vm.kill()
        else:
            self._end_prompt()

    def _end_prompt(self):
        """End MicroPython's prompt; returns whether there was one."""
        return self._console is not None and self._console.kill()

    def _catch_signals(self):
        """SIGTERM and Ctrl-C end in order, to the last instruction: unlike asyncio's own handlers
        these stay when the loop is closed, so that a signal then does not change the status."""
        loop = asyncio.get_running_loop()

        def handle(_number, _frame):
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._on_signal)

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, handle)

    def _on_signal(self):
        """Orderly at the first signal, at once at the second."""
        self._signals += 1
        if self._signals > 1:
            self._verdict = self._verdict or EXIT_FAULT
            if self._vm:
                self._vm.kill()
        elif not self._quitting:
            self._quitting = True
            self._commands.submit({"do": "quit"})
            self._limit_ending()
            self._end_prompt()

    def _limit_ending(self):
        """The VM has said, or was told, that it ends: it gets a few seconds for that."""
        if self._vm:
            asyncio.get_running_loop().call_later(_END_TIMEOUT_S, self._vm.kill)

    def _not_ready(self):
        self._say(f"the VM was not ready within {_READY_TIMEOUT_S} s")
        self._verdict = EXIT_FAULT
        self._vm.kill()

    def _say(self, text, source="sim"):
        with contextlib.suppress(OSError):  # a closed terminal must not stop the charger
            print(f"{source}: {self._redactor.text(text)}", file=sys.stderr, flush=True)


def _json_object(line):
    """The JSON object on a line, or None if it is anything else."""
    if not line.startswith("{"):
        return None
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None
