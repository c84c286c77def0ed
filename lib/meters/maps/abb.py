"""ABB B23 and B24. Source: ABB 2CMC485003M0201, "B23/B24 User Manual", chapter 9.

A value that is not available has all bits set, or all but the sign. Terminals A and B are named
the other way round than those of most makers; some order codes ship with 19200 baud and even
parity, and all let it be set.
"""

B23 = (
    "ABB B23", 3, 1, 19200, 0, 0,
    ((0x5B00, 45), (0x5000, 4)),
    (
        "U", 0x5B00, 3, "I", 100,
        "I", 0x5B0C, 3, "I", 10,
        "P", 0x5B14, 1, "i", -100,
        "p", 0x5B16, 3, "i", -100,
        "f", 0x5B2C, 1, "H", 10,
        "E", 0x5000, 1, "Q", 10,
    ),
)  # fmt: skip
