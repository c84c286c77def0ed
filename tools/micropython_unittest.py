"""Fetch the `unittest` of micropython-lib, to run the tests on it instead of on our own shim.

`python -m tools.micropython_unittest` prints the folder that belongs in front on MICROPYPATH.

The package lies on the Python package index as a source archive without any build file, so pip
refuses it; `unearth` downloads it without building. Only MicroPython is to run it.
"""

import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_NAME = "micropython-unittest"
_VERSION = "0.4"
PLACE = ROOT / ".build" / "micropython-unittest" / _VERSION


def fetch():
    """Return the folder that holds `unittest.py`; downloads it once.

    Raises RuntimeError, with the downloader's last line, when it cannot be had.
    """
    if (PLACE / "unittest.py").exists():
        return PLACE
    PLACE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PLACE) as folder:
        _download(folder)
        for archive in Path(folder).glob("*.tar.gz"):
            _unpack(archive, Path(folder))
        if not (Path(folder) / "unittest.py").exists():
            raise RuntimeError("%s %s holds no unittest.py" % (_NAME, _VERSION))
        os.replace(Path(folder) / "unittest.py", PLACE / "unittest.py")
    return PLACE


def _download(folder):
    command = [sys.executable, "-m", "unearth", "--no-binary", "-d", folder]
    index = _index_of_pip()
    if index:
        command += ["--index-url", index]
    done = subprocess.run(
        [*command, "%s==%s" % (_NAME, _VERSION)], capture_output=True, text=True)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise RuntimeError("cannot fetch %s: %s" % (_NAME, lines[-1]))


def _index_of_pip():
    """Return the package index that pip is set up with, None for its default."""
    done = subprocess.run([sys.executable, "-m", "pip", "config", "list"],
                          capture_output=True, text=True)
    match = re.search(r"^\S+\.index-url='([^']+)'", done.stdout, re.M)
    return match[1] if match else None


def _unpack(archive, folder):
    """Take the one file out of the archive; nothing else of it is trusted."""
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.isfile() and member.name.split("/")[1:] == ["unittest.py"]:
                (folder / "unittest.py").write_bytes(tar.extractfile(member).read())


def main():
    """Print the folder; returns the exit status."""
    try:
        print(fetch())
    except RuntimeError as error:
        print("error: %s" % error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
