"""Carlo Gavazzi EM330, EM340, ET340. Source: "EM330, EM340, ET330, ET340 communication protocol".

32 bits with sign, low word first. The energy moves in steps of 100 Wh.
"""

EM340 = (
    "EM340", 4, 1, 9600, None, 0,
    ((0x0000, 24), (0x0028, 14)),
    (
        "U", 0x0000, 3, "j", 100,
        "I", 0x000C, 3, "j", 1,
        "p", 0x0012, 3, "j", -10,
        "P", 0x0028, 1, "j", -10,
        "k", 0x002E, 3, "h", 1,
        "f", 0x0033, 1, "H", 100,
        "E", 0x0034, 1, "j", 100,
    ),
)  # fmt: skip
