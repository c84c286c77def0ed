"""Which files belong on a board: the compiled firmware, the board's description, its start.

`tree(board, tier)` is what `make deploy` copies, what `make image` packs, and what the package
for `mip` lists. Of boards/ a board gets the shared parts, its own folder, and the folders that its
start files import from; tier "stock" leaves out the profiles that a plain ESP32 has no RAM for.
"""

import ast
import json
from pathlib import Path

from tools import board as boards
from tools import bundle, mpy
from tools.provision import on_board

ROOT = mpy.ROOT
BOARDS = ROOT / "boards"
STAGE = ROOT / ".build" / "device"
TIERS = ("stock", "full")
START = "main.py"
DESCRIPTION = "board.json"

# It is no board that anybody can buy, so it does not stand beside those.
VIRTUAL = "virtual"
_VIRTUAL_FOLDER = ROOT / "tools" / "virtual_board" / "flash"
_ESP32 = "_esp32"
_STARTS = ("boot.py", START)
# Beside Core; see FEATURE in the modules of firmware/ocpp.
_STOCK = ("LocalAuthListManagement", "RemoteTrigger")
# What firmware/profiles.py builds for one profile only.
_BUILT_FOR = {"SmartCharging": "firmware.evse.smart_charging",
              "Reservation": "firmware.evse.reservations"}
# What tools/provision asks a board for, which the linked firmware has under other names.
_FOR_TOOLS = ("kvstore", "firmware.config", "firmware.device_keys", "firmware.profiles",
              "firmware.ocpp.config_keys", "firmware.ocpp.local_auth_list",
              "firmware.ocpp.remote_trigger")
_ALWAYS = ("boards", "boards.common")


class BoardError(Exception):
    """There is no such board, or its description is no good; the text names the remedy."""


class Board:
    """A board's folder. name: a folder of boards/, or a path to one that lies elsewhere."""

    def __init__(self, name, root=ROOT):
        self.root = Path(root)
        known = {path.parent.name: path.parent
                 for path in self.root.glob("boards/*/" + DESCRIPTION)
                 if path.parent.name != "sim"}
        known[VIRTUAL] = _VIRTUAL_FOLDER
        self.folder = known.get(name) or Path(name or ".")
        if not name or not (self.folder / DESCRIPTION).is_file():
            raise BoardError("%s: say BOARD=NAME with one of: %s; or the path of a folder with a "
                             "board.json" % ("there is no board %s" % name if name else
                                             "no board given", ", ".join(sorted(known))))
        self.name = VIRTUAL if name == VIRTUAL else self.folder.resolve().name
        try:
            self.description = json.loads((self.folder / DESCRIPTION).read_text("utf-8"))
        except (ValueError, RecursionError) as error:
            raise BoardError("%s is no JSON: `make check BOARD=%s` shows the line" % (
                self.folder / DESCRIPTION, name)) from error

    def check(self, say=print):
        """Show what `make check` finds. Raises BoardError if that is more than notes."""
        name = VIRTUAL if self.name == VIRTUAL else None
        refused = boards.refusal(boards.check(self.folder / DESCRIPTION, name), say)
        if refused:
            raise BoardError(refused)

    @property
    def tier(self):
        """The tier the board has RAM for."""
        return "stock" if self.description.get("psram", "none") == "none" else "full"

    def starts(self):
        """Return {name on the device: path} of main.py and boot.py: the board's, or the port's."""
        found = {}
        for name in _STARTS:
            for folder in (self.folder, self.root / "boards" / _ESP32):
                if name not in found and (folder / name).is_file():
                    found[name] = folder / name
            # A board that starts by itself needs no boot.py of somebody else.
            if self.folder.joinpath(START).is_file() and not (self.folder / name).is_file():
                found.pop(name, None)
        if START not in found:
            raise BoardError("%s has no main.py, and there is none in boards/%s"
                             % (self.folder, _ESP32))
        return found


def tree(board, tier=None, stage=STAGE):
    """Compile, and return {path on the device: path here} of everything that belongs on `board`.

    Raises BoardError, and mpy.CompileError.
    """
    tier = tier or board.tier
    if tier not in TIERS:
        raise BoardError("there is no tier %s: say TIER=stock or TIER=full" % tier)
    starts = board.starts()
    chosen = modules(board.root, tier, starts.values(), board.folder)
    simulated = any(name.startswith("boards/sim/") for name in chosen)
    if tier == "stock":
        files = _linked(board, chosen, simulated, Path(stage))
    else:
        stage = Path(stage) / ("simulated" if simulated else "plain")
        mpy.build(stage, simulator=simulated, root=board.root)
        files = {name.removesuffix(".py") + ".mpy": stage / (name.removesuffix(".py") + ".mpy")
                 for name in chosen}
    files[DESCRIPTION] = board.folder / DESCRIPTION
    files.update(starts)
    return files


def _linked(board, chosen, simulated, stage):
    """Link what a board loads into its RAM: the firmware without the board's own modules."""
    stage = stage / ("stock-" + board.name)
    without = set(mpy.sources(simulated, board.root)) - set(chosen)
    linked = bundle.SIMULATED_BOARD if simulated else ()
    how = {} if simulated else {"apart": ("boards.",)}
    names = mpy.files(stage, simulator=simulated, root=board.root, board=linked, without=without,
                      copied=_FOR_TOOLS, mentioned=on_board.PROGRAMS, **how)
    return {name: stage / name for name in names}


def modules(root=ROOT, tier="full", starts=None, folder=None):
    """Return {path on the device, with suffix .py: path in the tree} of the modules of a tier.

    starts: files whose imports say which parts of boards/ are needed, None for all but the
    simulator; folder: of the board.
    """
    paths = mpy.sources(starts is not None, root)
    names = {_module(path): path for path in paths}
    out = _left_out(names, paths, root, tier)
    wanted = None if starts is None else _board_packages(names, paths, root, starts)
    if wanted and folder:
        wanted.add("boards." + Path(folder).resolve().name)
    found = {}
    for name, path in sorted(names.items()):
        if name in out or path.rsplit("/", 1)[-1] in _STARTS and path.startswith("boards/"):
            continue
        package = name if path.endswith("/__init__.py") else name.rpartition(".")[0]
        if wanted and name.startswith("boards") and package not in wanted:
            continue
        found[path] = paths[path]
    return found


def left_out(tier, simulator=False, root=ROOT):
    """Return the paths on the device, .py, of the modules that `tier` does without."""
    paths = mpy.sources(simulator, root)
    names = {_module(path): path for path in paths}
    return {names[name] for name in _left_out(names, paths, root, tier)}


def _left_out(names, paths, root, tier):
    """Return the modules of the profiles that `tier` lacks, and what only those import."""
    if tier == "full":
        return set()
    out = {name for name in names if name.startswith("firmware.ocpp.")
           and _feature(Path(root) / paths[names[name]]) not in (None, *_STOCK)}
    out |= {name for feature, name in _BUILT_FOR.items()
            if feature not in _STOCK and name in names}
    needed = _reached(out, names, paths, root) - out
    kept = _reached(set(names) - out - needed, names, paths, root, out)
    return out | needed - kept


def _feature(path):
    for node in ast.parse(path.read_text()).body:
        if (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
                and node.targets[0].id == "FEATURE"):
            return node.value.value
    return None


def _reached(start, names, paths, root, closed=()):
    """Return the modules that `start` needs, itself included, without passing `closed`."""
    found = set()
    waiting = [name for name in start if name not in closed]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [other for other in _imported(Path(root) / paths[names[name]], names)
                        if other not in closed]
    return found


def _board_packages(names, paths, root, starts):
    """Return the packages of boards/ that the start files need, with all that those need."""
    wanted = set(_ALWAYS)
    waiting = [Path(path) for path in starts]
    seen = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for name in _imported(path, names):
            package = name if paths[names[name]].endswith("__init__.py") else name.rpartition(
                ".")[0]
            if name.startswith("boards.") and package not in wanted:
                wanted.add(package)
                waiting += [Path(root) / paths[other] for module, other in names.items()
                            if module.startswith(package + ".")]
    return {".".join(package.split(".")[:depth]) for package in wanted
            for depth in range(1, package.count(".") + 2)}


def _imported(path, names):
    """Yield the modules of ours that a source imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            candidates = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            candidates = [node.module] + [node.module + "." + alias.name for alias in node.names]
        else:
            continue
        yield from (name for name in candidates if name in names)


def _module(path):
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
