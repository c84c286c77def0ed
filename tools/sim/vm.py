"""One life of the VM process: from power-on to its end."""

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sys

_LINE_MAX = 4 << 20  # a traced frame may be larger than any heap that we simulate
_PR_SET_PDEATHSIG = 1


class Vm:
    """A running VM: JSON lines in, lines out. Made by `Vm.start`."""

    def __init__(self, process):
        self._process = process
        self.pid = process.pid

    @classmethod
    async def start(cls, argv, staging, fds):
        """Start `argv` as `staging` says, with the file descriptors `fds`. Raises OSError if the
        interpreter cannot run."""
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=staging.folder,
            env=staging.environ,
            limit=_LINE_MAX,
            pass_fds=fds,
            start_new_session=True,  # Ctrl-C in the terminal is for the host alone
            preexec_fn=die_with_parent(),
        )
        return cls(process)

    def send(self, message):
        """Write one JSON line. A VM that is gone is noticed by `lines`, not here."""
        with contextlib.suppress(OSError, RuntimeError):
            self._process.stdin.write(json.dumps(message).encode() + b"\n")

    async def lines(self):
        """Yield what the VM prints, line by line as text, until its end."""
        while True:
            try:
                line = await self._process.stdout.readline()
            except ValueError:
                yield f"(a line over {_LINE_MAX} bytes was dropped)"
                continue
            if not line:
                return
            yield line.decode("utf-8", "replace").rstrip("\r\n")

    def kill(self):
        """SIGKILL, to wrappers and children too; nothing if it is gone already."""
        if self._process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    async def wait(self, timeout_s):
        """Return the exit status (negative: the signal); kills a VM that does not end in time."""
        try:
            return await asyncio.wait_for(self._process.wait(), timeout_s)
        except TimeoutError:
            self.kill()
            return await self._process.wait()


def die_with_parent():
    """What the child does before exec: ask Linux for SIGKILL when the host dies. Elsewhere the
    end of file on standard input has to do."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
