"""Stands in for `onewire`: one DS18B20, `scratch` is what it answers, None while it is away."""

scratch = [None]
written = []


class OneWireError(Exception):
    pass


class OneWire:
    """The line."""

    def __init__(self, pin):
        self._answer = b""

    def reset(self, required=False):
        written.append("reset")
        if scratch[0] is None and required:
            raise OneWireError()
        return scratch[0] is not None

    def writebyte(self, value):
        written.append(value)

    def readinto(self, view):
        view[:] = scratch[0]

    def crc8(self, data):
        """Dallas CRC: polynomial x8 + x5 + x4 + 1, lowest bit first."""
        crc = 0
        for byte in data:
            crc ^= byte
            for _ in range(8):
                crc = crc >> 1 ^ 0x8C if crc & 1 else crc >> 1
        return crc
