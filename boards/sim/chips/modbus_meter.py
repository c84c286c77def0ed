"""Modbus meters of several makes: slaves that measure what the world around them sets.

Each type's registers are written down here once more, from the makers' documents and not from
the drivers' maps: a wrong address or scale in one of the two shows. Also the encoding is another:
`struct` on the world's values.
"""

import struct

from boards.sim.chips.line import Line
from micropython import const

_ILLEGAL_FUNCTION = const(1)
_ILLEGAL_ADDRESS = const(2)

# What a register measures: U, I, W of a phase (with its number), PF, total W, Hz, Wh; the format
# for struct, `<` before it for the low word first; what 1 of the world's unit becomes.
# World: mV, mA, W, permille, W, mHz, Wh.
_EASTRON_1 = (
    (0x00, "U1", ">f", 0.001), (0x06, "I1", ">f", 0.001), (0x0C, "W1", ">f", 1),
    (0x1E, "F1", ">f", 0.001), (0x46, "Hz", ">f", 0.001), (0x48, "Wh", ">f", 0.001),
    (0x0156, "Wh", ">f", 0.001),
)  # fmt: skip
_EASTRON_3 = (
    (0x00, "U1", ">f", 0.001), (0x02, "U2", ">f", 0.001), (0x04, "U3", ">f", 0.001),
    (0x06, "I1", ">f", 0.001), (0x08, "I2", ">f", 0.001), (0x0A, "I3", ">f", 0.001),
    (0x0C, "W1", ">f", 1), (0x0E, "W2", ">f", 1), (0x10, "W3", ">f", 1),
    (0x1E, "F1", ">f", 0.001), (0x20, "F2", ">f", 0.001), (0x22, "F3", ">f", 0.001),
    (0x34, "W", ">f", 1), (0x46, "Hz", ">f", 0.001), (0x48, "Wh", ">f", 0.001),
    (0x0156, "Wh", ">f", 0.001),
)  # fmt: skip
_EASTRON_72 = (
    (0x34, "W", ">f", 1), (0x48, "Wh", ">f", 0.001), (0x0156, "Wh", ">f", 0.001),
    (0x0500, "W", ">f", 1),
)  # fmt: skip
_DTSU666 = (
    (0x2006, "U1", ">f", 0.01), (0x2008, "U2", ">f", 0.01), (0x200A, "U3", ">f", 0.01),
    (0x200C, "I1", ">f", 1), (0x200E, "I2", ">f", 1), (0x2010, "I3", ">f", 1),
    (0x2012, "W", ">f", 10),
    (0x2014, "W1", ">f", 10), (0x2016, "W2", ">f", 10), (0x2018, "W3", ">f", 10),
    (0x2044, "Hz", ">f", 0.1), (0x101E, "Wh", ">f", 0.001),
)  # fmt: skip
_DDSU666 = (
    (0x2000, "U1", ">f", 0.001), (0x2002, "I1", ">f", 0.001), (0x2004, "W1", ">f", 0.001),
    (0x4000, "Wh", ">f", 0.001),
)  # fmt: skip
_B23 = (
    (0x5B00, "U1", ">I", 0.01), (0x5B02, "U2", ">I", 0.01), (0x5B04, "U3", ">I", 0.01),
    (0x5B0C, "I1", ">I", 0.1), (0x5B0E, "I2", ">I", 0.1), (0x5B10, "I3", ">I", 0.1),
    (0x5B14, "W", ">i", 100),
    (0x5B16, "W1", ">i", 100), (0x5B18, "W2", ">i", 100), (0x5B1A, "W3", ">i", 100),
    (0x5B2C, "Hz", ">H", 0.1), (0x5000, "Wh", ">Q", 0.1),
)  # fmt: skip
_EM340 = (
    (0x00, "U1", "<i", 0.01), (0x02, "U2", "<i", 0.01), (0x04, "U3", "<i", 0.01),
    (0x0C, "I1", "<i", 1), (0x0E, "I2", "<i", 1), (0x10, "I3", "<i", 1),
    (0x12, "W1", "<i", 10), (0x14, "W2", "<i", 10), (0x16, "W3", "<i", 10), (0x28, "W", "<i", 10),
    (0x2E, "F1", ">h", 1), (0x2F, "F2", ">h", 1), (0x30, "F3", ">h", 1),
    (0x33, "Hz", ">H", 0.01), (0x34, "Wh", "<i", 0.01),
)  # fmt: skip
_PZEM = (
    (0, "U1", ">H", 0.01), (1, "I1", "<I", 1), (3, "W1", "<I", 10), (5, "Wh", "<I", 1),
    (7, "Hz", ">H", 0.01), (8, "F1", ">H", 0.1),
)  # fmt: skip

# Name: function, baud, most registers a read, last register that can be asked for beside those
# of the table (they read 0), registers.
_TYPES = {
    "SDM120": (4, 2400, 80, 0x0158, _EASTRON_1),
    "SDM230": (4, 2400, 80, 0x0187, _EASTRON_1),
    "SDM630": (4, 9600, 80, 0x0187, _EASTRON_3),
    "SDM72D-M v1": (4, 9600, 80, 0x0503, _EASTRON_72),
    "SDM72D-M v2": (4, 9600, 80, 0x0187, _EASTRON_3),
    "DTSU666": (3, 9600, 64, 0x2045, _DTSU666),
    "DDSU666": (3, 9600, 64, 0x4001, _DDSU666),
    "ABB B23": (3, 19200, 125, 0x5B3D, _B23),
    "EM340": (4, 9600, 50, 0x0051, _EM340),
    "PZEM-004T v3": (4, 9600, 10, 9, _PZEM),
}
_LOCKS_UP = ("SDM72D-M v1", "SDM72D-M v2")
_GAP_MS = const(500)


def names():
    """Return the names of all types, sorted."""
    return sorted(_TYPES.keys())


def crc16(data):
    """Return the two bytes of the CRC, bit by bit: on purpose not the driver's."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return bytes((crc & 0xFF, crc >> 8))


class ModbusMeterChip:
    """One meter of a type and its line.

    The world sets `voltage_mv`, `current_ma`, `power_w` (lists of 3), `frequency_mhz` and
    `energy_wh`. Faults: `silent`; `poison` (register: its bytes instead); noise on `uart`.
    `requests`: how many were answered. `hurried`: requests too soon after the last answer, which
    make an SDM72 lock up: it is silent from then on.
    """

    def __init__(self, clock_ms, kind, address=1, baud=None, seed=1):
        function, usual_baud, count_max, last, table = _TYPES[kind]
        self.voltage_mv = [230_000, 230_000, 230_000]
        self.current_ma = [0, 0, 0]
        self.power_w = [0, 0, 0]
        self.frequency_mhz = 50_000
        self.energy_wh = 0
        self.silent = False
        self.poison = {}
        self.requests = 0
        self.hurried = 0
        self.address = address
        self.kind = kind
        self._clock_ms = clock_ms
        self._answered_at = None
        self._function = function
        self._count_max = count_max
        self._last = last
        self._table = table
        self.uart = Line(clock_ms, baud or usual_baud, self.answer, seed=seed)

    def answer(self, frame):
        """Answer one frame as it came from the line; None when it is not a request to us."""
        if self.silent or len(frame) < 4 or crc16(frame[:-2]) != frame[-2:]:
            return None
        is_general = frame[0] == 0xF8 and self.kind.startswith("PZEM")
        if frame[0] != self.address and not is_general:
            return None
        if self.kind in _LOCKS_UP and self._is_hurried():
            self.hurried += 1
            self.silent = True
            return None
        self.requests += 1
        reply = frame[:2] + self._reply(frame)
        if len(reply) == 3:
            reply = bytes((reply[0], reply[1] | 0x80, reply[2]))
        return reply + crc16(reply)

    def _is_hurried(self):
        now = self._clock_ms()
        before = self._answered_at
        self._answered_at = now
        return before is not None and 0 <= now - before < _GAP_MS

    def _reply(self, frame):
        if frame[1] != self._function or len(frame) != 8:
            return bytes((_ILLEGAL_FUNCTION,))
        first, count = struct.unpack(">HH", frame[2:6])
        if not 0 < count <= self._count_max or first + count - 1 > self._last:
            return bytes((_ILLEGAL_ADDRESS,))
        image = bytearray(2 * count)
        for entry in self._table:
            value = self.poison.get(entry[0]) or self._encoded(entry)
            at = 2 * (entry[0] - first)
            for i in range(len(value)):
                if 0 <= at + i < len(image):
                    image[at + i] = value[i]
        return bytes((len(image),)) + image

    def _encoded(self, entry):
        _, what, form, factor = entry
        value = self._measured(what) * factor
        if form[1] != "f":
            value = int(value + 0.5) if value >= 0 else -int(0.5 - value)
        data = struct.pack(">" + form[1], value)
        return data if form[0] == ">" else data[2:] + data[:2]

    def _measured(self, what):
        if what == "Wh":
            return self.energy_wh
        if what == "Hz":
            return self.frequency_mhz
        if what == "W":
            return sum(self.power_w)
        phase = int(what[1]) - 1
        if what[0] == "U":
            return self.voltage_mv[phase]
        if what[0] == "I":
            return self.current_ma[phase]
        watt = self.power_w[phase]
        if what[0] == "W":
            return watt
        apparent = self.voltage_mv[phase] * self.current_ma[phase] / 1_000_000
        return 1000 * watt / max(apparent, abs(watt)) if watt else 1000
