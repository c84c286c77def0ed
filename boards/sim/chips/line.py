"""The far end of a serial line on simulated time: bytes take as long as they really do.

What the firmware writes goes to the slave when the last byte is through; what the slave answers
arrives byte by byte. The line can lose and flip bytes from a seeded generator.
"""

import ticks


class Line:
    """The firmware's port, with the methods of machine.UART, and the wire behind it.

    `slave`: callable(frame) -> answer or None, called `think_ms` after the end of a frame.
    `echo`: our own bytes come back. `junk`: bytes that precede each answer, as line bias makes.
    `lose_permille`, `flip_permille`: chance of each byte, in both directions.
    `speed`: the slave's (baud, parity); it understands nothing else.
    """

    def __init__(self, clock_ms, baud, slave, think_ms=40, seed=1):
        self.slave = slave
        self.speed = self.port_speed = (baud, None)
        self.echo = False
        self.junk = b""
        self.lose_permille = 0
        self.flip_permille = 0
        self.think_ms = think_ms
        self._clock_ms = clock_ms
        self._byte_us = 10_000_000 // baud  # 8N1
        self._noise = seed % 65537
        self._incoming = bytearray()
        self._begins_at = 0
        self._taken = 0
        self._request = bytearray()
        self._request_ends = ticks.Deadline()
        self._sent_until = ticks.Deadline()

    def init(self, baud, bits, parity, stop):
        """Change the port's speed, as machine.UART does."""
        assert (bits, stop) == (8, 1)
        self.port_speed = (baud, parity)
        self._byte_us = (10 if parity is None else 11) * 1_000_000 // baud

    def write(self, data):
        """Send; the slave sees a frame when the line was silent for 3.5 characters after it."""
        now = self._clock_ms()
        if not self._request:
            self._drop_rest()
            if self.echo:
                self._arrive(now, data)
        self._request += data
        wire_ms = self._byte_us * len(data) // 1000 + 1
        silence_ms = self._byte_us * 7 // 2000 + 1
        self._sent_until.start(now, wire_ms)
        self._request_ends.start(now, wire_ms + silence_ms + self.think_ms)
        return len(data)

    def txdone(self):
        """True when the last byte has left."""
        return not self._sent_until.running or self._sent_until.expired(self._clock_ms())

    def any(self):
        """Return how many bytes have come."""
        now = self._clock_ms()
        if self._request_ends.expired(now):
            self._ask_slave()
        return self._arrived(now)

    def readinto(self, into, count=None):
        """Fetch what has come; returns the number of bytes, None for none."""
        count = min(self.any(), len(into) if count is None else count)
        for i in range(count):
            into[i] = self._incoming[self._taken + i]
        self._taken += count
        return count or None

    def read(self, count=None):
        """Fetch what has come as bytes, None for none."""
        available = self.any()
        into = bytearray(available if count is None else min(count, available))
        return bytes(into) if self.readinto(into) else None

    def inject(self, data):
        """Bytes that nobody asked for begin to arrive now."""
        self._drop_rest()
        self._arrive(self._clock_ms(), data)

    def _ask_slave(self):
        request = self._disturb(self._request)
        begins_at = self._request_ends.moment
        self._request = bytearray()
        self._request_ends.stop()
        answer = None
        if self.port_speed == self.speed:
            answer = self.slave(bytes(request))
        if answer is None:
            return
        self._drop_rest()
        self._arrive(begins_at, self._disturb(self.junk + answer))

    def _arrived(self, now):
        elapsed_ms = ticks.diff(now, self._begins_at)
        if elapsed_ms <= 0:
            return 0
        through = min(len(self._incoming), min(elapsed_ms, 60_000) * 1000 // self._byte_us)
        return max(0, through - self._taken)

    def _arrive(self, begins_at, data):
        # What already came but was not fetched stays in the port's buffer in front.
        ahead_ms = self._byte_us * len(self._incoming) // 1000 + 1 if self._incoming else 0
        self._begins_at = ticks.add(begins_at, -ahead_ms)
        self._incoming += data

    def _drop_rest(self):
        arrived = self._arrived(self._clock_ms())
        self._incoming = self._incoming[self._taken : self._taken + arrived]
        self._taken = 0

    def _disturb(self, data):
        if not self.lose_permille and not self.flip_permille:
            return data
        disturbed = bytearray()
        for byte in data:
            if self._draw() % 1000 < self.lose_permille:
                continue
            if self._draw() % 1000 < self.flip_permille:
                byte ^= 1 << self._draw() % 8
            disturbed.append(byte)
        return disturbed

    def _draw(self):
        # All numbers of one period stay small integers, and both interpreters draw the same.
        self._noise = (self._noise * 75 + 74) % 65537
        return self._noise
