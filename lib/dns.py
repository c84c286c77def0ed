"""Host names to IPv4 addresses: a stub resolver, sans-I/O (RFC 1035, TTL as in RFC 2181 8).

Asks recursive servers for A records, follows CNAMEs; no TCP, no IPv6, no multicast DNS. A packet
that does not fit the question is as if it had not come: whoever sends junk must not end a look-up.
"""

from micropython import const

from ticks import Deadline

NOT_FOUND = const(-2)  # `error`, for OSError: there is no such name, or it has no address
NO_ANSWER = const(-3)  # no server gave a usable answer

_PACKET_MAX = const(512)
_SERVERS_MAX = const(3)
_ROUNDS = const(2)
_WAIT_MS = const(2000)
_RECORDS_MAX = const(24)
_ALIASES_MAX = const(8)
_TTL_MAX_S = const(65535)
_NAME_MAX = const(254)  # without the root's label
_A_IN = b"\x00\x01\x00\x01"
_CNAME_IN = b"\x00\x05\x00\x01"


class Lookup:
    """One look-up: it is over when `address` (text) or `error` is no longer None.

    name: the host; servers: addresses as the caller likes them, three are used at most;
    random(count) -> bytes. ttl_s: how long the address may be kept.
    Raises ValueError for a name that cannot be asked for.
    """

    def __init__(self, name, servers, random):
        self.address = None
        self.error = None
        self.ttl_s = _TTL_MAX_S
        self._name = encode(name)
        self._servers = servers[:_SERVERS_MAX]
        self._random = random
        self._number = None
        self._tries = 0
        self._aliases = _ALIASES_MAX
        self._wait = Deadline()

    def tick(self, now):
        """Return (server, packet) when there is something to send, else None."""
        is_over = self.address or self.error
        if is_over or self._wait.running and not self._wait.expired(now):
            return None
        if self._tries >= _ROUNDS * len(self._servers):
            self.error = NO_ANSWER
            return None
        server = self._servers[self._tries % len(self._servers)]
        self._tries += 1
        self._wait.start(now, _WAIT_MS)
        self._number = self._random(2)
        # One question, recursion desired.
        head = self._number + b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
        return server, head + self._name + b"\0" + _A_IN

    def receive(self, packet):
        """Take what came from the server asked last."""
        try:
            self._answer(packet[:_PACKET_MAX])
        except (ValueError, IndexError):
            pass  # Junk, or cut off: the answer may still come.

    def _answer(self, packet):
        is_ours = packet[:2] == self._number and packet[2] & 0xF8 == 0x80
        name, at = _name(packet, 12)
        question = packet[4:6] + packet[at : at + 4]
        if not is_ours or name != self._name or question != b"\0\1" + _A_IN:
            return
        code = packet[3] & 15
        if code and code != 3:
            self._wait.stop()  # It cannot or will not: ask the next one.
            return
        records = _records(packet, at + 4)
        found = self._follow(records)
        if found:
            self.address = "%d.%d.%d.%d" % tuple(found)
        elif packet[2] & 2:
            self._wait.stop()  # Cut short, and what was needed is missing.
        elif code or self._name == name:
            self.error = NOT_FOUND
        else:
            # The chain leads to a name that this answer says nothing about.
            self._tries = 0
            self._wait.stop()
        self._number = None

    def _follow(self, records):
        """Return the four bytes of the address, None if the chain of aliases ends before."""
        while True:
            alias = None
            for owner, kind, ttl_s, data in records:
                if owner != self._name:
                    continue
                if kind == _A_IN:
                    self.ttl_s = min(self.ttl_s, ttl_s)
                    return data
                alias = data
                alias_ttl_s = ttl_s
            if alias is None:
                return None
            if not self._aliases:
                self.error = NOT_FOUND
                return None
            self._aliases -= 1
            self._name = alias
            self.ttl_s = min(self.ttl_s, alias_ttl_s)


def encode(name):
    """Return a host name in lower case as it goes over the wire, without the root's label.

    Raises ValueError if it is none: letters outside ASCII have to be written as xn--.
    """
    encoded = b""
    for label in name.encode().lower().rstrip(b".").split(b"."):
        if not 0 < len(label) < 64 or max(label) > 126 or min(label) < 33:
            raise ValueError("%s is no host name" % name)
        encoded += bytes([len(label)]) + label
    if len(encoded) > _NAME_MAX:
        raise ValueError("%s is no host name" % name)
    return encoded


def _records(packet, at):
    """Return [(owner, type and class, TTL in s, data)] of the A and CNAME records."""
    records = []
    for _ in range(min(packet[6] << 8 | packet[7], _RECORDS_MAX)):
        owner, at = _name(packet, at)
        kind = packet[at : at + 4]
        ttl_s = packet[at + 6] << 8 | packet[at + 7]
        if packet[at + 4] | packet[at + 5]:
            # RFC 2181 8: with the top bit set it counts as none.
            ttl_s = 0 if packet[at + 4] & 0x80 else _TTL_MAX_S
        size = packet[at + 8] << 8 | packet[at + 9]
        at += 10
        if at + size > len(packet):
            raise ValueError
        if kind == _A_IN and size == 4:
            records.append((owner, kind, ttl_s, packet[at : at + 4]))
        elif kind == _CNAME_IN:
            records.append((owner, kind, ttl_s, _name(packet, at)[0]))
        at += size
    return records


def _name(packet, at):
    """Return (name in lower case as on the wire, without the root's label; where it ends)."""
    name = b""
    end = 0
    limit = at
    while packet[at]:
        length = packet[at]
        if length >= 0xC0:
            end = end or at + 2
            at = (length & 0x3F) << 8 | packet[at + 1]
            if at >= limit:
                raise ValueError  # Only backwards: so it cannot lead in a circle.
            limit = at
            continue
        if length > 63 or len(name) + length >= _NAME_MAX:
            raise ValueError
        name += packet[at : at + 1 + length]
        at += 1 + length
    return name.lower(), end or at + 1
