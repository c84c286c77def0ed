"""The control port: one JSON object a line over TCP, one answer a line, in order."""

import asyncio
import contextlib
import json

from tools.sim.commands import failure

LINE_MAX = 64 * 1024
_CHUNK = 16 * 1024
_CLIENTS_MAX = 32
_IN_FLIGHT_MAX = 64  # per client; then its commands wait in its socket
_CLOSE_TIMEOUT_S = 1


class ControlServer:
    """Serves control clients.

    execute(command) -> awaitable of the answer; called as soon as a command is read, so that a
    power cut does not queue behind a command that the stalled VM has yet to answer.
    """

    def __init__(self, execute):
        self._execute = execute
        self._server = None
        self._clients = set()
        self.port = None

    async def start(self, host, port):
        """Listen. Raises OSError."""
        self._server = await asyncio.start_server(self._serve, host, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self):
        """Give every client the answers that are ready, then close."""
        if self._server is None:
            return
        self._server.close()
        clients = list(self._clients)
        for task in clients:
            task.cancel()
        if clients:
            await asyncio.wait(clients, timeout=_CLOSE_TIMEOUT_S)

    async def _serve(self, reader, writer):
        if len(self._clients) >= _CLIENTS_MAX:
            writer.write(_line(failure("too many control connections")))
            writer.close()
            return
        task = asyncio.current_task()
        self._clients.add(task)
        answers = asyncio.Queue(_IN_FLIGHT_MAX)
        writing = asyncio.create_task(_write_answers(answers, writer))
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                async for line in read_lines(reader):
                    await answers.put(self._begin(line))
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(_finish(answers, writing), _CLOSE_TIMEOUT_S)
        finally:
            writing.cancel()
            self._clients.discard(task)
            writer.close()

    def _begin(self, line):
        """Start one command; returns the awaitable of its answer."""
        try:
            command = parse(line)
        except ValueError as error:
            return _ready(failure(str(error)))
        return asyncio.ensure_future(self._execute(command))


async def read_lines(reader):
    """Yield lines as bytes; one over LINE_MAX comes as None, once, however long it is."""
    buffer = b""
    dropping = False
    while chunk := await reader.read(_CHUNK):
        *lines, buffer = (buffer + chunk).split(b"\n")
        for line in lines:
            yield None if dropping or len(line) > LINE_MAX else line
            dropping = False
        if len(buffer) > LINE_MAX:
            dropping, buffer = True, b""


def parse(line):
    """The command of one line. Raises ValueError with a text for the client."""
    if line is None:
        raise ValueError(f"the line is longer than {LINE_MAX} bytes")
    try:
        command = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError("the line is no JSON") from error
    if not isinstance(command, dict):
        raise ValueError("the line is no JSON object")
    if not isinstance(command.get("do"), str):
        raise ValueError('"do" is missing or no text')
    return command


async def _ready(answer):
    return answer


async def _finish(answers, writing):
    await answers.put(None)
    await writing


async def _write_answers(answers, writer):
    """Write answers in the order of their commands until None comes."""
    while (answer := await answers.get()) is not None:
        line = _line(await answer)
        # A client that is gone: its remaining commands are still awaited, nothing is written.
        with contextlib.suppress(OSError):
            writer.write(line)
            await writer.drain()


def _line(answer):
    return json.dumps(answer, separators=(",", ":")).encode() + b"\n"
