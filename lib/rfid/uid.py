"""A card's number as the id token of OCPP."""

from micropython import const

_BYTES_MAX = const(10)  # OCPP 1.6 7.28: an IdToken has at most 20 characters


def uid_text(uid, is_reversed=False):
    """Return `uid` (1 .. 10 bytes) as upper-case hex without separators, leading zeros kept.

    is_reversed: last byte first, as some Wiegand readers of the same fleet report it.
    Raises ValueError when it is empty or cannot fit the 20 characters of an id token.
    """
    if not 0 < len(uid) <= _BYTES_MAX:
        raise ValueError("uid length")
    order = reversed(uid) if is_reversed else uid
    return "".join(["%02X" % byte for byte in order])
