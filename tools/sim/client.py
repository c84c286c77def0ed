"""The other end: start a simulator as a process, and drive it through its control port.

As a command: `python -m tools.sim.client PORT plug connector=1`, or with a JSON object instead.
"""

import contextlib
import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from tools.sim.options import PASSWORD_VARIABLE

_ROOT = Path(__file__).resolve().parents[2]
_READY_TIMEOUT_S = 90
_ANSWER_TIMEOUT_S = 90
_MAIN_FIELDS = {
    "card": "id",
    "plug": "ev",
    "fault": "name",
    "clear": "name",
    "console": "line",
    "stall": "ms",
    "energy_speed": "factor",
}


class ControlError(Exception):
    """The simulator answered {"ok": false}; the text is its error."""


class ControlClient:
    """One connection to the control port."""

    def __init__(self, port, host="127.0.0.1"):
        self._socket = socket.create_connection((host, port), timeout=_ANSWER_TIMEOUT_S)
        self._file = self._socket.makefile("rb")
        self._lock = threading.Lock()

    def ask(self, command):
        """Send a command (a dict), return the answer (a dict). Raises ConnectionError."""
        with self._lock:
            self.send_line(json.dumps(command).encode())
            return self.read_answer()

    def send_line(self, line):
        """Send raw bytes and a line end."""
        self._socket.sendall(line + b"\n")

    def read_answer(self):
        """Read one answer. Raises ConnectionError if the simulator is gone."""
        line = self._file.readline()
        if not line:
            raise ConnectionError("the simulator closed the control port")
        return json.loads(line)

    def do(self, name, /, **fields):
        """Carry out one command; returns the answer. Raises ControlError if it was refused."""
        answer = self.ask(dict(fields, do=name))
        if not answer.get("ok"):
            raise ControlError(f"{name}: {answer.get('error')}")
        return answer

    def close(self):
        """Close the connection."""
        self._file.close()
        self._socket.close()


class Simulator:
    """A simulator process and its control connection.

    arguments: options of `tools.sim`; password: handed over through the environment; echo(line):
    called with each line of the log; module: what `python -m` starts.
    Raises RuntimeError if the simulator does not become ready; the text holds its last output.
    """

    def __init__(self, arguments, password=None, echo=None, module="tools.sim"):
        environ = dict(os.environ, PYTHONUNBUFFERED="1")
        if password is not None:
            environ[PASSWORD_VARIABLE] = password
        self.log = []
        self._echo = echo
        self._events = queue.Queue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=_ROOT,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C is for whoever started us; we then stop it in order
        )
        self._readers = [
            threading.Thread(target=self._read_events, daemon=True),
            threading.Thread(target=self._read_log, daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        self.ready = self._wait_ready()
        self.control = ControlClient(self.ready["control"])

    def do(self, name, /, **fields):
        """Carry out a control command. Raises ControlError."""
        return self.control.do(name, **fields)

    def state(self):
        """The answer to `state`."""
        return self.do("state")

    def connector(self, number=1):
        """The part of `state` about one connector."""
        return next(c for c in self.state()["connectors"] if c["connector"] == number)

    def wait_until(self, predicate, timeout_s=10, what="the condition"):
        """Poll `state` until predicate(state) is true; returns that state. Raises TimeoutError."""
        deadline = time.monotonic() + timeout_s
        while True:
            state = self.state()
            if predicate(state):
                return state
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not come within {timeout_s} s; last: {state}")
            time.sleep(0.02)

    def wait_event(self, name, timeout_s=30):
        """Next line on its standard output with this `event`. Raises queue.Empty."""
        deadline = time.monotonic() + timeout_s
        while True:
            event = self._events.get(timeout=max(0, deadline - time.monotonic()))
            if event is None:
                raise RuntimeError(f"the simulator ended: {self.tail()}")
            if event.get("event") == name:
                return event

    def wait(self, timeout_s=15):
        """Wait for its end; returns the exit status. Raises subprocess.TimeoutExpired."""
        status = self.process.wait(timeout_s)
        for reader in self._readers:
            reader.join(2)
        return status

    def stop(self, timeout_s=15):
        """End it in order if it still runs; returns the exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.wait()
        finally:
            with contextlib.suppress(AttributeError):
                self.control.close()

    def tail(self):
        """The last lines of its log, as one text."""
        return "\n".join(self.log[-30:])

    def _wait_ready(self):
        try:
            return self.wait_event("ready", _READY_TIMEOUT_S)
        except (RuntimeError, queue.Empty) as error:
            status = self.stop()
            raise RuntimeError(
                f"the simulator did not start (status {status}):\n{self.tail()}"
            ) from error

    def _read_events(self):
        for line in self.process.stdout:
            with contextlib.suppress(ValueError):
                self._events.put(json.loads(line))
        self._events.put(None)

    def _read_log(self):
        for line in self.process.stderr:
            self.log.append(line.rstrip("\n"))
            if self._echo:
                self._echo(self.log[-1])


def parse_words(words):
    """A command from plain words, or from one JSON object. Raises ValueError.

    `plug connector=1`; the field that a command is mostly about needs no name: `card 04A1B2C3`,
    `fault rcd_trip`, `console why`.
    """
    text = " ".join(words)
    if text.startswith("{"):
        return json.loads(text)
    command = {"do": words[0]}
    main_field = _MAIN_FIELDS.get(words[0])
    if main_field == "line":
        return dict(command, line=" ".join(words[1:]))
    for place, word in enumerate(words[1:]):
        key, separator, value = word.partition("=")
        if not separator:
            if place > 0 or main_field is None:
                raise ValueError(f"'{word}' is not key=value")
            key, value = main_field, word
        command[key] = _value(key, value)
    return command


def _value(key, text):
    # A card's UID may look like a number; it is text all the same.
    if key not in ("id", "ev", "name"):
        with contextlib.suppress(ValueError):
            return json.loads(text)
    return text


def main(argv):
    """Send one command, print the answer; exit status 0 if it was carried out."""
    if len(argv) < 2 or not argv[0].isdigit():
        print("usage: python -m tools.sim.client PORT COMMAND [key=value ...]", file=sys.stderr)
        return 2
    try:
        client = ControlClient(int(argv[0]))
        answer = client.ask(parse_words(argv[1:]))
    except (OSError, ValueError) as error:
        print(f"tools.sim.client: {error}", file=sys.stderr)
        return 1
    print(json.dumps(answer, indent=2))
    return 0 if answer.get("ok") else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
