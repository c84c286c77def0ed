"""What was given to which board, on disk: the ledger, the labels made of it, the file of keys.

Each is written before the board is, so that an interruption never leaves a board with an identity
or a key that nobody knows of.
"""

import csv
import fcntl
import io
import json
import os
import secrets
import string
from pathlib import Path

# OCPP-J security white paper: a password of 16 to 40 characters.
_KEY_CHARACTERS = string.ascii_letters + string.digits
_KEY_LENGTH = 32


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
        self._lock = open("%s.lock" % base, "w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise BooksError("another provision is at work with %s: wait for it"
                             % site.path) from error
        self.boards = self._read()

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
            return json.loads(self.path.read_text())["boards"]
        except (ValueError, KeyError, TypeError) as error:
            raise BooksError("%s is damaged: restore it from a backup; without it boards would "
                             "get identities that others have" % self.path) from error

    def _write(self):
        _replace(self.path, json.dumps({"boards": self.boards}, indent=2) + "\n")


class Keys:
    """The file of keys, lines "id,serial,key"; later lines count. Only its owner may read it."""

    def __init__(self, path):
        self._path = Path(path)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._file = os.fdopen(descriptor, "r+", newline="")
        if os.fstat(descriptor).st_mode & 0o077:
            self._file.close()
            raise BooksError("others may read %s: say chmod 600 %s" % (path, path))
        self._keys = {row[0]: row[2] for row in csv.reader(self._file) if len(row) == 3}

    def key(self, identity, serial, renew=False):
        """Return the key of `identity`; makes one, and keeps it, if there is none."""
        if renew or identity not in self._keys:
            key = "".join(secrets.choice(_KEY_CHARACTERS) for _ in range(_KEY_LENGTH))
            if not self._keys:
                self._file.write("id,serial,key\n")
            self._file.write("%s,%s,%s\n" % (identity, serial, key))
            self._file.flush()
            os.fsync(self._file.fileno())
            self._keys[identity] = key
        return self._keys[identity]


def _replace(path, text):
    """Write a file as a whole: after a crash it is the old or the new one."""
    fresh = Path("%s.new" % path)
    with open(fresh, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)
