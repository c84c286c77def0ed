"""The registry of configuration keys: types, access, validation, persistence. It knows no key.

The keys come as tables of rows; firmware/ocpp/config_keys.py has those of the Core profile, other
profiles and the device bring their own. A row is

    (name, kind, access, default)                    read-only keys
    (name, "bool", access, default)
    (name, "int", access, default, low, high)        decimal digits only, low <= value <= high
    (name, "list", access, default, check)           comma separated; check(items) -> accepted?
    (name, "text", access, default, words)           "a|b": one of these, "a b": any of these, None
    (name, "text", access, default, low, high)       low <= number of characters <= high

A table is a tuple of rows, or a text with the rows as words in lines, of which the first and the
last are empty, or a function that returns such a text: it costs no heap, and a row is made when it
is asked for. In a text there are rows of kinds bool and int, list (read-only), and text with low
and high, whose default "" is left out.

access is "r", "rw", "w" (write-only, for secrets) or one of the last two with "!" behind it, for a
key that takes effect after a reboot, or "?", for what somebody has to look at: never set by an
import, never reset with the rest. Anybody who needs a value asks for it each time; there are no
subscribers. Rules of validation: OCPP 1.6 edition 2, chapter 9, and its errata sheet.
"""

from csl import split
from micropython import const

_VALUE_CHARACTERS_MAX = const(500)
_KEYS_MAX = const(1000)
# More digits than any of our limits has: a longer number is refused before it is computed.
_DIGITS_MAX = const(9)


class Config:
    """Values of all keys. The store keeps what was ever set; the tables keep the defaults."""

    def __init__(self, store, tables):
        """`store`: get(key), set(key, bytes), delete(key); `tables`: sequence of tables."""
        self._store = store
        self._tables = tables
        self._values = {}
        self.invalid = 0  # stored values that this firmware no longer accepts

    def load(self):
        """Read what was ever set, once at boot. An unacceptable value becomes the default."""
        for name in self._store.keys():
            row = self.row(name)
            value = None if row is None or row[2] == "r" else self._stored(row)
            if value is not None:
                self._values[row[0]] = value

    def get(self, name, default=None):
        """Return the value as int, bool or text; `default` if this build lacks the key.

        `name` in canonical spelling. Allocates nothing but when it is asked for a first time.
        """
        if name not in self._values:
            row = self.row(name)
            self._values[name] = None if row is None else row[3]
        value = self._values[name]
        return default if value is None else value

    def text(self, name):
        """Return the value as OCPP reports it; None if unknown or write-only. Any spelling."""
        row = self.row(name)
        return None if row is None else self._reported(row)

    def set(self, name, text, dry=False):
        """Validate, persist, then use. Returns a status of ChangeConfiguration.conf.

        After "Rejected" and "NotSupported" nothing has changed, in RAM as on flash. dry: validate
        only.
        """
        row = self.row(name)
        if row is None:
            return "NotSupported"
        if row[2] == "r":
            return "Rejected"
        value = _parse(row, text)
        if value is None:
            return "Rejected"
        if not dry and value != self._value(row):
            try:
                self._store.set(row[0], _text(value).encode())
            except OSError:
                return "Rejected"
            self._values[row[0]] = value
        return "RebootRequired" if "!" in row[2] else "Accepted"

    def reset(self, name):
        """Return a key to its default; False if it is unknown. Raises OSError of the store."""
        row = self.row(name)
        if row is None:
            return False
        self._store.delete(row[0])
        self._values[row[0]] = row[3]
        return True

    def fix(self, name, value):
        """Give a key that nobody may write what the board makes of it; nothing is stored."""
        self._values[name] = value

    def readonly(self, name):
        """Return True if the key cannot be set, False if it can, None if it is unknown."""
        row = self.row(name)
        return None if row is None else row[2] == "r"

    def describe(self, name):
        """Return (canonical name, readonly, text or None if write-only); None if unknown."""
        row = self.row(name)
        return None if row is None else (row[0], row[2] == "r", self._reported(row))

    def page(self, first=0, count=_KEYS_MAX):
        """Return a list of what `describe` returns: `count` keys at most, from the `first` on."""
        rows = []
        for row in self.rows():
            first -= 1
            if first < 0 < count:
                count -= 1
                rows.append((row[0], row[2] == "r", self._reported(row)))
        return rows

    def _reported(self, row):
        return None if row[2][0] == "w" else _text(self._value(row))

    def _value(self, row):
        value = self._values.get(row[0])
        return row[3] if value is None else value

    def rows(self):
        """Yield the rows of all keys, always in the same order."""
        for table in self._tables:
            table = table() if callable(table) else table
            for row in table[1:-1].split("\n") if isinstance(table, str) else table:
                yield _read(row) if isinstance(row, str) else row

    def row(self, name):
        """Return the row of a key in any spelling, None if there is no such key."""
        # OCPP 1.6 7.29: a key is a CiString. Most peers spell it right, so the exact name first.
        for exact in (True, False):
            for table in self._tables:
                row = _find(table, name, exact)
                if row is not None:
                    return row
        return None

    def _stored(self, row):
        data = self._store.get(row[0])
        if data is None:
            return None
        try:
            value = _parse(row, str(data, "utf-8"))
        except UnicodeError:
            value = None
        if value is None:
            self.invalid += 1
        return value


def _find(table, name, exact):
    """Return the row of `name`, or None; `exact`: case counts."""
    table = table() if callable(table) else table
    if not exact:
        name = name.lower()
    if not isinstance(table, str):
        for row in table:
            if name == (row[0] if exact else row[0].lower()):
                return row
        return None
    if len(name.split()) != 1:
        return None  # it may come from outside and must not match beyond the name
    at = (table if exact else table.lower()).find("\n" + name + " ")
    return None if at < 0 else _read(table[at + 1 : table.find("\n", at + 1)])


def _read(line):
    """Make the row of a line."""
    name, kind, access, *values = line.split()
    if kind == "bool":
        return name, kind, access, values[0] == "true"
    if kind == "list":
        return name, kind, access, values[0]
    head = (name, kind, access, "") if kind == "text" else (name, kind, access)
    return head + tuple([int(value) for value in values])


def _text(value):
    if value is True:
        return "true"
    if value is False:
        return "false"
    return str(value)


def _parse(row, text):
    """Return the value that `text` stands for, None if the row does not allow it."""
    if len(text) > _VALUE_CHARACTERS_MAX:
        return None
    kind = row[1]
    if kind == "bool":
        return {"true": True, "false": False}.get(text.lower())
    if kind == "int":
        return _parse_int(text, row[4], row[5])
    if kind == "list":
        items = split(text)
        return ",".join(items) if row[4](items) else None
    if len(row) > 5:
        return text if row[4] <= len(text) <= row[5] else None
    words = row[4]
    if words and "|" in words:
        return text if text in words.split("|") else None
    for word in text.split() if words else ():
        if word not in words.split():
            return None
    return text


def _parse_int(text, low, high):
    # int() would take signs, blanks and underscores as well.
    if not 0 < len(text) <= _DIGITS_MAX:
        return None
    # As bytes: MicroPython keeps every single character of a text that is walked, for ever.
    for byte in text.encode():
        if not 48 <= byte <= 57:
            return None
    value = int(text)
    return value if low <= value <= high else None
