"""Start the firmware on a board, and what to do when it ends: after a reset that it wished, after
Ctrl-C, after a mistake of ours, and when it has never come far several times in a row.
"""

import asyncio
import json
import sys
import time

import machine
from micropython import const

_FAILED_STARTS_MAX = const(5)
_PROVEN_S = const(600)
_CLOCK_S = const(60)
_STEP_S = const(10 * 86400)  # shorter than any certificate lives
_WALL = b"wall"  # in the RTC's memory, which lives as long as the RTC runs: its time is real
_HOUR_MS = const(3_600_000)


def run(flash_trouble=None):
    """Run until a reset; returns to the prompt after Ctrl-C, or where nothing can be started.

    flash_trouble: for the log, of boot.py.
    """
    machine.freq(240_000_000)
    from boards._esp32.board import Esp32Board

    with open("/board.json") as file:
        board = Esp32Board(json.load(file))
    starts = board.flag("starts") or 0
    if starts >= _FAILED_STARTS_MAX:
        board.set_flag("starts", 0)
        machine.WDT(timeout=_HOUR_MS)
        print("the last %d starts ended early; next try in an hour" % starts)
        return
    board.set_flag("starts", starts + 1)
    board.watch()
    app = None
    try:
        # Here, and not deeper: each import within takes its share of a small stack.
        from firmware.app import App

        board.feed()  # importing all that took its time
        app = App(board, None)
        if flash_trouble:
            app.log.warn("flash", flash_trouble)
        _begin_time(app.clock, board.ticks_ms())
        board.net.use(_settings(app), app.log)
        print("reset:", asyncio.run(_main(app, board)))
    except KeyboardInterrupt:
        # The guard's timer goes on: it keeps the contactor open, and feeds the watchdog.
        if app:
            app.guard_loop.is_alone = True
        board.release()
        board.set_flag("starts", 0)
        return
    except Exception as error:  # noqa: BLE001  whatever it is, the box has to come back
        board.release()
        sys.print_exception(error)
    machine.reset()


async def _main(app, board):
    app.log.sink = _say
    parts = (board.net.run(), _keep(app, board), _serve_console(app))
    background = [asyncio.create_task(part) for part in parts]
    try:
        return await app.run()
    finally:
        for task in background:
            task.cancel()
        board.release()


def _say(level, area, text):
    print("EWID"[level], area, text)


async def _serve_console(app):
    """The console on the serial line, if it is installed."""
    try:
        from firmware.local.console_shell import ConsoleShell  # type: ignore[import-not-found]
    except ImportError:
        return
    await ConsoleShell(app, asyncio.StreamReader(sys.stdin.buffer), _write).run()


async def _write(data):
    sys.stdout.buffer.write(data)


def _settings(app):
    """Return what gives a setting by its name: those of the connection, then all others."""

    def get(name):
        return app.access.config.get(name) or app.config.get(name)

    return get


async def _keep(app, board):
    """Keep the RTC right, for certificates and the next start; tell a start that was good."""
    minutes = 0
    while True:
        await asyncio.sleep(_CLOCK_S)
        wall = app.clock.wall(board.ticks_ms())
        if wall and (abs(wall[0] - time.time()) > 1 or machine.RTC().memory() != _WALL):
            _set_rtc(wall[0])
            machine.RTC().memory(_WALL)
        elif not wall and app.link and "future" in (app.link.why or ""):
            # Mbed TLS finds the server's certificate too new, but our time is no more than the
            # last that was known, and the right one comes over this connection.
            _set_rtc(time.time() + _STEP_S)
        minutes += 1
        if minutes == _PROVEN_S // _CLOCK_S:
            board.set_flag("starts", 0)


def _begin_time(clock, now):
    """Take the time over a reset, if the RTC kept it; else at least no certificate is too new."""
    if machine.RTC().memory() == _WALL and time.time() >= clock.floor_s:
        clock.set(now, time.time())
    elif time.time() < clock.floor_s:
        _set_rtc(clock.floor_s)


def _set_rtc(seconds):
    year, month, day, hour, minute, second, weekday, _ = time.gmtime(seconds)
    machine.RTC().datetime((year, month, day, weekday, hour, minute, second, 0))
