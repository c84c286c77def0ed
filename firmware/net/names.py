"""Asks name servers over UDP without blocking: the shell around lib/dns.py, and a short memory.

The address found last is kept for as long as it may be; if no server answers later, it is used
again rather than none (RFC 8767).
"""

import asyncio
import socket

from firmware import late
from micropython import const
from ticks import Deadline

_POLL_S = 0.02
_PORT = const(53)
# RFC 1035 4.2.1.
_PACKET_MAX = const(512)


class Names:
    """servers(): the addresses of the name servers at the moment. board: ticks_ms, random."""

    def __init__(self, servers, board, port=_PORT):
        self._servers = servers
        self._board = board
        self._port = port
        self._host = None
        self._address = None
        self._fresh = Deadline()

    async def resolve(self, host):
        """Return an IPv4 address of `host` as text. Raises OSError, ValueError."""
        now = self._board.ticks_ms
        if host != self._host:
            self._host = host
            self._address = None
        elif self._address and not self._fresh.expired(now()):
            return self._address
        # Needed again when the address is too old.
        from dns import NOT_FOUND, Lookup

        late.forget("dns")
        lookup = Lookup(host, self._servers(), self._board.random)
        await self._ask(lookup, now)
        if lookup.address:
            self._address = lookup.address
            self._fresh.start(now(), lookup.ttl_s * 1000)
        elif lookup.error == NOT_FOUND or not self._address:
            raise OSError(lookup.error)
        return self._address

    async def _ask(self, lookup, now):
        """Send and receive until `lookup` is over."""
        connection = None
        try:
            while not (lookup.address or lookup.error):
                sending = lookup.tick(now())
                if sending:
                    connection = self._send(connection, sending)
                await asyncio.sleep(_POLL_S)
                if connection:
                    _receive(connection, lookup)
        finally:
            if connection:
                connection.close()

    def _send(self, connection, sending):
        """Send on a new port each time; only this server is heard. Returns the connection."""
        if connection:
            connection.close()
        server, packet = sending
        connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        connection.setblocking(False)
        try:
            connection.connect(socket.getaddrinfo(server, self._port)[0][-1])
            connection.send(packet)
        except OSError:
            pass  # No route yet: the next try may have one.
        return connection


def _receive(connection, lookup):
    try:
        lookup.receive(connection.recv(_PACKET_MAX))
    except OSError:
        pass  # Nothing there yet, or refused: then the time runs out.
