"""The firmware on simulated chips, started from a flash as on a board: see tools/virtual_board.

Settings come from the flash, nothing comes from a host. The log goes to the serial line.
"""

import asyncio
import json
import vfs

from boards.sim.board import SimBoard
from boards.sim.runtime import Runtime
from boards.sim.world import World
from firmware.app import App
from log import NAMES


def main():
    """Run until Ctrl-C or until the firmware wants a reset."""
    fs = vfs.mount()[0][0]
    with open("board.json") as file:
        description = json.load(file)
    runtime = Runtime()
    world = World(runtime.ticks_ms, 1)
    runtime.advance = world.advance
    app = App(SimBoard(runtime, world, fs, description), None)
    app.log.sink = _print
    try:
        runtime.run(_run(app))
    except KeyboardInterrupt:
        app.leave("Reboot")
        print("stopped")


async def _run(app):
    firmware = asyncio.create_task(app.run())
    while not app.station.settled and not firmware.done():
        await asyncio.sleep(0.02)
    print("ready: Pilotwire on %s" % app.identity["chargePointModel"])
    await firmware


def _print(level, area, text):
    print("%s %s: %s" % (NAMES[level], area, text))
