"""`make deploy` with the real mpremote against a virtual board."""

import re
import shutil
import subprocess
import sys
import time

import pytest
import serial

from tests.host.mpremote_tool import execute, mpremote, put
from tools import deploy, device_files
from tools.board_port import BoardPort, PortError
from tools.virtual_board import VirtualBoard

# Notices at a reset if it runs with modules of two generations.
MAIN = """
import one, folder.two
if one.GENERATION != folder.two.GENERATION:
    open("mixed", "w").close()
"""


@pytest.fixture
def board(tmp_path):
    """A board with an empty flash, switched on."""
    made = VirtualBoard(tmp_path / "board", heap=100 * 1024)
    with made:
        yield made


def files(folder, generation, **more):
    """A small firmware in `folder`, as {path on the device: path}."""
    texts = {"one.py": "GENERATION = %d\n" % generation,
             "folder/two.py": "GENERATION = %d\nTEXT = '%s'\n" % (generation, "x" * 3000),
             "same.py": "VALUE = 1\n", "main.py": MAIN, **more}
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return {path: folder / path for path in texts}


def run(board, wanted):
    """Deploy; returns what was said."""
    said = []
    deploy.Deploy(BoardPort(board.port, contact_s=10), wanted, said.append).run()
    return said


def listing(board):
    return execute(board, "import os\nprint(sorted(os.listdir()))")


def test_deploy_when_one_file_changed_then_copies_that_and_removes_what_has_no_source(
        board, tmp_path):
    """What is the same stays untouched, what is gone from the sources goes from the board."""
    run(board, files(tmp_path / "v", 1, **{"folder/old.py": "X = 1\n"}))
    wanted = files(tmp_path / "v", 1)
    (tmp_path / "v" / "one.py").write_text("GENERATION = 1  # again\n")
    said = run(board, wanted)
    assert "removing folder/old.py" in said
    assert "copying deployed.txt, main.py, one.py" in said
    assert execute(board, "import os; print(os.listdir('folder'))") == "['two.py']\n"


def test_deploy_when_repeated_then_changes_nothing(board, tmp_path):
    """The second run finds every checksum and writes nothing."""
    wanted = files(tmp_path / "v", 1)
    run(board, wanted)
    before = board.flash.read_bytes()
    assert "nothing to do: all 4 files are on the board" in run(board, wanted)
    assert board.flash.read_bytes() == before


def test_deploy_when_a_file_rots_then_it_is_copied_again(board, tmp_path):
    """Contents count, not dates or sizes."""
    wanted = files(tmp_path / "v", 1)
    run(board, wanted)
    put(board, tmp_path / "rot", {"same.py": "VALUE = 2\n"})
    assert "copying main.py, same.py" in run(board, wanted)
    assert execute(board, "import same; print(same.VALUE)") == "1\n"


def test_deploy_when_the_user_has_files_then_they_stay(board, tmp_path):
    """Settings and notes are not ours; a module that would hide one of ours is."""
    wanted = files(tmp_path / "v", 1)
    wanted["ticks.mpy"] = tmp_path / "v" / "same.py"
    put(board, tmp_path / "own", {"notes.py": "1\n", "settings/access": "{}",
                                  "ticks.py": "hides = 1\n"})
    assert "removing ticks.py" in run(board, wanted)
    assert "'notes.py', 'one.py', 'same.py', 'settings'" in listing(board)


def test_execute_when_the_firmware_has_a_watchdog_then_there_is_time_to_work(board, tmp_path):
    """It outlives the firmware that is stopped, and must not reset a half copied board."""
    put(board, tmp_path / "v", {"main.py": """
import machine, time
dog = machine.WDT(timeout=10000)
while True:
    dog.feed()
    time.sleep_ms(20)
"""})
    port = BoardPort(board.port)
    port.restart()
    deadline = time.monotonic() + 10
    while board.watchdog_left_s is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert board.watchdog_left_s <= 10
    port.execute("pass")
    assert board.watchdog_left_s > 500


@pytest.mark.parametrize("operation", [1, 4, 8, 11])
def test_deploy_when_power_is_cut_then_nothing_mixed_runs_and_the_next_run_completes(
        board, tmp_path, operation):
    """From the cut on until the deploy is repeated, the board runs all old, all new or nothing."""
    put(board, tmp_path / "v", {path: source.read_text() for path, source in
                                files(tmp_path / "v", 1).items()})
    wanted = files(tmp_path / "v", 2)
    board.stop()
    board.start(cut_after=operation, torn="half")
    with pytest.raises(PortError, match="try again"):
        run(board, wanted)
    board.wait_for_cut()
    board.start()
    assert "mixed" not in listing(board)
    run(board, wanted)
    code = "import os, one, folder.two as two\nprint(one.GENERATION, two.GENERATION, os.listdir())"
    assert execute(board, code).startswith("2 2 ['deployed.txt', 'folder', 'main.py', 'one.py'")


def test_deploy_when_boot_resets_the_chip_then_gets_through_all_the_same(board, tmp_path):
    """A boot.py that cannot go on after a soft reset is what the deploy is to mend."""
    put(board, tmp_path / "old", {"boot.py": """
import machine
if machine.reset_cause() == machine.SOFT_RESET:
    machine.reset()
"""})
    wanted = files(tmp_path / "v", 1, **{"boot.py": ""})
    deploy.Deploy(BoardPort(board.port, contact_s=3), wanted, [].append).run()
    assert "same.py" in listing(board)


def test_deploy_when_main_is_missing_then_says_that_it_completes(board, tmp_path):
    """Without main.py a board was left in the middle: that is said, and mended."""
    wanted = files(tmp_path / "v", 1)
    run(board, wanted)
    mpremote(board, "fs", "rm", ":main.py")
    assert "an earlier deploy did not finish: completing it" in run(board, wanted)
    assert "main.py" in listing(board)


def test_deploy_when_flash_is_too_small_then_says_so_before_it_touches_anything(tmp_path):
    """Half a firmware must not fill the flash."""
    board = VirtualBoard(tmp_path / "board", blocks=16)
    with board:
        wanted = files(tmp_path / "v", 1, **{"big.py": "#" * 80_000})
        with pytest.raises(deploy.DeployError, match="no space: .* are needed, .*make image"):
            run(board, wanted)
        assert listing(board) == "[]\n"


def test_deploy_when_micropython_is_too_old_then_names_both_versions(board, tmp_path):
    """1.24 lacks what the firmware needs."""
    board.stop()
    board.start(version=(1, 24, 1))
    with pytest.raises(deploy.DeployError, match=r"1\.24\.1, 1\.25 or newer is needed"):
        run(board, files(tmp_path / "v", 1))


def test_deploy_when_port_is_busy_then_says_what_to_close(board, tmp_path):
    """Somebody has a console open."""
    with serial.Serial(board.port, exclusive=True):
        with pytest.raises(PortError, match="is busy: close"):
            run(board, files(tmp_path / "v", 1))


def test_deploy_when_board_is_silent_then_says_what_to_look_at(tmp_path):
    """A port with no MicroPython behind it."""
    board = VirtualBoard(tmp_path / "board").start(mute=True)
    with board, pytest.raises(PortError, match="does not answer: is MicroPython on it"):
        BoardPort(board.port, contact_s=1).execute("pass")


def test_deploy_when_port_does_not_exist_then_lists_what_is_there(tmp_path):
    """A typing error in PORT."""
    with pytest.raises(PortError, match="there is no port .*nowhere: is the board connected"):
        BoardPort(str(tmp_path / "nowhere")).execute("pass")


def test_make_deploy_when_board_is_new_then_the_firmware_starts(tmp_path):
    """The whole firmware, compiled, copied and started, with the profiles of the stock tier."""
    with VirtualBoard(tmp_path / "board", heap=400 * 1024) as board:
        done = subprocess.run(
            [sys.executable, "-m", "tools.deploy", "--board", "virtual", "--port", board.port],
            capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert "the firmware starts" in done.stdout
        with serial.Serial(board.port, timeout=10) as line:
            # It may have been ready before anybody listened: once more from the prompt.
            line.write(b"\x03")
            line.read_until(b">>> ")
            line.write(b"\x04")
            assert line.read_until(b"ready: Pilotwire on Virtual\n").endswith(b"Virtual\n")
        assert execute(board, """
import os
from firmware.app import App
print(App.__name__, os.stat("firmware/late.bin")[6] > 10000, "firmware" in os.listdir("/"))
""").split()[1:] == ["True", "True"]


def planted(folder, old, new):
    """A copy of the breadboard's folder with a mistake in its description."""
    shutil.copytree(device_files.BOARDS / "breadboard", folder)
    text = (folder / "board.json").read_text()
    assert text.count(old) == 1
    (folder / "board.json").write_text(text.replace(old, new))
    return folder


def test_make_deploy_when_the_description_has_a_mistake_then_the_port_is_not_even_opened(
        tmp_path):
    """A coil at a strapping pin: line and remedy are shown, and nothing goes to any board."""
    folder = planted(tmp_path / "breadboard", '"coil": 26', '"coil": 12')
    done = subprocess.run(
        [sys.executable, "-m", "tools.deploy", "--board", str(folder), "--port", "/dev/none"],
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert re.search(r"board\.json:\d+: strapping-pin: .*quiet pin", done.stdout)
    assert done.stderr == (
        "error: the description of the board has a mistake, see above; nothing was written. "
        "Correct it: `make check BOARD=...` shows what is left\n")


def test_make_deploy_when_the_description_has_notes_only_then_shows_them_and_goes_on(tmp_path):
    """The breadboard lacks an earth supervision, which is allowed: it fails at the port."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.deploy", "--board", "breadboard", "--port", "/dev/none"],
        capture_output=True, text=True, timeout=60)
    assert "missing-part: (note) there is no earth supervision" in done.stdout
    assert "there is no port /dev/none" in done.stderr


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "\ufeff{}"])
def test_board_when_its_description_is_no_json_then_check_shows_the_line(tmp_path, text):
    """Deploy and image say where to look, and nothing of Python's."""
    (tmp_path / "board.json").write_text(text, encoding="utf-8")
    with pytest.raises(device_files.BoardError, match="is no JSON: `make check BOARD=/"):
        device_files.Board(str(tmp_path))


def test_tree_when_tier_is_full_then_has_every_profile():
    """The stock tier leaves out what a plain ESP32 has no RAM for, and nothing else."""
    board = device_files.Board("virtual")
    full, stock = device_files.tree(board, "full"), device_files.tree(board, "stock")
    assert "firmware/ocpp/smart_charging.mpy" in full
    # Linked: what is Core lies in the one module and its archive.
    assert {path for path in stock if path not in full} == {"firmware/late.bin"}
    assert not {"firmware/ocpp/client.mpy", "firmware/ocpp/reservation.mpy"} & set(stock)


def test_board_when_unknown_then_the_known_ones_are_named():
    """A typing error in BOARD."""
    with pytest.raises(device_files.BoardError, match="no board vertual: .*virtual"):
        device_files.Board("vertual")
