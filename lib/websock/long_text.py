"""Collects text messages of which a long one passes through a diverter, so that it need not fit.

A diverter (lib/jsonstream.py) has `begin()`, `feed(part)`, `envelope` (what is left as the text,
None if even that is too long) and `head` (how a text that is too long began).
"""

from micropython import const

from websock.frames import TextCollector, decode_text

_PLAIN_MAX = const(2048)
_HEAD_MAX = const(288)


class LongTextCollector(TextCollector):
    """Messages up to 2048 bytes are taken as they are. Of a longer one the text is the envelope.

    A text that is too long for the envelope becomes its first bytes and an open bracket: no JSON,
    but enough to see whom to tell. Nothing breaks the connection but the decoder's own limit.
    """

    def __init__(self, diverter):
        super().__init__(_PLAIN_MAX)
        self._diverter = diverter
        self._is_long = False

    def reserve(self, length):
        """Make room for `length` more bytes, or let the diverter have the message from here on."""
        if self._is_long:
            return
        if self._size + length <= _PLAIN_MAX:
            super().reserve(length)
            return
        self._is_long = True
        self._diverter.begin()
        self._diverter.feed(memoryview(self._buffer)[: self._size])

    def write(self, part):
        """Take the next bytes."""
        if self._is_long:
            self._diverter.feed(part)
        else:
            super().write(part)

    def take(self):
        """Return the text and begin a new message. Raises ProtocolError 1007."""
        if not self._is_long:
            return super().take()
        self._is_long = False
        self._buffer = self._small
        self._size = 0
        envelope = self._diverter.envelope
        head = self._diverter.head
        self._diverter.begin()
        if envelope is not None:
            return decode_text(envelope, 0, len(envelope))
        return "".join([chr(byte) if byte < 0x80 else "?" for byte in head[:_HEAD_MAX]]) + "["
