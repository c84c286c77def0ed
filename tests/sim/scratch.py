"""Temporary flash images for tests, on both interpreters."""

import binascii
import os

from boards.sim.flash import NorFlash


class Image:
    """A flash image in a file of its own name; `reset` brings back what `keep` remembered."""

    def __init__(self, blocks=32):
        folder = os.getenv("TMPDIR") or "/tmp"
        name = binascii.hexlify(os.urandom(6)).decode()
        self.path = "%s/pilotwire-test-%s.flash" % (folder, name)
        self.blocks = blocks
        self._kept = self.path + ".kept"
        self._flash = None
        self._buf = bytearray(1024)

    def open(self):
        """Return a new NorFlash on the image: the device after the next power-up."""
        if self._flash is not None:
            self._flash.close()
        self._flash = NorFlash(self.path, self.blocks)
        return self._flash

    def keep(self):
        """Remember the image as it is now."""
        self._copy(self.path, self._kept)

    def reset(self):
        """Bring the remembered image back."""
        self._copy(self._kept, self.path)

    def remove(self):
        """Delete every file of this image."""
        if self._flash is not None:
            self._flash.close()
        folder, _, name = self.path.rpartition("/")
        for entry in _entries(folder):
            if entry.startswith(name):
                os.remove(folder + "/" + entry)

    def _copy(self, source, target):
        with open(source, "rb") as reader, open(target, "wb") as writer:
            for _ in range(self.blocks * 4):
                reader.readinto(self._buf)
                writer.write(self._buf)


def _entries(folder):
    """Yield the names in a folder one by one: the list of all may not fit into the heap."""
    if not hasattr(os, "ilistdir"):
        yield from os.listdir(folder)
        return
    for entry in os.ilistdir(folder):
        yield entry[0]
