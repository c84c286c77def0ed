"""Remote sessions on the running simulator: what follows a call, how soon, and what it costs."""

import os
import time

_CONNECTOR = 1
_CHARGE_S = 1.0


class Times:
    """Seconds, a figure for each session."""

    def __init__(self):
        self.accepted = []  # RemoteStartTransaction to its answer
        self.reference = []  # the same of the reference
        self.started = []  # to StartTransaction
        self.stopped = []  # RemoteStopTransaction to StopTransaction


def run(trio, count):
    """Charge `count` times by remote calls; returns Times. Raises RuntimeError if one fails."""
    times = Times()
    sim, ours = trio.sim, trio.ours
    for number in range(count):
        sim.do("plug")
        ours.wait("StatusNotification", lambda status: status["status"] == "Preparing")
        began = time.perf_counter()
        payload = {"idTag": "BENCH%d" % number, "connectorId": _CONNECTOR}
        took, answer = ours.call("RemoteStartTransaction", payload)
        _check(answer, "RemoteStartTransaction")
        times.accepted.append(took)
        times.started.append(ours.wait("StartTransaction")[0] - began)
        times.reference.append(trio.reference.call("RemoteStartTransaction", payload)[0])
        ours.wait("StatusNotification", lambda status: status["status"] == "Charging")
        ours.quiet(_CHARGE_S)
        began = time.perf_counter()
        _check(ours.call("RemoteStopTransaction", {"transactionId": number + 1})[1],
               "RemoteStopTransaction")
        times.stopped.append(ours.wait("StopTransaction")[0] - began)
        sim.do("unplug")
        ours.wait("StatusNotification", lambda status: status["status"] == "Available")
    return times


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
