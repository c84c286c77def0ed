"""JSON text of a peer to objects, with limits, alike on both interpreters.

MicroPython's own `json.loads` follows nesting until the memory is gone, takes the truncated
`[2,"1","A",{}` for whole, and keeps the two halves of `\\ud83d\\ude00` apart, which sent back
would be invalid UTF-8 and end the connection. So brackets, strings and numbers are measured
before, and halves are joined. What is left of its tolerance (missing commas, leading zeros, keys
that are no strings, a list closed by a brace) does no harm: shape.check decides what is accepted.
"""

import json

from micropython import const

# SetChargingProfile is the deepest message of OCPP 1.6: six levels with its frame.
_DEPTH_MAX = const(16)
# The digits of one number: a big one costs time that grows with its square.
_DIGITS_MAX = const(40)
_UTF8_SURROGATE_LEAD = b"\xed"


def loads(text, max_bytes):
    """Return the object that `text` describes.

    Raises ValueError if the text is no JSON or exceeds a limit: `max_bytes` bytes of UTF-8, 16
    levels, 40 digits in a row. Raises MemoryError if the object does not fit into the heap.
    """
    # On MicroPython encode() shares the bytes of the str: 16 bytes, not a second copy.
    data = text.encode()
    if len(data) > max_bytes:
        raise ValueError("longer than %d bytes" % max_bytes)
    _refuse_raw_surrogates(data)
    if _has_escaped_surrogates(data):
        text = _join_surrogates(data)
    try:
        return json.loads(text)
    except (TypeError, RuntimeError):
        # A key that cannot be one; CPython's RecursionError, which the depth limit excludes.
        pass
    raise ValueError("not JSON")


def _refuse_raw_surrogates(data):
    """RFC 3629 3: halves may not be encoded. CPython's encode() has refused them already."""
    position = data.find(_UTF8_SURROGATE_LEAD)
    while position >= 0:
        if data[position + 1 : position + 2] >= b"\xa0":
            raise ValueError("not UTF-8")
        position = data.find(_UTF8_SURROGATE_LEAD, position + 1)


def _has_escaped_surrogates(data):
    """Walk over all strings and brackets; raise ValueError at the first limit or open end."""
    depth = 0
    position = 0
    surrogates = False
    while True:
        quote = data.find(b'"', position)
        end = len(data) if quote < 0 else quote
        depth = _depth_after(data, position, end, depth)
        if quote < 0:
            break
        position = _end_of_string(data, quote + 1)
        surrogates = surrogates or _surrogate_in(data, quote, position)
    if depth != 0:
        raise ValueError("truncated")
    return surrogates


def _depth_after(data, position, end, depth):
    """Nesting depth behind the bytes position..end, which hold no string."""
    digits = 0
    for index in range(position, end):
        byte = data[index]
        if 0x30 <= byte <= 0x39:
            digits += 1
            if digits > _DIGITS_MAX:
                raise ValueError("number too long")
            continue
        digits = 0
        # [ and { are 0x5b and 0x7b, ] and } are 0x5d and 0x7d.
        byte |= 0x20
        if byte == 0x7B:
            depth += 1
            if depth > _DEPTH_MAX:
                raise ValueError("nested too deeply")
        elif byte == 0x7D:
            depth -= 1
            if depth < 0:
                raise ValueError("unbalanced")
    return depth


def _end_of_string(data, position):
    """Position behind the quote that ends the string; an escaped quote does not."""
    quote = -1
    while True:
        if quote < position:
            quote = data.find(b'"', position)
            if quote < 0:
                raise ValueError("truncated")
        slash = data.find(b"\\", position, quote)
        if slash < 0:
            return quote + 1
        position = slash + 2


def _surrogate_in(data, position, end):
    """True if the string may hold the escape of a half; a look at the text is enough here."""
    return data.find(b"\\ud", position, end) >= 0 or data.find(b"\\uD", position, end) >= 0


def _join_surrogates(data):
    """Return the text with pairs of escaped halves joined and single halves replaced by U+FFFD."""
    joined = bytearray()
    view = memoryview(data)
    copied = position = 0
    while True:
        slash = data.find(b"\\", position)
        if slash < 0:
            break
        position = slash + 2
        high = _surrogate(data, slash)
        if high is None:
            continue
        replacement = b"\xef\xbf\xbd"
        position = slash + 6
        low = _surrogate(data, position)
        if high < 0xDC00 and low is not None and low >= 0xDC00:
            replacement = _utf8(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00)
            position += 6
        joined.extend(view[copied:slash])
        joined.extend(replacement)
        copied = position
    joined.extend(view[copied:])
    return bytes(joined).decode()


def _utf8(code):
    """The four bytes of a character beyond 0xFFFF; MicroPython would keep each chr() for ever."""
    return bytes(
        (0xF0 | code >> 18, 0x80 | code >> 12 & 0x3F, 0x80 | code >> 6 & 0x3F, 0x80 | code & 0x3F)
    )


def _surrogate(data, position):
    """The half that is escaped at `position`, 0xD800..0xDFFF, or None."""
    if data[position : position + 2] != b"\\u":
        return None
    try:
        code = int(data[position + 2 : position + 6], 16)
    except ValueError:
        return None
    return code if 0xD800 <= code <= 0xDFFF else None
