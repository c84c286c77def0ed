"""Keeps passwords out of everything that the simulator prints or writes."""

import json

_MASK = "********"
_LENGTH_MIN = 4  # a shorter "secret" would blot out half of every line


class Redactor:
    """Blots out the known secrets, and keys that the central system sets at run time."""

    def __init__(self, secrets):
        self._secrets = [text for text in secrets if len(text) >= _LENGTH_MIN]

    def text(self, text):
        """`text` without any secret of this run."""
        for secret in self._secrets:
            # As JSON writes it, too: a quote in the password is escaped there.
            text = text.replace(secret, _MASK).replace(json.dumps(secret)[1:-1], _MASK)
        return text

    def frame(self, text):
        """An OCPP frame without secrets; a new AuthorizationKey keeps its place, not its value."""
        if "AuthorizationKey" in text:
            text = _without_new_key(text)
        return self.text(text)


def _without_new_key(text):
    try:
        frame = json.loads(text)
        if frame[2] == "ChangeConfiguration" and "value" in frame[3]:
            frame[3]["value"] = _MASK
            return json.dumps(frame, separators=(",", ":"))
    except (ValueError, LookupError, TypeError, RecursionError):
        pass  # not a frame: whatever it is, it stays as it came
    return text
