"""wss:// on 32-bit MicroPython: whom the charger believes, and who gets to see its password."""

import contextlib
import datetime
import re
import socket
import threading
import time

import pytest

from tests.host.certificates import Authority
from tests.host.harness import CP

PASSWORD = "only-over-tls-0123"
DAY = datetime.timedelta(days=1)


class Impostor:
    """A server that takes what comes and answers nothing. `heard`: the bytes of each connection
    that got through TLS; None for one that did not. tls: an ssl.SSLContext, None: speaks none."""

    def __init__(self, tls):
        self.heard = []
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_exception):
        # Only this wakes the thread.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(5)
            with connection, contextlib.suppress(OSError):
                if self._tls is None:
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    self.heard.append(connection.recv(4096))
                    continue
                self.heard.append(None)
                with self._tls.wrap_socket(connection, server_side=True) as secured:
                    self.heard[-1] = secured.recv(4096)


@pytest.fixture(scope="module")
def authority():
    """Who signs the certificate of the real central system."""
    return Authority()


@pytest.fixture
def start(bench, authority, tmp_path):
    """start(port) -> the charger, which knows `authority` and calls wss://localhost:port."""
    root = tmp_path / "ca.pem"
    root.write_bytes(authority.pem)

    def begin(port, host="localhost"):
        return bench.start("--csms", "wss://%s:%d/ocpp" % (host, port), "--ca", str(root),
                           "--profile", "2", offline=True, password=PASSWORD)

    return begin


def told(sim, pattern, times=1, timeout_s=20):
    """Wait until so many lines of the log match; returns them."""
    deadline = time.monotonic() + timeout_s
    found = []
    while time.monotonic() < deadline:
        found = [line for line in list(sim.log) if re.search(pattern, line)]
        if len(found) >= times:
            return found
        time.sleep(0.05)
    raise AssertionError("%d of %d lines with %s in:\n%s" % (
        len(found), times, pattern, "\n".join(sim.log)))


def test_wss_when_the_certificate_is_right_then_registers_with_its_password(
        bench, start, authority, tmp_path):
    """A chain to the known root, the right name, valid today: BootNotification is accepted, and
    frames that take many reads of the TLS stream come through both ways."""
    tls = authority.server(tmp_path / "server", "other.example.com", "localhost")
    cs = bench.start_central(tls=tls, password=PASSWORD)
    start(cs.central.port)
    bench.wait_until(lambda state: state["registration"] == "Accepted", timeout_s=30)
    entries = [{"idTag": "CARD%016d" % number, "idTagInfo": {"status": "Accepted"}}
               for number in range(60)]
    answer = cs.call(CP, "SendLocalList", {
        "listVersion": 3, "updateType": "Full", "localAuthorizationList": entries})
    assert answer == {"status": "Accepted"}
    assert len(cs.call(CP, "GetConfiguration")["configurationKey"]) > 40
    assert not [text for text in bench.sim.log if PASSWORD in text]


@pytest.mark.parametrize("names, begins, ends, is_known, text", [
    (["localhost"], -DAY, 9 * DAY, False, "not correctly signed by the trusted CA"),
    (["csms.example.com"], -DAY, 9 * DAY, True, "does not match"),
    (["localhost"], -9 * DAY, -DAY, True, "validity has expired"),
    (["localhost"], DAY, 9 * DAY, True, "validity starts in the future"),
], ids=["unknown_authority", "wrong_name", "expired", "too_early"])
def test_wss_when_the_certificate_is_wrong_then_says_so_tries_on_and_tells_no_password(
        start, authority, tmp_path, names, begins, ends, is_known, text):
    """One line with the reason and the next try, again and again; not one byte of ours goes
    through, so neither the password nor the identity does."""
    signer = authority if is_known else Authority()
    tls = signer.server(tmp_path / "server", *names, begins=begins, ends=ends)
    with Impostor(tls) as server:
        sim = start(server.port)
        line = told(sim, text, times=2)[0]
        assert re.search(r"cannot reach wss://localhost:\d+/ocpp: .*; next try in 1 s", line)
        assert sim.state()["online"] is False
    assert len(server.heard) >= 2
    assert set(server.heard) == {None}


def test_wss_when_the_server_is_verified_then_it_alone_gets_the_password(
        start, authority, tmp_path):
    """What the test above looks for is there with the right certificate: so it would see it."""
    with Impostor(authority.server(tmp_path / "server", "localhost")) as server:
        told(start(server.port), "next try")
    assert b"\r\nAuthorization: Basic " in server.heard[0]


@pytest.mark.parametrize("held, is_right", [("127.0.0.1", True), ("127.0.0.2", False)])
def test_wss_when_the_address_is_a_number_then_the_certificate_has_to_hold_it(
        start, authority, tmp_path, held, is_right):
    """A central system in the same house, known by its IP address: no way around the check."""
    with Impostor(authority.server(tmp_path / "server", "box", held)) as server:
        told(start(server.port, "127.0.0.1"), "next try" if is_right else "does not match")
    assert (server.heard[0] is not None) is is_right


def test_wss_when_the_server_speaks_no_tls_then_there_is_no_way_down_to_plain_text(start):
    """A man in the middle who refuses TLS gets a greeting of TLS, and nothing else."""
    with Impostor(None) as server:
        sim = start(server.port)
        told(sim, "cannot reach wss://.*next try", times=2)
    assert server.heard
    assert not [data for data in server.heard if b"Authorization" in data or CP.encode() in data]


def test_wss_when_the_certificate_is_renewed_then_connects_by_itself(
        bench, start, authority, tmp_path):
    """An operator who forgot to renew does not have to visit the boxes."""
    with Impostor(authority.server(tmp_path / "old", "localhost", ends=-DAY / 2)) as server:
        told(start(server.port), "validity has expired")
    bench.start_central(port=server.port, password=PASSWORD,
                        tls=authority.server(tmp_path / "new", "localhost"))
    bench.wait_until(lambda state: state["registration"] == "Accepted", timeout_s=30)


def test_wss_when_profile_is_2_then_the_console_takes_no_plain_address(start):
    """The password that was for TLS cannot be sent in plain text by a slip at the console."""
    sim = start(9)
    lines = sim.do("console", line="ocpp url ws://127.0.0.1:9/ocpp")["lines"]
    assert "profile 1 goes with ws://, 2 with wss://" in lines[0]
