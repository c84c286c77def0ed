"""The local authorisation list: kept on flash and searched there (OCPP 1.6 3.5.2).

A list is one file of sorted records (`list_record.py`); a look-up reads some ten of them. Which
file is in use, its version and its size stand in one small record, replaced as a whole: after a
power cut there is the old list or the new one. In the heap there are four numbers.
"""

import json

from firmware import late
from firmware.auth.list_record import KEY_BYTES, RECORD_BYTES, key_of, unpack
from kvstore import KvStore

_FOLDER = "/list"
_IN_USE = "in-use"
_SCRATCH = "scratch"


class LocalList:
    """`find` a token; `update()` begins a change. `damaged` counts records that could not be read.

    fs: as VfsLfs2. Raises OSError if the flash fails while the state is read at boot.
    """

    def __init__(self, fs, entries_max=1000):
        self.fs = fs
        self.entries_max = entries_max
        self.count = 0
        self.damaged = 0
        self._version = 0
        self._number = 0
        self._store = KvStore(fs, _FOLDER)
        self._update = None
        self._load()
        self.clean_up()

    @property
    def version(self):
        """The version as it is reported: an empty list has 0 (OCPP 1.6 5.10, TC_042_2_CS)."""
        return self._version if self.count else 0

    @property
    def path(self):
        """The file in use, None while the list is empty."""
        return self._path(self._number) if self.count else None

    def find(self, id_token):
        """Return (status, parent or None, expiry in seconds since 2000 or None), or None.

        A token that cannot be read counts as not in the list.
        """
        key = key_of(id_token)
        if key is None or not self.count:
            return None
        try:
            with self.fs.open(self.path, "rb") as file:
                return self._search(file, key)
        except OSError:
            self.damaged += 1
            return None

    def _search(self, file, key):
        first, behind = 0, self.count
        while first < behind:
            middle = (first + behind) // 2
            file.seek(middle * RECORD_BYTES)
            record = file.read(RECORD_BYTES)
            found = record[:KEY_BYTES]
            if found == key:
                entry = unpack(record)
                self.damaged += entry is None
                return entry
            if found < key:
                first = middle + 1
            else:
                behind = middle
        return None

    def update(self):
        """Begin an update; one that was under way is given up."""
        from firmware.auth.list_update import Update

        late.forget("firmware.auth.list_update")
        if self._update is not None:
            self._update.abort()
        self._update = Update(self)
        return self._update

    # For the update.

    def scratch_path(self):
        """Return the path of the scratch file; its folder exists."""
        self._make_folder()
        return _FOLDER + "/" + _SCRATCH

    def next_path(self):
        """Return the path for the file of the next list; its folder exists."""
        self._make_folder()
        return self._path(self._number ^ 1)

    def put_in_use(self, path, version, count):
        """From here on the list is the one in `path` (None: empty). Raises OSError."""
        number = self._number if path is None else self._number ^ 1
        self._store.set(_IN_USE, json.dumps([version, number, count]).encode())
        self._version, self._number, self.count = version, number, count

    def clean_up(self):
        """Remove what is not in use."""
        # An update calls this at its end; its code is in the heap as long as somebody has it.
        self._update = None
        wanted = (_IN_USE, self.path and self.path[len(_FOLDER) + 1 :])
        try:
            for name in self._store.keys():
                if name not in wanted:
                    self.fs.remove(_FOLDER + "/" + name)
        except OSError:
            pass  # the next update overwrites it

    def _load(self):
        record = self._store.get(_IN_USE)
        if record is None:
            return
        try:
            self._version, self._number, self.count = json.loads(record)
            size = self.fs.stat(self.path)[6] if self.count else 0
        except (ValueError, OSError):
            size = -1
        if size != self.count * RECORD_BYTES:
            # Cannot happen by a power cut. An empty list lets the central system send it again.
            self.damaged += 1
            self.count = 0

    def _path(self, number):
        return "%s/list%d" % (_FOLDER, number)

    def _make_folder(self):
        try:
            self.fs.mkdir(_FOLDER)
        except OSError:
            pass  # it exists; if not, opening the file tells
