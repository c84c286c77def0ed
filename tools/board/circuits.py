"""Rules about levels, ratings, parts and buses: each yields (path, what is wrong, remedy[, note]).

Pilot levels and cable resistors: IEC 61851-1:2017 Tables A.2, A.3 and B.2.
"""

import ast
import re
from pathlib import Path

from tools.board.chips import CHIPS

_FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"
_ROWS = re.compile(r'(?:^|\\n)([A-Z]\w+) (?:bool|int|list|text) [rw]'
                   r'|\("([A-Z]\w+)", "(?:bool|int|list|text)"|= "(Unlock\w+)"', re.M)
_KEY = re.compile(r"[a-z0-9_.]{1,50}")
_MAPS = Path(__file__).resolve().parents[2] / "lib" / "meters" / "maps"
# The thresholds of the guard (firmware/guard/guard.py): the highest, which tells A from B, and
# that of the diode. The ADC has to see both.
_A_MV, _DIODE_MV = 10_500, -10_300
_LINE_MV = (12_000, 9_000, 6_000, 3_000, 0)
_LEVEL_ERROR_MV = 750  # of the line: half of what lies between a level and its threshold
_PER_VOLT_MV = 40  # at the pin; below, noise of +-8 mV eats the hysteresis
_PIN_MAX_MV = 3300
_PARTS = (
    ("rcd", "RCD", "rcd"),
    ("mirror contact", "mirror contact", "mirror"),
    ("temperature", "temperature sensor", ("ntc", "onewire")),
    ("emergency", "emergency stop", "emergency"),
    ("earth", "earth supervision", "earth"),
)
_OPENERS = ("hardware", "second controller")


def pilot_range(board):
    """What the ADC cannot see, nobody decides upon."""
    chip = CHIPS[board["chip"]]
    for path, pilot in _pilots(board):
        plus_mv, minus_mv = pilot["plus_mv"], pilot["minus_mv"]
        if plus_mv - minus_mv < 24 * _PER_VOLT_MV:
            yield (*path, "minus_mv"), "only %d mV at the ADC for 24 V of the pilot" % (
                plus_mv - minus_mv), ("the pin must fall with the line, by %d mV or more for each "
                                      "volt: correct the divider" % _PER_VOLT_MV)
            continue
        if minus_mv < 0 or plus_mv > _PIN_MAX_MV:
            key = "minus_mv" if minus_mv < 0 else "plus_mv"
            yield (*path, key), "%d mV at the pin of the ADC" % pilot[key], (
                "the pin takes 0 to 3300 mV: add an offset or divide more, else it is destroyed")
            continue
        low_mv, high_mv = chip.spans_mv[pilot.get("db", 11)]
        for line_mv, key, what in ((_A_MV, "plus_mv", "state A"), (_DIODE_MV, "minus_mv",
                                                                   "a missing diode")):
            at_mv = _at_pin(pilot, line_mv)
            if not low_mv <= at_mv <= high_mv:
                yield (*path, key), "%s is told at %d mV, the ADC sees %d to %d" % (
                    what, at_mv, low_mv, high_mv), (
                    "correct the divider or the attenuation (`db`)")


def pilot_levels(board):
    """Levels that were measured or drawn must lie in order, and on the line of the two points."""
    for path, pilot in _pilots(board):
        levels = pilot.get("levels_mv", ())
        if any(a <= b for a, b in zip(levels, levels[1:])):
            yield (*path, "levels_mv"), "the levels of A to E are not in falling order", (
                "write them as measured at +12, +9, +6, +3 and 0 V")
            continue
        span_mv = pilot["plus_mv"] - pilot["minus_mv"]
        for name, line_mv, level_mv in zip("ABCDE", _LINE_MV, levels):
            if span_mv <= 0:
                continue
            seen_mv = (level_mv - pilot["minus_mv"]) * 24_000 // span_mv - 12_000
            if abs(seen_mv - line_mv) > _LEVEL_ERROR_MV:
                yield (*path, "levels_mv"), "level %s of %d V would be read as %d mV" % (
                    name, line_mv // 1000, seen_mv), (
                    "measure again; a front end that is not linear cannot be used")


def proximity_range(board):
    """Every cable's level must lie where the ADC sees it."""
    chip = CHIPS[board["chip"]]
    for number, connector in enumerate(board["connectors"]):
        contact = connector.get("proximity")
        if not contact:
            continue
        low_mv, high_mv = chip.spans_mv[contact.get("db", 11)]
        for ohm, what in ((75, "a 63 A cable"), (2460, "a 13 A cable")):
            at_mv = contact["supply_mv"] * ohm // (ohm + contact["pull_ohm"])
            if not low_mv <= at_mv <= high_mv:
                yield ("connectors", number, "proximity", "pull_ohm"), (
                    "the limit of %s lies at %d mV, the ADC sees %d to %d" % (
                        what, at_mv, low_mv, high_mv)), "choose another pull-up (1 kOhm suits)"


def rating(board):
    """Nothing in the path of the current may be weaker than what is offered."""
    most_ma = board["current_ma_max"]
    for key, what in (("contactor_ma", "contactor"), ("rcd_ma", "RCD"), ("cable_ma", "cable"),
                      ("fuse_ma", "fuse")):
        if key in board and board[key] < most_ma:
            yield ("current_ma_max",), "%d A are offered, the %s carries %d A" % (
                most_ma // 1000, what, board[key] // 1000), (
                "lower `current_ma_max`, or fit a larger %s" % what)
    if board["tethered"] and "cable_ma" not in board:
        yield ("tethered",), "nobody says what the fixed cable carries", "add `cable_ma`"
    if not board["tethered"] and most_ma > 63_000:
        yield ("current_ma_max",), "a socket carries 63 A at most", "lower `current_ma_max`"


def opener(board):
    """Who opens the contactor in time while the interpreter is stalled."""
    by = board["contactor_opened_by"]
    if by in _OPENERS:
        if not board.get("opener"):
            yield ("contactor_opened_by",), "the %s that opens the contactor is not named" % by, (
                "say in `opener` which part it is, and what it watches")
    elif board["blocking_while_closed"] == "allow":
        yield ("blocking_while_closed",), (
            "only Python opens the contactor, and may be stalled with it closed"), (
            'say "pause" or "defer", or add hardware that opens within 100 ms')


def missing_part(board):
    """Each part is there, or somebody has thought about its absence."""
    absent = board.get("absent", {})
    for name, shown, keys in _PARTS:
        keys = (keys,) if isinstance(keys, str) else keys
        lacking = [number for number, connector in enumerate(board["connectors"])
                   if not any(key in connector for key in keys)]
        if lacking and name not in absent:
            yield ("connectors", lacking[0]), "there is no %s" % shown, (
                "add %s, or say in `absent` what takes its place" % " or ".join(
                    "`%s`" % key for key in keys))
        elif lacking:
            yield ("absent", name), "there is no %s" % shown, absent[name], True
        elif name in absent:
            yield ("absent", name), "there is a %s" % shown, "take it out of `absent`"


def socket_parts(board):
    """A socket needs what a fixed cable does not."""
    for number, connector in enumerate(board["connectors"]):
        for key, what in (("lock", "lock"), ("proximity", "proximity contact")):
            if not board["tethered"] and key not in connector:
                yield ("connectors", number), "a socket without a %s" % what, (
                    'add `%s`, or say "tethered": true' % key)
            elif board["tethered"] and key in connector:
                yield ("connectors", number, key), "a fixed cable has no %s" % what, (
                    'take `%s` out, or say "tethered": false' % key)


def meter(board):
    """A meter that the firmware knows, for as many phases as there are, each at its address."""
    maps = _maps()
    seen = {}
    for number, connector in enumerate(board["connectors"]):
        row = connector["meter"]
        path = ("connectors", number, "meter")
        if "map" not in row:
            if board["phases"] > 1 and "pulses" not in row:
                yield path, "this chip measures one phase of %d" % board["phases"], (
                    "fit a meter for all phases")
            continue
        if row["map"] not in maps:
            yield (*path, "map"), "no meter is called %s" % row["map"], (
                "known are %s" % ", ".join(sorted(maps)))
            continue
        is_single, address, baud = maps[row["map"]]
        if is_single and board["phases"] > 1:
            yield (*path, "map"), "%s measures one phase of %d" % (row["map"], board["phases"]), (
                "fit a meter for all phases")
        line = board.get("rs485")
        if line is None:
            yield (*path, "map"), "a Modbus meter, and no RS-485 line", "add `rs485`"
        elif line.get("baud", 9600) != baud:
            yield ("rs485", "baud"), "a new %s speaks %d baud" % (row["map"], baud), (
                "set the meter to the speed of the line", True)
        address = row.get("address", address)
        if address in seen:
            yield path, "address %d is that of connector %d's meter too" % (
                address, seen[address] + 1), "give each meter its own `address`"
        seen.setdefault(address, number)


def bus_clash(board):
    """One port, one user."""
    chip = CHIPS[board["chip"]]
    seen = {}
    for path, row in _ports(board):
        for kind in ("uart", "spi", "i2c"):
            if kind not in row:
                continue
            port = (kind, row[kind])
            if port in seen:
                yield (*path, kind), "%s %d serves the %s already" % (
                    kind.upper(), row[kind], seen[port][-1]), "take another port"
            seen.setdefault(port, path)
            if kind == "uart" and row[kind] == 0 and board.get("console", "uart") == "uart":
                yield (*path, kind), "UART 0 is the serial console", "take UART 1"
            elif kind == "uart" and row[kind] >= chip.uarts:
                yield (*path, kind), "the %s has UART 0 to %d" % (
                    board["chip"], chip.uarts - 1), "take one of them"


def keys(board):
    """The board's own configuration keys, as firmware/device_keys.py reads them."""
    taken = {name.lower(): "is one of the firmware's" for name in _firmware_keys()}
    for number, row in enumerate(board.get("keys", ())):
        name = row["key"].lower()
        if not _KEY.fullmatch(name):
            yield ("keys", number, "key"), "nobody can name the key %r" % row["key"], (
                "take letters, digits, points and underscores, 50 at most")
        if name in taken:
            yield ("keys", number, "key"), "the key %s %s" % (row["key"], taken[name]), (
                "give it another name")
        taken.setdefault(name, "stands twice")
        default = row["default"]
        fits = {"bool": isinstance(default, bool), "text": isinstance(default, str),
                "int": isinstance(default, int) and not isinstance(default, bool)}[row["type"]]
        if fits and row["type"] == "int":
            fits = row.get("min", 0) <= default <= row.get("max", default)
        elif fits and row["type"] == "text":
            fits = len(default) <= row.get("max", 500) and (default + " ").isprintable()
        if not fits:
            yield ("keys", number, "default"), "%r is no %s within the limits of %s" % (
                default, row["type"], row["key"]), "correct the default, or the limits"


def _pilots(board):
    for number, connector in enumerate(board["connectors"]):
        yield ("connectors", number, "pilot"), connector["pilot"]


def _at_pin(pilot, line_mv):
    span_mv = pilot["plus_mv"] - pilot["minus_mv"]
    return pilot["minus_mv"] + (line_mv + 12_000) * span_mv // 24_000


def _ports(board):
    for name in ("rs485", "reader"):
        if name in board:
            yield (name,), board[name]
    for name, row in board.get("network", {}).items():
        yield ("network", name), row
    for number, connector in enumerate(board["connectors"]):
        if "uart" in connector["meter"]:
            yield ("connectors", number, "meter"), connector["meter"]


def _firmware_keys():
    """Return the names of the configuration keys that the firmware's own tables have."""
    return {name for path in sorted(_FIRMWARE.rglob("*.py"))
            for found in _ROWS.findall(path.read_text(encoding="utf-8")) for name in found if name}


def _maps():
    """Return {"module.NAME": (measures one phase only?, address, baud)} of all register maps."""
    found = {}
    for path in sorted(_MAPS.glob("[a-z]*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple)
                    and len(node.value.elts) == 8):
                continue
            head = [getattr(item, "value", None) for item in node.value.elts[:4]]
            is_single = path.stem in ("eastron_single", "pzem") or "DDSU" in node.targets[0].id
            found["%s.%s" % (path.stem, node.targets[0].id)] = is_single, head[2], head[3]
    return found


RULES = (pilot_range, pilot_levels, proximity_range, rating, opener, missing_part, socket_parts,
         meter, bus_clash, keys)
