"""A VM without a charger: speaks the protocol of `tools.sim`, for the tests of the host side.

Runs on MicroPython and CPython. Besides a few commands of the control port it knows some that
misbehave on purpose.
"""

import json
import sys
import time


def emit(message):
    """Write one JSON line to the host."""
    sys.stdout.write(json.dumps(message) + "\n")
    if hasattr(sys.stdout, "flush"):
        sys.stdout.flush()


def leave(status):
    """End as the firmware does: say so, then exit."""
    emit({"event": "exit", "status": status})
    sys.exit(status)


class FakeCharger:
    """One connector that knows whether a plug is in it."""

    def __init__(self, options):
        self._options = options
        self._plugged = False

    def run(self):
        """Answer commands until the end of standard input."""
        emit({"event": "ready", "boot": 1, "fake": True})
        while True:
            line = sys.stdin.readline()
            if not line:
                return
            command = json.loads(line)
            handler = getattr(self, "do_" + command["do"], None)
            if handler is None:
                answer = {"ok": False, "error": "unknown command"}
            else:
                answer = handler(command) or {"ok": True}
            answer["n"] = command["n"]
            emit(answer)
            if command["do"] in ("quit", "exit"):
                leave(command.get("status", 0))

    def do_plug(self, command):
        """Put the plug in."""
        self._plugged = True
        emit({"event": "cp", "connector": 1, "state": "B1", "t_ms": 5})

    def do_state(self, command):
        """A small part of the truth."""
        connector = {"connector": 1, "cp": "B1" if self._plugged else "A1", "why": ["<b>&"]}
        return {"ok": True, "uptime_ms": 1, "heap": {"free": 1}, "connectors": [connector]}

    def do_stall(self, command):
        """Answer late."""
        time.sleep(command["ms"] / 1000)

    def do_quit(self, command):
        """Leave with status 0 after the answer."""

    def do_exit(self, command):
        """Leave with `status` after the answer, as a reset does with 3."""

    def do_crash(self, command):
        """Die by an exception instead of answering."""
        raise RuntimeError("crashed on purpose")

    def do_die(self, command):
        """Leave without an answer and without a word."""
        sys.exit(command["status"])

    def do_hang(self, command):
        """Never answer again."""
        while True:
            time.sleep(1)

    def do_cut_after(self, command):
        """The simulated power cut of the flash model, at once."""
        emit({"event": "cut"})
        while True:
            time.sleep(1)

    def do_options(self, command):
        """The options line as it came."""
        return {"ok": True, "options": self._options}

    def do_emit(self, command):
        """Write any text as a line of output."""
        sys.stdout.write(command["text"] + "\n")

    def do_leak(self, command):
        """Print the password in every way that the host might pass on."""
        secret = self._options["password"]
        sys.stdout.write("password is " + secret + "\n")
        emit({"event": "log", "level": "INFO", "area": "net", "text": "key " + secret})
        frame = json.dumps([2, "1", "DataTransfer", {"data": secret}])
        emit({"event": "frame", "t_ms": 1, "dir": "out", "text": frame})


def main(charger=FakeCharger):
    """Read the options line, then serve; some configuration keys misbehave before that."""
    options = json.loads(sys.stdin.readline())
    keys = dict(options["set"])
    if keys.get("AtStart") == "reset":
        leave(3)
    if keys.get("AtStart") == "fault":
        raise RuntimeError("broken at the start")
    charger(options).run()


if __name__ == "__main__":
    main()
