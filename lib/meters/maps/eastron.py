"""Eastron SDM meters of three phases. Source: Eastron's "Modbus protocol" of each type.

Registers that a type has not read 0, so one read brings all: the values are of one moment. The
limit is 80 registers a read. The SDM72 locks up when it is asked more often than twice a second.
"""

_FLOATS_OF_THREE_PHASES = (
    "U", 0x0000, 3, "f", 1000,
    "I", 0x0006, 3, "f", 1000,
    "p", 0x000C, 3, "f", 1,
    "k", 0x001E, 3, "f", 1000,
    "P", 0x0034, 1, "f", 1,
    "f", 0x0046, 1, "f", 1000,
    "E", 0x0048, 1, "f", 1000,
)  # fmt: skip
_TOTALS = ("P", 0x0034, 1, "f", 1, "E", 0x0048, 1, "f", 1000)
_ALL = ((0x0000, 74),)

SDM630 = ("SDM630", 4, 1, 9600, None, 0, _ALL, _FLOATS_OF_THREE_PHASES)
SDM72D_V1 = ("SDM72D-M v1", 4, 1, 9600, None, 500, ((0x0034, 22),), _TOTALS)
SDM72D_V2 = ("SDM72D-M v2", 4, 1, 9600, None, 500, _ALL, _FLOATS_OF_THREE_PHASES)
