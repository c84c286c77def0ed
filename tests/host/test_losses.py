"""Connections lost at random moments of running sessions: the books stay right.

Eight chargers at a time, 25 losses each, all from seeds: the second that a charger waits before
it tries again is spent eight times at once.
"""

import contextlib
import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tools.csms.background import BackgroundCentral
from tools.sim.client import ControlError, Simulator

_SEEDS = (1, 2, 3, 4, 5, 6, 7, 8)
_LOSSES = 25
_CARD = "04A1B2C3D4E5F6"
_NO_CARD = "not authorised: no card shown, no remote start"
_RECONNECT_S = 30
_GROWTH_MAX = 1024
_FIRST = 6  # losses until everything that is allocated once has been


class Charger:
    """A simulator with its own central system, and what surely happened."""

    def __init__(self, seed, folder):
        self._chance = random.Random(seed)
        self.cp = f"LOST-{seed}"
        self.central = BackgroundCentral()
        self.central.__enter__()
        settings = ("MeterValueSampleInterval=1", "MessageTimeout=2", "WebSocketPingInterval=5",
                    "TransactionMessageRetryInterval=1", "TransactionMessageAttempts=5",
                    "HeartbeatInterval=3", "AllowOfflineTxForUnknownId=true")
        arguments = ["--csms", self.central.central.url, "--id", self.cp, "--heap", "96K",
                     "--state", str(folder / str(seed))]
        for setting in settings:
            arguments += ["--set", setting]
        self.sim = Simulator(arguments)
        self.sessions = 0
        self.used = []
        self.connections = 0

    def run(self, losses):
        """Lose the connection so often; returns self."""
        sim = self.sim
        self._online()
        sim.do("energy_speed", factor=60)
        for number in range(losses):
            self._move()
            time.sleep(self._chance.uniform(0, 0.5))
            self._lose()
            if self._chance.random() < 0.3:
                self._move()
            self._online()
            if number == _FIRST or number == losses - 1:
                self._rest()
                self.used.append(sim.state()["heap"]["used"])
        return self

    def close(self):
        """Stop both."""
        self.sim.stop()
        self.central.__exit__(None, None, None)

    def _online(self):
        # Both ends: each may believe in a connection that the other has given up.
        deadline = time.monotonic() + _RECONNECT_S
        while not self.central.central.connected(self.cp) and time.monotonic() < deadline:
            time.sleep(0.02)
        self.sim.wait_until(lambda state: state["online"] and state["registration"] == "Accepted",
                            _RECONNECT_S, "the reconnect")

    def _move(self):
        """Go on with the session: most of the time it runs on."""
        connector = self.sim.connector()
        status = connector["status"]
        if status == "Available":
            with contextlib.suppress(ControlError):  # it is, and the pilot is not settled yet
                self.sim.do("plug")
        elif status == "Preparing":
            self._begin()
            self.sessions += 1
        elif status == "Finishing":
            self.sim.do("unplug")
            self.sim.wait_until(lambda s: s["connectors"][0]["status"] == "Available", 20)
        elif self._chance.random() < 0.3:
            self.sim.do("card", id=_CARD)

    def _begin(self):
        # Shown right after it has ended a session, a card has not left the reader yet and does
        # not count again.
        self._show("Preparing", lambda: self.sim.connector()["why"][:1] == [_NO_CARD])

    def _show(self, status, is_needed=lambda: True):
        """Show the card until the status is another one, as a driver does who was not heard."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if is_needed():
                self.sim.do("card", id=_CARD)
            with contextlib.suppress(TimeoutError):
                self.sim.wait_until(lambda s: s["connectors"][0]["status"] != status, 4)
                return
        raise TimeoutError(f"the card is not heard: {status}")

    def _lose(self):
        how = self._chance.choice(("drop", "reset", "blackhole", "close", "cut"))
        if how in ("close", "cut"):
            with contextlib.suppress(ConnectionError):
                self.central.drop(self.cp, 1001 if how == "close" else None)
            return
        self.sim.do("network", up=False, how=how)
        time.sleep(self._chance.uniform(0.05, 0.4))
        if how == "blackhole":
            with contextlib.suppress(ConnectionError):
                self.central.drop(self.cp)
        self.sim.do("network", up=True)

    def _rest(self):
        """End the session and wait until everything is delivered."""
        sim = self.sim
        for _ in range(8):
            status = sim.connector()["status"]
            if status in ("Charging", "SuspendedEV", "SuspendedEVSE"):
                time.sleep(1)
                # A card of before may have ended it meanwhile: one more would begin anew.
                if sim.connector()["status"] != status:
                    continue
                self._show(status)
            elif status != "Available":
                sim.do("unplug")
                sim.wait_until(lambda s: s["connectors"][0]["status"] == "Available", 20)
            else:
                break
        sim.wait_until(lambda state: state["queue"] == 0 and state["online"], 30, "the queue")
        time.sleep(0.3)


@pytest.fixture
def chargers(tmp_path):
    """Eight chargers, started at the same time."""
    with ThreadPoolExecutor(len(_SEEDS)) as pool:
        made = list(pool.map(lambda seed: Charger(seed, tmp_path), _SEEDS))
    yield made
    for charger in made:
        charger.close()


def test_connection_when_lost_200_times_then_books_right_and_heap_flat(chargers):
    """Each session is one transaction with one stop; energy adds up; the heap does not grow."""
    with ThreadPoolExecutor(len(chargers)) as pool:
        done = list(pool.map(lambda charger: charger.run(_LOSSES), chargers))
    for charger in done:
        central = charger.central.central
        books = list(central.books.transactions.values())
        assert [a.text for a in central.books.anomalies] == []
        assert central.violations == []
        assert len(books) == charger.sessions
        assert [t.reason for t in books if t.meter_stop is None] == []
        meters = [t.meter_start for t in books] + [charger.sim.connector()["energy_wh"]]
        assert [t.meter_stop for t in books] == meters[1:]
        assert charger.used[-1] - charger.used[0] < _GROWTH_MAX, charger.used
        assert not [line for line in charger.sim.log if "Traceback" in line or "emory" in line]
