"""Name look-up over real UDP, on both interpreters: the shell does what lib/dns.py says."""

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tools import micropython, mpy

ROOT = Path(__file__).resolve().parents[2]
_ANSWER = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x01\x00\x00\x04\x7f\x00\x00\x02"
_SCRIPT = """
import asyncio, json, os, sys, time
from firmware.net import stream
from firmware.net.names import Names

class Board:
    ticks_ms = staticmethod(lambda: int(time.time() * 1000) & 0x3FFFFFFF)
    random = staticmethod(os.urandom)

async def main():
    names = Names(lambda: ["127.0.0.1"], Board, int(sys.argv[1]))
    beats = 0
    async def beat():
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0.02)
    task = asyncio.create_task(beat())
    found = []
    for host in sys.argv[2:]:
        try:
            found.append(await names.resolve(host))
        except OSError as error:
            found.append(error.args[0])
    task.cancel()
    print(json.dumps([found, beats]))

asyncio.run(main())
"""


class Server:
    """A name server on loopback: `answers` has (error code, records, delay) for each question."""

    def __init__(self, answers):
        self.questions = []
        self._answers = list(answers)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while self._answers:
            try:
                query, client = self._socket.recvfrom(512)
            except OSError:
                return
            self.questions.append(query)
            answer = self._answers.pop(0)
            if answer is not None:
                code, records = answer
                head = query[:2] + bytes([0x81, 0x80 | code, 0, 1, 0, len(records), 0, 0, 0, 0])
                self._socket.sendto(head + query[12:] + b"".join(records), client)

    def close(self):
        self._socket.close()


def _command(vm):
    command = micropython.find(vm)
    if vm == "cpython":
        path = [ROOT, ROOT / "lib", ROOT / "tests/compat"]
    else:
        mpy.build()
        path = [mpy.STAGE, ".frozen"]
    return command, os.pathsep.join(map(str, path))


def _resolve(vm, port, *hosts):
    command, path = _command(vm)
    name = "PYTHONPATH" if vm == "cpython" else "MICROPYPATH"
    script = ROOT / ".build" / ("names-%d.py" % os.getpid())
    script.write_text(_SCRIPT)
    try:
        done = subprocess.run([*command, str(script), str(port), *hosts], cwd=ROOT, text=True,
                              capture_output=True, timeout=60, env={**os.environ, name: path})
    finally:
        script.unlink()
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("vm", ["cpython", "micropython32"])
def test_name_when_served_then_found_and_kept_for_its_ttl(vm):
    """Asked twice, sent once: the second look-up comes from memory."""
    server = Server([(0, [_ANSWER])])
    found, _ = _resolve(vm, server.port, "csms.example.com", "csms.example.com")
    server.close()
    assert found == ["127.0.0.2", "127.0.0.2"]
    assert len(server.questions) == 1
    assert server.questions[0][12:] == b"\x04csms\x07example\x03com\0\0\1\0\1"


@pytest.mark.parametrize("vm", ["cpython", "micropython32"])
def test_server_when_silent_then_the_loop_goes_on_and_the_second_try_counts(vm):
    """A lost packet costs 2 s, in which everything else runs: nothing blocks."""
    server = Server([None, (0, [_ANSWER])])
    found, beats = _resolve(vm, server.port, "csms.example.com")
    server.close()
    assert found == ["127.0.0.2"]
    assert beats > 50


@pytest.mark.parametrize("vm", ["cpython", "micropython32"])
def test_address_when_stale_and_nobody_answers_then_still_used(vm):
    """TTL 0; the server refuses from then on (RFC 8767). An unknown name is told as -2."""
    answer = _ANSWER[:6] + b"\0\0\0\0" + _ANSWER[10:]
    server = Server([(0, [answer]), (2, []), (2, []), (3, [])])
    found, _ = _resolve(vm, server.port, "a.example", "a.example", "b.example")
    server.close()
    assert found == ["127.0.0.2", "127.0.0.2", -2]


def test_names_that_need_nobody_when_connecting_then_nothing_is_asked():
    """localhost and addresses never reach the resolver; a name does, and TLS keeps the name."""
    script = """
import asyncio, sys
sys.path[:0] = ["lib", "tests/compat"]
from firmware.net import stream
asked = []
opened = []
async def resolve(host):
    asked.append(host)
    return "192.0.2.1"
async def open_connection(address, port, **options):
    opened.append((address, options.get("server_hostname")))
    return None, None
asyncio.open_connection = open_connection
async def main():
    for host in ("localhost", "127.0.0.1", "::1", "fe80::1"):
        await stream.connect(host, 80, None, resolve)
    await stream.connect("csms.example.com", 443, object(), resolve)
asyncio.run(main())
print(asked, opened)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == str((["csms.example.com"], [
        ("localhost", None), ("127.0.0.1", None), ("::1", None), ("fe80::1", None),
        ("192.0.2.1", "csms.example.com")]))[1:-1].replace("], [", "] [")
