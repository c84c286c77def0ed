"""A log with levels, late formatting and a short memory. It prints nothing itself.

A line is (area, text, arguments); it is formatted only if somebody takes it. Areas are short
words ("ocpp", "tx", "net"); never give it a secret, a whole id token is for DEBUG at most.
"""

from micropython import const

ERROR = const(0)  # Energy, money or safety.
WARN = const(1)  # A person might act.
INFO = const(2)  # The story of a session in ten lines.
DEBUG = const(3)
NAMES = ("error", "warn", "info", "debug")

_LINES_KEPT = const(24)


class Log:
    """Takes lines up to `level`, keeps the last 24, hands each to `sink(level, area, text)`."""

    def __init__(self, level=INFO, sink=None):
        self.level = level
        self.sink = sink
        self._lines = [None] * _LINES_KEPT
        self._next = 0

    def error(self, area, text, *values):
        """Energy, money or safety is concerned."""
        self._add(ERROR, area, text, values)

    def warn(self, area, text, *values):
        """A person might act."""
        self._add(WARN, area, text, values)

    def info(self, area, text, *values):
        """A step of the story."""
        self._add(INFO, area, text, values)

    def debug(self, area, text, *values):
        """For whoever looks for a fault."""
        self._add(DEBUG, area, text, values)

    def _add(self, level, area, text, values):
        if level > self.level:
            return
        line = text % values if values else text
        # As one text: for weeks it is kept, and a tuple would be half as long again.
        self._lines[self._next] = "%d%s %s" % (level, area, line)
        self._next = (self._next + 1) % _LINES_KEPT
        if self.sink:
            self.sink(level, area, line)

    def lines(self):
        """Return the lines kept, oldest first, as (level, area, text)."""
        ordered = self._lines[self._next :] + self._lines[: self._next]
        rows = []
        for line in ordered:
            if line is not None:
                area, _, text = line[1:].partition(" ")
                rows.append((int(line[0]), area, text))
        return rows
