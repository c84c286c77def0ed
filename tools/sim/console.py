"""The serial line of the charger: a pseudo-terminal, and MicroPython's own prompt on it."""

import asyncio
import contextlib
import os
import signal
import tty

from tools.sim.vm import die_with_parent


class ConsolePty:
    """`path` is what a terminal program opens; `fd` is the charger's end."""

    def __init__(self):
        self.fd, self._other = os.openpty()  # the other end stays open: there is always a cable
        tty.setraw(self._other)
        os.set_blocking(self.fd, False)
        self.path = os.ttyname(self._other)
        self._process = None

    async def prompt(self, staging):
        """After Ctrl-C: the interpreter's prompt, until Ctrl-D or `kill`.

        It is a new process: what the firmware had in RAM is gone, unlike on a board. It has a
        terminal of its own: at each line it flushes that, and what nobody has read yet is lost.
        """
        os.write(self.fd, b"Ctrl-D starts the charger again\r\n")
        inner, other = os.openpty()
        tty.setraw(other)
        os.set_blocking(inner, False)
        loop = asyncio.get_running_loop()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *staging.interpreter, stdin=other, stdout=other, stderr=other,
                cwd=staging.folder, env=staging.environ, start_new_session=True,
                preexec_fn=die_with_parent(),
            )
            loop.add_reader(self.fd, _pass_on, self.fd, inner)
            loop.add_reader(inner, _pass_on, inner, self.fd)
            await self._process.wait()
            _pass_on(inner, self.fd)
        finally:
            self.kill()
            loop.remove_reader(self.fd)
            loop.remove_reader(inner)
            os.close(inner)
            os.close(other)
            self._process = None

    def kill(self):
        """End the prompt; returns whether there was one."""
        if self._process is None or self._process.returncode is not None:
            return False
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        return True

    def close(self):
        """Pull the cable."""
        os.close(self.fd)
        os.close(self._other)


def _pass_on(source, target):
    # What nobody takes is lost, as on any serial line.
    with contextlib.suppress(OSError):
        os.write(target, os.read(source, 4096))
