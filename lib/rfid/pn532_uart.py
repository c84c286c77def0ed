"""The PN532 on a UART: 115200 8N1, the chip's "HSU" (UM0701 6.2.3)."""

# Its clock starts with the first edges and needs a while: zeros are no frame.
_WAKE = b"\x55\x55" + bytes(14)


class UartLink:
    """uart: as machine.UART (`any`, `readinto`, `write`), buffers of 80 bytes or more:
    `write` hands over, and does not wait until the bytes have left."""

    def __init__(self, uart):
        self._uart = uart

    def wake(self):
        """Get the chip out of its power-down."""
        self._uart.write(_WAKE)

    def send(self, frame):
        """Hand a frame to the port."""
        self._uart.write(frame)

    def receive(self, view):
        """Fill `view` with what has come; returns how much that is."""
        count = min(self._uart.any(), len(view))
        return (self._uart.readinto(view[:count]) or 0) if count else 0
