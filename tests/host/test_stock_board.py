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
from boards._esp32.board import Esp32Board

board = Esp32Board(on_fakes.description("breadboard"))
board.feed = lambda: None
app = App(board, None)
app.start()
for turn in range(40):
    app.tick(turn * 50)
print(app.crashes, len(app.profiles), app.identity["chargePointModel"])
"""


def test_tree_when_board_is_an_esp32_then_the_linked_firmware_starts_with_its_drivers(tmp_path):
    """The port's own modules are not linked; what they need is there beside the firmware."""
    board = device_files.Board("breadboard")
    folder = device_files.tree(board, "stock")["firmware/late.bin"].parent.parent
    command = [*micropython.find("micropython32"), "-X", "heapsize=1m", "-c",
               PROGRAM % ((str(folder), str(tmp_path)),)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split()[:2] == ["0", "2"]
