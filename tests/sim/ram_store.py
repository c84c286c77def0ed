"""A store of small records in RAM, with the interface of lib/kvstore.py; it can run full."""


class RamStore:
    """Records by key. `full` makes every write fail as a full flash does."""

    def __init__(self):
        self.records = {}
        self.writes = 0
        self.full = False

    def get(self, key):
        """Return the record or None."""
        return self.records.get(key)

    def set(self, key, data):
        """Keep a record; raises OSError when full."""
        if self.full:
            raise OSError(28)
        self.records[key] = data
        self.writes += 1

    def delete(self, key):
        """Forget a record, if there is one."""
        self.records.pop(key, None)

    def keys(self):
        """Return the keys of all records."""
        return list(self.records)
