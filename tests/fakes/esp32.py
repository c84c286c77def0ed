"""Stands in for `esp32`: the NVS as a dictionary, `stored`; what is not committed is `pending`."""

stored = {}


class NVS:
    """A namespace."""

    def __init__(self, name):
        assert len(name) <= 15
        self._pending = {}

    def get_i32(self, key):
        if key in self._pending:
            return self._pending[key]
        if key not in stored:
            raise OSError("ESP_ERR_NVS_NOT_FOUND")
        return stored[key]

    def set_i32(self, key, value):
        assert len(key) <= 15
        assert -0x80000000 <= value < 0x80000000
        self._pending[key] = value

    def commit(self):
        stored.update(self._pending)
        self._pending.clear()
