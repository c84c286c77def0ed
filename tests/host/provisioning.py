"""`make provision` for tests: a site, boards with the firmware on them, and the tool itself."""

import csv
import io
import subprocess
import sys

from tools import deploy, device_files
from tools.board_port import BoardPort
from tools.virtual_board import VirtualBoard

SITE = """
[site]
id = "NORTH-{number:03}"
qr = "https://example.com/{id}/{serial}"
[network]
wifi_ssid = "chargers"
wifi_password = "very secret wifi"
[ocpp]
url = "ws://127.0.0.1:9/ocpp"
[config]
InstallationCurrentMax = 16
HeartbeatInterval = 86400
"""
READ = """
import json
from kvstore import KvStore
class Fs: pass
fs = Fs()
fs.open = open
print(KvStore(fs, "/settings").get("access").decode())
"""


def flash(folder):
    """Return the flash of a board with the firmware on it, made in `folder`."""
    board = VirtualBoard(folder, heap=120 * 1024)
    files = device_files.tree(device_files.Board("virtual"), "stock")
    files = {path: source for path, source in files.items() if "boards/sim" not in path}
    # It does not run: what counts is what lies on it.
    (board.folder / "main.py").write_text("")
    with board:
        deploy.Deploy(BoardPort(board.port), dict(files, **{
            "main.py": board.folder / "main.py"}), lambda _: None).run()
    return board.flash.read_bytes()


def make(folder, flashed, serial=1):
    """A board with the firmware on it, and a serial number of its own."""
    board = VirtualBoard(folder, heap=120 * 1024, unique_id=bytes((0x24, 0, 0, 0, 0, serial)))
    board.flash.write_bytes(flashed)
    return board.start()


def provision(site, *ports, more=(), secrets="keys.csv", answers=""):
    """Run the tool; returns the CompletedProcess."""
    command = [sys.executable, "-m", "tools.provision", "--port", ",".join(ports),
               "--site", str(site), *more]
    if secrets:
        command += ["--secrets", str(site.parent / secrets)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, input=answers)


def keys(site):
    """The file of keys as {id: key}."""
    rows = csv.DictReader(io.StringIO((site.parent / "keys.csv").read_text()))
    return {row["id"]: row["key"] for row in rows}
