"""Batches of meter samples on flash, oldest first; only one batch at a time is in RAM.

A batch is one value of a KvStore: lines of JSON, `[seq,tx number,connector,stamp,message id,
values]`, in the order of their seq. It is deleted when its last sample is consumed, so after a
power cut the samples of the first batch may be delivered again, with the ids they had.
"""

import json


class Spool:
    """FIFO of batches in `store`. `corrupt` counts what could not be read."""

    def __init__(self, store):
        self._store = store
        self._batches = []  # seq of the first sample: the key
        self._counts = []
        self._value = None  # the first batch, while it is being consumed
        self._position = 0
        self._head = None
        self._cursor = 0  # where the next thinning begins
        self.corrupt = 0

    @property
    def count(self):
        """Samples in all batches."""
        return sum(self._counts)

    def recover(self):
        """Read the directory. Returns the highest seq found, or 0. Raises OSError."""
        last = 0
        for key in self._store.keys():
            if key.isdigit():
                self._batches.append(int(key))
        self._batches.sort()
        for first in self._batches:
            lines = self._load(first)
            self._counts.append(len(lines))
            last = max(last, first)
            if lines:
                last = max(last, _seq_of(lines[-1]))
        return last

    def append(self, first, lines):
        """Write a batch of text lines, the first of which has the seq `first`. Raises OSError."""
        self._store.set(str(first), _joined([line.encode() for line in lines]))
        self._batches.append(first)
        self._counts.append(len(lines))

    def head(self, done):
        """Return the first sample with a seq above `done` as a list, or None."""
        while self._head is None and self._batches:
            if self._value is None:
                self._value = self._read(self._batches[0])
                self._position = 0
            end = self._value.find(b"\n", self._position)
            if end < 0:
                self._finish_batch()
                continue
            line = self._value[self._position : end]
            self._position = end + 1
            sample = _parsed(line)
            if sample is None:
                self.corrupt += 1
            elif sample[0] > done:
                self._head = sample
                break
            self._count_down()
        return self._head

    def consume(self, seq):
        """Go behind the head if it has this seq or a lower one."""
        if self._head is not None and self._head[0] <= seq:
            self._head = None
            self._count_down()

    def drop_oldest(self):
        """Give up the oldest batch. Returns the number of samples lost, 0 if there is none."""
        if not self._batches:
            return 0
        dropped = self._counts[0]
        self._store.delete(str(self._batches.pop(0)))
        self._counts.pop(0)
        self._forget_position()
        # An empty one made room as well.
        return dropped or 1

    def thin(self):
        """Merge two batches, dropping every second sample. Returns how many were dropped.

        0: nothing to merge. A power cut between the two steps leaves some samples in both
        batches; they keep seq and id, and the second copy is skipped when it is reached.
        """
        if len(self._batches) < 2:
            return 0
        if self._cursor > len(self._batches) - 2:
            self._cursor = 0
        place = self._cursor
        lines = self._load(self._batches[place])
        last = _seq_of(lines[-1]) if lines else 0
        for line in self._load(self._batches[place + 1]):
            if _seq_of(line) > last:
                lines.append(line)
        kept = _thinned_lines(lines)
        self._store.set(str(self._batches[place]), _joined(kept))
        self._store.delete(str(self._batches.pop(place + 1)))
        self._counts[place] = len(kept)
        self._counts.pop(place + 1)
        self._cursor = place + 1
        self._forget_position()
        return max(1, len(lines) - len(kept))

    def _finish_batch(self):
        first = self._batches.pop(0)
        self._counts.pop(0)
        self._forget_position()
        try:
            self._store.delete(str(first))
        except OSError:
            # It comes back at the next boot, and its samples with their old ids.
            self.corrupt += 1

    def _forget_position(self):
        self._value = None
        self._head = None

    def _count_down(self):
        if self._counts[0] > 0:
            self._counts[0] -= 1

    def _read(self, first):
        try:
            value = self._store.get(str(first))
        except OSError:
            value = None
        if value is None:
            self.corrupt += 1
            return b""
        return value

    def _load(self, first):
        lines = self._read(first).split(b"\n")
        return [line for line in lines if _parsed(line) is not None]


def thinned(entries):
    """Return every second of `entries` (seq, tx number, ..., text, ...) of each transaction."""
    kept = []
    parity = {}
    for entry in entries:
        if _keep(entry[1], '"Transaction.' in entry[5], parity):
            kept.append(entry)
    return kept


def _thinned_lines(lines):
    kept = []
    parity = {}
    for line in lines:
        number = line.split(b",", 2)[1]
        if _keep(number, b'"Transaction.' in line, parity):
            kept.append(line)
    return kept


def _keep(number, is_border, parity):
    # Context Transaction.Begin and Transaction.End: the first and the last value stay.
    if is_border:
        return True
    keep = parity.get(number, True)
    parity[number] = not keep
    return keep


def _joined(lines):
    return b"\n".join(lines) + b"\n" if lines else b""


def _seq_of(line):
    return int(line[1 : line.find(b",")])


def _parsed(line):
    try:
        sample = json.loads(line)
    except ValueError:
        return None
    return sample if isinstance(sample, list) and len(sample) == 6 else None
