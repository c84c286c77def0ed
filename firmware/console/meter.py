"""The command `meter`: finds out which meter is on the line while the firmware runs.

A search stands where the line of the meters stood: their ticks drive it, and what they ask of the
line is refused until it is over. It ends by itself when a transaction begins or nobody listens.
"""

import ticks
from firmware.console.configure import ConsoleError
from firmware.late import forget
from meters.probe import PAUSE_MS, Probe

_ADDRESS_MAX = 247
_SEE = "addresses are 1 to 247, as in `meter probe 1-5,10`"
_NO_LINE = "no meter is on a Modbus line: board.json needs rs485, and a map"
_OTHER = "another search has the meter: try again when it has ended"
_BUSY = "a transaction runs, which needs the meter: end it first"
_BEGINS = "searching, 10 s to 2 min an address; `cancel` ends it"
_OVER = "a transaction begins: the search is over"
_NOTHING = "nothing fits: check its supply, swap A and B, look up its address: `meter probe 1-10`"


# What it has given is used, the module is not: it shall not stay when the console goes.
forget("meters.probe")


def load(name):
    """Return a map of meters.maps by its name in board.json; its module is not kept."""
    module, _, name = name.partition(".")
    module = "meters.maps." + module
    found = getattr(__import__(module, None, None, (name,)), name)
    forget(module)
    return found


def meter(console, words):
    """Carry out `meter`."""
    if words[:1] != ["probe"]:
        raise ConsoleError("not so; see `help meter`")
    addresses = _addresses(",".join(words[1:]).replace(",,", ","))
    meters = [connector.meter for connector in console.app.station.connectors
              if hasattr(connector.meter, "line")]
    if not meters:
        raise ConsoleError(_NO_LINE)
    if not hasattr(meters[0].line, "uart"):
        raise ConsoleError(_OTHER)
    if _is_occupied(console.app):
        raise ConsoleError(_BUSY)
    console.taking = Search(console, meters, addresses)
    return [_BEGINS]


def _addresses(text):
    """Return the addresses of a list such as 1-5,10. Raises ConsoleError."""
    found = []
    try:
        for part in text.split(",") if text else ():
            first, _, last = part.partition("-")
            first, last = int(first), int(last or first)
            if not 1 <= first <= last <= _ADDRESS_MAX or len(found) > _ADDRESS_MAX:
                raise ValueError
            found += range(first, last + 1)
    except ValueError:
        raise ConsoleError(_SEE)
    return found


def _is_occupied(app):
    for connector in app.station.connectors:
        if connector.guard.closed:
            return True
    return not app.station.at_rest


class _Borrowed:
    """What the meters have in place of their line: their last request ends, no other begins."""

    def __init__(self, line, tick):
        self._line = line
        self.tick = tick
        self.take = line.take

    @property
    def sent_at(self):
        """Of the last request."""
        return self._line.sent_at

    def request(self, *_):
        """Refuse."""
        return False


class Search:
    """A search under way; the meters' ticks drive it, the console asks what is new."""

    prompt = b""

    def __init__(self, console, meters, addresses):
        self.as_json = console.as_json
        self._console = console
        self._line = meters[0].line
        self._meters = [each for each in meters if each.line is self._line]
        known = [each.address for each in self._meters]
        self._addresses = addresses or sorted(set([1] + known))
        self._probe = None
        self._told = []
        self._ending = None  # the last words; from then on the meter is left alone for a moment
        self._is_over = False
        self._pause = ticks.Deadline()
        stand_in = _Borrowed(self._line, self._tick)
        for each in self._meters:
            each.line = stand_in

    def take(self, line):
        """Take a line of the console; returns what is new, None for nothing."""
        if line in ("cancel", "abort"):
            self._console.taking = None
            return ["cancelled; the meter is read as before"]
        if line:
            raise ConsoleError("a search runs: `cancel` ends it")
        told, self._told = self._told, []
        if self._is_over:
            self._console.taking = None
            told += self._ending
        return told or None

    def _tick(self, now):
        try:
            self._step(now)
        # Broad: from a full heap or a map that is not there, too, the meters must come back.
        except Exception as error:  # noqa: BLE001
            self._end(now, ["the search failed (%r): try again" % error])

    def _step(self, now):
        if self._ending is not None:
            self._line.tick(now)  # what comes late is nobody's, or the meter's own
            if self._pause.expired(now):
                self._give_back(now)
            return
        if self._console.taking is not self or _is_occupied(self._console.app):
            self._end(now, [_OVER])
        elif self._probe is None:
            self._line.tick(now)
            if self._line.idle:
                self._pause.start(now, PAUSE_MS)
                self._probe = Probe(self._line, type(self._meters[0]), load, self._addresses)
        elif not self._pause.running or self._pause.expired(now):
            self._pause.stop()
            self._go_on(now)

    def _go_on(self, now):
        event = self._probe.tick(now)
        if event is None:
            return
        if event[0] == "done":
            self._end(now, self._result())
            return
        if event[0] == "found":
            fit = event[1]
            speed, address, text = fit.speed, fit.address, fit.type + " fits"
        else:
            _, speed, address, is_heard = event
            text = "answers, but no type fits" if is_heard else "silent"
        self._told.append("%d baud, parity %s, address %d: %s" % (
            speed[0], _parity(speed), address, text))

    def _result(self):
        rows = []
        wrong = []
        for address in self._addresses:
            best = self._probe.best(address)
            if best:
                right = [fit for fit in best if self._is_described(fit)]
                fit = (right or best)[0]
                others = [other.map for other in best if other is not fit]
                rows.append(("address %d" % address, _shown(fit, others)))
                if not right:
                    wrong += board_lines(fit)
        if not rows:
            return [("found", 0), _NOTHING]
        return [("found", len(rows))] + rows + (wrong or ["board.json is right"])

    def _is_described(self, fit):
        own = self._line.baud_rate, self._line.parity_bit
        return fit.speed == own and (fit.type, fit.address) in [
            (each.name, each.address) for each in self._meters]

    def _end(self, now, words):
        self._ending = words
        # The answer to what was asked last may take a second.
        self._pause.start(now, 3 * PAUSE_MS)

    def _give_back(self, now):
        self._is_over = True
        if self._probe:
            self._probe.close()
        for each in self._meters:
            each.line = self._line
            each.poll_now(now)


def _parity(speed):
    return "none" if speed[1] is None else ("even", "odd")[speed[1]]


def _shown(fit, others):
    return [
        ("type", fit.type),
        ("map", fit.map),
        ("rs485_baud", fit.speed[0]),
        ("rs485_parity", _parity(fit.speed)),
        ("voltage_mv", fit.voltage_mv),
        ("mains_mhz", fit.frequency_mhz),
        ("energy_wh", fit.energy_wh),
        ("fits_too", others),
    ]


def board_lines(fit):
    """Return what has to stand in board.json for a Fit, as two lines."""
    baud, parity = fit.speed
    return [
        'board.json, connectors: "meter": {"map": "%s", "address": %d}' % (fit.map, fit.address),
        'board.json, rs485: "baud": %d, "parity": %s' % (
            baud, "null" if parity is None else parity),
    ]
