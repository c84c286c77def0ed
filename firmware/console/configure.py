"""The commands that change settings: `config`, `wifi`, `ocpp`. All of them end in `_carry_out`.

Secrets go in and never come out: a key that is write-only shows as a mask, and the mask is what
an import may give back to leave the secret as it is.
"""

_MASK = "********"
_LINES_MAX = 120
_TOO_MANY = "more than 120 lines"
_NO_ROW = ("", "", "")
_SEE = "not so; see `help %s`%s"
_TRIAL = "on trial: the old settings come back in %d s unless the central system answers"


class ConsoleError(Exception):
    """The line cannot be carried out; the text says why, and what to do."""


def nearest(word, names):
    """Return " (did you mean NAME?)" for the name that looks like `word`, "" if none does."""
    word = word.lower()
    best, least = "", 4
    for name in names:
        other = name.lower()
        distance = 4
        if len(word) > 3 and word in other:
            distance = 0
        elif other[:1] == word[:1] and abs(len(other) - len(word)) < 4:
            distance = _distance(word.encode(), other.encode())
        if distance < least:
            best, least = " (did you mean %s?)" % name, distance
    return best


def _distance(one, other):
    row = list(range(len(other) + 1))
    for byte in one:
        above = row
        row = [above[0] + 1]
        for place, wanted in enumerate(other):
            row.append(min(above[place] + (byte != wanted), above[place + 1] + 1, row[place] + 1))
    return row[-1]


def _all(app):
    """Yield (registry, row) of every key."""
    for registry in (app.config, app.access.config):
        for row in registry.rows():
            yield registry, row


def _find(app, name):
    """Return (registry, row) of a key. Raises ConsoleError."""
    for registry in (app.config, app.access.config):
        row = registry.row(name)
        if row:
            return registry, row
    names = [row[0] for _, row in _all(app)]
    name = name.split("=")[0]
    raise ConsoleError("no key %s%s; `config get` lists all" % (name, nearest(name, names)))


def _shown(registry, row):
    """Return a value for people, secrets masked."""
    if row[2][0] == "w":
        return _MASK if registry.get(row[0]) else ""
    return registry.text(row[0])


def _step(app, name, text):
    """Return (name, text, line that tells it) of a change, None if it is none. Raises
    ConsoleError."""
    registry, row = _find(app, name)
    name = row[0]
    is_secret = row[2][0] == "w"
    old = registry.get(name) if is_secret else registry.text(name)
    if text == old or is_secret and text == _MASK:
        return None
    if registry.set(name, text, True) == "Rejected":
        if row[2] == "r":
            fault = "can only be read"
        elif row[1] == "bool":
            fault = "must be true or false"
        elif row[1] == "int":
            fault = "must be a whole number from %d to %d" % row[4:6]
        elif row[1] == "text":
            fault = "must have %d to %d characters" % row[4:6] if len(row) > 5 else (
                "takes: " + row[4] if row[4] else "is too long")
        else:
            fault = "must list what this board has, with commas, as now: " + old
        raise ConsoleError(name + " " + fault)
    line = ": is changed" if is_secret else ": %s -> %s" % (old, text)
    return name, text, name + line + (" after `reboot`" if "!" in row[2] else "")


def _judge(console, pairs, wrong):
    """Return the changes that `pairs` make, as from `_step`. Raises ConsoleError that has all that
    is wrong, after what is in the list `wrong`."""
    steps = []
    for name, text in pairs:
        try:
            step = _step(console.app, name, text)
            if step:
                steps.append(step)
        except ConsoleError as error:
            wrong.append(str(error))
    fault = None if wrong else _conflict(console.app, {step[0]: step[1] for step in steps})
    if wrong or fault:
        raise ConsoleError("%s; nothing is changed" % (fault or "; ".join(wrong)))
    return steps


def _conflict(app, changes):
    """Return why the settings of the connection cannot work together, None if they can."""
    access = app.access
    url = changes.get("OcppUrl", access.url)
    identity = changes.get("OcppIdentity", access.identity)
    if not url or not [name for name in changes if access.config.row(name)]:
        return None
    if (url, identity) != (access.url, access.identity) and not app.station.at_rest:
        # Its end belongs to the central system that has its beginning.
        return "a transaction runs: end it first"
    try:
        is_tls = app.split_url(url)[0]
    except ValueError as error:
        return str(error)
    profile = int(changes.get("SecurityProfile", access.config.get("SecurityProfile")))
    if profile == 3:
        return "profile 3 needs a client certificate, which is not built: take 2"
    if profile and is_tls != (profile == 2):
        return "profile 1 goes with ws://, 2 with wss://: change one"
    if profile and not changes.get("OcppKey", access.config.get("OcppKey")):
        return "profile %d needs a key: set it too" % profile
    if is_tls and not access.ca:
        return "wss:// needs a certificate: `make provision` with ca_file"
    return None if identity else "set the id of the box too"


def _carry_out(console, steps):
    """Set all or nothing; returns lines."""
    app = console.app
    if not steps:
        return ["nothing to change"]
    lines = [step[2] for step in steps]
    if app.access.change(console.now, [step[:2] for step in steps]):
        app.reconnect()
        if app.access.trial.running:
            lines.append(_TRIAL % app.access.config.get("TrialTime"))
    return lines


def _set_all(console, pairs):
    return _carry_out(console, _judge(console, pairs, []))


class _Import:
    """Lines `key = value` up to `end`; nothing is changed before all are good."""

    prompt = b"import> "

    def __init__(self, console, is_dry):
        self.as_json = console.as_json
        self._console = console
        self._is_dry = is_dry
        self._pairs = []
        self._wrong = []
        self._count = 0

    def take(self, line):
        """Take a line; returns the answer, None until the last one."""
        if line in ("end", "abort"):
            self._console.taking = None
            return self._end() if line == "end" else ["nothing is changed"]
        self._count += 1
        name, separator, text = line.partition("=")
        name = name.strip()
        if not line or line[0] == "#":
            return None
        if self._count > _LINES_MAX:
            # Once: what is wrong with a wrong file must not fill the heap.
            if _TOO_MANY not in self._wrong:
                self._wrong.append(_TOO_MANY)
        elif not separator:
            self._wrong.append("line %d: not `key = value`" % self._count)
        elif "?" in (self._console.app.config.row(name) or _NO_ROW)[2]:
            self._wrong.append("%s: only by `config set`" % name)
        else:
            self._pairs.append((name, text.strip()))
        return None

    def _end(self):
        steps = _judge(self._console, self._pairs, self._wrong)
        if not self._is_dry:
            return _carry_out(self._console, steps)
        return [step[2] for step in steps] + ["dry run: nothing is changed"]


def config(console, words):
    """Carry out `config`."""
    action = words[0] if words else "?"
    words = words[1:]
    app = console.app
    if action == "export":
        return _export(app)
    if action == "import" and words in ([], ["--dry-run"]):
        console.taking = _Import(console, len(words) > 0)
        return ["now lines `key = value`, then `end` or `abort`"]
    if action == "get":
        found = [_find(app, words[0])] if words else _all(app)
        return ((row[0], _shown(registry, row)) for registry, row in found)
    if action == "set" and len(words) > 1:
        text = console.line.split(None, 3)[3]
        if '"' not in text:
            return _set_all(console, [(words[0], text)])
        if len(words) == 2:
            return _set_all(console, [words])
    if action == "reset" and words:
        registry, row = _find(app, words[0])
        own = registry is app.access.config
        text = app.access.given(row[0]) if own else str(row[3])
        return _set_all(console, [(row[0], text.lower() if row[1] == "bool" else text)])
    names = ("get", "set", "reset", "export", "import")
    raise ConsoleError(_SEE % ("config", nearest(action, names)))


def _export(app):
    # One by one: all at once would take more heap than the console itself.
    yield "# " + app.access.identity
    for registry, row in _all(app):
        if row[2][-1] not in "?r":
            yield "%s = %s" % (row[0], _shown(registry, row))


def wifi(console, words):
    """Carry out `wifi`: the network's name and password."""
    names = ("WifiSsid", "WifiPassword")
    if len(words) > 2:
        raise ConsoleError(_SEE % ("wifi", ""))
    return _set_all(console, list(zip(names, words))) if words else _values(console, names)


_OCPP = (("url", "OcppUrl"), ("id", "OcppIdentity"), ("profile", "SecurityProfile"),
         ("key", "OcppKey"))


def ocpp(console, words):
    """Carry out `ocpp`: where the central system is, and what is on trial."""
    app = console.app
    access = app.access
    if not words:
        left_ms = access.trial.left(console.now)
        return _values(console, [row[1] for row in _OCPP]) + [
            ("trial_s", None if left_ms is None else left_ms // 1000),
            ("trial", access.ended),
        ]
    if words[0] in ("keep", "revert"):
        if not access.trial.running:
            raise ConsoleError("nothing is on trial")
        if words[0] == "keep":
            access.keep()
        else:
            access.revert("taken back by hand")
            app.reconnect()
        return ["done"]
    names = dict(_OCPP)
    for word in words[::2]:
        if word not in names or len(words) % 2:
            raise ConsoleError(_SEE % ("ocpp", nearest(word, names)))
    return _set_all(console, [(names[word], text) for word, text in zip(words[::2], words[1::2])])


def _values(console, names):
    registry = console.app.access.config
    return [(name, _shown(registry, registry.row(name))) for name in names]
