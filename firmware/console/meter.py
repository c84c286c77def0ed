"""The command `meter`: what the meters read, and which meter is on the line, found while all runs.

A search stands where the line of the meters stood: their ticks drive it, and what they ask of the
line is refused until it is over. It ends by itself when a transaction begins or nobody listens.
"""

import ticks
from firmware.console.commands import forget
from firmware.console.configure import ConsoleError
from meters.probe import LINES, PAUSE_MS, Probe

_ADDRESS_MAX = 247
_SEE = "addresses are 1 to 247, as in `meter probe 1-5,10 connector 1`"
_NO_LINE = "connector %s has no meter on a Modbus line: board.json needs rs485 and a map"
_OTHER = "another search has the meter: try again when it has ended"
_BUSY = "%s: the search takes the meter away for minutes, end the session first"
_BEGINS = "searching at address %s, 10 s to %d min; Enter asks, `cancel` ends it"
_OVER = "the search is over, nothing is known: "
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
    connectors = console.app.station.connectors
    if not words:
        now = console.now
        return [("connector %d" % connector.id, _reading(connector.meter, now))
                for connector in connectors]
    number = "1"
    if words[-2:-1] == ["connector"]:
        number = words[-1]
        words = words[:-2]
    if words[:1] != ["probe"]:
        raise ConsoleError("not so; see `help meter`")
    text = ",".join(words[1:]).replace(",,", ",")
    addresses = _addresses(text)
    for connector in connectors:
        if str(connector.id) == number and hasattr(connector.meter, "line"):
            break
    else:
        raise ConsoleError(_NO_LINE % number)
    if not hasattr(connector.meter.line, "uart"):
        raise ConsoleError(_OTHER)
    busy = _occupied(console.app)
    if busy:
        raise ConsoleError(_BUSY % busy)
    return Search(console, connector, addresses).begin(text)


def _reading(meter, now):
    return [
        ("type", meter.name),
        ("address", getattr(meter, "address", None)),
        ("read_ms_ago", meter.silent_ms(now)),
        ("voltage_mv", meter.voltage_mv),
        ("current_ma", meter.current_ma),
        ("power_w", meter.power_w),
        ("mains_mhz", meter.frequency_mhz),
        ("energy_wh", meter.energy_wh),
    ]


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


def _occupied(app):
    """Return what needs the meter now, "" for nothing."""
    for connector in app.station.connectors:
        if connector.guard.closed or connector.guard.close:
            return "connector %d charges" % connector.id
    return "" if app.station.at_rest else "a transaction runs"


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

    def __init__(self, console, connector, addresses):
        self.as_json = console.as_json
        self._console = console
        self._line = line = connector.meter.line
        self._meters = [other.meter for other in console.app.station.connectors
                        if getattr(other.meter, "line", None) is line]
        known = [each.address for each in self._meters]
        self._addresses = addresses or sorted(set([1] + known))
        self._probe = None
        self._told = []
        self._ending = None  # the last words; from then on the meter is left alone for a moment
        self._is_over = False
        self._pause = ticks.Deadline()

    def begin(self, text):
        """Take the line; returns what to tell. text: the addresses, if they are given."""
        stand_in = _Borrowed(self._line, self._tick)
        for each in self._meters:
            each.line = stand_in
        self._console.taking = self
        # Where nobody answers, an address takes some 20 s on each line.
        minutes = 1 + len(self._addresses) * len(LINES) // 3
        text = text or ",".join([str(address) for address in self._addresses])
        return [_BEGINS % (text, minutes)]

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
            self._end(now, [_OVER + "it failed (%r), try again" % error])

    def _step(self, now):
        if self._ending is not None:
            self._line.tick(now)  # what comes late is nobody's, or the meter's own
            if self._pause.expired(now):
                self._give_back(now)
            return
        busy = _occupied(self._console.app)
        if busy or self._console.taking is not self:
            self._end(now, [_OVER + busy])
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
