"""The transactions that are not settled yet: their records on flash, and the order of messages.

One record, one file, `/tx/<number>`, replaced in place: after a power cut a transaction is known
as it was before a step or after it, never in between. Meter data for StopTransaction.req, which
can be long, lies beside it in `/td/<number>`, written before the record that refers to it.

Only running transactions are objects in RAM. Of the others two small numbers per message are: its
place in the order and the number of its transaction.
"""

from firmware.ocpp.tx_record import START_WAITING, decode, encode
from kvstore import KvStore
from micropython import const

import ticks

_RETRY_MS = const(10_000)
# By how much a record may grow until its transaction is settled: its stop (91 bytes at most), the
# id that the central system gives (7), digits of energy and time.
_GROWS = const(120)


class TxLedger:
    """Records and order. `flash_errors` counts failed accesses, `unreadable` lost records."""

    def __init__(self, fs, clock):
        self._clock = clock
        self._records = KvStore(fs, "/tx")
        self._data = KvStore(fs, "/td")
        self._cached = None
        # What the flash refused; tried again, and right in RAM meanwhile.
        self._unsaved = []
        self._unremoved = []
        self._retry = ticks.Deadline()
        # The order: seq, and twice the number of the transaction plus one for a stop.
        self._seqs = []
        self._refs = []
        self.running = []
        self.flash_errors = 0
        self.unreadable = 0

    @property
    def count(self):
        """Starts and stops that wait to be delivered."""
        return len(self._seqs)

    def recover(self, now):
        """Read all records, once at boot. Returns the highest seq found, or 0. Raises OSError.

        A record that cannot be read stays on the flash, untouched, and its number is not used.
        """
        last = 0
        messages = []
        for key in self._records.keys():
            if not key.isdigit():
                continue
            last = max(last, int(key))
            tx = self.get(int(key))
            if tx is None:
                self.unreadable += 1
                continue
            if tx.start_state == START_WAITING:
                messages.append((tx.number, tx.number * 2))
            if tx.stop is None:
                tx.recovered = True
                tx.saved_at = now
                self.running.append(tx)
            else:
                messages.append((tx.stop.seq, tx.number * 2 + 1))
                last = max(last, tx.stop.seq)
        for seq, ref in sorted(messages):
            self._seqs.append(seq)
            self._refs.append(ref)
        self.running.sort(key=lambda tx: tx.number)
        self._remove_orphans()
        return last

    def create(self, now, tx):
        """Write the first record of a transaction. Raises OSError; then there is none."""
        # Blanks prove that the directory has room for the stop too, and for those of the others
        # that run: on a flash that is full by then each replaces its record without a new block.
        room = b" " * (_GROWS * (len(self.running) + 1))
        try:
            self._records.set(str(tx.number), encode(tx) + room)
        except OSError:
            self.flash_errors += 1
            self._remove_file(now, self._records, tx.number)
            raise
        self.running.append(tx)
        self._append(tx.number, tx.number * 2)

    def save(self, now, tx):
        """Write the record again. Returns False if the flash refused it; it is tried again."""
        tx.saved_at = now
        tx.saved_wh = tx.energy_wh
        try:
            self._write(tx)
        except OSError:
            self.flash_errors += 1
            if tx not in self._unsaved:
                self._unsaved.append(tx)
            self._retry_later(now)
            return False
        if tx in self._unsaved:
            self._unsaved.remove(tx)
        return True

    def finish(self, now, tx, data):
        """A transaction has got its `stop`. data: text for StopTransaction.req, empty for none."""
        if data:
            try:
                self._data.set(str(tx.number), data.encode())
                tx.stop.has_data = True
            except OSError:
                # Optional by the standard: the bill does not need it.
                self.flash_errors += 1
        self.save(now, tx)
        self.running.remove(tx)
        self._cached = tx
        self._append(tx.stop.seq, tx.number * 2 + 1)

    def remove(self, now, tx):
        """The stop is delivered or given up: forget the transaction."""
        self._cached = None
        if tx in self._unsaved:
            self._unsaved.remove(tx)
        # The record first: data without a record is found at the next boot, see recover.
        self._remove_file(now, self._records, tx.number)
        if tx.stop.has_data:
            self._remove_file(now, self._data, tx.number)

    def get(self, number):
        """Return a transaction; None if it is settled, or cannot be read."""
        for group in (self.running, self._unsaved):
            for tx in group:
                if tx.number == number:
                    return tx
        if self._cached is None or self._cached.number != number:
            self._cached = self._load(number)
        return self._cached

    def data(self, tx):
        """Return the text kept for StopTransaction.req, or None."""
        try:
            return self._data.get(str(tx.number)) if tx.stop.has_data else None
        except OSError:
            self.flash_errors += 1
            return None

    def first(self):
        """Return (seq, number, is_stop) of the oldest message, or None."""
        if not self._seqs:
            return None
        return self._seqs[0], self._refs[0] >> 1, self._refs[0] & 1 == 1

    def pop(self):
        """Forget the oldest message."""
        self._seqs.pop(0)
        self._refs.pop(0)

    def tick(self, now):
        """Try again what the flash refused before."""
        if not self._retry.expired(now):
            return
        self._retry.stop()
        for tx in list(self._unsaved):
            self.save(now, tx)
        pending = self._unremoved
        self._unremoved = []
        for store, number in pending:
            self._remove_file(now, store, number)

    def _append(self, seq, ref):
        assert not self._seqs or self._seqs[-1] < seq
        self._seqs.append(seq)
        self._refs.append(ref)

    def _write(self, tx):
        # An uptime means nothing after a reboot: as a wall time it does.
        if self._clock.known:
            tx.start_stamp = self._wall(tx.start_stamp)
            tx.last_stamp = self._wall(tx.last_stamp)
            if tx.stop is not None:
                tx.stop.stamp = self._wall(tx.stop.stamp)
        self._records.set(str(tx.number), encode(tx))

    def _wall(self, stamp):
        return (0,) + self._clock.resolve(stamp) if stamp[0] else stamp

    def _load(self, number):
        try:
            value = self._records.get(str(number))
            return None if value is None else decode(value)
        except (OSError, ValueError):
            return None

    def _remove_file(self, now, store, number):
        try:
            store.delete(str(number))
        except OSError:
            self.flash_errors += 1
            self._unremoved.append((store, number))
            self._retry_later(now)

    def _retry_later(self, now):
        if not self._retry.running:
            self._retry.start(now, _RETRY_MS)

    def _remove_orphans(self):
        for key in self._data.keys():
            tx = self.get(int(key)) if key.isdigit() else None
            if tx is None or tx.stop is None or not tx.stop.has_data:
                self._data.delete(key)
