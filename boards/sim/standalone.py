"""The firmware on simulated chips, started from a flash as on a board: see tools/virtual_board.

Settings come from the flash, nothing comes from a host. Log and console are on the serial line.
"""

import asyncio
import json
import sys
import vfs

import machine

from boards.sim.board import SimBoard
from boards.sim.runtime import Runtime
from boards.sim.world import World
from firmware.app import App
from firmware.local.console_shell import ConsoleShell
from log import NAMES


def main():
    """Run until a reset that the firmware wants; returns to the prompt after Ctrl-C."""
    fs = next(fs for fs, path in vfs.mount() if path == "/")
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
        return
    machine.reset()


async def _run(app):
    firmware = asyncio.create_task(app.run())
    while not app.station.settled and not firmware.done():
        await asyncio.sleep(0.02)
    print("ready: Pilotwire on %s" % app.identity["chargePointModel"])
    line = asyncio.StreamReader(sys.stdin.buffer)
    console = asyncio.create_task(ConsoleShell(app, line, _write).run())
    await firmware
    console.cancel()


async def _write(data):
    sys.stdout.buffer.write(data)


def _print(level, area, text):
    print("%s %s: %s" % (NAMES[level], area, text))
