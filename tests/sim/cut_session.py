"""A day of charging with the power cut at one flash operation, and the check of the books.

`run` plays a script on a fresh copy of an image until the cut, boots again, ends what was
running as a power loss, delivers everything, and holds the books against what the script saw.
"""

import unittest

from boards.sim.flash import mount
from kvstore import KvStore
from tests.sim.books import FIRST_NOW, WALL_S, Books, Box, Cut
from tests.sim.scratch import Image

_CLOCK_S = 100_000


class Witness:
    """What surely happened before the cut."""

    def __init__(self):
        self.begun = []  # [meterStart, safe meter, latest meter, ended]
        self.samples = []  # (meterStart of the transaction, value), in order
        self.finished = False


class Script:
    """The steps of a session; each one may raise Cut."""

    def __init__(self, box, books, witness):
        self.box = box
        self.books = books
        self.witness = witness

    def begin(self, connector_id, meter_wh):
        """Begin; returns (transaction, its line in the witness)."""
        line = [meter_wh, meter_wh, meter_wh, False]
        tx = self.box.begin(connector_id, meter_wh)
        self.witness.begun.append(line)
        return tx, line

    def charge(self, running, energy_wh):
        """Note a reading, write as the rules say."""
        tx, line = running
        line[2] = tx.energy_wh + energy_wh
        written = self.box.tx.update(self.box.now, tx, line[2])
        self.box.alive()
        if written:
            line[1] = line[2]

    def sample(self, running, context="Sample.Periodic"):
        """Take a sample; values are unique within a transaction by the energy in between."""
        tx, line = running
        self.witness.samples.append((line[0], tx.energy_wh))
        self.box.sample(tx, tx.energy_wh, context)
        self.box.tx.keep_for_stop(self.box.now, tx, [{"value": str(tx.energy_wh)}])

    def end(self, running, reason="Local"):
        """End at the latest reading."""
        tx, line = running
        self.box.end(tx, line[2], reason)
        line[1] = line[2]
        line[3] = True

    def drain(self, most=1000):
        """Deliver to the books."""
        return self.box.drain(self.books, most)


def online(script):
    """Two sessions, delivered as they happen, the second one on the other connector."""
    first = script.begin(1, 1000)
    script.drain()
    for step in range(14):
        script.box.wait(5)
        script.charge(first, 25)
        if step % 4 == 3:
            script.sample(first)
            script.drain()
        if step == 7:
            second = script.begin(2, 50_000)
            script.drain()
        if step > 7:
            script.charge(second, 60)
            script.sample(second)
            script.drain()
    script.end(first)
    script.drain()
    script.charge(second, 30)
    script.end(second, "Remote")
    script.drain()


def offline(script):
    """Three sessions on two connectors without a connection, then everything is delivered."""
    first = script.begin(1, 1000)
    for _ in range(7):
        script.box.wait(10)
        script.charge(first, 40)
        script.sample(first)
    second = script.begin(2, 50_000)
    for step in range(8):
        script.box.wait(10)
        script.charge(first, 40)
        script.charge(second, 10)
        script.sample(second, "Sample.Clock" if step % 3 == 0 else "Sample.Periodic")
        script.sample(first)
    script.end(first)
    third = script.begin(1, 2000)
    for _ in range(3):
        script.box.wait(10)
        script.charge(second, 20)
        script.sample(second)
    script.end(third, "EVDisconnected")
    script.end(second)
    script.drain(5)
    script.drain()


def interrupted(script):
    """The offline sessions up to the middle, where the power fails for the first time."""
    first = script.begin(1, 1000)
    second = script.begin(2, 50_000)
    for _ in range(12):
        script.box.wait(10)
        script.charge(first, 40)
        script.sample(first)
        script.sample(second)
    script.end(first)
    script.begin(1, 1600)
    raise Cut()


def run(image, script, position, torn):
    """Cut a session at the `position`-th operation. Returns False if it ended before the cut."""
    image.reset()
    books = Books()
    witness = _play(image, script, books, (position, torn))
    box = _recover(image, 20, books, None)
    check(books, witness, box.recovered)
    _check_empty(box)
    return not witness.finished


def run_recovery(image, witness, position, torn):
    """Cut the boot after an `interrupted` session; the next boot puts everything right."""
    image.reset()
    books = Books()
    box = None
    recovered = []
    try:
        box = _recover(image, 20, books, (position, torn))
        recovered = box.recovered
        return False
    except Cut:
        box = _recover(image, 21, books, None)
        recovered = box.recovered
        return True
    finally:
        if box is not None:
            check(books, witness, recovered)
            _check_empty(box)


def lead_in(image, sessions):
    """Leave traces of earlier sessions, so that littlefs compacts its directories elsewhere."""
    image.remove()
    mount(image.open())
    for number in range(sessions):
        box = Box(image, 1 + number)
        box.set_clock()
        online(Script(box, Books(), Witness()))
    image.keep()


def interrupt(image):
    """Play the `interrupted` session, keep the image; returns its witness."""
    witness = _play(image, interrupted, Books(), None)
    image.keep()
    return witness


def _play(image, script, books, cut):
    witness = Witness()
    try:
        box = Box(image, 10, FIRST_NOW, None, cut)
        box.set_clock()
        script(Script(box, books, witness))
        witness.finished = True
    except Cut:
        pass
    return witness


def _recover(image, boot, books, cut):
    box = Box(image, boot, 1000, None, cut)
    box.recovered = [tx.meter_start_wh for tx in box.open]
    for tx in box.open:
        box.wait(1)
        box.end(tx, None, "PowerLoss")
    box.set_clock(WALL_S + _CLOCK_S)
    box.drain(books)
    return box


def _check_empty(box):
    left = (box.tx.pending, box.tx.counters)
    assert left == (0, (0, 0, 0, 0)), left
    for directory in ("/tx", "/td", "/mv", "/mva"):
        assert KvStore(box.fs, directory).keys() == [], "left on flash"


def check(books, witness, recovered):
    """Hold the books against the witness: one start, one stop, right values, right order."""
    starts = {}
    ids = {}
    stopped = []
    samples = []
    last_time = ""
    for action, payload in books.entries:
        if action == "StartTransaction":
            assert payload["meterStart"] not in starts, "doubled start"
            starts[payload["meterStart"]] = payload
            ids[1 - len(ids)] = payload["meterStart"]
            time = payload["timestamp"]
        elif action == "MeterValues":
            meter_start = ids[payload["transactionId"]]
            assert meter_start not in stopped, "sample behind the stop"
            value = payload["meterValue"][0]
            samples.append((meter_start, int(value["sampledValue"][0]["value"])))
            time = value["timestamp"]
        else:
            meter_start = ids[payload["transactionId"]]
            assert meter_start not in stopped, "doubled stop"
            stopped.append(meter_start)
            _check_stop(payload, meter_start, witness, recovered)
            time = payload["timestamp"]
        # A power loss is dated back to the last record, so it alone may be out of order.
        if action != "StopTransaction" or payload["reason"] != "PowerLoss":
            assert time >= last_time, "order"
            last_time = time
    assert len(stopped) == len(starts), "start without stop"
    for line in witness.begun:
        assert line[0] in starts, "lost start"
    assert len(starts) - len(witness.begun) <= 1, "invented start"
    # Those in RAM may be lost, but none is doubled, invented or out of order.
    position = 0
    for sample in samples:
        assert sample in witness.samples[position:], "sample"
        position += witness.samples[position:].index(sample) + 1
    if witness.finished:
        assert samples == witness.samples, "lost sample"


def _check_stop(payload, meter_start, witness, recovered):
    for line in witness.begun:
        if line[0] == meter_start:
            assert line[1] <= payload["meterStop"] <= line[2], "meter of the stop"
            if line[3]:
                assert payload["reason"] != "PowerLoss", "stop forgotten"
            return
    # Begun in the very operation of the cut: no energy, ended as a power loss.
    assert meter_start in recovered, "invented transaction"
    assert payload["meterStop"] == meter_start, "energy from nowhere"


class SweepTest(unittest.TestCase):
    """The base of tests with an image of their own; no tests."""

    def setUp(self):
        self.image = Image(32)

    def tearDown(self):
        self.image.remove()

    def sweep(self, script, torn, sessions):
        """Cut at every operation of `script`, after so many sessions, and check the books."""
        lead_in(self.image, sessions)
        position = 1
        while run(self.image, script, position, torn):
            position += 1
        self.assertTrue(position > 20)
