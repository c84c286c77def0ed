"""Batches of meter samples on flash, oldest first; only one batch at a time is in RAM.

A batch is one value of a KvStore: lines of JSON, `[seq,tx number,connector,stamp,message id,
values]`, in the order of their seq. It is deleted when its last sample is consumed, so after a
power cut the samples of the first batch may be delivered again, with the ids they had.
"""

import json

from micropython import const

_FAR = const(100_000)


class Spool:
    """FIFO of batches in `store`. `corrupt` counts what could not be read."""

    def __init__(self, store):
        self._store = store
        self._batches = []  # seq of the first sample: the key
        self._counts = []
        self._last = 0  # the highest seq
        self._value = None  # the first batch, while it is being consumed
        self._position = 0
        self._head = None
        self.corrupt = 0

    @property
    def count(self):
        """Samples in all batches."""
        return sum(self._counts)

    def recover(self):
        """Read the directory. Returns the highest seq found, or 0. Raises OSError."""
        for key in self._store.keys():
            if key.isdigit():
                self._batches.append(int(key))
        self._batches.sort()
        for first in self._batches:
            lines = self._load(first)
            self._counts.append(len(lines))
            self._last = max(self._last, _seq_of(lines[-1]) if lines else first)
        return self._last

    def append(self, first, lines):
        """Write a batch of text lines, the first of which has the seq `first`. Raises OSError."""
        lines = [line.encode() for line in lines]
        self._store.set(str(first), _joined(lines))
        self._batches.append(first)
        self._counts.append(len(lines))
        self._last = _seq_of(lines[-1])

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
        """Go behind the sample `seq`, if it is here."""
        if self._head is None and self._batches and self._batches[0] <= seq:
            # It came from RAM and was written here meanwhile.
            self.head(seq)
        elif self._head is not None and self._head[0] <= seq:
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
        """Merge two batches, dropping half of their samples. Returns how many were dropped.

        0: nothing to merge. A power cut between the two steps leaves some samples in both
        batches; they keep seq and id, and the second copy is skipped when it is reached.
        """
        if len(self._batches) < 2:
            return 0
        place = self._densest()
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
        self._forget_position()
        return max(1, len(lines) - len(kept))

    def _densest(self):
        """Return the place of the two neighbours that span the least: gaps stay even."""
        best = len(self._batches) - 2
        best_span = self._last + 1 - self._batches[best]
        for place in range(best):
            span = self._batches[place + 2] - self._batches[place]
            if span < best_span:
                best, best_span = place, span
        return best

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
    """Return about half of `entries`, (seq, tx number, ...), the text in sixth place."""
    keys = [(entry[0], entry[1], '"Transaction.' in entry[5]) for entry in entries]
    return [entries[place] for place in _kept_places(keys)]


def _thinned_lines(lines):
    keys = []
    for line in lines:
        seq, number, _ = line[1:].split(b",", 2)
        keys.append((int(seq), int(number), b'"Transaction.' in line))
    return [lines[place] for place in _kept_places(keys)]


def _kept_places(keys):
    """Drop the samples that stand closest together, until half are left.

    Of evenly spaced ones that is every second; of older ones, thinned before, fewer. Samples with
    the context Transaction.Begin or Transaction.End stay: the first and last of a transaction.
    """
    places = list(range(len(keys)))
    while len(places) > (len(keys) + 1) // 2:
        crowded = _most_crowded(keys, places)
        if crowded is None:
            break
        places.pop(crowded)
    return places


def _most_crowded(keys, places):
    best = best_gap = None
    for index in range(len(places)):
        if keys[places[index]][2]:
            continue
        gap = _distance(keys, places, index, 1) + _distance(keys, places, index, -1)
        if best is None or gap < best_gap:
            best, best_gap = index, gap
    return best


def _distance(keys, places, index, step):
    """Return how far the next sample of the same transaction is, forwards or backwards."""
    seq, number, _ = keys[places[index]]
    index += step
    while 0 <= index < len(places):
        if keys[places[index]][1] == number:
            return abs(keys[places[index]][0] - seq)
        index += step
    return _FAR


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
