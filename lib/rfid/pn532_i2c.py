"""The PN532 on I2C at 100 to 400 kHz (UM0701 6.2.4): a ready byte precedes all that it says."""

from micropython import const
from rfid.pn532 import frame_size

_ADDRESS = const(0x24)
_READY = const(0x01)
_FRAME_MAX = const(48)  # 7 and an UID of 10 and an ATS of 20 fit; 5 ms at 100 kHz


class I2cLink:
    """i2c: as machine.I2C (`readfrom_into`, `writeto`), a time-out of 2 ms or less: the chip
    stretches the clock by up to 1 ms, and `receive` makes two transfers. A chip that does not
    acknowledge has nothing to say."""

    def __init__(self, i2c):
        self._i2c = i2c
        self._status = bytearray(1)
        self._answer = bytearray(1 + _FRAME_MAX)
        self._frame = memoryview(self._answer)[1:]

    def wake(self):
        """Nothing: the address wakes the chip."""

    def send(self, frame):
        """Write a frame; one that is not acknowledged is lost, and missed by its answer."""
        try:
            self._i2c.writeto(_ADDRESS, frame)
        except OSError:
            pass

    def receive(self, view):
        """Fill `view` with the frame that is ready ; returns its length."""
        try:
            self._i2c.readfrom_into(_ADDRESS, self._status)
            if not self._status[0] & _READY:
                return 0
            self._i2c.readfrom_into(_ADDRESS, self._answer)
        except OSError:
            return 0
        if not self._answer[0] & _READY:
            return 0
        count = min(len(view), frame_size(self._frame))
        for i in range(count):
            view[i] = self._frame[i]
        return count
