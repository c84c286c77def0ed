"""`make demo`: a whole charging session without a person; do the books agree with the meter?

Exit status 0 only if they agree to the Wh. With `--reject` the card is refused: status 4 if, as it
should be, no energy flowed. 1: something is wrong.
"""

import argparse
import contextlib
import sys
import time

from tools.csms.background import BackgroundCentral
from tools.csms.shell import describe
from tools.sim.client import ControlError, Simulator

EXIT_AGREE = 0
EXIT_WRONG = 1
EXIT_REJECTED = 4

_CP = "PILOTWIRE-DEMO"
_CARD = "04A1B2C3D4E5F6"
_ENERGY_WH = 500
_ENERGY_SPEED = 120  # half a kWh at 7.4 kW takes two seconds instead of four minutes
_STEP_TIMEOUT_S = 60
_REJECTED_WATCH_S = 3


class Wrong(Exception):
    """The demo found something that must not be; the text says what."""


def main(argv, module="tools.sim"):
    """Run the demo; returns the exit status."""
    options = _parser().parse_args(argv)
    reject = [_CARD] if options.reject else []
    try:
        with (
            BackgroundCentral(reject=reject, say=_teller("csms")) as cs,
            _charger(options, cs.central.url, module) as sim,
        ):
            visit = Visit(sim, cs)
            return visit.rejected() if options.reject else visit.charge()
    except (Wrong, ControlError, RuntimeError, OSError) as error:
        _say("demo", f"WRONG: {error}")
        return EXIT_WRONG


class Visit:
    """One driver with one card at connector 1. sim: Simulator; cs: BackgroundCentral."""

    def __init__(self, sim, cs):
        self._sim = sim
        self._cs = cs

    def charge(self):
        """Plug, card, charge, card, unplug; compare. Raises Wrong."""
        before_wh = self._arrive()
        self._sim.do("energy_speed", factor=_ENERGY_SPEED)
        self._hold_card("to start")
        self._wait(lambda it: it["contactor"], "the contactor to close")
        self._tell(f"charging; waiting for {_ENERGY_WH} Wh")
        self._wait(lambda it: it["energy_wh"] >= before_wh + _ENERGY_WH, f"{_ENERGY_WH} Wh")
        self._hold_card("to stop")
        self._wait(lambda it: not it["contactor"], "the contactor to open")
        self._cs.wait_for_action("StopTransaction", timeout_s=_STEP_TIMEOUT_S)
        after_wh = self._leave()
        return self._compare(before_wh, after_wh)

    def rejected(self):
        """Plug, a card that is refused, unplug: nothing may flow. Raises Wrong."""
        before_wh = self._arrive()
        self._sim.do("energy_speed", factor=_ENERGY_SPEED)
        self._hold_card("that the central system refuses")
        self._cs.wait_for_action("Authorize", timeout_s=_STEP_TIMEOUT_S)
        deadline = time.monotonic() + _REJECTED_WATCH_S
        while time.monotonic() < deadline:
            if self._sim.connector()["contactor"]:
                raise Wrong("the contactor closed for a card that was refused")
            time.sleep(0.05)
        after_wh = self._leave()
        self._check_protocol()
        if after_wh != before_wh or self._cs.central.books.transactions:
            raise Wrong(f"{after_wh - before_wh} Wh flowed for a card that was refused")
        self._tell(f"the card was refused and no energy flowed: status {EXIT_REJECTED}")
        return EXIT_REJECTED

    def _arrive(self):
        """Wait for the charger, plug in; returns the meter before."""
        self._sim.wait_until(lambda state: state["online"], _STEP_TIMEOUT_S, "the connection")
        before_wh = self._sim.connector()["energy_wh"]
        self._tell(f"the meter stands at {before_wh} Wh; the driver plugs in")
        self._sim.do("plug")
        return before_wh

    def _hold_card(self, what_for):
        self._tell(f"the driver holds a card to the reader {what_for}")
        self._sim.do("card", id=_CARD)

    def _leave(self):
        """Unplug, wait until everything is delivered; returns the meter after."""
        self._tell("the driver unplugs")
        self._sim.do("unplug")
        self._wait(lambda it: it["status"] == "Available", "status Available")
        self._sim.wait_until(
            lambda state: state["queue"] == 0, _STEP_TIMEOUT_S, "delivery of all messages"
        )
        return self._sim.connector()["energy_wh"]

    def _compare(self, before_wh, after_wh):
        books = self._cs.central.books
        for line in describe(books):
            self._tell(f"books: {line}")
        self._check_protocol()
        if books.anomalies or len(books.transactions) != 1:
            raise Wrong("the books do not hold exactly one good transaction")
        (it,) = books.transactions.values()
        if (it.meter_start, it.meter_stop) != (before_wh, after_wh):
            raise Wrong(
                f"the meter went from {before_wh} to {after_wh} Wh,"
                f" the books say {it.meter_start} to {it.meter_stop} Wh"
            )
        self._tell(f"books and meter agree: {it.energy_wh} Wh")
        return EXIT_AGREE

    def _check_protocol(self):
        violations = self._cs.central.violations
        if violations:
            raise Wrong(
                f"{len(violations)} violations of the protocol, the first: {violations[0]}"
            )

    def _wait(self, holds, what):
        """Poll connector 1. Raises Wrong with the charger's own reasons."""

        def predicate(state):
            return any(holds(it) for it in state["connectors"] if it["connector"] == 1)

        try:
            self._sim.wait_until(predicate, _STEP_TIMEOUT_S, what)
        except TimeoutError as error:
            raise Wrong(f"{error}; why: {self._sim.connector().get('why')}") from error

    def _tell(self, text):
        _say("demo", text)


@contextlib.contextmanager
def _charger(options, url, module):
    arguments = ["--csms", url, "--id", _CP, "--vm", options.vm]
    if options.heap:
        arguments += ["--heap", options.heap]
    _say("demo", "starting the charger")
    sim = Simulator(arguments, echo=_teller("charger"), module=module)
    try:
        yield sim
    finally:
        status = sim.stop()
    if status != 0:
        raise Wrong(f"the charger ended with status {status}")


def _teller(source):
    return lambda text: _say(source, text)


def _say(source, text):
    print(f"{time.strftime('%H:%M:%S')} {source:8}{text}", flush=True)


def _parser():
    parser = argparse.ArgumentParser(prog="tools.demo", description="A charging session.")
    parser.add_argument("--vm", default="micropython32", help="as for tools.sim")
    parser.add_argument("--heap", help="as for tools.sim")
    parser.add_argument("--reject", action="store_true", help="the card is refused")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
