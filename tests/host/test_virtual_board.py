"""The virtual board is a board to the real mpremote, down to the power cut in a write."""

import hashlib
import json
import os
import select
import termios
import time

import pytest

from tests.host.mpremote_tool import execute, mpremote, put
from tools.virtual_board import VirtualBoard

TICKER = """
import time
print("firmware runs")
while True:
    time.sleep_ms(5)
"""


@pytest.fixture
def board(tmp_path):
    """A board with an empty flash, switched on."""
    made = VirtualBoard(tmp_path / "board", heap=100 * 1024)
    with made:
        yield made


def _wait_for_reset(board):
    deadline = time.monotonic() + 5
    while "hard" not in board.resets and time.monotonic() < deadline:
        time.sleep(0)


def test_exec_when_board_is_new_then_has_the_heap_that_was_asked_for(board):
    """Code on the board has as much heap as a board of that size, and an empty littlefs."""
    free, files = execute(board, "import gc, os\nprint(gc.mem_free())\nprint(os.listdir())"
                          ).splitlines()
    assert 96 * 1024 < int(free) <= 100 * 1024
    assert files == "[]"


def test_exec_when_code_raises_then_mpremote_shows_the_traceback(board):
    """What goes wrong on the board is told on its line and by mpremote's status."""
    done = mpremote(board, "exec", "1 / 0")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stdout + done.stderr


def test_cp_when_recursive_then_ls_and_sha256sum_agree_with_the_source(board, tmp_path):
    """Files arrive whole, folders too."""
    text = "".join("%d\n" % number for number in range(2000))
    put(board, tmp_path / "from", {"a/b/long.txt": text})
    listed = mpremote(board, "fs", "ls", ":a/b").stdout
    assert "%d long.txt" % len(text) in listed
    digest = mpremote(board, "fs", "sha256sum", ":a/b/long.txt").stdout
    assert hashlib.sha256(text.encode()).hexdigest() in digest


def test_mount_when_a_module_holds_any_byte_then_it_is_imported(board, tmp_path):
    """With mpremote's own file system on the line, a Ctrl-C in a file is data."""
    (tmp_path / "strange.py").write_text("TEXT = 'a\x03b\x04c'\n")
    code = "import strange; print(strange.TEXT.encode())"
    done = mpremote(board, "mount", str(tmp_path), "exec", code)
    assert r"b'a\x03b\x04c'" in done.stdout, done


def test_mip_when_given_a_local_package_then_installs_below_lib(board, tmp_path):
    """`mpremote mip install` works, and what it installs can be imported."""
    (tmp_path / "one.py").write_text("VALUE = 41\n")
    (tmp_path / "package.json").write_text(json.dumps({"urls": [["one.py", "one.py"]]}))
    done = mpremote(board, "mip", "install", str(tmp_path / "package.json"))
    assert done.returncode == 0, done
    assert execute(board, "import one; print(one.VALUE + 1, one.__file__)").split() == [
        "42", "/lib/one.py"]


def test_soft_reset_when_in_the_raw_repl_then_boot_runs_and_main_does_not(board, tmp_path):
    """As on the chip: a tool that resets softly finds the firmware stopped."""
    put(board, tmp_path / "from", {
        "boot.py": "booted = 1\n", "main.py": "open('ran', 'w').close()\n"})
    assert execute(board, "import os; print(booted, 'ran' in os.listdir())") == "1 False\n"


def test_reset_when_firmware_runs_then_mpremote_interrupts_it(board, tmp_path):
    """A hard reset starts main.py; Ctrl-C gets through to a loop that never reads."""
    put(board, tmp_path / "from", {"main.py": TICKER + "open('end', 'w').close()\n"})
    mpremote(board, "reset")
    _wait_for_reset(board)
    assert execute(board, "import os; print(os.listdir())") == "['main.py']\n"


def test_ctrl_c_when_the_board_still_boots_then_interrupts_main(board, tmp_path):
    """A Ctrl-C that is early waits until there is something to interrupt."""
    put(board, tmp_path / "from", {"main.py": TICKER})
    port = os.open(board.port, os.O_RDWR | os.O_NOCTTY)
    board.reset()
    _wait_for_reset(board)
    termios.tcflush(port, termios.TCIFLUSH)
    os.write(port, b"\x03")
    seen, deadline = b"", time.monotonic() + 20
    while b">>>" not in seen and time.monotonic() < deadline:
        if select.select([port], [], [], 0.1)[0]:
            seen += os.read(port, 1000)
    os.close(port)
    assert b">>>" in seen, seen


@pytest.mark.parametrize("operation", [1, 3])
def test_power_cut_when_in_a_write_then_file_is_old_or_new(board, tmp_path, operation):
    """The flash model lies under it: the port goes away, the file system does not break."""
    put(board, tmp_path / "from", {"fact.txt": "old " * 300})
    board.stop()
    board.start(cut_after=operation, torn="half")
    (tmp_path / "fact.txt").write_text("new " * 300)
    assert mpremote(board, "fs", "cp", str(tmp_path / "fact.txt"), ":fact.txt").returncode != 0
    board.wait_for_cut()
    board.start()
    assert execute(board, "print(open('fact.txt').read())").strip() in (
        ("old " * 300).strip(), ("new " * 300).strip())
