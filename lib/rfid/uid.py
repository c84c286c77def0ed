"""A card's number as the id token of OCPP."""

from micropython import const

_BYTES_MAX = const(10)  # OCPP 1.6 7.28: an IdToken has at most 20 characters


def uid_text(uid, is_reversed=False, length=0, is_lower=False):
    """Return `uid` (1 .. 10 bytes) as hex without separators, leading zeros kept.

    is_reversed: last byte first, as some Wiegand readers of the same fleet report it.
    length: in bytes, 0 .. 10. 0 keeps them all; otherwise, in the order that `is_reversed` gives,
    only the last ones are kept, and zeros precede a shorter number: cards that differ only in what
    is left out become one.
    is_lower: with a .. f; OCPP does not tell the cases apart, some central systems do.
    Raises ValueError when it is empty or cannot fit the 20 characters of an id token.
    """
    if not 0 < len(uid) <= _BYTES_MAX or not 0 <= length <= _BYTES_MAX:
        raise ValueError("uid length")
    order = bytes(reversed(uid)) if is_reversed else uid
    if length:
        order = (bytes(length) + bytes(order))[-length:]
    text = "".join(["%02X" % byte for byte in order])
    return text.lower() if is_lower else text
