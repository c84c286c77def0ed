"""Answer times of three charge points in one run: ours, the reference, an echo.

They take turns, call by call, so that whatever else the machine does hits all of them alike.
"""

import contextlib
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time

from tools.bench.peer import Peer
from tools.sim.client import Simulator

_KEY = "MeterValueSampleInterval"
# Name, action, payloads taken in turn. The connector 9 does not exist.
CASES = (
    ("GetConfiguration, one key", "GetConfiguration", ({"key": [_KEY]},)),
    ("GetConfiguration, all keys", "GetConfiguration", ({},)),
    ("ChangeConfiguration, new value", "ChangeConfiguration",
     ({"key": _KEY, "value": "30"}, {"key": _KEY, "value": "31"})),
    ("ChangeConfiguration, same value", "ChangeConfiguration", ({"key": _KEY, "value": "30"},)),
    ("ClearCache", "ClearCache", ({},)),
    ("ChangeAvailability", "ChangeAvailability", ({"connectorId": 1, "type": "Operative"},)),
    ("TriggerMessage, not implemented", "TriggerMessage", ({"requestedMessage":
     "DiagnosticsStatusNotification"},)),
    ("RemoteStart, rejected", "RemoteStartTransaction", ({"idTag": "BENCH", "connectorId": 9},)),
)
_PAUSE_S = (0.001, 0.011)
_PROFILES = {"TriggerMessage": "RemoteTrigger"}


class Trio:
    """The three processes, connected and registered. A context manager."""

    def __init__(self, heap):
        self._heap = heap
        self._stack = contextlib.ExitStack()
        self.sim = self.ours = self.reference = self.echo = None

    def __enter__(self):
        stack = self._stack
        peer = Peer()
        stack.callback(peer.close)
        # Stopped last: an orderly end needs the central system's socket open or closed, not stuck.
        state = stack.enter_context(tempfile.TemporaryDirectory())
        self.sim = Simulator(["--csms", peer.url, "--heap", self._heap, "--state", state,
                              "--set", "MeterValueSampleInterval=30"])
        stack.callback(self.sim.stop)
        self.ours = self._accept(peer)
        self.ours.wait("BootNotification")
        self.ours.quiet(2)
        keys = self.ours.call("GetConfiguration", {})[1]["configurationKey"]
        self._start("tools.bench.reference", peer.url, stdin=json.dumps(keys) + "\n")
        self.reference = self._accept(peer)
        self.reference.wait("BootNotification")
        self._start("tools.bench.reference", peer.url, "--echo")
        self.echo = self._accept(peer)
        return self

    def __exit__(self, *exception):
        self._stack.close()

    def has(self, action):
        """True if our charge point has the profile of an action (Core for all but a few)."""
        if action not in _PROFILES:
            return True
        row = self.ours.call("GetConfiguration", {"key": ["SupportedFeatureProfiles"]})[1]
        return _PROFILES[action] in row["configurationKey"][0]["value"]

    def _accept(self, peer):
        connection = peer.accept()
        self._stack.callback(connection.close)
        return connection

    def _start(self, module, *arguments, stdin=""):
        process = subprocess.Popen([sys.executable, "-m", module, *arguments],
                                   stdin=subprocess.PIPE, text=True)
        self._stack.callback(_end, process)
        process.stdin.write(stdin)
        process.stdin.flush()


def _end(process):
    process.stdin.close()
    process.kill()
    process.wait()


def measure(trio, rounds, seed=1):
    """Return [(case, ours, reference, echo)], the times as lists of seconds."""
    chance = random.Random(seed)
    results = []
    for name, action, payloads in CASES:
        if not trio.has(action):
            continue
        times = ([], [], [])
        for turn in range(rounds):
            take_turns(trio, action, payloads[turn % len(payloads)], times, chance)
        results.append((name, *times))
    return results


def take_turns(trio, action, payload, times, chance):
    """Call all three, adding to the lists `times`; returns the answer of ours.

    Ours comes last: what it does after its answer must not slow the others down.
    """
    turns = zip(times, (trio.ours, trio.reference, trio.echo))
    for sink, connection in reversed(list(turns)):
        # By chance: a steady pace would fall in step with our timers, and each call of a case
        # would meet the guard's turn, or none would.
        time.sleep(chance.uniform(*_PAUSE_S))
        took, answer = connection.call(action, payload)
        if answer is None:
            raise RuntimeError("%s was refused" % action)
        sink.append(took)
    return answer


def medians(row):
    """Return the medians of the three lists of times in ms."""
    return [1000 * statistics.median(times) for times in row]
