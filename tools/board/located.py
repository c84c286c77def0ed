"""JSON with the line of every value, for findings that lead to the place."""

import json
import re

_BLANK = re.compile(r"\s*")
_HALF = re.compile(r"\\ud[89a-f]")  # of a pair of UTF-16; as repr shows it
_END = re.compile(r"[,\]}\s]")


class NotJson(Exception):
    """The text is no JSON object; `line` tells where."""

    def __init__(self, text, line):
        super().__init__(text)
        self.line = line


class Located:
    """`value` is what the text says; `line(*path)` where a value stands; `repeated` are the paths
    of keys that stand twice in one object, which JSON allows and nobody means."""

    def __init__(self, text):
        """Raises NotJson."""
        try:
            self.value = json.loads(text)
        except json.JSONDecodeError as error:
            raise NotJson(error.msg, error.lineno) from error
        except (ValueError, RecursionError) as error:
            # A number of thousands of digits, or as many brackets.
            raise NotJson("longer or deeper than any board", 1) from error
        if not isinstance(self.value, dict):
            raise NotJson("a board is an object", 1)
        if _HALF.search(repr(self.value)):
            raise NotJson("half a character (\\ud800 to \\udfff)", 1)
        self.repeated = []
        self._lines = {}
        self._text = text
        self._walk(0, ())

    def line(self, *path):
        """Return the line of the value at `path`, or of the nearest one around it."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def _walk(self, at, path):
        """Note the lines of a value and of all in it; returns where it ends. The text is valid."""
        at = self._skip(at)
        self._lines.setdefault(path, self._text.count("\n", 0, at) + 1)
        if self._text[at] == "{":
            return self._members(at + 1, path)
        if self._text[at] == "[":
            return self._items(at + 1, path)
        if self._text[at] == '"':
            return json.decoder.scanstring(self._text, at + 1)[1]
        found = _END.search(self._text, at)
        return found.start() if found else len(self._text)

    def _members(self, at, path):
        seen = set()
        while True:
            at = self._skip(at)
            if self._text[at] == "}":
                return at + 1
            key, end = json.decoder.scanstring(self._text, at + 1)
            if key in seen:
                self.repeated.append((*path, key))
            seen.add(key)
            # The line of the key, even if its value begins on the next one.
            self._lines[(*path, key)] = self._text.count("\n", 0, at) + 1
            at = self._after(self._walk(self._skip(end) + 1, (*path, key)))

    def _items(self, at, path):
        index = 0
        while True:
            at = self._skip(at)
            if self._text[at] == "]":
                return at + 1
            at = self._after(self._walk(at, (*path, index)))
            index += 1

    def _after(self, at):
        at = self._skip(at)
        return at + 1 if self._text[at] == "," else at

    def _skip(self, at):
        return _BLANK.match(self._text, at).end()
