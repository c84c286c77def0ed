"""The compiled tree: its layout, its names, and that it runs in place on MicroPython."""

import subprocess

import pytest

from tools import micropython, mpy, size

RUN_IN_PLACE = """
import sys, vfs
with open(sys.argv[1], "rb") as file:
    vfs.mount(vfs.VfsRom(file.read()), "/rom")
sys.path.insert(0, "/rom")
import base, package.inner
from firmware import app
print(base.VALUE, package.inner.VALUE, app.VALUE)
"""


@pytest.fixture
def tree(tmp_path):
    """A small tree of the same layout as the project's."""
    root = tmp_path / "tree"
    for path, text in (
        ("lib/base.py", "VALUE = 1\n"),
        ("lib/package/inner.py", "from base import VALUE as ONE\nVALUE = ONE + 1\n"),
        ("firmware/__init__.py", ""),
        ("firmware/app.py", "from package import inner\nVALUE = inner.VALUE + 1\n"),
        ("boards/sim/chip.py", "VALUE = 4\n"),
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def test_build_when_run_then_lays_lib_at_the_top(tree, tmp_path):
    """On the device lib/ is on the import path itself."""
    mpy.build(tmp_path / "out", root=tree)
    assert names(tmp_path / "out") == [
        "base.mpy", "boards/sim/chip.mpy", "firmware/__init__.mpy", "firmware/app.mpy",
        "package/inner.mpy"]


def test_build_when_for_a_board_then_leaves_the_simulator_out(tree, tmp_path):
    """The simulated chips are for the PC."""
    sizes = mpy.build(tmp_path / "out", simulator=False, root=tree)
    assert "boards/sim/chip.py" not in sizes
    assert not (tmp_path / "out" / "boards").exists()


def test_build_when_repeated_elsewhere_then_gives_the_same_bytes(tree, tmp_path):
    """Nothing of this machine gets into a module."""
    mpy.build(tmp_path / "a", root=tree)
    mpy.build(tmp_path / "b" / "c", root=tree)
    compiled = (tmp_path / "a" / "package" / "inner.mpy").read_bytes()
    assert compiled == (tmp_path / "b" / "c" / "package" / "inner.mpy").read_bytes()
    assert b"package/inner.py" in compiled
    assert str(tmp_path).encode() not in compiled


def test_build_when_a_source_is_gone_then_removes_its_module(tree, tmp_path):
    """A module that was deleted must not go on living on the device."""
    mpy.build(tmp_path / "out", root=tree)
    (tree / "lib" / "base.py").unlink()
    mpy.build(tmp_path / "out", root=tree)
    assert not (tmp_path / "out" / "base.mpy").exists()


def test_build_when_a_module_does_not_compile_then_says_where(tree, tmp_path):
    """The compiler's own words, with file and line."""
    (tree / "lib" / "base.py").write_text("VALUE = \n")
    with pytest.raises(mpy.CompileError, match="base.py.*line 1"):
        mpy.build(tmp_path / "out", root=tree)
    assert not list((tmp_path / "out").glob("base*"))


@pytest.mark.parametrize("variant", ["micropython32", "micropython"])
def test_romfs_when_mounted_then_modules_run_in_place(tree, tmp_path, variant):
    """The image of today's tool works with the interpreter that we test on."""
    mpy.romfs(tmp_path / "image", tmp_path / "out", root=tree)
    (tmp_path / "run.py").write_text(RUN_IN_PLACE)
    done = subprocess.run(
        [*micropython.find(variant), str(tmp_path / "run.py"), str(tmp_path / "image")],
        capture_output=True, text=True, timeout=20)
    assert done.stdout.split() == ["1", "2", "3"], done


def test_limit_when_passed_then_is_named():
    """The gate of the size check."""
    figures = {"total": {"image": 101, "linked": 5}}
    assert size.over_limits(figures, {"image_bytes": 101}) == []
    assert size.over_limits(figures, {"image_bytes": 100}) == [
        "image_bytes: 101, the limit is 100"]


def test_heap_when_measured_then_every_module_is_importable():
    """The real tree, on the 32-bit interpreter."""
    figures = size.measure()
    assert figures["errors"] == []
    assert 0 < figures["modules"]["ticks.py"]["place"] < figures["modules"]["ticks.py"]["ram"]
