"""`make provision` with the real mpremote: real firmware modules on virtual boards."""

import json
import os

from tests.host.mpremote_tool import execute, mpremote
from tests.host.provisioning import READ, SITE, keys, make, provision
from tools import device_files
from tools.virtual_board import VirtualBoard


def test_provision_when_board_is_new_then_it_has_everything_and_no_secret_is_shown(
        tmp_path, site, flashed):
    """Identity, network, key and configuration arrive; label data come out."""
    with make(tmp_path / "board", flashed) as board:
        done = provision(site, board.port)
        assert done.returncode == 0, done.stdout + done.stderr
        access = json.loads(execute(board, READ))
        config = execute(board, """
with open("/config/InstallationCurrentMax", "rb") as file:
    print(file.read()[4:])
""")
    key = keys(site)["NORTH-001"]
    assert access == {"OcppUrl": "ws://127.0.0.1:9/ocpp", "OcppIdentity": "NORTH-001",
                      "SecurityProfile": "1", "OcppKey": key, "WifiSsid": "chargers",
                      "WifiPassword": "very secret wifi"}
    assert config == "b'16'\n"
    assert len(key) == 32
    assert os.stat(site.parent / "keys.csv").st_mode & 0o777 == 0o600
    shown = done.stdout + done.stderr + "".join(
        path.read_text() for path in site.parent.glob("site.*.*"))
    assert key not in shown
    assert "very secret wifi" not in shown
    assert "board 240000000001 is NORTH-001: provisioned and verified" in done.stdout
    assert (site.parent / "site.labels.csv").read_text().splitlines() == [
        "serial,id,qr",
        "240000000001,NORTH-001,https://example.com/NORTH-001/240000000001"]


def test_provision_when_repeated_then_the_board_is_recognised_and_left_alone(
        tmp_path, site, flashed):
    """The same identity, the same key, and not one operation of the flash."""
    with make(tmp_path / "board", flashed) as board:
        provision(site, board.port)
        key = keys(site)
        before = board.flash.read_bytes()
        done = provision(site, board.port)
        assert "provisioned already, nothing changed" in done.stdout
        assert board.flash.read_bytes() == before
    assert keys(site) == key


def test_provision_when_one_board_fails_then_the_next_is_not_spoiled(tmp_path, site, flashed):
    """A dead port in the middle costs its own place only, and no identity."""
    with make(tmp_path / "a", flashed, 1) as first, make(tmp_path / "b", flashed, 2) as last:
        done = provision(site, first.port, str(tmp_path / "dead"), last.port)
    assert done.returncode == 1
    assert "error: %s: there is no port" % (tmp_path / "dead") in done.stdout
    assert "240000000002 is NORTH-002: provisioned and verified" in done.stdout
    labels = json.loads((site.parent / "site.labels.json").read_text())
    assert [label["id"] for label in labels] == ["NORTH-001", "NORTH-002"]


def test_provision_when_power_is_cut_then_the_same_board_completes_with_the_same_key(
        tmp_path, site, flashed):
    """Identity and key were on disk before they went to the board."""
    with make(tmp_path / "board", flashed) as board:
        board.stop()
        board.start(cut_after=3, torn="half")
        cut = provision(site, board.port)
        assert cut.returncode == 1
        assert "try again" in cut.stdout
        board.wait_for_cut()
        key = keys(site)
        assert not (site.parent / "site.labels.csv").exists()
        board.start()
        done = provision(site, board.port)
        assert "is NORTH-001: provisioned and verified" in done.stdout
        assert json.loads(execute(board, READ))["OcppKey"] == key["NORTH-001"]
    assert keys(site) == key


def test_provision_when_asked_for_many_then_takes_the_next_board_on_the_same_port(
        tmp_path, site, flashed):
    """A row of boards on one cable; the same board again is no new one."""
    with make(tmp_path / "board", flashed) as board:
        done = provision(site, board.port, more=["--many"], answers="\nq\n")
    assert done.returncode == 0
    assert done.stdout.count("is NORTH-001") == 2
    assert "site.toml so far: 1" in done.stdout


def test_provision_when_the_firmware_refuses_a_value_then_nothing_of_the_link_is_written(
        tmp_path, site, flashed):
    """What InstallationCurrentMax may be, the firmware knows: the board is rated 32 A."""
    site.write_text(SITE.replace("= 16", "= 63"))
    with make(tmp_path / "board", flashed) as board:
        done = provision(site, board.port)
        assert "refuses InstallationCurrentMax = 63: mend [config]" in done.stdout
        assert board.resets[-1] == "hard"
        assert mpremote(board, "fs", "ls", ":settings").returncode != 0


def test_provision_when_the_description_on_the_board_is_wrong_then_gives_it_nothing(
        tmp_path, site, flashed):
    """An old or edited board.json: no identity is used up, nothing is written, remedy named."""
    wrong = tmp_path / "board.json"
    text = (device_files.Board("virtual").folder / "board.json").read_text()
    wrong.write_text(text.replace('"phases": 3', '"phases": 2'))
    with make(tmp_path / "board", flashed) as board:
        mpremote(board, "fs", "cp", str(wrong), ":board.json")
        done = provision(site, board.port)
        assert mpremote(board, "fs", "ls", ":settings").returncode != 0
    assert done.returncode == 1
    assert "board.json of 240000000001:" in done.stdout
    assert "the description of the board has a mistake" in done.stdout
    assert "make deploy BOARD=... PORT=" in done.stdout
    assert not (site.parent / "site.boards.json").exists()


def test_provision_when_board_belongs_elsewhere_then_it_keeps_its_identity(
        tmp_path, site, flashed):
    """A board of another site on the wrong table is not overwritten by mistake."""
    with make(tmp_path / "board", flashed) as board:
        provision(site, board.port)
        other = tmp_path / "other" / "site.toml"
        other.parent.mkdir()
        other.write_text(SITE.replace("NORTH", "SOUTH"))
        done = provision(other, board.port)
        assert "is NORTH-001 already, which this site does not know" in done.stdout
        done = provision(other, board.port, more=["--take-over"])
        assert "is SOUTH-001: provisioned and verified" in done.stdout


def test_provision_when_there_is_no_firmware_then_says_deploy(tmp_path, site):
    """The order of things, told to somebody who missed a step."""
    with VirtualBoard(tmp_path / "board") as board:
        done = provision(site, board.port)
    assert done.returncode == 1
    assert "no complete firmware on the board: make deploy" in done.stdout


def test_provision_when_keys_have_nowhere_to_go_then_no_board_is_touched(site):
    """A key that nobody knows would lock the box out."""
    done = provision(site, "/dev/null", secrets=None)
    assert done.returncode == 1
    assert '--secrets keys.csv"' in done.stderr


def test_provision_when_others_may_read_the_keys_then_refuses_the_file(site):
    """A file of keys is its owner's."""
    (site.parent / "keys.csv").write_text("id,serial,key\n")
    os.chmod(site.parent / "keys.csv", 0o644)
    done = provision(site, "/dev/null")
    assert "chmod 600" in done.stderr
