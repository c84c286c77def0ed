"""Remote sessions on the running simulator: what follows a call, how soon, and what it costs."""

import os
import random
import time

from tools.bench import answers

_CONNECTOR = 1
_CARDS = 5
_CHARGE_S = 1.0


class Times:
    """Seconds, a figure for each session."""

    def __init__(self):
        self.accepted = [], [], []  # RemoteStartTransaction to its answer: ours, reference, echo
        self.started = []  # to StartTransaction
        self.stopped = []  # RemoteStopTransaction to StopTransaction, after a charge


def run(trio, count, starts, seed=1):
    """Charge `count` times by remote calls, then begin and end `starts` sessions without waiting
    for energy; returns Times. Raises RuntimeError if one fails."""
    times = Times()
    sim, ours = trio.sim, trio.ours
    chance = random.Random(seed)
    for number in range(count + starts):
        sim.do("plug")
        ours.wait("StatusNotification", lambda status: status["status"] == "Preparing")
        started = _start(trio, number, times.accepted, chance)
        if number < count:
            ours.wait("StatusNotification", lambda status: status["status"] == "Charging")
            ours.quiet(_CHARGE_S)
        began = time.perf_counter()
        _check(ours.call("RemoteStopTransaction", {"transactionId": number + 1})[1],
               "RemoteStopTransaction")
        stopped = ours.wait("StopTransaction")[0] - began
        if number < count:
            times.started.append(started)
            times.stopped.append(stopped)
        sim.do("unplug")
        ours.wait("StatusNotification", lambda status: status["status"] == "Available")
    return times


def _start(trio, number, sinks, chance):
    # So many cards, however many sessions: the cache that is looked into does not grow.
    payload = {"idTag": "BENCH%d" % (number % _CARDS), "connectorId": _CONNECTOR}
    _check(answers.take_turns(trio, "RemoteStartTransaction", payload, sinks, chance),
           "RemoteStartTransaction")
    answered = time.perf_counter()
    return sinks[0][-1] + trio.ours.wait("StartTransaction")[0] - answered


def _check(answer, action):
    if answer != {"status": "Accepted"}:
        raise RuntimeError("%s was answered with %r" % (action, answer))


def cpu_permille(trio, seconds):
    """How busy the idle simulator's interpreter is, None where that cannot be seen."""
    path = "/proc/%d/stat" % trio.sim.ready["vm_pid"]
    if not os.path.exists(path):
        return None
    before = _ticks(path)
    trio.ours.quiet(seconds)
    return (_ticks(path) - before) * 1000 // (seconds * os.sysconf("SC_CLK_TCK"))


def _ticks(path):
    with open(path, encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
