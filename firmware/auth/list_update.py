"""One update of the local authorisation list: entries come in any order, the new file is sorted.

Nothing here grows with the list. Entries are gathered in runs of a few, each sorted and written
behind the other to a scratch file; at the end all runs and the list in use are merged, record by
record, into the file of the new list. What an entry means is decided elsewhere.
"""

from micropython import const

from firmware.auth.list_record import KEY_BYTES, RECORD_BYTES, is_deletion, pack, unpack

# 400 entries make 17 runs, each with one record in RAM while they are merged.
_RUN_RECORDS = const(24)


class ListError(Exception):
    """The update cannot be carried out; the list stays as it is."""


class Update:
    """`add` every entry, then `commit`, then `step` until it tells the outcome.

    `entries` counts what was added. An update that failed once only fails from there on.
    """

    def __init__(self, owner):
        """owner: the LocalList, which tells the paths, the limits and the list in use."""
        self.entries = 0
        self._owner = owner
        self._run = []
        self._full_runs = 0
        self._scratch = None
        self._files = []
        self._work = None
        self._failed = False

    def add(self, id_token, info):
        """Add an entry. info: (status, parent or None, seconds since 2000 or None); None deletes
        the token. What cannot be kept lets the update fail."""
        self.entries += 1
        if self._failed:
            return
        record = pack(id_token, info)
        if record is None:
            self.abort()
            return
        self._run.append(record)
        if len(self._run) == _RUN_RECORDS:
            try:
                self._spill()
            except OSError:
                self.abort()

    def commit(self, version, full):
        """All entries are there. full: they are the whole list, else changes to the one in use."""
        self._work = self._build(version, full)

    def step(self, records):
        """Work on about so many records; returns None, or at the end whether the list is new."""
        if self._failed:
            return False
        try:
            for _ in range(records):
                next(self._work)
        except StopIteration:
            self._clean_up()
            return True
        except (OSError, ListError):
            self.abort()
            return False
        return None

    def abort(self):
        """Give it up and leave nothing behind."""
        if not self._failed:
            self._failed = True
            self._clean_up()

    def _clean_up(self):
        self._work = None
        self._run = []
        files = self._files
        self._files = []
        for file in files:
            try:
                file.close()
            except OSError:
                pass
        self._owner.clean_up()

    def _open(self, path, mode):
        file = self._owner.fs.open(path, mode)
        self._files.append(file)
        return file

    def _spill(self):
        if self._scratch is None:
            self._scratch = self._open(self._owner.scratch_path(), "wb")
        self._run.sort()
        # One by one: joined they would need a piece of heap that may not be there.
        for record in self._run:
            self._scratch.write(record)
        self._full_runs += 1
        self._run = []

    def _runs(self):
        """Return the sorted runs, each a list [next record of the file, first behind it]."""
        runs = []
        if self._scratch is not None:
            # Closed, so that it can be read.
            self._files.remove(self._scratch)
            self._scratch.close()
            self._scratch = self._open(self._owner.scratch_path(), "rb")
            for number in range(self._full_runs):
                runs.append([number * _RUN_RECORDS, (number + 1) * _RUN_RECORDS])
        return runs

    def _sorted(self):
        """Yield all added records in order."""
        runs = self._runs()
        heads = [self._read(run) for run in runs]
        # The last run never went to the flash.
        rest = self._run
        rest.sort()
        position = 0
        while True:
            lowest = -1
            record = rest[position] if position < len(rest) else None
            for index in range(len(heads)):
                head = heads[index]
                if head is not None and (record is None or head < record):
                    lowest = index
                    record = head
            if record is None:
                return
            if lowest < 0:
                position += 1
            else:
                heads[lowest] = self._read(runs[lowest])
            yield record

    def _read(self, run):
        if run[0] == run[1]:
            return None
        self._scratch.seek(run[0] * RECORD_BYTES)
        run[0] += 1
        return self._scratch.read(RECORD_BYTES)

    def _build(self, version, full):
        """Write the new list and put it in use; yields after each record."""
        path, out = None, None
        count = 0
        base = iter(()) if full else self._base()
        for record in _merge(self._changes(full), base):
            if is_deletion(record):
                continue
            if out is None:
                path = self._owner.next_path()
                out = self._open(path, "wb")
            count += 1
            if count > self._owner.entries_max:
                raise ListError("too many entries")
            out.write(record)
            yield
        if out is not None:
            self._files.remove(out)
            out.close()
        self._owner.put_in_use(path, version, count)

    def _changes(self, full):
        """Yield all added records in order, if they make sense together."""
        previous = None
        for record in self._sorted():
            key = record[:KEY_BYTES]
            if key == previous:
                raise ListError("a token comes twice")
            previous = key
            if full and is_deletion(record):
                raise ListError("an entry without idTagInfo in a full list")
            yield record

    def _base(self):
        """Yield the records of the list in use."""
        path = self._owner.path
        if path is None:
            return
        file = self._open(path, "rb")
        for _ in range(self._owner.count):
            record = file.read(RECORD_BYTES)
            if unpack(record) is None:
                raise ListError("the list is damaged: only a full one helps")
            yield record


def _merge(changes, base):
    """Yield the records of both in order; a change hides the base record of its token."""
    kept = next(base, None)
    for change in changes:
        key = change[:KEY_BYTES]
        while kept is not None and kept[:KEY_BYTES] < key:
            yield kept
            kept = next(base, None)
        if kept is not None and kept[:KEY_BYTES] == key:
            kept = next(base, None)
        yield change
    while kept is not None:
        yield kept
        kept = next(base, None)
