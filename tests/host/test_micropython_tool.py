"""Getting the interpreter: what is used when Debian's package cannot be had."""

import subprocess
import sys

import pytest

from tools import micropython

FAKE = "#!/bin/sh\necho micropython %s %d\n"


@pytest.fixture
def bare_host(tmp_path, monkeypatch):
    """A host without apt and with nothing on its PATH but what the test puts there."""
    monkeypatch.setattr(micropython, "STORE", tmp_path / "store")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(micropython, "_NATIVE", {})

    def put(version, bits):
        path = tmp_path / "micropython"
        path.write_text(FAKE % (version, bits))
        path.chmod(0o755)

    return put


def test_find_when_asked_twice_then_starts_nothing_the_second_time(monkeypatch):
    """Every tool asks; that must cost nothing."""
    command = micropython.find("micropython32")
    monkeypatch.setattr(micropython, "_obtain", None)
    monkeypatch.setattr(subprocess, "run", None)
    assert micropython.find("micropython32") == command


def test_find_when_32_bit_is_there_then_ticks_wrap_as_on_the_device():
    """The reason for the i386 build."""
    if micropython.describe("micropython32")["bits"] == 64:
        pytest.skip("this host has no 32-bit build")
    done = subprocess.run(
        [*micropython.find("micropython32"), "-c",
         "import sys, time; print(sys.maxsize, time.ticks_add(0, -1))"],
        capture_output=True, text=True)
    assert done.stdout.split() == [str(2**31 - 1), str(2**30 - 1)]


def test_find_when_cpython_is_asked_for_then_is_this_interpreter():
    """The third variant needs nothing."""
    assert micropython.find("cpython") == [sys.executable]


def test_find_when_only_a_system_interpreter_is_there_then_borrows_it(bare_host, capsys):
    """64-bit objects take twice the room, and the user is told."""
    bare_host("1 26 1", 64)
    (command,) = micropython.find("micropython32")
    assert micropython.describe("micropython32")["version"] == "1.26.1"
    assert micropython.heap_bytes("micropython32", 1000) == 2000
    assert subprocess.run([command], capture_output=True).stdout == b"micropython 1 26 1 64\n"
    assert "heap sizes are doubled" in capsys.readouterr().err


def test_find_when_the_system_interpreter_is_too_old_then_names_the_remedy(bare_host, capsys):
    """Old ones lack ROMFS and parts of asyncio."""
    bare_host("1 22 2", 64)
    assert micropython.main([]) == 1
    assert "Remedy: install MicroPython 1.25" in capsys.readouterr().err.splitlines()[-1]


def test_find_when_nothing_is_there_then_leaves_nothing_behind(bare_host):
    """A half-made interpreter would be taken for a whole one."""
    with pytest.raises(micropython.Unavailable):
        micropython.find("micropython32")
    assert list(micropython.STORE.iterdir()) == []


@pytest.mark.parametrize("text, size", [("96K", 98304), ("2M", 2097152), ("1000", 1000),
                                        (" 160k ", 163840), ("96KB", 98304)])
def test_size_when_written_by_hand_then_is_understood(text, size):
    """As in --heap 96K."""
    assert micropython.parse_size(text) == size


@pytest.mark.parametrize("text", ["", "K", "96G", "-1", "1.5M"])
def test_size_when_nonsense_then_is_refused(text):
    """A wrong heap would make the test worthless."""
    with pytest.raises(ValueError):
        micropython.parse_size(text)
