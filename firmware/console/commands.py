"""The console: takes a line apart, finds the command, writes down what it returns.

A command is `handler(console, words)` with the words behind its name. It raises ConsoleError with
one sentence that names the remedy, or returns a list: of texts, which are lines; of pairs (name,
value), where a value may be a list again; or of checks (verdict, name, figure, remedy). So the
same answer serves a person and, with `--json`, a tool.
"""

import gc
import json

from firmware.console.configure import ConsoleError, config, nearest, ocpp, wifi

# name|arguments|what it does|example, if it is not the name. What `help` shows, in this order.
TABLE = """
help|[COMMAND]|this list; one command with an example|help wifi
status||what the box is doing|status --json
why||what keeps it from charging, worst first|
doctor||checks all parts; attach it to a question|
config|get [KEY], set KEY VALUE, reset KEY, export, import [--dry-run]|all settings|config set InstallationCurrentMax 16
wifi|[SSID [PASSWORD]]|the network, on trial|wifi "My net" "its password"
ocpp|[url URL id ID profile 0..2 key KEY], keep, revert|the central system, on trial|ocpp url ws://10.0.0.1/ocpp id BOX-1
card|[learn]|the id of the next card|card learn
meter|probe [ADDRESSES]|finds its type, address and baud, in 10 s to 2 min an address; not while a car charges, `cancel` ends it|meter probe 1-5,10
log||the last messages|
mem||the heap|
time||UTC and uptime|
update||how to update the firmware|
reboot||restarts when running sessions have ended|
factory-reset|yes|all settings and lists to their defaults|factory-reset yes
"""  # noqa: E501  a row is a line
_UNKNOWN = "no command %s%s; `help` lists all"
_CHECK = ("verdict", "name", "figure", "remedy")
_LEARN_MS = 30000
# What a search takes of the heap; 9 KB are its code where that is not executed in place.
_METER_BYTES = 16000
_FULL = "needs %d bytes of heap, %d are free: take tests/device/meter_probe.py"


class Console:
    """One person's or tool's console. `taking`: what is under way and takes the next lines.

    That has `take(line)`, which returns what a command does or None, `as_json`, and `prompt`,
    empty if it tells more by itself: then somebody asks it with empty lines.

    With `app` it finds all the rest: see firmware/app.py.
    """

    def __init__(self, app):
        self.app = app
        self.taking = None
        self.line = ""
        self.as_json = False

    @property
    def now(self):
        """The moment, ticks."""
        return self.app.board.ticks_ms()

    def run(self, line):
        """Carry out one line; yields the lines of the answer."""
        taking = self.taking
        line = line.strip()
        as_json = taking.as_json if taking else line.endswith(" --json")
        try:
            if taking:
                items = taking.take(line)
            else:
                self.as_json = as_json
                # Only at the end: elsewhere it may be part of a secret.
                items = self._command(line[:-7].strip() if as_json else line)
            if as_json and items is not None:
                items = (_json(items),)
        except ConsoleError as error:
            text = str(error)
            items = (json.dumps({"ok": False, "error": text}) if as_json else "error: " + text,)
        # A full heap or flash; what a person reads of it says the caller.
        except (MemoryError, OSError) as error:
            if not as_json:
                raise
            items = (json.dumps({"ok": False, "error": "it failed (%r): try again" % error}),)
        for item in items or ():
            if isinstance(item, str):
                yield item
            elif len(item) == 2:
                yield "%-14s %s" % (item[0], _text(item[1]))
            else:
                yield "%-4s %-14s %s" % item[:3]
                if item[3]:
                    yield "     -> " + item[3]

    def _command(self, line):
        if line.count('"') % 2:
            raise ConsoleError('a " is missing')
        words = []
        for index, part in enumerate(line.split('"')):
            words += [part] if index % 2 else part.split()
        if not words:
            return None
        name = words[0].lower()
        handler = _HANDLERS.get(name)
        if handler is None:
            # Behind a = may be a secret, out of an import.
            name = name.split("=")[0]
            raise ConsoleError(_UNKNOWN % (name, nearest(name, sorted(_HANDLERS))))
        # A slip must not restart the box: a command without arguments takes none.
        if len(words) > 1 and "\n%s||" % name in TABLE:
            raise ConsoleError("%s stands alone" % name)
        self.line = line
        return handler(self, words[1:])


def _help(_console, words):
    rows = [row.split("|") for row in TABLE.strip().split("\n")]
    if not words:
        return ["%-14s %s" % (row[0], row[2]) for row in rows]
    for name, usage, text, example in rows:
        if name == words[0]:
            return ["%s %s" % (name, usage), text, "example: " + (example or name)]
    raise ConsoleError(_UNKNOWN % (words[0], ""))


def _status(console, _words):
    app = console.app
    now = console.now
    rows = [
        ("firmware", app.identity["firmwareVersion"]),
        ("uptime_s", app.clock.uptime_s(now)),
        ("url", app.access.url),
        ("online", app.client.online),
        ("registration", app.client.registration),
        ("queue", app.transactions.pending),
    ]
    for connector in app.station.connectors:
        meter = connector.meter
        transaction = connector.transaction
        rows.append(("connector %d" % connector.id, [
            ("status", connector.status),
            ("pilot", connector.cp_name),
            ("contactor", connector.guard.closed),
            ("limit_ma", connector.limit_ma),
            ("power_w", meter.power_w),
            ("energy_wh", connector.energy.register_wh),
            ("transaction", transaction.transaction_id if transaction else None),
        ]))
    return rows


def why(connector):
    """Return what keeps energy from flowing, worst first, as texts: the one place to ask."""
    return connector.why()


def _why(console, _words):
    return [("connector %d" % connector.id, why(connector) or ["nothing"])
            for connector in console.app.station.connectors]


def _doctor(console, _words):
    # Apart, since it is the largest and the rarest.
    from firmware.console.doctor import Report

    return Report(console.app, console.now).rows


def _card(console, words):
    app = console.app
    if words == ["learn"]:
        app.learned = None
        app.learn.start(console.now, _LEARN_MS)
        return ["show it within 30 s, then `card`"]
    left_ms = app.learn.left(console.now)
    return [("card", app.learned), ("waiting_s", (left_ms or 0) // 1000)]


def _meter(console, words):
    if hasattr(gc, "mem_free"):
        gc.collect()
        if gc.mem_free() < _METER_BYTES:
            raise ConsoleError(_FULL % (_METER_BYTES, gc.mem_free()))
    from firmware.console.meter import meter

    return meter(console, words)


def _log(console, _words):
    return ["%s %s: %s" % ("EWID"[line[0]], line[1], line[2]) for line in console.app.log.lines()]


def _mem(_console, _words):
    if not hasattr(gc, "mem_free"):
        return []
    gc.collect()
    return [("free", gc.mem_free()), ("used", gc.mem_alloc())]


def _time(console, _words):
    clock = console.app.clock
    now = console.now
    return [
        ("utc", clock.text(clock.stamp(now)) if clock.known else None),
        ("uptime_s", clock.uptime_s(now)),
        ("boot", clock.boot),
    ]


def _update(_console, _words):
    return [
        "not built: this firmware cannot update itself",
        "today: `make deploy BOARD=... PORT=...` by USB while no EV charges; settings stay",
    ]


def _reboot(console, _words):
    console.app.station.reset(console.now, False, "Reboot")
    return ["restarts when running sessions have ended"]


def _factory_reset(console, words):
    if words != ["yes"]:
        raise ConsoleError("it erases all but transactions and meter: `factory-reset yes`")
    app = console.app
    if not app.station.at_rest:
        raise ConsoleError("a transaction runs: end it first")
    app.authorizer.clear_cache(console.now)
    if app.local_list:
        app.local_list.put_in_use(None, 0, 0)
    if app.smart_charging:
        app.smart_charging.clear(None, None, None, None)
    app.access.change(console.now, (), True)
    return ["set InstallationCurrentMax, then StorageLost to false: before, it does not charge"
            ] + _reboot(console, ())


_HANDLERS = {
    "help": _help,
    "status": _status,
    "why": _why,
    "doctor": _doctor,
    "config": config,
    "wifi": wifi,
    "ocpp": ocpp,
    "card": _card,
    "meter": _meter,
    "log": _log,
    "mem": _mem,
    "time": _time,
    "update": _update,
    "reboot": _reboot,
    "factory-reset": _factory_reset,
}


def _has_pairs(value):
    return isinstance(value, list) and len(value) > 0 and isinstance(value[0], tuple)


def _text(value):
    if _has_pairs(value):
        return ", ".join(["%s %s" % (name, _text(item)) for name, item in value])
    if isinstance(value, list):
        return "; ".join([_text(item) for item in value]) or "-"
    if value is True or value is False:
        return "yes" if value else "no"
    return "-" if value is None or value == "" else str(value)


def _json(items):
    answer = {"ok": True}
    for item in items:
        if isinstance(item, str):
            answer.setdefault("lines", []).append(item)
        elif len(item) == 2:
            answer[item[0]] = dict(item[1]) if _has_pairs(item[1]) else item[1]
        else:
            answer.setdefault("checks", []).append(dict(zip(_CHECK, item)))
    return json.dumps(answer)
