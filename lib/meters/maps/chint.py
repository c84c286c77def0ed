"""Chint DTSU666 (three phases) and DDSU666 (one). Source: Chint's Modbus protocol of the types.

The DTSU666 delivers tenths of volts and watts and thousandths of amperes as floats, the DDSU666
volts, amperes and kilowatts. The DTSU666-H, sold with inverters, has other registers.
"""

DTSU666 = (
    "DTSU666", 3, 1, 9600, None, 0,
    ((0x2006, 64), (0x101E, 2)),
    (
        "U", 0x2006, 3, "f", 100,
        "I", 0x200C, 3, "f", 1,
        "P", 0x2012, 1, "f", -10,
        "p", 0x2014, 3, "f", -10,
        "f", 0x2044, 1, "f", 10,
        "E", 0x101E, 1, "f", 1000,
    ),
)  # fmt: skip

DDSU666 = (
    "DDSU666", 3, 1, 9600, None, 0,
    ((0x2000, 6), (0x4000, 2)),
    (
        "U", 0x2000, 1, "f", 1000,
        "I", 0x2002, 1, "f", 1000,
        "p", 0x2004, 1, "f", 1000,
        "E", 0x4000, 1, "f", 1000,
    ),
)  # fmt: skip
