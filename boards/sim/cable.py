"""The socket of one connector and the detachable cable in it: who may put in and pull out what."""

from boards.sim.chips.lock import LockChip
from boards.sim.chips.proximity import CABLES, ProximityChip

_DEFAULT_A = 32
RATINGS_A = tuple([row[0] for row in CABLES])


class CableError(Exception):
    """It does not go in, or not out; the text says why."""


class Socket:
    """`lock` and `proximity` are the chips that the firmware's driver sees."""

    def __init__(self, seed):
        self.lock = LockChip()
        self.proximity = ProximityChip(seed)

    @property
    def cable_a(self):
        """The rating of the cable in the socket in A, 0 for none."""
        return self.proximity.cable_a

    def insert(self, cable_a):
        """Put a cable in; None: the one that is there, or one of 32 A. Raises CableError."""
        present_a = self.proximity.cable_a
        if present_a:
            if cable_a not in (None, present_a):
                raise CableError("a cable of %d A is in the socket" % present_a)
            return
        if self.lock.locked:
            raise CableError("the socket is locked without a plug in it")
        self.proximity.cable_a = _DEFAULT_A if cable_a is None else cable_a

    def remove(self):
        """Pull the cable out. Raises CableError."""
        if not self.proximity.cable_a:
            raise CableError("no cable is in the socket")
        if self.lock.locked:
            raise CableError("the plug is locked in the socket")
        self.proximity.cable_a = 0

    def pack(self):
        """Return what survives a power cut, as one byte."""
        return self.proximity.cable_a | (128 if self.lock.locked else 0)

    def unpack(self, byte):
        """Go on from what survived."""
        self.proximity.cable_a = byte & 127
        self.lock.set(byte & 128 != 0)
