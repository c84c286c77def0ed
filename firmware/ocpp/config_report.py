"""The answer to GetConfiguration (OCPP 1.6 5.8): some keys at once, all of them bit by bit."""

import json

from micropython import const

_ROWS = const(3)
_WHOLE_BYTES = const(12_000)


def entry(row):
    """Return the KeyValue (7.29) of a row of config.describe()."""
    name, readonly, text = row
    if text is None:
        # A write-only key (a password) is listed without its value.
        return {"key": name, "readonly": readonly}
    return {"key": name, "readonly": readonly, "value": text}


def everything(config):
    """Return the answer with all keys; where the heap has no hole for three times its length, a
    function that yields the texts that are its JSON one after the other, at each call anew."""
    try:
        if bytearray(_WHOLE_BYTES):
            return {"configurationKey": [entry(row) for row in config.page()]}
    except MemoryError:
        pass

    def texts():
        text = '{"configurationKey":['
        first = 0
        while text:
            yield text
            rows = config.page(first, _ROWS)
            text = _inner([entry(row) for row in rows])
            if first and text:
                text = "," + text
            first += _ROWS
        yield "]}"

    return texts


def _inner(rows):
    return json.dumps(rows, separators=(",", ":"))[1:-1]
