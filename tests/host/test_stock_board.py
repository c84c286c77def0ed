"""The linked firmware of the stock tier with the modules of the ESP32 port, on the fakes."""

import subprocess

from tools import device_files, micropython

PROGRAM = """
import os, sys
FIRMWARE, FOLDER = %r
sys.path[:] = [FIRMWARE, ".frozen"]
# First: where its archive is mounted, there are no fakes yet.
from firmware.app import App
sys.path.append(".")
from tests.esp32 import on_fakes
import vfs

class Fs:
    def open(self, path, mode):
        return open(FOLDER + path, mode)
    def ilistdir(self, path):
        return os.ilistdir(FOLDER + path)
    def remove(self, path):
        os.remove(FOLDER + path)
    def mkdir(self, path):
        os.mkdir(FOLDER + path)

vfs.mounted.append(Fs())
import asyncio, builtins

from boards._esp32 import start

real = open
builtins.open = lambda path, *mode: real(
    "boards/breadboard/board.json" if path == "/board.json" else path, *mode)

async def stop():
    await asyncio.sleep(1)
    raise KeyboardInterrupt

asyncio.create_task(stop())
start.run()
print("stopped")
"""


def test_tree_when_board_is_an_esp32_then_the_linked_firmware_starts_with_its_drivers(tmp_path):
    """The port's own modules are not linked; what they need is there beside the firmware."""
    board = device_files.Board("breadboard")
    folder = device_files.tree(board, "stock")["firmware/late.bin"].parent.parent
    command = [*micropython.find("micropython32"), "-X", "heapsize=1m", "-c",
               PROGRAM % ((str(folder), str(tmp_path)),)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("stopped\n")
    assert "Traceback" not in done.stdout and "failed" not in done.stdout, done.stdout
