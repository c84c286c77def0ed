"""The installed charging profiles: records on flash, one small file each, and an index in RAM.

The index has a tuple of seven small integers per profile; the record, up to 284 bytes with 30
periods, is read when its turn comes. A record is replaced as a whole, so after a power cut the old
or the new profile is there. What is in a record: ocpp16.charging_profile.
"""

from micropython import const
from ocpp16 import charging_profile

# Places in an entry of the index.
PURPOSE = const(0)
STACK = const(1)
CONNECTOR = const(2)
ID = const(3)
TRANSACTION = const(4)
_SERIAL = const(5)
SLOT = const(6)


class ProfileStore:
    """`index`: entries, the prevailing ones first: by purpose, then highest stack level, then
    those of one connector before those of all. Methods raise OSError of the flash."""

    def __init__(self, records):
        """`records`: a key/value store of its own."""
        self._records = records
        self._serial = 0
        self.index = []

    def load(self):
        """Read what the last run left. Unreadable records are removed. Returns when the newest
        was received: it is later than that."""
        newest = 0
        for key in self._records.keys():
            data = self._records.get(key)
            row = charging_profile.describe(data)
            if row is None:
                self._records.delete(key)
                continue
            newest = max(newest, charging_profile.received(data))
            entry = row + (int(key),)
            self._serial = max(self._serial, entry[_SERIAL])
            # A cut between the two steps of `put` leaves what is already replaced: newest wins.
            rivals = self._replaced_by(entry)
            if [old for old in rivals if old[_SERIAL] > entry[_SERIAL]]:
                self._records.delete(key)
                continue
            for old in rivals:
                self._remove(old)
            self.index.append(entry)
        self._sort()
        return newest

    def replaced_by(self, data, connector_id):
        """Return the number of profiles that a record would replace on a connector."""
        row = list(charging_profile.describe(data))
        row[CONNECTOR] = connector_id
        return len(self._replaced_by(row))

    def put(self, data, connector_id, transaction, received):
        """Install a record; it replaces what OCPP 1.6 5.16 says. It is safe on return.

        transaction: local number of the one a TxProfile belongs to, else 0; received: seconds
        since 2000, 0 if unknown.
        """
        self._serial += 1
        charging_profile.place(data, connector_id, transaction, self._serial, received)
        row = charging_profile.describe(data)
        replaced = self._replaced_by(row)
        slot = replaced[0][SLOT] if replaced else self._free_slot()
        self._records.set(str(slot), bytes(data))
        if replaced:
            self.index.remove(replaced[0])
        self.index.append(row + (slot,))
        self._sort()
        for old in replaced[1:]:
            self._remove(old)

    def read(self, entry):
        """Return the record of an entry, None if the flash has lost it."""
        try:
            data = self._records.get(str(entry[SLOT]))
        except OSError:
            return None
        return data if charging_profile.describe(data) else None

    def remove_if(self, condition):
        """Remove every profile whose entry fulfils `condition(entry)`; returns how many."""
        removed = 0
        for entry in list(self.index):
            if condition(entry):
                self._remove(entry)
                removed += 1
        return removed

    def _remove(self, entry):
        self._records.delete(str(entry[SLOT]))
        self.index.remove(entry)

    def _replaced_by(self, row):
        return [entry for entry in self.index if _replaces(row, entry)]

    def _free_slot(self):
        slot = 0
        taken = [entry[SLOT] for entry in self.index]
        while slot in taken:
            slot += 1
        return slot

    def _sort(self):
        self.index.sort(key=_order)


def _replaces(new, old):
    # 5.16: the same purpose and stack level (on its connector), or the same chargingProfileId.
    if new[PURPOSE] != old[PURPOSE]:
        return new[ID] == old[ID]
    if new[CONNECTOR] == old[CONNECTOR]:
        return new[ID] == old[ID] or new[STACK] == old[STACK]
    # evcc gives one id to the profiles of all connectors. To take 5.16 by the letter here would
    # lift the limit of the other connector, so both stay; ClearChargingProfile removes both.
    return new[ID] == old[ID] and not (new[CONNECTOR] and old[CONNECTOR])


def _order(entry):
    return entry[PURPOSE], -entry[STACK], -entry[CONNECTOR]
