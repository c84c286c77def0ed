"""The answer to GetConfiguration (OCPP 1.6 5.8): some keys at once, all of them bit by bit."""

import json

from micropython import const

_ROWS = const(4)


def entry(row):
    """Return the KeyValue (7.29) of a row of config.describe()."""
    name, readonly, text = row
    if text is None:
        # A write-only key (a password) is listed without its value.
        return {"key": name, "readonly": readonly}
    return {"key": name, "readonly": readonly, "value": text}


def everything(config):
    """Return a function that yields the answer with all keys, as texts that are its JSON one after
    the other: at once it would take three times the heap. Each call makes them anew."""

    def texts():
        before = '{"configurationKey":['
        some = []
        for row in config.everything():
            some.append(entry(row))
            if len(some) == _ROWS:
                yield before + _inner(some)
                before = ","
                some = []
        if some:
            yield before + _inner(some)
        yield "]}"

    return texts


def _inner(rows):
    return json.dumps(rows, separators=(",", ":"))[1:-1]
