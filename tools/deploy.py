"""Copy the firmware to a connected board, only what changed; an interrupted run can be repeated.

make deploy BOARD=NAME PORT=PORT [TIER=stock|full]

The board is never started with half of an old and half of a new firmware: main.py goes first and
comes back last, when every file has the right checksum. Whatever interrupts a deploy leaves a
board without main.py, its outputs at rest, and the next deploy completes it. Settings, and files
that are not ours, stay.
"""

import argparse
import hashlib
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tools import device_files, mpy
from tools.board.chips import CHIPS
from tools.board_port import BoardPort, PortError

VERSION_MIN = (1, 25)
# What was deployed, as lines "digest path": so a module that is gone from the sources is known.
RECORD = "deployed.txt"

_START_NEW = "main-new.py"
_MPY_VERSION = 6
_BLOCK = 4096
_SPARE_BLOCKS = 4  # directories, and what littlefs needs to move things about
_BYTES_PER_S = 2000  # a slow line, with a wide margin
_SHOWN_MAX = 4

_SCAN = """
import os, sys, hashlib, binascii
def digest(path):
    h = hashlib.sha256()
    b = bytearray(512)
    v = memoryview(b)
    try:
        with open(path, "rb") as f:
            while True:
                n = f.readinto(b)
                if not n:
                    break
                h.update(v[:n])
    except OSError:
        return "unreadable"
    return binascii.hexlify(h.digest()).decode()
def walk(folder):
    for e in os.ilistdir(folder or "/"):
        path = folder + e[0]
        if e[1] & 0x4000:
            walk(path + "/")
        elif path.rsplit(".")[-1] in ("py", "mpy", "bin", "json", "txt"):
            print("file", digest("/" + path), e[3], path)
i = sys.implementation
print("about", i[0], i[1][0], i[1][1], i[1][2], getattr(i, "_mpy", 0) & 255)
print("machine", getattr(i, "_machine", ""))
s = os.statvfs("/")
print("free", s[0] * s[3])
try:
    import machine
    print("serial", binascii.hexlify(machine.unique_id()).decode())
except (ImportError, AttributeError):
    print("serial unknown")
walk("")
"""
_REMOVE = """
import os
for path in %r:
    os.remove(path)
    folder = path.rpartition("/")[0]
    while folder and not os.listdir(folder):
        os.rmdir(folder)
        folder = folder.rpartition("/")[0]
"""


def record(files):
    """Return the content of RECORD for `files` {path on the device: path here}."""
    return "".join("%s %s\n" % (digest, path)
                   for path, digest in sorted(_digests(files).items())).encode()


class DeployError(Exception):
    """The board cannot take the firmware; the text names the remedy."""


class Found:
    """What a scan of the board says: `files` {path: sha256}, their `sizes`, `free` bytes,
    `serial`."""

    def __init__(self, text):
        self.files = {}
        self.sizes = {}
        self.free = 0
        self.serial = "unknown"
        self.about = ["?", "0", "0", "0", "0"]
        self.machine = ""
        for line in text.splitlines():
            word, _, rest = line.partition(" ")
            if word == "file":
                digest, size, path = rest.split(" ", 2)
                self.files[path] = digest
                self.sizes[path] = int(size)
            elif word == "free":
                self.free = int(rest)
            elif word == "serial":
                self.serial = rest
            elif word == "machine":
                self.machine = rest
            elif word == "about":
                self.about = rest.split()

    def check(self, chip=None):
        """Raise DeployError if the board's MicroPython is not for us, or its chip not `chip`."""
        name, *numbers = self.about
        version = tuple(int(number) for number in numbers[:3])
        if name != "micropython":
            raise DeployError("there is no MicroPython on the board: flash one (make image)")
        if version < VERSION_MIN:
            raise DeployError(
                "the board runs MicroPython %d.%d.%d, %d.%d or newer is needed: flash a newer one "
                "(make image); settings in its file system stay" % (*version, *VERSION_MIN))
        if int(numbers[3]) != _MPY_VERSION:
            raise DeployError("the board's MicroPython loads .mpy version %s, ours is %d: flash "
                              "another release" % (numbers[3], _MPY_VERSION))
        # "Generic ESP32 module with ESP32": the chip is the last word, on official builds.
        has = self.machine.rpartition(" ")[2]
        if chip and has.lower() in CHIPS and has.lower() != chip:
            raise DeployError("the board has an %s, the description is for an %s, with other "
                              "pins: say the right BOARD=" % (has, chip))


class Deploy:
    """One run. files: {path on the device: path here}; say(text) tells a person; chip: which the
    files are for, None for any."""

    def __init__(self, port, files, say=print, folder=None, chip=None):
        self._port = port
        self._files = files
        self._say = say
        self._wanted = _digests(files)
        self._record = record(files)
        self._work = folder
        self._chip = chip

    def run(self):
        """Bring the board to what `files` says; returns True if anything changed."""
        found = self._scan()
        found.check(self._chip)
        changed, gone = self.difference(found)
        self._say("MicroPython %s.%s.%s, serial number %s" % (*found.about[1:4], found.serial))
        if not changed and not gone:
            self._say("nothing to do: all %d files are on the board" % len(self._wanted))
            return False
        # On a board that never had our firmware every file and the record are missing.
        if device_files.START not in found.files and len(changed) <= len(self._wanted):
            self._say("an earlier deploy did not finish: completing it")
        replaced = self._check_space(found, changed, gone)
        self._change(found, changed, gone, replaced)
        return True

    def difference(self, found):
        """Return (paths to copy, paths to remove), sorted."""
        changed = [path for path, digest in self._wanted.items()
                   if found.files.get(path) != digest]
        if found.files.get(RECORD) != _digest(self._record):
            changed.append(RECORD)
        return sorted(changed), sorted(self._gone(found))

    def _gone(self, found):
        """Yield what has no source any more, and what would be imported in place of ours."""
        folders = {path.split("/")[0] for path in self._wanted if "/" in path}
        ours = set(self._recorded(found))
        for path in found.files:
            if path in self._wanted or path == RECORD:
                continue
            is_module = path.endswith((".py", ".mpy"))
            if path in ours or is_module and path.split("/")[0] in folders:
                yield path
            # MicroPython takes ticks.py before ticks.mpy.
            elif path.endswith(".py") and path.removesuffix(".py") + ".mpy" in self._wanted:
                yield path

    def _recorded(self, found):
        if RECORD not in found.files:
            return []
        text = self._port.run("fs", "cat", ":" + RECORD)
        return [line.partition(" ")[2] for line in text.splitlines()]

    def _check_space(self, found, changed, gone):
        """Return what has to go before its successor comes. Raises DeployError."""
        needed = _SPARE_BLOCKS * _BLOCK + sum(
            _blocks(self._files[path].stat().st_size) for path in changed if path in self._files)
        replaced = [path for path in changed if path in found.files]
        back = sum(_blocks(found.sizes[path]) for path in [*replaced, *gone])
        if needed - back > found.free:
            raise DeployError(
                "no space: %d KB are needed, %d KB are free on the board. Remove files of your "
                "own (mpremote fs rm), take TIER=stock, or flash an image with a larger file "
                "system (make image)" % ((needed - back) // 1024, found.free // 1024))
        # A file that is replaced gives its blocks back only once the new one is there.
        return replaced if needed > found.free else []

    def _change(self, found, changed, gone, replaced):
        began = time.monotonic()
        start = device_files.START
        if start in found.files:
            self._say("stopping the firmware: the board restarts without it, outputs at rest")
            self._port.restart("fs", "rm", ":" + start)
            self._port.wait()
        if gone:
            self._tell("removing", gone)
        first = sorted({*gone, *replaced} - {start, RECORD})
        if first:
            self._port.execute(_REMOVE % (first,))
        self._copy(sorted({*changed, start}))
        self._verify()
        self._port.run("exec", "import os; os.rename(%r, %r)" % (_START_NEW, start))
        self._say("%d files copied, %d removed, all verified, in %.0f s" % (
            len({*changed, start}), len(gone), time.monotonic() - began))

    def _copy(self, paths):
        self._tell("copying", paths)
        with tempfile.TemporaryDirectory(dir=self._work) as folder:
            for path in paths:
                name = _START_NEW if path == device_files.START else path
                target = Path(folder) / name
                target.parent.mkdir(parents=True, exist_ok=True)
                if path == RECORD:
                    target.write_bytes(self._record)
                else:
                    shutil.copyfile(self._files[path], target)
            size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
            entries = sorted(str(path) for path in Path(folder).iterdir())
            self._port.run("fs", "cp", "-r", *entries, ":", limit_s=60 + size / _BYTES_PER_S)

    def _verify(self):
        found = self._scan()
        # It gets its name when all else is right.
        found.files[device_files.START] = found.files.pop(_START_NEW, None)
        changed, gone = self.difference(found)
        if changed or gone:
            raise DeployError("%s did not arrive whole: deploy again; if it happens again, the "
                              "flash or the cable is bad" % ", ".join((changed + gone)[:9]))

    def _scan(self):
        return Found(self._port.execute(_SCAN, limit_s=60))

    def _tell(self, what, paths):
        more = len(paths) - _SHOWN_MAX
        self._say("%s %s%s" % (what, ", ".join(paths[:_SHOWN_MAX]),
                               " and %d more" % more if more > 0 else ""))


def _blocks(size):
    return -(-size // _BLOCK) * _BLOCK


def _digests(files):
    return {path: _digest(source.read_bytes()) for path, source in files.items()}


def _digest(data):
    return hashlib.sha256(data).hexdigest()


def main(arguments=None):
    """Deploy; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.deploy", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--board", default="", help="folder below boards/, or a path")
    parser.add_argument("--port", default="", help="serial port of the board")
    parser.add_argument("--tier", choices=device_files.TIERS, help="default: the board's own")
    parser.add_argument("--no-start", action="store_true", help="leave the firmware stopped")
    options = parser.parse_args(arguments)
    try:
        board = device_files.Board(options.board)
        board.check()
        files = device_files.tree(board, options.tier)
        print("board %s, tier %s: %d files, %d KB" % (
            board.name, options.tier or board.tier, len(files),
            sum(path.stat().st_size for path in files.values()) // 1024))
        port = BoardPort(options.port)
        # Where it is whole, the firmware goes on.
        with port.stopped(start=not options.no_start):
            changed = Deploy(port, files, chip=board.description.get("chip")).run()
        if not options.no_start:
            print("the firmware %s" % ("starts" if changed else "starts again"))
    except (device_files.BoardError, mpy.CompileError, PortError, DeployError) as error:
        print("error: %s" % error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nerror: interrupted; the board runs the firmware that was on it, or none: deploy "
              "again", file=sys.stderr)
        return 130
    print("next: make provision PORT=%s SITE=site.toml, or make console PORT=%s" % (
        options.port, options.port))
    return 0


if __name__ == "__main__":
    sys.exit(main())
