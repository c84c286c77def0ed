"""Peacefair PZEM-004T v3. Source: Peacefair "PZEM-004T V3.0 User Manual", 2.3.

It needs mains to answer: wired behind the contactor it is silent while that is open. One that is
alone on its line answers to the general address F8, too.
"""

PZEM_004T = (
    "PZEM-004T v3", 4, 1, 9600, None, 200,
    ((0x0000, 10),),
    (
        "U", 0x0000, 1, "H", 100,
        "I", 0x0001, 1, "J", 1,
        "p", 0x0003, 1, "J", -10,
        "E", 0x0005, 1, "J", 1,
        "f", 0x0007, 1, "H", 100,
        "k", 0x0008, 1, "H", 10,
    ),
)  # fmt: skip
