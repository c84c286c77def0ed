"""The network of the simulated board: loopback TCP that can fail as real links do.

drop: the connection ends and no new one comes up. reset: it ends with an error. blackhole: it
stays open and nothing passes, which only a ping or an unanswered call can tell.
"""

import asyncio

from firmware.net import stream

_POLL_S = 0.05


class Network:
    """`connect` is the board's way out; `set` is the fault. board: ticks_ms, random."""

    def __init__(self, board):
        self._board = board
        self._names = None
        self.up = True
        self.how = "drop"

    async def connect(self, host, port, tls_context):
        """Open a connection, if the link lets it. Raises OSError."""
        while not self.up and self.how == "blackhole":
            await asyncio.sleep(_POLL_S)
        if not self.up:
            raise OSError(101)
        return Link(self, await stream.connect(host, port, tls_context, self._resolve))

    async def _resolve(self, host):
        """Ask the name servers of this PC as a board asks its own, then the PC itself, which
        knows names that no server does."""
        if self._names is None:
            # Only who needs it pays for it.
            from firmware.net.names import Names

            self._names = Names(_servers, self._board)
        try:
            return await self._names.resolve(host)
        except OSError:
            return host

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


def _servers():
    try:
        with open("/etc/resolv.conf") as file:
            rows = [line.split() for line in file]
    except OSError:
        return []
    return [row[1] for row in rows if row[:1] == ["nameserver"] and ":" not in row[1]]
