"""The linked image of an ESP32 board: boards/_esp32 beside a firmware with shortened names."""

import subprocess

from tools import micropython, mpy, size

# boards/_esp32/start.py out of the image, on the fakes of tests/esp32, until Ctrl-C after 3 s.
RUN = """
import sys
sys.path[:] = ["tests/esp32", "", "lib", ".frozen"]
import asyncio, builtins, io, json, time
import on_fakes, machine
from boards.sim.flash import NorFlash, mount
image, flash = sys.argv[1:]
fakes = sys.modules["vfs"]
fakes.mounted[:] = [mount(NorFlash(flash, 64))]
for name in list(sys.modules):
    if getattr(sys.modules[name], "__file__", "").split("/")[0] in ("boards", "firmware", "lib"):
        del sys.modules[name]
with open(image, "rb") as file:
    fakes._real.mount(fakes.VfsRom(file.read()), "/rom")
# The firmware mounts where it reads late what it seldom uses.
fakes.mount = lambda *what: fakes._real.mount(*what)
# From here on all of ours comes out of the image.
sys.path[:] = ["/rom", ".frozen"]
description, opened = json.dumps(on_fakes.description()), builtins.open
builtins.open = lambda path, *mode: (
    io.StringIO(description) if path == "/board.json" else opened(path, *mode))
machine.voltages[36] = machine.voltages[33] = lambda: 2533000
from boards._esp32 import start

class Meter:
    # A port that sends for 9 ms, on a line where nobody answers.
    at = 0
    init = lambda self, *_: None
    any = lambda self: 0

    def write(self, data):
        self.at = time.ticks_ms()
        return len(data)

    def txdone(self):
        return time.ticks_diff(time.ticks_ms(), self.at) >= 9

machine.devices["uart", 2] = Meter()

class Line:
    typed = b"help doctor\\r"
    stdout = stdin = None
    print_exception = sys.print_exception

    async def read(self, count):
        while not self.typed:
            await asyncio.sleep(1)
        data, self.typed = self.typed[:count], self.typed[count:]
        return data

    def write(self, data):
        sys.stdout.write(data)

class Loop:
    create_task, sleep = asyncio.create_task, asyncio.sleep
    StreamReader = staticmethod(lambda line: line)
    real_run = asyncio.run

    @staticmethod
    def run(main):
        async def live():
            asyncio.create_task(main)
            for _ in range(300):
                await asyncio.sleep(0.01)
                sending = machine.levels.get(21) and held[0] + 1
                held[:] = sending, max(held[1], sending), held[2] + (sending == 1)
                if machine.timers:
                    machine.fire()
            raise KeyboardInterrupt
        return Loop.real_run(live())

held = [0, 0, 0]  # looks in a row at which the line's direction is out; most of them; requests
line = Line()
line.buffer = line.stdin = line.stdout = line
start.sys, start.asyncio = line, Loop
start.run()
print("held", held[1:])
print("end", start.__file__, machine.levels[26], machine.state["fed"] > 290)
"""


def test_image_when_started_on_the_fakes_then_guard_and_console_run(tmp_path):
    """Attributes that were renamed in the firmware are the same in the port of the ESP32: it
    starts, feeds the watchdog from the guard's timer, serves the console, and ends at rest."""
    (tmp_path / "run.py").write_text(RUN)
    image, _ = size.esp32_image()
    done = subprocess.run(
        [*micropython.find("micropython32"), "-X", "heapsize=4M", str(tmp_path / "run.py"),
         str(image), str(tmp_path / "flash.img")],
        cwd=mpy.ROOT, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stdout + done.stderr, done
    assert "example: doctor" in done.stdout
    # The direction is out for 9 ms of a tick's 50.
    words = done.stdout.split("held [")[1].split("]")[0].split(", ")
    assert 0 < int(words[0]) <= 3 and int(words[1]) > 1
    assert done.stdout.endswith("end /rom/boards/_esp32/start.mpy 0 True\n"), done


def test_limit_when_the_esp32_image_is_larger_then_named():
    """`make size` fails with the key and both figures."""
    figures = {"total": {"image": 1, "linked": 1, "esp32": 11}}
    assert size.over_limits(figures, {"image_bytes": 1, "esp32_image_bytes": 10}) == [
        "esp32_image_bytes: 11, the limit is 10"]
    assert size.limits()["esp32_image_bytes"] < size.limits()["image_bytes"]


def test_image_when_made_then_has_no_module_that_does_nothing():
    """A folder is a package without a file in it."""
    path, _ = size.esp32_image()
    # That of `boards` says how a flash is mounted.
    assert path.read_bytes().count(b"__init__.mpy") == 1
