"""IEEE 754 single floats from a meter, made integers without a float in between."""

from micropython import const

_LIMIT = const(0x3FFFFFFF)
_HIDDEN_BIT = const(0x800000)


def float32_scaled(data, offset, scale):
    """Return the float in `data[offset:offset + 4]` times `scale`, high byte first, rounded.

    scale: 1 .. 1000000. Rounding is exact: to the nearest, halves away from zero. Returns None for
    NaN, the infinities and anything beyond 2**30 - 1 after scaling.
    """
    exponent = (data[offset] & 0x7F) << 1 | data[offset + 1] >> 7
    mantissa = (data[offset + 1] & 0x7F) << 16 | data[offset + 2] << 8 | data[offset + 3]
    if exponent == 255:
        return None
    if exponent:
        mantissa |= _HIDDEN_BIT
    else:
        exponent = 1
    shift = 150 - exponent  # the value is mantissa * 2**-shift
    if shift > 48:
        return 0  # below 2**24 * 10**6 / 2**49: less than a half
    if shift < -6:
        return None  # at least 2**23 * 2**7
    scaled = mantissa * scale
    scaled = (scaled + (1 << shift - 1)) >> shift if shift > 0 else scaled << -shift
    if scaled > _LIMIT:
        return None
    return -scaled if data[offset] & 0x80 else scaled
