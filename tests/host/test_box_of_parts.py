"""From a box of parts to a wallbox that its central system knows, with the verbs that a person
types: deploy, provision, and the board calls home over TLS."""

import os
import subprocess

from tests.host.certificates import Authority
from tools import mpy
from tools.csms.background import BackgroundCentral
from tools.virtual_board import VirtualBoard

KEY = "abcdefghijklmnopqrstuvwxyz012345"


def make(verb, **variables):
    """Run a verb of the Makefile; returns what it printed. Raises AssertionError."""
    words = ["%s=%s" % item for item in variables.items()]
    # -o: the environment is there, since this test runs in it.
    done = subprocess.run(["make", "-o", ".venv/.ready", verb, *words], cwd=mpy.ROOT,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_box_of_parts_when_deployed_and_provisioned_then_calls_home_with_its_key(tmp_path):
    """Two commands, and the central system has a new charge point that knows its key, and that
    has checked its certificate against the one in site.toml."""
    keys = tmp_path / "keys.csv"
    keys.write_text("id,serial,key\nBOX-7,240ac4000001,%s\n" % KEY)
    os.chmod(keys, 0o600)
    authority = Authority()
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    tls = authority.server(tmp_path / "server", "localhost")
    with BackgroundCentral(password={"BOX-7": KEY}, tls=tls) as cs, VirtualBoard(
            tmp_path / "board", heap=400 * 1024) as board:
        (tmp_path / "site.toml").write_text(
            '[site]\nid = "BOX-{number}"\nfirst_number = 7\n'
            '[ocpp]\nurl = "wss://localhost:%d/ocpp"\nca_file = "ca.pem"\n'
            "[config]\nHeartbeatInterval = 77\n" % cs.central.port)
        told = make("deploy", BOARD="virtual", PORT=board.port, TIER="full")
        assert "next: make provision PORT=%s SITE=site.toml" % board.port in told
        told = make("provision", PORT=board.port, SITE=tmp_path / "site.toml",
                    ARGS="--secrets %s" % keys)
        assert "board 240ac4000001 is BOX-7: provisioned and verified" in told
        boot = cs.wait_for_action("BootNotification", cp="BOX-7", timeout_s=20)
        assert boot.payload["chargePointModel"] == "Virtual"
        answer = cs.call("BOX-7", "GetConfiguration", {"key": ["SupportedFeatureProfiles"]})
    assert "SmartCharging" in str(answer)
