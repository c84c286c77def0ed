"""What the central system answers, and how a test replaces it."""

import datetime
from dataclasses import dataclass

NO_ANSWER = object()  # the message arrived and is booked; the answer never leaves


class CallError(Exception):
    """A CALLERROR, received or to be sent."""

    def __init__(self, code, description="", details=None):
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description
        self.details = details or {}


@dataclass
class Delayed:
    """An answer that leaves after `seconds`; `answer` as anywhere, {} for the ordinary one."""

    seconds: float
    answer: object = None


class Overrides:
    """Replacements of the ordinary answers, per action, in the order in which they were given."""

    def __init__(self):
        self._rules = {}

    def add(self, action, answer, times=None):
        """Replace the answer to `action`: the next `times` times, or until `clear`.

        answer: a dict is merged over the ordinary answer; CallError, NO_ANSWER, Delayed; or a
        function of (cp, payload) that returns one of these, or None for the ordinary answer.
        """
        self._rules.setdefault(action, []).append([answer, times])

    def clear(self, action=None):
        """Forget the replacements of one action, or all."""
        if action is None:
            self._rules.clear()
        else:
            self._rules.pop(action, None)

    def take(self, cp, action, payload):
        """The replacement for this CALL, or None."""
        rules = self._rules.get(action)
        if not rules:
            return None
        rule = rules[0]
        if rule[1] is not None:
            rule[1] -= 1
            if rule[1] <= 0:
                rules.pop(0)
        return rule[0](cp, payload) if callable(rule[0]) else rule[0]


class Tags:
    """Which id tags may charge.

    accept: only these (None: all that are not rejected); reject: these never. `info` maps a tag to
    a whole idTagInfo and goes before both.
    """

    def __init__(self, accept=None, reject=()):
        self.accept = None if accept is None else {tag.lower() for tag in accept}
        self.reject = {tag.lower() for tag in reject}
        self.info = {}

    def look_up(self, tag):
        """The idTagInfo of a tag. OCPP 1.6 7.28: CiString, so case does not count."""
        for known, info in self.info.items():
            if known.lower() == tag.lower():
                return dict(info)
        if tag.lower() in self.reject:
            return {"status": "Blocked"}
        if self.accept is not None and tag.lower() not in self.accept:
            return {"status": "Invalid"}
        return {"status": "Accepted"}


def utc_now():
    """The present moment as OCPP writes it."""
    now = datetime.datetime.now(datetime.UTC)
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ordinary(action, payload, tags, interval_s):
    """The ordinary answer to a CALL, except for the transaction id."""
    if action == "BootNotification":
        return {"status": "Accepted", "currentTime": utc_now(), "interval": interval_s}
    if action == "Heartbeat":
        return {"currentTime": utc_now()}
    if action in ("Authorize", "StartTransaction"):
        return {"idTagInfo": tags.look_up(payload["idTag"])}
    if action == "StopTransaction" and "idTag" in payload:
        return {"idTagInfo": tags.look_up(payload["idTag"])}
    if action == "DataTransfer":
        return {"status": "UnknownVendorId"}
    if action == "SignCertificate":
        return {"status": "Rejected"}
    return {}
