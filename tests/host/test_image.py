"""`make image`: a synthetic .bin goes in, and what comes out is looked at from outside."""

import re
import shutil
import subprocess
import sys

import pytest
import serial

from tests.host import esp_bin
from tests.host.mpremote_tool import execute
from tools import image, micropython
from tools.device_files import BOARDS, Board
from tools.esp_image import EspImage, ImageError
from tools.virtual_board import VirtualBoard

START = 0x200000

ON_A_RAM_DEVICE = """
import os, sys, vfs

class Ram:
    def __init__(self, data):
        self.data = bytearray(data)
    def readblocks(self, n, buf, off=0):
        at = n * 4096 + off
        buf[:] = self.data[at : at + len(buf)]
    def writeblocks(self, n, buf, off=0):
        at = n * 4096 + off
        self.data[at : at + len(buf)] = buf
    def ioctl(self, op, arg):
        return {4: len(self.data) // 4096, 5: 4096}.get(op, 0)

with open(sys.argv[1], "rb") as file:
    file.seek(int(sys.argv[2]))
    data = file.read()
vfs.umount("/")
vfs.mount(vfs.VfsLfs2(Ram(data + b"\\xff" * (int(sys.argv[3]) - len(data)))), "/")
os.chdir("/")
sys.path[:] = ["", ".frozen"]
from firmware import profiles
from ocppj import frame
print(profiles.features(profiles.installed()), frame.__file__)
with open("settings", "w") as file:
    file.write("kept")
print(open("settings").read())
"""


def run(tmp_path, data, *more, board="virtual"):
    """`make image` on `data`; returns (CompletedProcess, path of the result)."""
    source, target = tmp_path / "official.bin", tmp_path / "out" / "full.bin"
    source.write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-m", "tools.image", "--board", board, "--bin", str(source),
         "--output", str(target), *more], capture_output=True, text=True, timeout=60)
    return done, target


@pytest.fixture(scope="module")
def merged(tmp_path_factory):
    """The flashable file of the full firmware."""
    done, target = run(tmp_path_factory.mktemp("image"), esp_bin.official(), "--tier", "full")
    assert done.returncode == 0, done.stderr
    assert "file system of 2048 KB at 0x200000" in done.stdout
    assert "write-flash 0 %s" % target in done.stdout
    return target


def test_image_when_merged_then_the_official_part_is_untouched(merged):
    """The first 0x1000 bytes are erased flash, then comes the .bin, byte for byte."""
    official = esp_bin.official()
    data = merged.read_bytes()
    assert data[:0x1000] == b"\xff" * 0x1000
    assert data[0x1000 : 0x1000 + len(official)] == official


def test_image_when_mounted_in_micropython_then_the_firmware_runs_and_files_can_be_written(
        merged, tmp_path):
    """The littlefs behind the partitions is one that VfsLfs2 takes, as large as the partition."""
    (tmp_path / "run.py").write_text(ON_A_RAM_DEVICE)
    done = subprocess.run(
        [*micropython.find("micropython32"), "-X", "heapsize=16M", str(tmp_path / "run.py"),
         str(merged), str(START), str(START)], capture_output=True, text=True, timeout=30)
    assert done.stdout.splitlines() == [
        "Core,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger ocppj/frame.mpy",
        "kept"], done


def test_image_when_a_board_boots_from_it_then_the_firmware_starts(merged, tmp_path):
    """Flashed, switched on, ready: with no deploy in between."""
    board = VirtualBoard(tmp_path, heap=400 * 1024)
    cut = merged.read_bytes()[START:]
    board.flash.write_bytes(cut + b"\xff" * (START - len(cut)))
    with board:
        with serial.Serial(board.port, timeout=10) as line:
            assert line.read_until(b"ready: Pilotwire on Virtual\n").endswith(b"Virtual\n")
        assert "deployed.txt" in execute(board, "import os; print(os.listdir())")


def test_file_system_when_image_has_a_vfs_partition_then_takes_that():
    """Images before 1.26 say themselves where their files lie."""
    rows = (esp_bin.NVS, ("factory", 0, 0, 0x10000, 0x180000), ("vfs", 1, 0x81, 0x190000, 0x70000))
    assert EspImage(esp_bin.official(rows)).file_system(4 << 20) == (0x190000, 0x70000)


def test_file_system_when_flash_is_larger_then_reaches_to_its_end():
    """What the last partition leaves is for files."""
    assert EspImage(esp_bin.official()).file_system(8 << 20) == (0x200000, 0x600000)


def test_image_when_chip_has_another_offset_then_finds_the_table():
    """The boot loader of an ESP32-S3 lies at 0, so the table lies at 0x8000 of the file."""
    found = EspImage(esp_bin.official(chip=9, offset=0))
    assert (found.chip, found.offset) == ("esp32s3", 0)
    assert [row.label for row in found.partitions] == ["nvs", "factory"]


def damaged(at, value):
    """The official file with another byte at `at` of flash."""
    data = bytearray(esp_bin.official())
    data[at - 0x1000] = value
    return bytes(data)


@pytest.mark.parametrize("data, text", [
    (b"", "begins with no ESP32 image"),
    (b"UF2\n" + bytes(5000), "begins with no ESP32 image"),
    (damaged(0x1000 + 12, 99), "chip with the unknown number 99"),
    (esp_bin.official()[:0x5000], "ends before its partition table"),
    (damaged(0x8000, 0), "no partition table where it belongs"),
    (damaged(0x8020, 0), "a damaged partition table"),
    (damaged(0x8004, 1), r"damaged partition table \(wrong checksum\)"),
    (esp_bin.official()[: esp_bin.APP - 0x1000], "ends before its application"),
    (esp_bin.official()[:-100], "ends in the middle of its application"),
    (esp_bin.official()[:-1], "ends in the middle of its application"),
    (damaged(0x10040, 0), r"damaged application \(wrong checksum\)"),
    (damaged(0x10000, 0), "has no application in partition factory"),
])
def test_image_when_file_is_bad_then_says_why_and_what_to_do(data, text):
    """Each way in which a download goes wrong has a sentence of its own."""
    with pytest.raises(ImageError, match="official.bin .*" + text):
        EspImage(data, "official.bin")


def test_image_when_flash_is_too_small_then_says_what_it_needs():
    """An image for 4 MB does not leave room for files on 2 MB."""
    with pytest.raises(ImageError, match="2048 KB of flash .* reach to 2048 KB"):
        EspImage(esp_bin.official(), "official.bin").file_system(2 << 20)


def test_image_when_firmware_does_not_fit_then_says_so(tmp_path):
    """A partition that holds MicroPython's file system but not our firmware."""
    (tmp_path / "big.py").write_text("#" * 100_000)
    with pytest.raises(ImageError, match="does not fit into a file system of 64 KB"):
        image.file_system({"big.py": tmp_path / "big.py"}, 16 * 4096)


def test_make_image_when_chip_is_wrong_then_names_both(tmp_path):
    """The .bin of another chip would leave the board dead."""
    folder = tmp_path / "board"
    folder.mkdir()
    (folder / "board.json").write_text('{"chip": "esp32s3"}')
    (folder / "main.py").write_text("")
    (tmp_path / "official.bin").write_bytes(esp_bin.official())
    with pytest.raises(ImageError, match="is for the chip esp32, the board board has an esp32s3"):
        image.make(Board(str(folder)), None, tmp_path / "official.bin", 4 << 20, tmp_path / "out")


def test_make_image_when_the_description_has_a_mistake_then_makes_none(tmp_path):
    """Two signals at one pin: said with its line, and there is no file that could be flashed."""
    folder = tmp_path / "breadboard"
    shutil.copytree(BOARDS / "breadboard", folder)
    text = (folder / "board.json").read_text()
    (folder / "board.json").write_text(text.replace('"rcd_test": 25', '"rcd_test": 27'))
    done, target = run(tmp_path, esp_bin.official(), board=str(folder))
    assert done.returncode == 1
    assert re.search(r"board\.json:\d+: duplicate-pin: .*pin of its own", done.stdout)
    assert "error: the description of the board has " in done.stderr
    assert not target.exists()


def test_make_image_when_there_is_no_bin_then_says_where_it_comes_from(tmp_path):
    """The first thing a newcomer runs into."""
    done = subprocess.run([sys.executable, "-m", "tools.image", "--board", "virtual"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "download the .bin for the board's chip from micropython.org" in done.stderr


@pytest.mark.parametrize("size", [0, 1000, 4096, 2 * 4096, 3 * 4096, 4 * 4096, 64 * 4096])
def test_make_image_when_the_file_system_has_no_room_for_folders_then_says_so(tmp_path, size):
    """Whatever does not fit first: littlefs itself, a folder or a file."""
    factory = ("factory", 0, 0, esp_bin.APP, 0x180000)
    rows = (esp_bin.NVS, factory, ("vfs", 1, 0x81, 0x190000, size))
    done, target = run(tmp_path, esp_bin.official(rows))
    assert done.returncode == 1
    assert "error: the firmware does not fit into a file system of" in done.stderr
    assert not target.exists()


@pytest.mark.parametrize("version, is_good", [("v1.24.1", False), ("v1.25.0", True),
                                              ("v1.30.0-preview.5", True), ("v2.0", True)])
def test_make_image_when_micropython_is_too_old_then_refused(tmp_path, version, is_good):
    """A board that is flashed with it would not start the firmware."""
    code = b"3.4.0; MicroPython %s on 2025-04-15" % version.encode()
    done, target = run(tmp_path, esp_bin.official(code=code))
    assert (done.returncode == 0, target.exists()) == (is_good, is_good)
    assert is_good or "holds MicroPython 1.24, 1.25 or newer is needed" in done.stderr


def test_make_image_when_the_output_is_the_bin_then_the_download_stays(tmp_path):
    """Or is a folder, or there is no .bin: a sentence, and no half image."""
    source = tmp_path / "official.bin"
    done, _ = run(tmp_path, esp_bin.official(), "--output", str(source))
    assert "error: --output would replace %s" % source in done.stderr
    assert source.read_bytes() == esp_bin.official()
    done, _ = run(tmp_path, esp_bin.official(), "--output", str(tmp_path))
    assert "error: cannot write %s (Is a directory): say --output" % tmp_path in done.stderr
    done, _ = run(tmp_path, esp_bin.official(), "--bin", str(tmp_path / "none.bin"))
    assert "error: cannot read %s (No such file" % (tmp_path / "none.bin") in done.stderr
    done, _ = run(tmp_path, esp_bin.official(), "--flash-size", "big")
    assert "flash is 4M, 8M or 16M" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["official.bin"]
