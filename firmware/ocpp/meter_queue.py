"""Samples that wait to be sent as MeterValues.req: a short queue in RAM, then batches on flash.

Online a sample leaves within seconds and never touches the flash. When the queue in RAM is full
it is written as one batch, `/mv/<seq>` for periodic samples and `/mva/<seq>` for clock-aligned
ones, named after the place of its first sample in the order of all messages. What is in RAM at a
power cut is lost; what is on flash keeps its message id and its place.

When the flash is nearly full, samples make room for starts and stops, in this order: the oldest
clock-aligned batches go first; then two neighbouring batches become one by dropping every second
periodic sample of each transaction (those closest together), never its first or last one. If no
room can be made, the queue in RAM is thinned in the same way. Starts and stops are never dropped.
"""

import json

from firmware.ocpp.sample_spool import Spool, thinned
from kvstore import KvStore
from micropython import const

_RAM_SAMPLES_MAX = const(10)
_RAM_CHARS_MAX = const(2000)
# Blocks that samples leave free: records of transactions, configuration, littlefs itself.
_RESERVE_BLOCKS_MIN = const(8)
_RESERVE_SHIFT = const(4)  # and a sixteenth of a larger flash

_SEQ = const(0)
_TEXT = const(5)
_ALIGNED = const(6)


class MeterQueue:
    """FIFO of samples. A sample is (seq, tx number or 0, connector, stamp, message id, values).

    `dropped` counts samples given up for room, `flash_errors` failed accesses.
    """

    def __init__(self, fs, clock):
        self._fs = fs
        self._clock = clock
        self._periodic = Spool(KvStore(fs, "/mv"))
        self._aligned = Spool(KvStore(fs, "/mva"))
        self._ram = []
        self._chars = 0
        self._done = 0
        self.dropped = 0
        self.flash_errors = 0

    def recover(self):
        """Find what the flash holds, once at boot. Returns the highest seq there, or 0."""
        return max(self._periodic.recover(), self._aligned.recover())

    @property
    def count(self):
        """Samples that wait."""
        return len(self._ram) + self._periodic.count + self._aligned.count

    @property
    def corrupt(self):
        """Batches and samples that could not be read."""
        return self._periodic.corrupt + self._aligned.corrupt

    def add(self, sample, aligned):
        """Queue a sample whose seq is higher than that of all before it."""
        text = json.dumps(sample[5], separators=(",", ":"))
        if len(self._ram) >= _RAM_SAMPLES_MAX or self._chars + len(text) > _RAM_CHARS_MAX:
            self.spill()
        self._ram.append(sample[:5] + (text, aligned))
        self._chars += len(text)

    def settle(self):
        """Save a queue that has grown: called at the end of a transaction."""
        if len(self._ram) > 1:
            self.spill()

    def first(self):
        """Return the oldest sample that is not consumed, or None. It may come from flash."""
        found = self._periodic.head(self._done)
        aligned = self._aligned.head(self._done)
        if found is None or (aligned is not None and aligned[_SEQ] < found[_SEQ]):
            found = aligned
        if self._ram and (found is None or self._ram[0][_SEQ] < found[_SEQ]):
            found = self._ram[0]
            return found[:5] + (json.loads(found[_TEXT]),)
        return found

    def first_seq(self):
        """Return the seq of the oldest sample that is not consumed, or None."""
        seqs = []
        for spool in (self._periodic, self._aligned):
            head = spool.head(self._done)
            if head is not None:
                seqs.append(head[_SEQ])
        if self._ram:
            seqs.append(self._ram[0][_SEQ])
        return min(seqs) if seqs else None

    def consume(self, seq):
        """The sample `seq` and all before it are delivered or given up."""
        self._done = seq
        self._periodic.consume(seq)
        self._aligned.consume(seq)
        while self._ram and self._ram[0][_SEQ] <= seq:
            self._chars -= len(self._ram.pop(0)[_TEXT])

    def spill(self):
        """Move the queue from RAM to flash, or thin it if the flash has no room for it."""
        try:
            nearly_full = self._nearly_full()
            if nearly_full:
                self._drop_aligned()
                if not self._make_room():
                    self._thin_ram()
                    return
            self._write(self._periodic, False)
            self._write(self._aligned, True)
        except (OSError, MemoryError):
            self.flash_errors += 1
            self._drop_aligned()
            if len(self._ram) >= _RAM_SAMPLES_MAX or self._chars > _RAM_CHARS_MAX // 2:
                self._thin_ram()

    def _write(self, spool, aligned):
        batch = [entry for entry in self._ram if entry[_ALIGNED] == aligned]
        if not batch:
            return
        spool.append(batch[0][_SEQ], [self._line(entry) for entry in batch])
        rest = [entry for entry in self._ram if entry[_ALIGNED] != aligned]
        self._ram = rest
        self._chars = sum(len(entry[_TEXT]) for entry in rest)

    def _line(self, entry):
        seq, number, connector_id, stamp, message_id, text, _ = entry
        # An uptime means nothing after a reboot: as a wall time it does.
        if stamp[0] and self._clock.known:
            stamp = (0,) + self._clock.resolve(stamp)
        head = json.dumps((seq, number, connector_id, stamp, message_id), separators=(",", ":"))
        return head[:-1] + "," + text + "]"

    def _nearly_full(self):
        status = self._fs.statvfs("/")
        return status[3] < max(_RESERVE_BLOCKS_MIN, status[2] >> _RESERVE_SHIFT)

    def _make_room(self):
        """Free the room of one batch at least; False if that cannot be done."""
        made = False
        # Two steps at most: each may stop the world for a sector erase.
        for _ in range(2):
            dropped = self._aligned.drop_oldest() or self._periodic.thin()
            if not dropped:
                break
            made = True
            self.dropped += dropped
            if not self._nearly_full():
                break
        return made

    def _thin_ram(self):
        kept = thinned(self._ram)
        # Nothing but first and last values: the oldest goes, the queue has an end.
        self._keep(kept[1:] if len(kept) >= _RAM_SAMPLES_MAX else kept)

    def _drop_aligned(self):
        self._keep([entry for entry in self._ram if not entry[_ALIGNED]])

    def _keep(self, entries):
        self.dropped += len(self._ram) - len(entries)
        self._ram = entries
        self._chars = sum(len(entry[_TEXT]) for entry in entries)
