"""WebSocket frames as a client sees them: build and mask ours, decode the server's step by step.

What a frame means for the connection (answer a ping, close, give up) is decided in `client`.
Source: RFC 6455 section 5; close codes 7.4 and the IANA registry.
"""

from micropython import const

TEXT = const(1)
BINARY = const(2)
CLOSE = const(8)
PING = const(9)
PONG = const(10)

_CONTINUATION = const(0)
_CONTROL_MAX = const(125)
_MASK_CHUNK = const(128)
# A multiple of the key's four bytes.
_PIECE = const(512)
# This buffer lives as long as the decoder: most of what a CSMS sends fits into it.
_KEEP = const(192)

# Lead byte, least and greatest second byte. MicroPython's decoder checks the number of bytes of a
# sequence only, so what Unicode forbids beyond that is looked for here (RFC 3629 section 4).
_SECOND = (
    b"\xc0\xff\x00\xc1\xff\x00\xe0\xa0\xbf\xed\x80\x9f\xf0\x90\xbf\xf4\x80\x8f"
    b"\xf5\xff\x00\xf6\xff\x00\xf7\xff\x00"
)


class ProtocolError(Exception):
    """The server broke the protocol. `code` is the close code to send, `reason` is for the log.

    Reasons have ten letters at most: longer texts are objects of their own on the heap.
    """

    def __init__(self, code, reason):
        super().__init__(reason)
        self.code = code
        self.reason = reason


def build(opcode, payload, key, length=None):
    """Return one complete masked frame as a bytearray, or the first piece of one.

    payload: bytes-like; at most 125 for control frames. key: 4 random bytes, new for every frame.
    length: that of the whole payload, if more is to come.
    """
    if length is None:
        length = len(payload)
    start = 6 if length < 126 else 8 if length < 0x10000 else 14
    frame = bytearray(start + len(payload))
    frame[0] = 0x80 | opcode
    if start == 6:
        frame[1] = 0x80 | length
    else:
        frame[1] = 0x80 | (126 if start == 8 else 127)
        frame[2 : start - 4] = length.to_bytes(start - 6, "big")
    frame[start - 4 : start] = key
    _mask(frame, start, payload, key)
    return frame


def pieces(text, key, whole=True):
    """Yield a text message as one masked frame: `whole`, or in pieces of some 512 bytes where the
    heap has no hole for it. (TCP makes the second piece wait for the other end's delayed answer.)

    text: a str; or what yields the same parts of one each time, because there is no hole for it.
    """
    parts = text
    if isinstance(text, str):
        view = memoryview(encode_text(text))
        frame = None
        if whole or len(view) <= _PIECE:
            try:
                frame = build(TEXT, view, key)
            except MemoryError:
                pass
        if frame:
            yield frame
            return
        view = None
        parts = [text]
    length = at = 0
    for part in parts:
        length += len(encode_text(part))
    for payload in _payloads(parts):
        if at:
            frame = bytearray(len(payload))
            _mask(frame, 0, payload, key, at)
        else:
            frame = build(TEXT, payload, key, length)
        at += len(payload)
        yield frame


def _payloads(parts):
    for part in parts:
        view = memoryview(encode_text(part))
        for position in range(0, len(view) or 1, _PIECE):
            yield view[position : position + _PIECE]


def _mask(frame, start, payload, key, before=0):
    """Write `payload`, with `before` bytes of its message before it, masked into `frame` from
    `start` on.

    In steps of 128 bytes: five times as fast as a loop over bytes, at 3 bytes of garbage per byte.
    Pieces of 256 are slower: on a used heap few holes take them.
    """
    view = memoryview(payload)  # its slices copy nothing
    step = min(_MASK_CHUNK, len(view) + 3 & ~3)
    before %= 4
    pattern = (key[before:] + key[:before]) * (step // 4)
    number = int.from_bytes(pattern, "little")
    for position in range(0, len(view), _MASK_CHUNK):
        size = min(_MASK_CHUNK, len(view) - position)
        if size < step:
            number = int.from_bytes(pattern[:size], "little")
        masked = int.from_bytes(view[position : position + size], "little") ^ number
        at = start + position
        frame[at : at + size] = masked.to_bytes(size, "little")


def encode_text(text):
    """Return `text` as UTF-8 that a strict server accepts.

    Half a surrogate pair (MicroPython's json makes two of them from one escaped pair) becomes
    U+FFFD: the server would close with 1007, and the same message would be sent again for ever.
    """
    data = text.encode("utf-8", "surrogatepass")
    if len(data) == len(text):
        return data  # ASCII, the usual case
    position = _find_malformed(data, 0, len(data))
    if position < 0:
        return data
    data = bytearray(data)
    # Halves, three bytes each, are all that a str can hold wrongly.
    while position >= 0:
        data[position : position + 3] = b"\xef\xbf\xbd"
        position = _find_malformed(data, position, len(data))
    return bytes(data)


def decode_text(buffer, start, end):
    """Return the text in `buffer[start:end]` (a bytearray). Raises ProtocolError 1007, 1009."""
    try:
        text = str(memoryview(buffer)[start:end], "utf-8")
    except UnicodeError:
        raise ProtocolError(1007, "not UTF-8")
    except MemoryError:
        raise ProtocolError(1009, "no memory")
    # As many characters as bytes is ASCII.
    if len(text) != end - start and _find_malformed(buffer, start, end) >= 0:
        raise ProtocolError(1007, "not UTF-8")
    return text


def _find_malformed(data, start, end):
    """Return where an overlong form, a surrogate or a code point above U+10FFFF begins, or -1."""
    for entry in range(0, len(_SECOND), 3):
        lead = _SECOND[entry : entry + 1]
        position = data.find(lead, start, end)
        while position >= 0:
            if not _SECOND[entry + 1] <= data[position + 1] <= _SECOND[entry + 2]:
                return position
            position = data.find(lead, position + 1, end)
    return -1


def is_close_code(code):
    """Return True if `code` may stand in a close frame."""
    # RFC 6455 7.4.1: 1004, 1005, 1006 and 1015 never travel; 1012 to 1014 came by registration.
    if code < 3000:
        return 1000 <= code <= 1003 or 1007 <= code <= 1014
    return code <= 4999


class TextCollector:
    """Puts the fragments of one text message together, up to `size_max` bytes.

    The decoder asks only for `reserve`, `write` and `take`; `long_text` has a collector that does
    not keep all of a long message.
    """

    def __init__(self, size_max):
        self._size_max = size_max
        self._small = bytearray(min(_KEEP, size_max))
        self._buffer = self._small
        self._size = 0

    def reserve(self, length):
        """Make room for `length` more bytes, or raise ProtocolError 1009 without allocating."""
        needed = self._size + length
        if needed <= len(self._buffer):
            return
        if needed > self._size_max:
            raise ProtocolError(1009, "too big")
        # Twice the size, so that a message in single bytes is not copied for each of them.
        room = min(max(needed, 2 * len(self._buffer)), self._size_max)
        try:
            larger = bytearray(room)
        except MemoryError:
            raise ProtocolError(1009, "no memory")
        larger[: self._size] = memoryview(self._buffer)[: self._size]
        self._buffer = larger

    def write(self, part):
        """Append `part` (bytes-like) to the room that was reserved."""
        end = self._size + len(part)
        self._buffer[self._size : end] = part
        self._size = end

    def take(self):
        """Return the message and begin a new one. Raises ProtocolError 1007."""
        text = decode_text(self._buffer, 0, self._size)
        self._buffer = self._small
        self._size = 0
        return text


class Decoder:
    """Turns the server's bytes into messages and control frames, whatever the chunks are.

    After a ProtocolError the decoder is of no further use.
    """

    def __init__(self, message_max, collector=None):
        self._message_max = message_max
        self._collector = collector or TextCollector(message_max)
        self._message = 0  # opcode of the message whose fragments arrive, 0 = none
        self._message_size = 0
        self._header = bytearray(10)
        self._header_size = 0
        self._header_end = 2
        self._left = -1  # payload bytes of this frame still to come, -1 = in the header
        self._control = bytearray(_CONTROL_MAX)
        self._control_size = 0
        self.feed(b"")

    def feed(self, view):
        """Take a chunk (memoryview); call `next` until it returns None before it changes."""
        self._input = view
        self._position = 0

    def next(self):
        """Return (TEXT, str), (BINARY, None), (PING | PONG, bytes), (CLOSE, code, reason) or None.

        None: the chunk is used up. An empty close frame has code 1005. Raises ProtocolError.
        """
        while self._left >= 0 or self._read_header():
            self._read_payload()
            if self._left > 0:
                break
            self._left = -1
            opcode = self._header[0] & 0x0F
            if opcode >= CLOSE:
                return self._finish_control(opcode)
            if self._header[0] & 0x80:
                return self._finish_message()
        self.feed(b"")
        return None

    def _read_header(self):
        """Return True once the header is complete and found good."""
        while self._position < len(self._input):
            self._header[self._header_size] = self._input[self._position]
            self._header_size += 1
            self._position += 1
            if self._header_size == 2:
                self._check_header()
            if self._header_size == self._header_end:
                self._begin_payload()
                return True
        return False

    def _check_header(self):
        first, second = self._header[0], self._header[1]
        opcode = first & 0x0F
        reason = None
        if first & 0x70:
            reason = "reserved"
        elif second & 0x80:
            reason = "masked"
        elif opcode >= CLOSE:
            # RFC 6455 5.5: 125 bytes at most, in one piece.
            if opcode > PONG:
                reason = "opcode"
            elif not first & 0x80 or second > _CONTROL_MAX:
                reason = "control"
        elif opcode > BINARY:
            reason = "opcode"
        elif (opcode == _CONTINUATION) != (self._message != 0):
            # RFC 6455 5.4: continuations within a message, starts outside, nothing else.
            reason = "order"
        if reason:
            raise ProtocolError(1002, reason)
        self._header_end = 2 if second < 126 else 4 if second == 126 else 10

    def _begin_payload(self):
        header = self._header
        length = header[1]
        if length >= 126:
            length = int.from_bytes(header[2 : self._header_end], "big")
        self._header_size = 0
        self._header_end = 2
        opcode = header[0] & 0x0F
        if opcode >= CLOSE:
            self._control_size = 0
        else:
            if opcode != _CONTINUATION:
                self._message = opcode
                self._message_size = 0
            # Compared without adding first: the peer chose the number.
            if length > self._message_max - self._message_size:
                raise ProtocolError(1009, "too big")
            self._message_size += length
            if self._message == TEXT:
                self._collector.reserve(length)
        self._left = length

    def _read_payload(self):
        size = min(self._left, len(self._input) - self._position)
        end = self._position + size
        if self._header[0] & 0x0F >= CLOSE:
            filled = self._control_size + size
            self._control[self._control_size : filled] = self._input[self._position : end]
            self._control_size = filled
        elif self._message == TEXT:
            self._collector.write(self._input[self._position : end])
        self._position = end
        self._left -= size

    def _finish_message(self):
        opcode = self._message
        self._message = 0
        return (opcode, self._collector.take() if opcode == TEXT else None)

    def _finish_control(self, opcode):
        size = self._control_size
        if opcode != CLOSE:
            return (opcode, bytes(self._control[:size]))
        if size == 0:
            return (CLOSE, 1005, "")
        code = self._control[0] << 8 | self._control[1]
        if size == 1 or not is_close_code(code):
            raise ProtocolError(1002, "close code")
        return (CLOSE, code, decode_text(self._control, 2, size))
