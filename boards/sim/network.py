"""The network of the simulated board: loopback TCP that can fail as real links do.

drop: the connection ends and no new one comes up. reset: it ends with an error. blackhole: it
stays open and nothing passes, which only a ping or an unanswered call can tell.
"""

import asyncio

from firmware.net import stream

_POLL_S = 0.05


class Network:
    """`connect` is the board's way out; `set` is the fault."""

    def __init__(self):
        self.up = True
        self.how = "drop"

    async def connect(self, host, port, tls_context):
        """Open a connection, if the link lets it. Raises OSError."""
        while not self.up and self.how == "blackhole":
            await asyncio.sleep(_POLL_S)
        if not self.up:
            raise OSError(101)
        return Link(self, await stream.connect(host, port, tls_context))

    def set(self, up, how):
        """Bring the link down in a certain way, or up again."""
        self.up = up
        self.how = how


class Link:
    """A Stream behind a link that may fail."""

    def __init__(self, network, inner):
        self._network = network
        self._inner = inner

    async def read(self, view):
        """As Stream.read; what arrives while the link is down waits outside."""
        data = await self._inner.read(view)
        while not self._network.up:
            await asyncio.sleep(_POLL_S)
        return data

    async def flush(self, source):
        """As Stream.flush; in a black hole it swallows everything. The pump calls it every few
        ms, so a link that broke is noticed here."""
        network = self._network
        if network.up:
            await self._inner.flush(source)
        elif network.how == "blackhole":
            while source() is not None:
                pass
        else:
            raise OSError(104 if network.how == "reset" else 32)

    async def close(self):
        """Close, whatever the link does."""
        await self._inner.close()
