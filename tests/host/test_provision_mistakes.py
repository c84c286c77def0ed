"""`make provision` in wrong hands: each mistake is a sentence, nothing is lost or half done."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.host.mpremote_tool import execute, mpremote
from tests.host.provisioning import READ, SITE, keys, make, provision
from tools.board_port import BoardPort
from tools.provision import on_board
from tools.provision.books import BooksError, Keys, Ledger
from tools.provision.site import Site

KEY = "abcdefghijklmnopqrstuvwxyz012345"
FILES = "import os; print([name for name in ('config', 'settings') if name in os.listdir('/')])"


@pytest.fixture
def board(tmp_path, flashed):
    """A board with the firmware on it."""
    with make(tmp_path / "board", flashed) as made:
        yield made


def configured(site, text):
    """Give a site file these lines as [config]."""
    site.write_text(SITE.partition("[config]")[0] + "[config]\n" + text)
    return site


def secrets_file(folder, text):
    """A file of keys with `text` in it, its owner's alone."""
    path = folder / "keys.csv"
    path.write_bytes(text)
    path.chmod(0o600)
    return path


# The file of keys.


@pytest.mark.parametrize("text", [
    b"NORTH-009,24,%s" % KEY.encode(),
    b"id,serial,key\nNORTH-009,24,%s" % KEY.encode(),
])
def test_keys_when_the_last_line_has_no_end_then_no_key_is_lost(tmp_path, text):
    """An editor leaves it so: the next key must not be glued to the last one."""
    path = secrets_file(tmp_path, text)
    made = Keys(path).key("NORTH-010", "25")
    again = Keys(path)
    assert again.key("NORTH-009", "24") == KEY
    assert again.key("NORTH-010", "25") == made


@pytest.mark.parametrize("line", [
    b"NORTH-001;24;" + KEY.encode(), b"NORTH-001,24,", b"NORTH-001,24,short", b"NORTH-001,24",
    b"NORTH-001,24, " + KEY.encode(), b'"NORTH-001,24,' + KEY.encode(), b"\xff\xfe", b"a\0b,c,d",
    b"NORTH-001,24,k\xf6k\xf6k\xf6k\xf6k\xf6k\xf6k\xf6k\xf6",
])
def test_keys_when_a_line_is_no_key_then_refused_and_left_as_it_is(tmp_path, line):
    """A line that is passed over would mean a new key, and a box that is locked out."""
    path = secrets_file(tmp_path, b"id,serial,key\n" + line + b"\n")
    before = path.read_bytes()
    with pytest.raises(BooksError, match="keys.csv, line 2, is not `id,serial,key`") as caught:
        Keys(path)
    assert path.read_bytes() == before
    assert KEY not in str(caught.value)


def test_keys_when_a_table_program_has_saved_them_then_they_are_read(tmp_path):
    """Quotes, a mark at the beginning, blank lines, and line ends of another system."""
    path = secrets_file(tmp_path, (
        '\ufeffid,serial,key\r\n"NORTH-001","24","%s"\r\n\r\n' % KEY).encode())
    assert Keys(path).key("NORTH-001", "24") == KEY


def test_keys_when_the_file_is_the_site_file_then_it_is_not_spoiled(site):
    """One slip in a command line must not make site.toml unreadable."""
    site.chmod(0o600)
    with pytest.raises(BooksError, match="line 2, is not"):
        Keys(site)
    assert site.read_text() == SITE


@pytest.mark.parametrize("name, text", [
    ("", "cannot use the file .*Is a directory"),
    ("no/such/keys.csv", "cannot use the file .*No such file.*can be written"),
    ("/dev/null", "cannot keep keys: name a file"),
])
def test_keys_when_there_is_no_file_to_write_then_says_so(tmp_path, name, text):
    """A folder, a folder that is missing, and what forgets everything."""
    with pytest.raises(BooksError, match=text):
        Keys(tmp_path / name)


# The books.


@pytest.mark.parametrize("text", [
    "", "{", "[]", '{"boards": []}', '{"boards": null}', '{"boards": {"24": {}}}',
    '{"boards": {"24": {"number": "1", "id": "A", "verified": true}}}', "[" * 100_000,
])
def test_ledger_when_damaged_then_says_what_to_do_and_lets_go(site, text):
    """Whatever stands in it: no traceback, and no lock is left."""
    (site.parent / "site.boards.json").write_text(text)
    for _ in range(2):
        with pytest.raises(BooksError, match="is damaged: restore it from a backup"):
            Ledger(Site(site))
    assert not (site.parent / "site.lock").exists()


@pytest.mark.parametrize("name", [
    "site.labels.csv", "site.labels.json.new", "site.boards.json.new"])
def test_provision_when_a_file_cannot_be_written_then_the_board_runs_on_and_nothing_is_lost(
        board, site, name):
    """The file is named; once it can be written the same board gets the same."""
    (site.parent / name).mkdir()
    done = provision(site, board.port)
    assert done.returncode == 1
    assert "error: %s: cannot use the file" % board.port in done.stdout
    assert "Errno" not in done.stdout + done.stderr
    assert board.resets[-1] == "hard"
    before = keys(site) if (site.parent / "keys.csv").stat().st_size else {}
    (site.parent / name).rmdir()
    done = provision(site, board.port)
    assert "is NORTH-001: " in done.stdout
    assert before in ({}, keys(site))


def test_provision_when_interrupted_then_the_same_board_gets_the_same(board, site):
    """Ctrl-C at any moment: a sentence, no traceback, and the firmware goes on."""
    for delay_s in (0.3, 0.8, 1.3):
        process = subprocess.Popen(
            [sys.executable, "-m", "tools.provision", "--port", board.port, "--site", str(site),
             "--secrets", str(site.parent / "keys.csv")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        deadline = time.monotonic() + 30
        while not (site.parent / "site.lock").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(delay_s)
        os.killpg(process.pid, signal.SIGINT)
        said, errors = process.communicate(timeout=60)
        assert "Traceback" not in said + errors
        assert process.returncode == 130 and "interrupted; nothing is lost" in errors or (
            process.returncode == 0)
    done = provision(site, board.port)
    assert "is NORTH-001: " in done.stdout
    assert json.loads(execute(board, READ))["OcppKey"] == keys(site)["NORTH-001"]


# The board.


@pytest.mark.parametrize("text", [
    b"{nope", b"", b"[]", b'{"name": "virtual"}', b'{"current_ma_max": "x"}', b"\xff\xfe",
])
def test_provision_when_board_json_on_the_board_is_broken_then_says_deploy(
        board, site, tmp_path, text):
    """What is wrong with it is told as by `make check`; nothing is given to the board."""
    (tmp_path / "board.json").write_bytes(text)
    mpremote(board, "fs", "cp", str(tmp_path / "board.json"), ":board.json")
    done = provision(site, board.port)
    assert done.returncode == 1
    assert "board.json of 240000000001:1: " in done.stdout
    assert "make deploy BOARD=" in done.stdout
    assert not (site.parent / "site.boards.json").exists()


def test_provision_when_the_firmware_is_another_version_then_says_deploy(board, site, tmp_path):
    """Tools of today, firmware of last year: what they ask it for has another name there."""
    mpremote(board, "fs", "rm", ":firmware/profiles.mpy")
    for text in ("pass\n", "from firmware import nothing\n"):
        (tmp_path / "profiles.py").write_text(text)
        mpremote(board, "fs", "cp", str(tmp_path / "profiles.py"), ":firmware/profiles.py")
        done = provision(site, board.port)
        assert "no complete firmware on the board: make deploy" in done.stdout


def test_provision_when_one_value_is_refused_then_none_is_written(board, site):
    """All or nothing, and each refusal has its reason."""
    configured(site, "HeartbeatInterval = 100\nInstallationCurrentMax = 99\nFoo = 1\n")
    done = provision(site, board.port)
    assert "refuses InstallationCurrentMax = 99, has no key Foo: mend [config]" in done.stdout
    assert execute(board, FILES) == "[]\n"


def test_provision_when_a_value_has_another_spelling_then_it_counts_as_kept(board, site):
    """What the firmware writes in its own way is no bad flash; lists are keys like others."""
    configured(site, 'InstallationCurrentMax = "016"\nLocalPreAuthorize = "TRUE"\n'
               'MeterValuesSampledData = "Energy.Active.Import.Register, Voltage"\n'
               'ChargingPhases = 3\nConnectorPhaseRotation = ["0.RST", "1.RST"]\n')
    done = provision(site, board.port)
    assert "provisioned and verified" in done.stdout, done.stdout
    assert "provisioned already" in provision(site, board.port).stdout


def test_provision_when_the_key_of_another_name_looks_secret_then_its_value_is_not_shown(
        board, site):
    """A mistaken name must not bring a secret to the screen."""
    done = provision(configured(site, 'CsmsKey = "very secret"\nPassword = "very secret"\n'),
                     board.port)
    assert "has no key CsmsKey" in done.stdout
    assert "very secret" not in done.stdout + done.stderr


def test_provision_when_the_file_system_is_full_then_says_that(board, site):
    """It is not the fault of site.toml, nor of the cable."""
    execute(board, """
with open("fill", "wb") as file:
    try:
        while True:
            file.write(b"x" * 4096)
            file.flush()
    except OSError:
        pass
""")
    done = provision(site, board.port)
    assert "file system of the board on %s is full: remove files" % board.port in done.stdout
    mpremote(board, "fs", "rm", ":fill")
    assert "provisioned and verified" in provision(site, board.port).stdout


def test_take_when_another_board_is_there_then_it_is_given_nothing(board):
    """Swapped between the look and the gift: no board gets the key of another."""
    wanted = {"serial": "240000000099", "access": {"OcppKey": KEY}, "ca": None, "config": {}}
    assert on_board.take(BoardPort(board.port), wanted) is None
    assert execute(board, FILES) == "[]\n"
