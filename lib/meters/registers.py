"""Numbers in Modbus registers, made integers in our units without a float in between.

Kinds, as one letter: `f` float32; `H`, `h` 16 bits without and with sign; `I`, `i` 32 bits;
`J`, `j` 32 bits, low word first; `Q` 64 bits. The bytes of a word come high byte first.
"""

from meters.float32 import float32_scaled


def number(data, at, kind, scale):
    """Return the number at the byte `at` of `data`, times `scale`; divided by it when negative.

    None: a float that is no number or beyond 2**30 - 1, an integer that says "not available" (all
    bits set; for signed ones all but the sign).
    """
    factor = scale if scale > 0 else 1
    if kind == "f":
        value = float32_scaled(data, at, factor)
    else:
        value = _integer(data, at, kind)
        if value is not None:
            value *= factor
    if scale > 0 or value is None:
        return value
    half = -scale // 2  # rounded to the nearest, halves away from zero
    return (value + half) // -scale if value >= 0 else -((half - value) // -scale)


def _integer(data, at, kind):
    size = 2 if kind in "Hh" else 8 if kind == "Q" else 4
    swap = 2 if kind in "Jj" else 0
    value = 0
    for i in range(size):
        value = value << 8 | data[at + (i ^ swap)]
    limit = 1 << 8 * size
    if kind in "hij":
        limit >>= 1
        if value >= limit:
            return value - 2 * limit
    return None if value == limit - 1 else value
