"""The trace file: what happened in the VM, one JSON object a line, complete up to any crash."""

import json


class Trace:
    """Appends events to a file, or does nothing when `path` is None. A context manager."""

    def __init__(self, path, redactor):
        self._redactor = redactor
        self._file = open(path, "a", encoding="utf-8") if path else None

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        if self._file:
            self._file.close()

    def write(self, event):
        """Append one event (a dict) and flush it: a killed host loses nothing."""
        if self._file is None:
            return
        if event.get("event") == "frame" and isinstance(event.get("text"), str):
            event = dict(event, text=self._redactor.frame(event["text"]))
        line = json.dumps(event, separators=(",", ":"))
        self._file.write(self._redactor.text(line) + "\n")
        self._file.flush()
