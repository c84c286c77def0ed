"""An Eastron SDM630 on RS-485: a Modbus slave that measures what the world around it sets.

Registers follow Eastron's "SDM630 Modbus protocol": input registers with IEEE 754 single floats,
high word first. The energy register moves in whole Wh here (0.01 kWh in the real one).
"""

import struct

from boards.sim.chips.line import Line
from micropython import const

_ILLEGAL_FUNCTION = const(1)
_ILLEGAL_ADDRESS = const(2)
_REGISTERS_MAX = const(80)
_LAST_REGISTER = const(0x0188)
_BACKWARDS_WH = const(100)


def _crc16(data):
    # Bit by bit, on purpose not the driver's: one checks the other.
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return bytes((crc & 0xFF, crc >> 8))


class Sdm630Chip:
    """One meter and its line.

    The world sets `voltage_mv`, `current_ma`, `power_w` (lists of 3), `frequency_mhz` and
    `energy_mwh`. Faults: `silent`; `backwards` (the register falls by 100 Wh at each reading and
    jumps back when cleared); `poison` (register: bytes delivered instead); noise on `uart`.
    `requests`: how many were answered.
    """

    def __init__(self, clock_ms, baud=9600, address=1, seed=1):
        self.voltage_mv = [230_000, 230_000, 230_000]
        self.current_ma = [0, 0, 0]
        self.power_w = [0, 0, 0]
        self.frequency_mhz = 50_000
        self.energy_mwh = 0
        self.silent = False
        self.backwards = False
        self.poison = {}
        self.requests = 0
        self.address = address
        self._fallen_wh = 0
        self.uart = Line(clock_ms, baud, self.answer, seed=seed)

    def answer(self, frame):
        """Answer one frame as it came from the line; None when it is not a request to us."""
        if self.silent or len(frame) < 4 or frame[0] != self.address:
            return None
        if _crc16(frame[:-2]) != frame[-2:]:
            return None
        self.requests += 1
        reply = self._reply(frame)
        return reply + _crc16(reply)

    def _reply(self, frame):
        head = bytes((self.address, frame[1]))
        if frame[1] not in (3, 4) or len(frame) != 8:
            return bytes((self.address, frame[1] | 0x80, _ILLEGAL_FUNCTION))
        register = frame[2] << 8 | frame[3]
        count = frame[4] << 8 | frame[5]
        is_legal = 0 < count <= _REGISTERS_MAX and not (register | count) & 1
        if not is_legal or register + count > _LAST_REGISTER:
            return bytes((self.address, frame[1] | 0x80, _ILLEGAL_ADDRESS))
        if self.backwards:
            self._fallen_wh += _BACKWARDS_WH
        else:
            self._fallen_wh = 0
        reply = bytearray(head)
        reply.append(2 * count)
        value = self._input if frame[1] == 4 else self._holding
        for at in range(register, register + count, 2):
            reply += self.poison.get(at) or struct.pack(">f", value(at))
        return bytes(reply)

    def _holding(self, register):
        return {0x0014: self.address, 0x001C: 2}.get(register, 0)

    def _input(self, register):
        if register < 0x24:
            return self._phase_value(register // 6, register % 6 // 2)
        if register in (0x34, 0x38, 0x3C):
            kind = {0x34: 2, 0x38: 3, 0x3C: 4}[register]
            return sum([self._phase_value(kind, phase) for phase in range(3)])
        if register == 0x30:
            return sum(self.current_ma) / 1000
        if register == 0x46:
            return self.frequency_mhz / 1000
        if register in (0x48, 0x0156):
            energy_wh = self.energy_mwh // 1000 - self._fallen_wh
            return max(0, energy_wh) / 1000
        return 0

    def _phase_value(self, kind, phase):
        volt = self.voltage_mv[phase] / 1000
        ampere = self.current_ma[phase] / 1000
        watt = self.power_w[phase]
        if kind == 0:
            return volt
        if kind == 1:
            return ampere
        if kind == 2:
            return watt
        apparent = max(volt * ampere, abs(watt))
        if kind == 3:
            return apparent
        if kind == 4:
            return (apparent * apparent - watt * watt) ** 0.5
        return watt / apparent if apparent else 1
