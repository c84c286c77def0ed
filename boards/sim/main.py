"""Start the simulated charger: the first line on stdin has the options, the rest are commands.

Runs on MicroPython and on CPython; the host side is tools/sim. What the simulated world takes of
the heap is measured from here on, so the interpreter, asyncio and json count as the firmware's;
the options of the host do not.
"""

import asyncio
import gc
import json
import sys

_MICROPYTHON = sys.implementation.name == "micropython"


def _options():
    if _MICROPYTHON:
        return json.loads(sys.stdin.readline())
    with open(0, "rb", buffering=0, closefd=False) as stdin:
        return json.loads(stdin.readline())


def _mount_rom(path):
    """Execute the firmware in place from a ROM image, as a board with a ROM partition does."""
    import vfs

    with open(path, "rb") as file:
        image = file.read()
    vfs.mount(vfs.VfsRom(image), "/rom")
    sys.path.insert(0, "/rom")


def main():
    """Read the options, build the world, then the firmware; returns the exit status."""
    gc.collect()
    before = gc.mem_alloc() if _MICROPYTHON else 0
    assert asyncio
    options = _options()
    if options.get("rom"):
        _mount_rom(options["rom"])
    from boards.sim.simulator import Simulator

    return Simulator(options).run(before)


if __name__ == "__main__":
    sys.exit(main())
