"""The PN532 on SPI, mode 0, 5 MHz at most (UM0701 6.2.5).

The chip wants the lowest bit first, which not every port can and no other chip on the bus likes:
the bits are turned round here.
"""

from micropython import const
from rfid.pn532 import frame_size

_WRITE = const(0x80)  # 01, 02 and 03, turned round
_STATUS = const(0x40)
_READ = const(0xC0)
_READY = const(0x80)
_FRAME_MAX = const(48)
_TURNED = b"\x00\x08\x04\x0c\x02\x0a\x06\x0e\x01\x09\x05\x0d\x03\x0b\x07\x0f"


class SpiLink:
    """spi: as machine.SPI (`write`, `write_readinto`). select: called with 0 (selected) and 1."""

    def __init__(self, spi, select):
        self._spi = spi
        self._select = select
        self._out = bytearray(1 + _FRAME_MAX)
        self._in = bytearray(1 + _FRAME_MAX)
        self._frame = memoryview(self._in)[1:]
        self._out_view = memoryview(self._out)
        self._status_out = bytearray((_STATUS, 0))
        self._status_in = bytearray(2)

    def wake(self):
        """Select the chip for a moment: that wakes it."""
        self._transfer(self._status_out, self._status_in)

    def send(self, frame):
        """Write a frame."""
        self._out[0] = _WRITE
        for i in range(len(frame)):
            self._out[1 + i] = _turned(frame[i])
        self._select(0)
        self._spi.write(self._out_view[: 1 + len(frame)])
        self._select(1)

    def receive(self, view):
        """Fill `view` with the frame that is ready ; returns its length."""
        self._transfer(self._status_out, self._status_in)
        # A line that nobody drives reads FF: not ready, for the other bits are 0.
        if self._status_in[1] != _READY:
            return 0
        for i in range(len(self._out)):
            self._out[i] = 0
        self._out[0] = _READ
        self._transfer(self._out, self._in)
        for i in range(_FRAME_MAX):
            self._frame[i] = _turned(self._frame[i])
        count = min(len(view), frame_size(self._frame))
        for i in range(count):
            view[i] = self._frame[i]
        return count

    def _transfer(self, out, into):
        self._select(0)
        self._spi.write_readinto(out, into)
        self._select(1)


def _turned(byte):
    return _TURNED[byte & 15] << 4 | _TURNED[byte >> 4]
