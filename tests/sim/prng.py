"""Random numbers of the simulated world: the same on every interpreter, all from one seed.

xorshift32 (Marsaglia 2003, shifts 13, 17, 5). Each component draws from a child stream of its own,
so that a change in one of them does not shift the numbers of all others.
"""

_MASK = 0xFFFFFFFF


class Prng:
    """One stream of numbers."""

    def __init__(self, seed):
        """seed: any integer; 0 would be the fixed point of the generator and is replaced."""
        self.seed = (seed & _MASK) or 0x9E3779B9
        self._state = self.seed

    def u32(self):
        """Return the next number, 0 .. 2**32 - 1."""
        state = self._state
        state ^= (state << 13) & _MASK
        state ^= state >> 17
        state ^= (state << 5) & _MASK
        self._state = state
        return state

    def below(self, limit):
        """Return a number 0 .. limit - 1."""
        return self.u32() % limit

    def between(self, low, high):
        """Return a number low .. high, both included."""
        return low + self.u32() % (high - low + 1)

    def chance(self, permille):
        """Return True in `permille` of 1000 draws."""
        return self.u32() % 1000 < permille

    def choice(self, items):
        """Return one of `items`, which must not be empty."""
        return items[self.u32() % len(items)]

    def octets(self, count):
        """Return `count` random bytes."""
        return bytes([self.u32() >> 24 for _ in range(count)])

    def child(self, name):
        """Return the stream of `name` under this seed, however much was drawn here before."""
        state = 0x811C9DC5 ^ self.seed
        for octet in name.encode():  # FNV-1a
            state = ((state ^ octet) * 0x01000193) & _MASK
        return Prng(state)
