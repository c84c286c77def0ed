"""How large the firmware is: bytes of each .mpy, heap that each module takes when imported.

`python -m tools.size [--json] [--no-heap]` compiles lib/, firmware/ and boards/ (without the
simulated one) and prints two heap figures on the 32-bit interpreter, imported in one fresh
process in the order of dependencies: `ram`, from .mpy files, where bytecode lies in the heap, and
`place`, executed in place from a ROMFS image. A board gets the drivers that it names: those that
boards/sim/board.py has no use for are listed, but count for no limit. The line `linked` is the
image that a board gets, where tools/bundle.py has linked the firmware into one module: its size,
and the heap after the import of firmware.app and of the drivers that a board brings; how many
names they add to those of the interpreter; then the size for the ESP32 reference board, with the
drivers that its board.json names. The line `stock` is for the stock tier, which loads its modules
into the heap: the bytes of all files that a board gets, and the heap with firmware.app in it. Exit
status 1 when a limit of pyproject.toml, [tool.pilotwire.size], is passed, or when a module of lib/
or firmware/ cannot be imported.
"""

import argparse
import ast
import json
import sys
import tomllib

from tools import device_files, micropython, mpy, probe
from tools.tidy.findings import Source
from tools.tidy.imports import imported

ROOT = mpy.ROOT
_FULL = ROOT / ".build" / "mpy-full"  # apart from the simulator's, which holds boards/sim too
_IMAGE = ROOT / ".build" / "full.romfs"
_DRIVERS = ("boards/common/", "meters/", "modbus/", "rfid/")
_LINKED = ROOT / ".build" / "linked.romfs"
_STOCK = ROOT / ".build" / "stock"
_ESP32 = ROOT / ".build" / "esp32.romfs"
ESP32_REFERENCE = ROOT / "boards" / "breadboard" / "board.json"
# They start the firmware when they are imported.
_NOT_IMPORTED = ("firmware.main", "firmware.boot")


def measure(with_heap=True):
    """Return {"modules": {name: {"mpy", "ram", "place"}}, "total": {...}, "errors": [text]}.

    All figures in bytes; heap figures are None for what was not imported.
    """
    sizes = mpy.build(_FULL, simulator=False)
    modules = {name: {"mpy": size, "ram": None, "place": None} for name, size in sizes.items()}
    others = other_drivers(sizes)
    total = {"mpy": sum(sizes[name] for name in sizes if name not in others)}
    errors = []
    if with_heap:
        mpy.romfs(_IMAGE, _FULL, simulator=False)
        order = in_order(mpy.sources(simulator=False))
        for column, how, where in (("ram", "path", _FULL), ("place", "rom", _IMAGE)):
            heaps, total[column], _ = _probe(how, where, order)
            for name, (heap, error) in heaps.items():
                modules[name][column] = heap
                errors += ["%s cannot be imported: %s" % (name, error)] if error else []
        drivers = [name for name in sorted(sizes)
                   if name.startswith(_DRIVERS) and name not in others]
        board = [_module(name) for name in drivers]
        total["image"] = mpy.romfs(_LINKED, _FULL, simulator=False, board=board,
                                    without=others)
        # What the start files of a port bring is not in it; the tier lacks some profiles.
        without = {*others, *device_files.left_out("stock")}
        total["stock"] = sum(mpy.files(_STOCK, simulator=False, board=board,
                                       without=without).values())
        for column, how, where in (("linked", "rom", _LINKED), ("stock_heap", "path", _STOCK)):
            heaps, total[column], names = _probe(how, where, ["firmware/app.py"])
            if column == "linked":
                total["names"] = names
            errors += ["%s, %s: %s" % (name, column, heaps[name][1]) for name in heaps
                       if heaps[name][1]]
        total["esp32"] = esp32_image()[1]
    return {"modules": modules, "total": total, "errors": sorted(set(errors))}


def esp32_image():
    """Make the linked image of the ESP32 reference board: boards/_esp32, and of the drivers those
    that its description names. Returns (path, bytes)."""
    sizes = mpy.build(_FULL, simulator=False)
    board = json.loads(ESP32_REFERENCE.read_text())
    meters = [row["meter"] for row in board["connectors"]]
    roots = ["boards.common.connector_port", "boards.common.pilot_io", "boards.common.socket_port"]
    roots += ["meters.maps." + row["map"].split(".")[0] for row in meters if "map" in row]
    roots += ["meters.modbus_meter" if "map" in row else
              "meters.pulse" if "pulses" in row else "meters.cse7766" for row in meters]
    roots += ["modbus.master"] if "rs485" in board else []
    for key, module in (("ntc", "thermistor"), ("onewire", "ds18b20")):
        roots += ["boards.common." + module for row in board["connectors"] if key in row]
    reader = board.get("reader", {})
    roots += ["rfid." + reader["driver"]] if reader else []
    roots += ["rfid.pn532_" + bus for bus in ("spi", "uart", "i2c")
              if reader.get("driver") == "pn532" and bus in reader]
    others = other_drivers(sizes, [*roots, "firmware.app"])
    drivers = [_module(name) for name in sorted(sizes)
               if name.startswith(_DRIVERS) and name not in others]
    return _ESP32, mpy.romfs(_ESP32, _FULL, simulator=False, board=drivers, without=others)


def in_order(names):
    """Return the importable modules, each after what it imports, so that it pays for itself only.

    names: {path on the device: path in the tree}, as from mpy.sources.
    """
    paths = {_module(name): name for name in names}
    ordered = []

    def visit(module, seen):
        name = paths.get(module)
        if name is None or name in ordered or module in seen:
            return
        for needed in _needed(Source(ROOT, names[name])):
            visit(needed, seen | {module})
        ordered.append(name)

    for module in sorted(paths):
        # What belongs to a board needs its hardware.
        if not module.startswith("boards") and module not in _NOT_IMPORTED:
            visit(module, frozenset())
    return [name for name in ordered if not name.startswith("boards")]


def other_drivers(names, users=("boards.sim.board", "firmware.app")):
    """Return those drivers among `names` that `users`, the simulated board, have no use for.

    names: paths on the device, as from mpy.sources; users: modules.
    """
    paths = {_module(name): path for name, path in mpy.sources(simulator=True).items()}
    used, to_see = set(), list(users)
    while to_see:
        module = to_see.pop()
        if module in paths and module not in used:
            used.add(module)
            to_see += _needed(Source(ROOT, paths[module]))
    return {name for name in names if name.startswith(_DRIVERS) and _module(name) not in used}


def _needed(source):
    """Yield what `source` imports, packages first; not all of these names are modules."""
    for node, module in imported(source):
        parts = module.split(".")
        for end in range(1, len(parts) + 1):
            yield ".".join(parts[:end])
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield "%s.%s" % (module, alias.name)


def over_limits(figures, limits):
    """Return a line for every limit that is passed."""
    broken = []
    for key, column in (("image_bytes", "image"), ("heap_bytes_linked", "linked"),
                        ("stock_bytes", "stock"), ("heap_bytes_stock", "stock_heap"),
                        ("esp32_image_bytes", "esp32"), ("names", "names")):
        found = figures["total"].get(column)
        if key in limits and found is not None and found > limits[key]:
            broken.append("%s: %d, the limit is %d" % (key, found, limits[key]))
    return broken


def limits():
    """Return the limits of pyproject.toml."""
    with open(ROOT / "pyproject.toml", "rb") as file:
        return tomllib.load(file)["tool"]["pilotwire"]["size"]


def _module(name):
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _probe(how, where, names):
    """Return ({path on the device: (bytes or None, error or None)}, bytes of all, new names)."""
    interpreter = micropython.find("micropython32")
    probed = probe.probe(interpreter, how, where, [_module(name) for name in names])
    heaps = {name: tuple(row[1:]) for name, row in zip(names, probed.modules)}
    return heaps, probed.total, probed.names


def _print(figures):
    width = max([len(name) for name in figures["modules"]] or [0])
    print("%-*s %8s %8s %8s" % (width, "module", "mpy", "ram", "place"))
    rows = [*sorted(figures["modules"].items()), ("all %d" % len(figures["modules"]),
                                                  figures["total"])]
    for name, row in rows:
        print("%-*s %8s %8s %8s" % (width, name, row["mpy"], *(
            "-" if row.get(column) is None else row[column] for column in ("ram", "place"))))
    total = figures["total"]
    if "image" in total:
        print("%-*s %8s %8s %8s" % (width, "linked", total["image"], "-", total["linked"]))
        print("%-*s %8s %8s %8s" % (width, "linked, names", total["names"], "-", "-"))
        print("%-*s %8s %8s %8s" % (width, "linked, esp32", total["esp32"], "-", "-"))
        print("%-*s %8s %8s %8s" % (width, "stock", total["stock"], total["stock_heap"], "-"))


def main(arguments=None):
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.size", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--no-heap", action="store_true", help="bytes of the .mpy only")
    options = parser.parse_args(arguments)
    try:
        figures = measure(not options.no_heap)
    except (mpy.CompileError, probe.ProbeError, micropython.Unavailable) as error:
        print("error: %s" % error, file=sys.stderr)
        return 1
    problems = figures["errors"] + over_limits(figures, limits())
    if options.json:
        print(json.dumps(dict(figures, problems=problems), indent=1))
    else:
        _print(figures)
        print("\n".join(["size: %s" % text for text in problems or ["within the limits"]]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
