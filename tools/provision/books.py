"""What was given to which board, on disk: the ledger, the labels made of it, the file of keys.

Each is written before the board is, so that an interruption never leaves a board with an identity
or a key that nobody knows of.
"""

import csv
import errno
import fcntl
import io
import json
import os
import re
import secrets
import stat
import string
from pathlib import Path

# OCPP-J security white paper: a password of 16 to 40 characters.
_KEY_CHARACTERS = string.ascii_letters + string.digits
_KEY_LENGTH = 32
_KEY = re.compile(r"[!-~]{16,40}")
_COLUMNS = "id,serial,key"


class BooksError(Exception):
    """A file cannot be used; the text names the remedy."""


class Ledger:
    """Who is who at a site: serial number -> {"number", "id", "verified"}, in one file.

    One process at a time, from construction to `close`. Raises BooksError.
    """

    def __init__(self, site):
        self._site = site
        base = site.path.with_suffix("")
        self.path = Path("%s.boards.json" % base)
        self.labels = [Path("%s.labels.csv" % base), Path("%s.labels.json" % base)]
        try:
            self._lock = open("%s.lock" % base, "w")
        except OSError as error:
            raise _unusable("%s.lock" % base, error) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise BooksError("another provision is at work with %s: wait for it"
                             % site.path) from error
        try:
            self.boards = self._read()
        except BooksError:
            self.close()
            raise

    def close(self):
        """Let others at it."""
        os.unlink(self._lock.name)
        self._lock.close()

    def identity(self, serial):
        """Return the identity of a board: the one it was given before, or a new one, kept."""
        if serial not in self.boards:
            numbers = [board["number"] for board in self.boards.values()]
            number = max(numbers, default=self._site.first_number - 1) + 1
            identity = self._site.identity(number, serial)
            if identity in [board["id"] for board in self.boards.values()]:
                raise BooksError("%s: [site] id gives %s a second time: put {number} or {serial} "
                                 "into it" % (self._site.path, identity))
            self.boards[serial] = {"number": number, "id": identity, "verified": False}
            self._write()
        return self.boards[serial]["id"]

    def verified(self, serial):
        """Note that the board has what it was to get, and make its label."""
        self.boards[serial]["verified"] = True
        self._write()
        rows = [{"serial": serial, "id": board["id"],
                 "qr": self._site.label(board["id"], serial)}
                for serial, board in sorted(self.boards.items(), key=lambda b: b[1]["number"])
                if board["verified"]]
        text = io.StringIO()
        writer = csv.DictWriter(text, ("serial", "id", "qr"), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        _replace(self.labels[0], text.getvalue())
        _replace(self.labels[1], json.dumps(rows, indent=2) + "\n")

    def _read(self):
        if not self.path.exists():
            return {}
        try:
            boards = json.loads(self.path.read_text(encoding="utf-8"))["boards"]
            for board in boards.values():
                if [type(board[name]) for name in ("number", "id", "verified")] != [
                        int, str, bool]:
                    raise ValueError(board)
            return boards
        except OSError as error:
            raise _unusable(self.path, error) from error
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise BooksError("%s is damaged: restore it from a backup; without it boards would "
                             "get identities that others have" % self.path) from error

    def _write(self):
        _replace(self.path, json.dumps({"boards": self.boards}, indent=2) + "\n")


class Keys:
    """The file of keys, lines "id,serial,key"; later lines count. Only its owner may read it."""

    def __init__(self, path):
        self._path = Path(path)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise _unusable(path, error) from error
        self._file = os.fdopen(descriptor, "r+b", buffering=0)
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            fault = "%s cannot keep keys: name a file" % path
        elif mode & 0o077:
            fault = "others may read %s: say chmod 600 %s" % (path, path)
        else:
            self._text = self._file.read().decode("utf-8", "replace").removeprefix("\ufeff")
            fault = self._read(self._text)
        if fault:
            self._file.close()
            raise BooksError(fault)

    def _read(self, text):
        """Take the keys in; returns what is wrong with the file, None if nothing is."""
        self._keys = {}
        for number, line in enumerate(text.splitlines(), 1):
            try:
                row = next(csv.reader([line]), [])
            except csv.Error:
                row = [""]
            if not row or number == 1 and row == _COLUMNS.split(","):
                continue
            # A key that is passed over is made anew, and locks out the board that has it.
            if len(row) != 3 or not all(row) or not _KEY.fullmatch(row[2]):
                return ("%s, line %d, is not `%s` with a key of 16 to 40 characters: mend the "
                        "line, or name another file" % (self._path, number, _COLUMNS))
            self._keys[row[0]] = row[2]
        return None

    def key(self, identity, serial, renew=False):
        """Return the key of `identity`; makes one, and keeps it, if there is none."""
        if renew or identity not in self._keys:
            key = "".join(secrets.choice(_KEY_CHARACTERS) for _ in range(_KEY_LENGTH))
            # Somebody's editor may have left the last line without its end.
            start = _COLUMNS + "\n" if not self._text else "" if self._text[-1] == "\n" else "\n"
            line = ("%s%s,%s,%s\n" % (start, identity, serial, key)).encode()
            try:
                if self._file.write(line) != len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(self._file.fileno())
            except OSError as error:
                raise _unusable(self._path, error) from error
            self._text = "\n"
            self._keys[identity] = key
        return self._keys[identity]


def _replace(path, text):
    """Write a file as a whole: after a crash it is the old or the new one."""
    fresh = Path("%s.new" % path)
    try:
        with open(fresh, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except OSError as error:
        raise _unusable(path, error) from error


def _unusable(path, error):
    return BooksError("cannot use the file %s (%s): see to it that it can be written, then say "
                      "the same again; nothing is lost" % (path, error.strerror or error))
