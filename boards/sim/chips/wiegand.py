"""A reader with a Wiegand output: pulses on two lines, 1.5 ms apart, and its keypad."""

import ticks


class WiegandChip:
    """Calls `zero` and `one`, as the falling edges of D0 and D1 would.

    `lose_permille`, `flip_permille`: chance of each pulse. `silent`: the wire is cut.
    """

    def __init__(self, clock_ms, zero, one, seed=1):
        self.silent = False
        self.lose_permille = 0
        self.flip_permille = 0
        self._clock_ms = clock_ms
        self._lines = (zero, one)
        self._bits = ""
        self._sent = 0
        self._began = 0
        self._noise = seed % 65537

    def card(self, data):
        """Send 3 or 4 bytes with their parities."""
        text = "".join([_binary(byte, 8) for byte in data])
        half = len(text) // 2
        even = text[:half].count("1") & 1
        odd = 1 - text[half:].count("1") % 2
        self.send("%d%s%d" % (even, text, odd))

    def key(self, number, bits=4):
        """Send a key, with its complement first when `bits` is 8."""
        self.send((_binary(15 - number, 4) if bits == 8 else "") + _binary(number, 4))

    def send(self, bits):
        """Send a text of 0 and 1."""
        self._bits = bits
        self._sent = 0
        self._began = self._clock_ms()

    def step(self):
        """Let the pulses pass that are due; call it every ms to 50 ms."""
        due = ticks.diff(self._clock_ms(), self._began) * 2 // 3
        while self._sent < min(due, len(self._bits)):
            bit = self._bits[self._sent] == "1"
            self._sent += 1
            if self._draw() % 1000 < self.lose_permille or self.silent:
                continue
            if self._draw() % 1000 < self.flip_permille:
                bit = not bit
            self._lines[bit]()

    def _draw(self):
        self._noise = (self._noise * 75 + 74) % 65537
        return self._noise


def _binary(number, width):
    return "".join(["1" if number >> i & 1 else "0" for i in range(width - 1, -1, -1)])
