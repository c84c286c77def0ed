"""Make one flashable file of the official MicroPython .bin and the firmware for a board.

make image BOARD=NAME BIN=ESP32_GENERIC-....bin [TIER=stock|full]

The .bin is what micropython.org offers for the chip, for first installation. Where its file system
begins is read from its own partition table. A board that is flashed with the result starts the
firmware at once; what was in its file system before is gone.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from littlefs import LittleFS, LittleFSError

from tools import deploy, device_files, micropython, mpy
from tools.esp_image import EspImage, ImageError

BLOCK = 4096
# As MicroPython mounts a partition: a file inside a directory block must fit into its cache.
_READ = 32
_CACHE = 128
_RESULTS = Path(".build") / "images"  # make starts us in the project's folder
_SPARE_BLOCKS = 8


def file_system(files, size):
    """Return a littlefs of `size` bytes with `files` {path: path here}, erased blocks cut off.

    Raises ImageError if they do not fit.
    """
    contents = {path: source.read_bytes() for path, source in files.items()}
    contents[deploy.RECORD] = deploy.record(files)
    try:
        fs = LittleFS(block_size=BLOCK, block_count=size // BLOCK, read_size=_READ,
                      prog_size=_READ, cache_size=_CACHE, lookahead_size=_READ,
                      disk_version=0x00020000)
        for path, data in sorted(contents.items()):
            folder = path.rpartition("/")[0]
            if folder:
                fs.makedirs(folder, exist_ok=True)
            with fs.open(path, "wb") as file:
                file.write(data)
    except LittleFSError as error:
        raise ImageError("the firmware does not fit into a file system of %d KB: take "
                         "TIER=stock, or a board with more flash" % (size // 1024)) from error
    if fs.used_block_count + _SPARE_BLOCKS > size // BLOCK:
        raise ImageError("the firmware leaves no room for transactions in a file system of %d KB: "
                         "take TIER=stock, or a board with more flash" % (size // 1024))
    data = bytes(fs.context.buffer).rstrip(b"\xff")
    return data + b"\xff" * (-len(data) % BLOCK)


def merge(image, source, start, data, target):
    """Write the flashable file: `image` read from `source`, and `data` from `start` in flash.

    Whole or not at all. Raises ImageError.
    """
    with tempfile.TemporaryDirectory() as folder:
        part, merged = Path(folder) / "vfs.bin", Path(folder) / "merged.bin"
        part.write_bytes(data)
        command = [sys.executable, "-m", "esptool", "--chip", image.chip, "merge-bin",
                   "-o", str(merged), "0x%x" % image.offset, str(source), "0x%x" % start,
                   str(part)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()
            raise ImageError("esptool merge-bin failed: %s" % (lines[-1:] or ["no message"])[0])
        fresh = target.with_name(target.name + ".new")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(merged, fresh)
            fresh.replace(target)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise ImageError("cannot write %s (%s): say --output with another file" % (
                target, error.strerror)) from error


def make(board, tier, source, flash_bytes, target):
    """Make the image; returns (EspImage, offset and size of the file system, number of files).

    Raises ImageError, BoardError, CompileError, OSError.
    """
    try:
        image = EspImage(Path(source).read_bytes(), str(source))
    except OSError as error:
        raise ImageError("cannot read %s (%s): is BIN= the downloaded file?" % (
            source, error.strerror)) from error
    if target.exists() and target.samefile(source):
        raise ImageError("--output would replace %s: say another file" % source)
    if image.version and image.version < deploy.VERSION_MIN:
        raise ImageError("%s holds MicroPython %d.%d, %d.%d or newer is needed: download a newer "
                         "one" % (source, *image.version, *deploy.VERSION_MIN))
    chip = board.description.get("chip")
    if chip and chip != image.chip:
        raise ImageError("%s is for the chip %s, the board %s has an %s: take the .bin for that"
                         % (source, image.chip, board.name, chip))
    start, size = image.file_system(flash_bytes)
    if start - image.offset < len(image.data):
        raise ImageError("%s is longer than its partitions: download it again" % source)
    files = device_files.tree(board, tier)
    data = file_system(files, size)
    merge(image, source, start, data, target)
    return image, (start, size), len(files)


def _size(text):
    try:
        return micropython.parse_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("%s; flash is 4M, 8M or 16M" % error) from error


def main(arguments=None):
    """Make an image; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.image", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--board", default="", help="folder below boards/, or a path")
    parser.add_argument("--bin", help="MicroPython's .bin for the chip")
    parser.add_argument("--tier", choices=device_files.TIERS, help="default: the board's own")
    parser.add_argument("--flash-size", type=_size, default="4M",
                        help="flash of the board (default 4M)")
    parser.add_argument("--output", type=Path, help="default: .build/images/BOARD-TIER.bin")
    options = parser.parse_args(arguments)
    try:
        board = device_files.Board(options.board)
        if not options.bin:
            raise ImageError("no image given: download the .bin for the board's chip from "
                             "micropython.org, 1.25 or newer, and say BIN=FILE")
        board.check()
        tier = options.tier or board.tier
        target = options.output or _RESULTS / ("%s-%s.bin" % (board.name, tier))
        image, (start, size), count = make(board, tier, options.bin, options.flash_size, target)
    except (ImageError, device_files.BoardError, mpy.CompileError, OSError) as error:
        print("error: %s" % error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nerror: interrupted; no image was made", file=sys.stderr)
        return 130
    print("%s: %s, %d partitions; file system of %d KB at 0x%x" % (
        options.bin, image.chip, len(image.partitions), size // 1024, start))
    print("%s: %d KB, board %s, tier %s, %d files" % (
        target, target.stat().st_size // 1024, board.name, tier, count))
    print("next: .venv/bin/python -m esptool --chip %s --port PORT write-flash 0 %s" % (
        image.chip, target))
    return 0


if __name__ == "__main__":
    sys.exit(main())
