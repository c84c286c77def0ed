"""`make deploy` in wrong hands and on bad days: interrupted, a full flash, what is no port."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.host.mpremote_tool import execute
from tests.host.test_deploy import files, listing, run
from tools import deploy
from tools.board_port import BoardPort, PortError
from tools.virtual_board import VirtualBoard



@pytest.fixture
def board(tmp_path):
    """A board with an empty flash of 128 KB, switched on."""
    with VirtualBoard(tmp_path / "board", heap=100 * 1024, blocks=32) as made:
        yield made


def test_deploy_when_the_new_files_need_the_room_of_the_old_then_those_go_first(board, tmp_path):
    """Nothing runs meanwhile, so there is no need for both at once."""
    run(board, files(tmp_path / "v", 1, **{"big.py": "#" * 70_000}))
    wanted = files(tmp_path / "v", 2, **{"big.py": "# 2" + "#" * 70_000})
    run(board, wanted)
    assert execute(board, "import os, one; print(one.GENERATION, os.stat('big.py')[6])") == (
        "2 70003\n")


def test_deploy_when_a_small_file_becomes_too_large_then_refused_before_main_is_gone(
        board, tmp_path):
    """What a file gives back is its old size, not its new one: the board keeps what it runs."""
    run(board, files(tmp_path / "v", 1, **{"big.py": "#"}))
    wanted = files(tmp_path / "v", 2, **{"big.py": "#" * 120_000})
    with pytest.raises(deploy.DeployError, match="no space"):
        run(board, wanted)
    assert "'main.py'" in listing(board)


def test_deploy_when_what_goes_makes_room_then_it_is_not_refused(board, tmp_path):
    """Another tier, another board: what has no source any more goes first."""
    run(board, files(tmp_path / "v", 1, **{"folder/old.py": "#" * 70_000}))
    run(board, files(tmp_path / "v", 2, **{"folder/new.py": "#" * 70_000}))
    assert execute(board, "import os; print(os.listdir('folder'))") == "['new.py', 'two.py']\n"


@pytest.mark.parametrize("delay_s", [0.2, 0.8, 1.4, 2.0])
def test_make_deploy_when_interrupted_then_a_sentence_and_the_next_completes(tmp_path, delay_s):
    """Ctrl-C at any moment: no traceback, the status of an interrupt, nothing lost."""
    with VirtualBoard(tmp_path / "board", heap=100 * 1024) as board:
        command = [sys.executable, "-m", "tools.deploy", "--board", "virtual", "--port",
                   board.port]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, start_new_session=True,
                                   env=dict(os.environ, PYTHONUNBUFFERED="1"))
        process.stdout.readline()
        time.sleep(delay_s)
        os.killpg(process.pid, signal.SIGINT)
        said, errors = process.communicate(timeout=60)
        assert "Traceback" not in said + errors
        assert process.returncode == 130 and "interrupted" in errors or process.returncode == 0
        done = subprocess.run([*command, "--no-start"], capture_output=True, text=True,
                              timeout=120)
        assert done.returncode == 0, done.stderr
        assert "deployed.txt" in listing(board)


def test_stopped_when_another_is_at_work_then_refused_between_its_commands_too(board, tmp_path):
    """mpremote lets go of the port after each command: two deploys would mix two firmwares."""
    link = tmp_path / "other_name"
    link.symlink_to(board.port)
    with BoardPort(board.port).stopped():
        with pytest.raises(PortError, match="another deploy or provision is at work on"):
            with BoardPort(str(link)).stopped():
                pass
    with BoardPort(str(link)).stopped():
        pass


def test_stopped_when_the_lock_is_of_somebody_else_then_it_works_or_says_so(
        board, tmp_path, monkeypatch):
    """Whoever said sudo once must not end in a traceback ever after."""
    port = BoardPort(board.port)
    folder = tmp_path / "ports"
    monkeypatch.setattr("tools.board_port._LOCKS", folder)
    with port.stopped():
        pass
    lock, = folder.iterdir()
    lock.chmod(0o444)
    with port.stopped():
        pass
    lock.unlink()
    lock.symlink_to(tmp_path / "no" / "where")
    with pytest.raises(PortError, match="cannot use the file .*: remove the folder"):
        with port.stopped():
            pass


def test_stopped_when_the_work_fails_then_the_firmware_goes_on(board):
    """Whatever it is that goes wrong while it stands still."""
    port = BoardPort(board.port)
    with pytest.raises(PortError, match="reports: OSError"):
        with port.stopped():
            port.execute("raise OSError(2)")
    assert board.resets[-1] == "hard"


@pytest.mark.parametrize("code, text", [
    ("raise OSError(5)", "the flash of the board on .* cannot be read any more"),
    ("raise OSError(84)", "the flash of the board on .* cannot be read any more"),
    ("raise OSError(2)", "reports: OSError"),
    ("open('a', 'w').write(1)", "reports: TypeError"),
    ("raise OSError(28)", "the file system of the board on .* is full: remove files"),
])
def test_execute_when_the_board_fails_then_the_cable_is_not_blamed(board, code, text):
    """Error 5 of the board's flash is not error 5 of the PC's port."""
    with pytest.raises(PortError, match=text):
        BoardPort(board.port).execute(code)


@pytest.mark.parametrize("port", ["/dev/null", "/tmp", __file__])
def test_deploy_when_the_port_is_none_then_nobody_is_told_to_close_it(port):
    """A device that is no serial line, a folder, a file."""
    with pytest.raises(PortError, match="%s is no serial port; " % port):
        BoardPort(port).contact()


def test_deploy_when_the_board_has_another_chip_then_refused():
    """Its pins are others: what is an input there may be the contactor here."""
    text = "about micropython 1 25 0 6\nmachine Generic %s module with %s\nfree 9\n"
    deploy.Found(text % ("ESP32S3", "ESP32S3")).check("esp32s3")
    deploy.Found(text % ("ESP32", "ESP32")).check(None)
    deploy.Found("about micropython 1 25 0 6\nmachine a board of somebody\n").check("esp32")
    with pytest.raises(deploy.DeployError, match="has an ESP32, the description is for"):
        deploy.Found(text % ("ESP32", "ESP32")).check("esp32s3")
