"""Takes one long array out of a JSON text while the text arrives; what is left is a short text.

The array has to be a member of an object inside of an array, which is how OCPP-J wraps a payload:
`[2,"id","Action",{"name":[item,item,item]}]`. Each item goes to a sink as soon as it is complete,
the rest, with an empty array in its place, is kept as `envelope` and can be parsed like any other
message. So the heap holds the envelope and one item, however many items there are. This is no
parser: brackets and strings are followed, the pieces are left to json.
"""

from micropython import const

_ITEM_BYTES_MAX = const(512)
_PIECE = const(128)
_QUOTE = const(0x22)
_COLON = const(0x3A)
_COMMA = const(0x2C)
_OPEN = const(0x5B)
_CLOSE = const(0x5D)
_BLANKS = b" \t\r\n"
# Brackets around the member, and around the items.
_MEMBER_DEPTH = const(2)
_ITEMS_DEPTH = const(3)


class Diverter:
    """`feed` the bytes of one message; then `envelope` is the rest, None if that is too long.

    name: of the member, ASCII. sink: `begin(head)` is told the message up to the array, closed so
    that it is valid JSON, and returns True if it wants the items; `item(data)` gets the bytes of
    each, None for one of more than 512 bytes. envelope_max: bytes.
    """

    def __init__(self, name, sink, envelope_max):
        self._name = b'"' + name.encode() + b'"'
        self._sink = sink
        self._envelope_max = envelope_max
        self._item = bytearray()
        self.begin()

    def begin(self):
        """A new message begins."""
        self.envelope = bytearray()
        self.head = b""  # of an envelope that became too long
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self._string_size = 0
        self._key = 0  # 1 behind the member's name, 2 behind its colon
        self._diverting = False
        self._items = 0
        self._item[:] = b""

    def feed(self, part):
        """Take the next bytes (bytes-like)."""
        view = memoryview(part)
        for start in range(0, len(view), _PIECE):
            # A memoryview has no find; a small copy finds its place in any heap.
            self._feed(bytes(view[start : start + _PIECE]))

    def _feed(self, data):
        position = done = 0
        while position < len(data) and self.envelope is not None:
            if self._in_string:
                position = self._string(data, position)
                if not self._in_string and not self._diverting:
                    self._keep(data, done, position)
                    done = position
                    self._after_string()
                continue
            byte = data[position]
            position += 1
            if byte == _QUOTE:
                self._in_string = True
                self._string_size = 1
            elif byte not in _BLANKS:
                done = self._structure(data, byte, done, position)
        self._keep(data, done, len(data))

    def _string(self, data, position):
        """Walk on inside of a string; returns where it, or the data, ends."""
        if self._escaped:
            self._escaped = False
            self._string_size += 1
            return position + 1
        end = data.find(b'"', position)
        slash = data.find(b"\\", position, len(data) if end < 0 else end)
        if slash >= 0:
            self._escaped = True
            end = slash
        else:
            self._in_string = end < 0
        behind = len(data) if end < 0 else end + 1
        self._string_size += behind - position
        return behind

    def _after_string(self):
        is_name = self._depth == _MEMBER_DEPTH and self._string_size == len(self._name)
        if is_name and self.envelope is not None and self.envelope.endswith(self._name):
            self._key = 1
        else:
            self._key = 0

    def _structure(self, data, byte, done, position):
        """A byte outside of strings; returns up to where the data was taken care of."""
        if byte | 0x20 == 0x7B:  # [ or {
            self._depth += 1
            if self._depth == _ITEMS_DEPTH and self._key == 2 and byte == _OPEN:
                self._keep(data, done, position)
                done = position
                self._begin_items()
        elif byte | 0x20 == 0x7D:  # ] or }
            self._depth -= 1
            if self._diverting and self._depth < _ITEMS_DEPTH:
                self._keep(data, done, position - 1)
                done = position - 1
                self._end_items()
        elif byte == _COMMA and self._diverting and self._depth == _ITEMS_DEPTH:
            self._keep(data, done, position - 1)
            done = position
            self._end_item()
        self._key = 2 if byte == _COLON and self._key == 1 else 0
        return done

    def _begin_items(self):
        if self.envelope is None:
            return
        self._diverting = self._sink.begin(bytes(self.envelope) + b"]}]")
        self._items = 0

    def _end_items(self):
        # Nothing but blanks between the brackets is no item; behind a comma it is a wrong one.
        if self._items or self._item is None or self._item.strip(_BLANKS):
            self._end_item()
        self._item = bytearray()
        self._diverting = False

    def _end_item(self):
        self._items += 1
        self._sink.item(None if self._item is None else bytes(self._item))
        self._item = bytearray()

    def _keep(self, data, start, end):
        if start == end or self.envelope is None:
            return
        target = self._item if self._diverting else self.envelope
        if target is None:
            return
        if len(target) + end - start <= (
            _ITEM_BYTES_MAX if self._diverting else self._envelope_max
        ):
            target.extend(memoryview(data)[start:end])
        elif self._diverting:
            self._item = None
        else:
            self.head = bytes(target[:_ITEM_BYTES_MAX])
            self.envelope = None
