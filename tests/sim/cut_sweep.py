"""Cuts the power at every flash operation of a session, and looks at the books afterwards.

Four courses: a session online, one whose connection is down from before the card until after the
restart, a session that a Reset ends, and the boot after a cut in the middle of charging. Each is
run once per flash operation and way of tearing it. `python -m tests.sim.cut_sweep [stride]` on
CPython (PYTHONPATH as the runner sets it) runs all of them; the scenario runs every n-th.
"""

import sys

from tests.sim.plant import Plant, PowerCut
from tests.sim.scenario import CARD, forbidden_changes

COURSES = ("online", "offline", "reset", "reboot")
TORN = ("none", "half", "short")
_SETTINGS = (
    ("AllowOfflineTxForUnknownId", "true"),
    ("MeterValueSampleInterval", "5"),
    ("StopTxnSampledData", "Energy.Active.Import.Register"),
)
_REASONS = ("Local", "SoftReset", "PowerLoss")


class Failure(Exception):
    """A run whose books are wrong; the text says which."""


def run(course, operation, torn):
    """Run one course with a cut; returns False if it ended before that operation."""
    plant = Plant(settings=_SETTINGS, connected=course != "offline")
    try:
        plant.run(4000)
        before_wh = plant.meter_wh()
        is_cut = _until_cut(plant, course, operation, torn)
        if is_cut:
            plant.power_off()
            plant.power_on()
        _heal(plant)
        problem = _problem(plant, before_wh)
        if problem:
            raise Failure("operation %d: %s" % (operation, problem))
        return is_cut
    finally:
        plant.close()


def _until_cut(plant, course, operation, torn):
    try:
        if course == "reboot":
            _begin(plant)
            plant.run(8000)
            plant.power_off()
            plant.power_on(cut=(operation, torn))
            plant.run(15_000)
        else:
            plant.cut_after(operation, torn)
            (_reset if course == "reset" else _session)(plant)
    except PowerCut:
        return True
    plant.flash.cut_after(0)
    return False


def _begin(plant):
    plant.do("plug")
    plant.run(600)
    plant.do("card", id=CARD)
    plant.run_until(lambda: plant.status() == "Charging", 20_000)


def _session(plant):
    _begin(plant)
    plant.run(7000)
    plant.call("ChangeConfiguration", {"key": "MinimumStatusDuration", "value": "2"})
    plant.run(6000)
    plant.do("card", id=CARD)
    plant.run_until(lambda: plant.app.station.at_rest, 20_000)
    plant.run(2000)
    plant.do("unplug")
    plant.run(2000)


def _reset(plant):
    _begin(plant)
    plant.run(2000)
    plant.call("Reset", {"type": "Soft"})
    plant.run_until(lambda: len(plant.seen("boot")) > 1, 20_000)


def _heal(plant):
    """Connect, and let everything be delivered."""
    plant.run(3000)
    plant.connected = True
    plant.run_until(lambda: plant.app.station.at_rest and plant.app.client.online, 60_000)
    plant.run_until(lambda: not plant.app.transactions.pending, 60_000)
    plant.run(500)


def _problem(plant, before_wh):
    """Return what is wrong, or None."""
    moved_wh = plant.meter_wh() - before_wh
    books = plant.csms.books()
    lasting = plant.app.config.get("MinimumStatusDuration")
    if plant.csms.anomalies or plant.violations or forbidden_changes(plant.events):
        return repr((plant.csms.anomalies, plant.violations, forbidden_changes(plant.events)))
    if lasting not in (0, 2) or plant.app.config.get("MeterValueSampleInterval") != 5:
        return "the configuration is changed"
    if not books and not moved_wh:
        return None  # The cut came before the start record: nobody has got anything.
    if len(books) != 1:
        return "%d transactions for %d Wh" % (len(books), moved_wh)
    if books[0][:3] != (1, CARD, moved_wh) or books[0][3] not in _REASONS:
        return "%r for %d Wh" % (books[0], moved_wh)
    return None


def sweep(course, torn, stride=1, first=1):
    """Run a course with a cut at each `stride`-th operation; returns how many were cut."""
    count = 0
    operation = first
    while run(course, operation, torn):
        count += 1
        operation += stride
    return count


def main(arguments):
    """Run everything; returns the exit status."""
    stride = int(arguments[0]) if arguments else 1
    failed = total = 0
    for course in COURSES:
        for torn in TORN:
            try:
                count = sweep(course, torn, stride)
            except (Failure, AssertionError) as failure:
                print("FAILED %s, %s: %s" % (course, torn, failure))
                failed += 1
                continue
            total += count
            print("%s, %s: %d cuts" % (course, torn, count))
    print("%d passed, %d failed" % (total, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
