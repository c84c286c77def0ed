"""Eastron SDM meters of one phase. Source: Eastron's "Modbus protocol" of each type.

The registers are those of the meters of three phases; one read brings all. Some order codes ship
with even parity.
"""

_FLOATS = (
    "U", 0x0000, 1, "f", 1000,
    "I", 0x0006, 1, "f", 1000,
    "p", 0x000C, 1, "f", 1,
    "k", 0x001E, 1, "f", 1000,
    "f", 0x0046, 1, "f", 1000,
    "E", 0x0048, 1, "f", 1000,
)  # fmt: skip
_ALL = ((0x0000, 74),)

SDM120 = ("SDM120", 4, 1, 2400, None, 0, _ALL, _FLOATS)
SDM230 = ("SDM230", 4, 1, 2400, None, 0, _ALL, _FLOATS)
