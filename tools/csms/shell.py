"""Line commands for the person who runs the central system."""

import json
import sys
import threading

from tools.csms.answers import CallError


class UsageError(Exception):
    """The line is no command; the text says why."""


class Shell:
    """Carries out lines such as `remote-start 04A1B2C3`. say(text): where the result goes."""

    def __init__(self, central, say):
        self._central = central
        self._say = say
        self._chosen = None
        self._commands = {
            "help": (self._help, "this list"),
            "list": (self._list, "the charge points"),
            "use": (self._use, "ID: which charge point the commands go to"),
            "remote-start": (self._remote_start, "TAG [CONNECTOR]"),
            "remote-stop": (self._remote_stop, "[TRANSACTION]: the only running one if left out"),
            "config": (self._config, "[KEY [VALUE]]: read all, read one, set one"),
            "availability": (self._availability, "operative|inoperative [CONNECTOR]"),
            "unlock": (self._unlock, "[CONNECTOR]"),
            "reset": (self._reset, "soft|hard"),
            "clear-cache": (self._clear_cache, "forget the cards that were accepted"),
            "trigger": (self._trigger, "MESSAGE [CONNECTOR]"),
            "data": (self._data, "VENDOR [MESSAGE [TEXT]]: DataTransfer"),
            "books": (self._books, "all transactions, and what does not add up"),
            "raw": (self._raw, "ACTION JSON: any CALL"),
            "quit": (None, "end"),
        }

    @property
    def names(self):
        """The command words."""
        return list(self._commands)

    async def execute(self, line):
        """Carry out one line; returns False for `quit`."""
        words = line.split()
        if not words:
            return True
        if words[0] == "quit":
            return False
        if words[0] not in self._commands:
            self._say(f"unknown command '{words[0]}': try help")
            return True
        try:
            await self._commands[words[0]][0](words[1:])
        except UsageError as error:
            self._say(f"{words[0]}: {error}; {self._commands[words[0]][1]}")
        except (CallError, ConnectionError, TimeoutError, ValueError) as error:
            self._say(f"{words[0]}: {error}")
        return True

    async def _help(self, _words):
        for name, (_run, text) in self._commands.items():
            self._say(f"  {name:13} {text}")

    async def _list(self, _words):
        for cp, station in self._central.stations.items():
            link = "connected" if station.is_connected else "not connected"
            status = ", ".join(f"{n}: {text}" for n, text in sorted(station.status.items()))
            self._say(f"  {cp}: {link}; {status or 'no status yet'}")
        if not self._central.stations:
            self._say("  no charge point yet")

    async def _use(self, words):
        _need(words, 1, 1)
        if words[0] not in self._central.stations:
            raise UsageError(f"no charge point '{words[0]}'")
        self._chosen = words[0]

    async def _remote_start(self, words):
        _need(words, 1, 2)
        payload = {"idTag": words[0]}
        if len(words) > 1:
            payload["connectorId"] = _number(words[1])
        await self._call("RemoteStartTransaction", payload)

    async def _remote_stop(self, words):
        _need(words, 0, 1)
        if words:
            number = _number(words[0])
        else:
            running = self._central.books.open(self._cp())
            if len(running) != 1:
                raise UsageError(f"{len(running)} transactions run, name one")
            number = running[0].id
        await self._call("RemoteStopTransaction", {"transactionId": number})

    async def _config(self, words):
        if len(words) >= 2:
            await self._call(
                "ChangeConfiguration", {"key": words[0], "value": " ".join(words[1:])}
            )
            return
        answer = await self._ask("GetConfiguration", {"key": words} if words else {})
        for entry in answer.get("configurationKey", []):
            note = " (read only)" if entry["readonly"] else ""
            self._say(f"  {entry['key']} = {entry.get('value', '')}{note}")
        for key in answer.get("unknownKey", []):
            self._say(f"  {key} is unknown")

    async def _availability(self, words):
        _need(words, 1, 2)
        kind = _one_of(words[0], "Operative", "Inoperative")
        connector = _number(words[1]) if len(words) > 1 else 0
        await self._call("ChangeAvailability", {"connectorId": connector, "type": kind})

    async def _unlock(self, words):
        _need(words, 0, 1)
        await self._call("UnlockConnector", {"connectorId": _number(words[0]) if words else 1})

    async def _reset(self, words):
        _need(words, 1, 1)
        await self._call("Reset", {"type": _one_of(words[0], "Soft", "Hard")})

    async def _clear_cache(self, words):
        _need(words, 0, 0)
        await self._call("ClearCache", {})

    async def _trigger(self, words):
        _need(words, 1, 2)
        payload = {"requestedMessage": words[0]}
        if len(words) > 1:
            payload["connectorId"] = _number(words[1])
        await self._call("TriggerMessage", payload)

    async def _data(self, words):
        if not words:
            raise UsageError("needs a vendor")
        payload = {"vendorId": words[0]}
        if len(words) > 1:
            payload["messageId"] = words[1]
        if len(words) > 2:
            payload["data"] = " ".join(words[2:])
        await self._call("DataTransfer", payload)

    async def _books(self, _words):
        for line in describe(self._central.books):
            self._say(f"  {line}")

    async def _raw(self, words):
        if not words:
            raise UsageError("needs an action")
        payload = json.loads(" ".join(words[1:]) or "{}")
        if not isinstance(payload, dict):
            raise UsageError("the payload is no object")
        await self._call(words[0], payload)

    async def _call(self, action, payload):
        # The story tells question and answer; there is nothing to add here.
        await self._ask(action, payload)

    async def _ask(self, action, payload):
        return await self._central.call(self._cp(), action, payload)

    def _cp(self):
        if self._chosen:
            return self._chosen
        connected = self._central.connected()
        if not connected:
            raise UsageError("no charge point is connected")
        if len(connected) > 1:
            raise UsageError("several are connected: say `use ID` first")
        return connected[0]


def describe(books):
    """The books in plain lines."""
    lines = []
    for it in books.transactions.values():
        end = f"to {it.meter_stop} Wh: {it.energy_wh} Wh, {it.reason}" if it.stop else "and runs"
        lines.append(
            f"transaction {it.id}: {it.cp} connector {it.connector}, card {it.tag},"
            f" from {it.meter_start} Wh {end}"
        )
    lines += [f"anomaly {anomaly.code}: {anomaly.text}" for anomaly in books.anomalies]
    return lines or ["no transactions"]


def read_lines(loop, queue):
    """Feed standard input into an asyncio queue, line by line, from a thread that may be left."""

    def read():
        for line in sys.stdin:
            loop.call_soon_threadsafe(queue.put_nowait, line)

    threading.Thread(target=read, daemon=True).start()


def _need(words, at_least, at_most):
    if not at_least <= len(words) <= at_most:
        raise UsageError("wrong number of words")


def _number(word):
    try:
        return int(word)
    except ValueError:
        raise UsageError(f"'{word}' is no number") from None


def _one_of(word, *choices):
    for choice in choices:
        if choice.lower() == word.lower():
            return choice
    raise UsageError(f"'{word}' is none of {', '.join(choices)}")
