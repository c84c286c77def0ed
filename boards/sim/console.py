"""The serial line of the simulated board: one end of a pseudo-terminal that the host opens."""

import asyncio
import os
import sys

_RETRY_S = 0.01


async def open_line(fd):
    """Return (reader, write) for the file descriptor `fd`, which does not block.

    reader: `await read(1)`; write(data): a coroutine that waits while the other end is full.
    """
    if sys.implementation.name == "micropython":
        stream = asyncio.StreamReader(open(fd, "r+b"))

        async def write(data):
            stream.write(data)
            await stream.drain()

        return stream, write
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    file = os.fdopen(fd, "rb", 0)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)

    async def write_fd(data):
        while data:
            try:
                data = data[os.write(fd, data) :]
            except BlockingIOError:
                await asyncio.sleep(_RETRY_S)

    return reader, write_fd
