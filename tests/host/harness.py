"""A test bench: a simulated charger and a central system, watched while a test uses them.

    def test_charging(bench):
        sim, cs = bench.start("--connectors", "1"), bench.cs
        sim.do("plug")
        cs.wait_for_action("StatusNotification", lambda status: status["status"] == "Preparing")

After the test body `Bench.finish` stops the charger and fails the test if anything was wrong that
the test did not announce with `expect`: a violation of the protocol, a frame in the trace that
breaks the schemas, a change of status that OCPP 1.6 does not know, books that do not add up, a
traceback of the VM, a fault at the end.
"""

import json
import re
import time

from tools.csms.background import BackgroundCentral
from tools.csms.conversation import Conversation
from tools.csms.frames import CENTRAL_SYSTEM, CHARGE_POINT
from tools.csms.status_pairs import StatusPairs
from tools.sim.client import Simulator

CP = "PW-TEST"

# A card is held for 600 ms, and counts as gone when three polls have missed it.
_CARD_GONE_S = 1.5
_CARD_TRIES = 3
_POLL_S = 0.02

# What MicroPython and CPython print when something of ours broke.
_TRACES_OF_FAULTS = ("Traceback (most recent call last)", "MemoryError", "AssertionError")
_ENDS = {0: "quit", 9: "power cut", 3: "reset with --once"}


class Bench:
    """One charger (over several starts on the same flash) and one central system.

    folder: a pathlib.Path for flash image and trace; module: what `python -m` starts.
    """

    def __init__(self, folder, module="tools.sim"):
        self.state = folder / "state"
        self.trace = folder / "trace.jsonl"
        self.sim = None
        self._module = module
        self._central = None
        self._sims = []
        self._expected = []
        self._tolerated = []
        self._card_gone = 0.0
        self._finished = False
        self.closed = False

    @property
    def cs(self):
        """The central system, started at the first use with its defaults."""
        if self._central is None:
            self.start_central()
        return self._central

    def start_central(self, **settings):
        """Start the central system with other settings than the defaults; returns it."""
        assert self._central is None, "it runs already"
        self._central = BackgroundCentral(**settings)
        self._central.__enter__()
        return self._central

    def start(self, *arguments, offline=False, password=None):
        """Start the charger, or start it again after its end; returns the Simulator.

        arguments: options of `tools.sim`; identity, flash, trace and central system are given.
        """
        assert self.sim is None or self.sim.process.poll() is not None, "it runs already"
        options = ["--id", CP, "--state", str(self.state), "--trace", str(self.trace), *arguments]
        if not offline:
            options += ["--csms", self.cs.central.url]
        self.sim = Simulator(options, password=password, module=self._module)
        self._sims.append(self.sim)
        return self.sim

    def power_cut(self, *arguments, **named):
        """Cut the mains and start again on the same flash; returns the new Simulator."""
        self.sim.do("mains", on=False)
        assert self.sim.wait() == 9
        return self.start(*arguments, **named)

    def present(self, id_tag):
        """Hold a card to the reader; again, if the charger stood still and has not read it."""
        before = self._cards_read()
        for _ in range(_CARD_TRIES):
            wait_s = self._card_gone - time.monotonic()
            if wait_s > 0:
                time.sleep(wait_s)
            self.sim.do("card", id=id_tag)
            self._card_gone = time.monotonic() + _CARD_GONE_S
            while self._cards_read() == before and time.monotonic() < self._card_gone:
                time.sleep(_POLL_S)
            if self._cards_read() == before:
                # What the charger did before it answers is in the trace then.
                self.sim.state()
            if self._cards_read() > before:
                return

    def expect(self, pattern):
        """Announce a problem (a regular expression): it must come, and does not fail the test."""
        self._expected.append(re.compile(pattern))

    def tolerate(self, pattern):
        """The same for a problem that may come or not."""
        self._tolerated.append(re.compile(pattern))

    def wait_until(self, predicate, timeout_s=10, what="the condition"):
        """Poll `state` until predicate(state); returns that state. Raises TimeoutError."""
        return self.sim.wait_until(predicate, timeout_s, what)

    def wait_connector(self, predicate, number=1, timeout_s=10, what="the condition"):
        """The same for the part of `state` about one connector; returns that part."""

        def holds(state):
            return predicate(_connector(state, number))

        return _connector(self.sim.wait_until(holds, timeout_s, what), number)

    def events(self, name=None):
        """Events in the trace so far; only those called `name` if given."""
        if not self.trace.exists():
            return []
        with open(self.trace, encoding="utf-8") as file:
            events = [json.loads(line) for line in file if line.endswith("\n")]
        return [event for event in events if name in (None, event.get("event"))]

    def _cards_read(self):
        return [event["text"] for event in self.events("log")].count("card presented")

    def problems(self):
        """Everything that is wrong so far, as texts."""
        found = []
        deliberate = set()
        if self._central:
            central = self._central.central
            deliberate = central.deliberate
            found += [f"violation: {text}" for text in list(central.violations)]
            found += [f"books: {a.code}: {a.text}" for a in list(central.books.anomalies)]
        events = self.events()
        frames = [event for event in events if event.get("event") == "frame"]
        found += list(_frame_problems(frames, deliberate))
        found += list(_status_problems(events))
        for sim in self._sims:
            found += [f"log: {line}" for line in list(sim.log) if _is_trace_of_fault(line)]
            status = sim.process.poll()
            if status is not None and status not in _ENDS:
                found.append(f"end: status {status}:\n{sim.tail()}")
        return found

    def finish(self):
        """Stop everything. Raises AssertionError if anything was wrong that was not expected."""
        if self._finished:
            return
        self._finished = True
        self.close()
        problems = self.problems()
        wrong = [
            text
            for text in problems
            if not any(pattern.search(text) for pattern in self._expected + self._tolerated)
        ]
        missing = [
            f"expected, but did not come: {pattern.pattern}"
            for pattern in self._expected
            if not any(pattern.search(text) for text in problems)
        ]
        if wrong or missing:
            raise AssertionError("the bench found:\n" + "\n".join(wrong + missing))

    def close(self):
        """Stop charger and central system, whatever happened."""
        if self.closed:
            return
        self.closed = True
        if self.sim:
            self.sim.stop()
        if self._central:
            deadline = time.monotonic() + 2
            while self._central.central.connected() and time.monotonic() < deadline:
                time.sleep(0.01)  # what the charger sent last is still on its way
            self._central.__exit__(None, None, None)


def _connector(state, number):
    return next(part for part in state["connectors"] if part["connector"] == number)


def _is_trace_of_fault(line):
    return any(text in line for text in _TRACES_OF_FAULTS)


def _status_problems(events):
    """Changes of status in a trace that OCPP 1.6 4.9 does not know; each boot begins anew."""
    pairs = StatusPairs()
    for event in events:
        if event.get("event") == "vm_start":
            pairs.begin()
        elif event.get("event") == "status":
            problem = pairs.hear(event["connector"], event["status"])
            if problem:
                yield f"trace: {problem}"


def _frame_problems(events, deliberate):
    """What is wrong with the frames of a trace; `deliberate` texts of ours are excused."""
    conversation = Conversation(CP, flow=False)
    for event in events:
        sender = CHARGE_POINT if event["dir"] == "out" else CENTRAL_SYSTEM
        text = event["text"]
        frame = conversation.add(sender, text, event.get("t_ms", 0) / 1000)
        if sender == CENTRAL_SYSTEM and text in deliberate:
            continue
        for problem in frame.problems:
            yield f"trace: {event['dir']} {problem} in {text[:200]}"
