"""Make the virtual environment `.venv` that every other tool runs in.

Runs on the system's own Python, before anything is installed: standard library only, and a syntax
that an old Python can read, so that it can say what is wrong. `python3 tools/venv.py STAMP`
writes STAMP when the environment is complete; make compares it with tools/requirements.txt.
"""

import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
REQUIREMENTS = os.path.join(ROOT, "tools", "requirements.txt")
VERSION_MIN = (3, 11)
_NEWER = ("python3.11", "python3.12", "python3.13", "python3.14")


class Missing(Exception):
    """Something the environment needs is not there; the text names the remedy."""


def make():
    """Create the environment and install the requirements. Raises Missing."""
    python = _python()
    pip = [os.path.join(VENV, "bin", "python"), "-m", "pip"]
    if not _works(pip):
        _say("making the virtual environment .venv ...")
        shutil.rmtree(VENV, ignore_errors=True)
        if not _works([python, "-c", "import venv, ensurepip"]):
            raise Missing("Python has no venv here: install it (Debian, Ubuntu: python3-venv)")
        _run([python, "-m", "venv", VENV])
    _say("installing tools/requirements.txt ...")
    _run(pip + ["install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS])


def _python():
    """Return an interpreter that is new enough: this one, or a newer one beside it."""
    if sys.version_info >= VERSION_MIN:
        return sys.executable
    for name in _NEWER:
        if shutil.which(name):
            return shutil.which(name)
    raise Missing(
        "Python %d.%d or newer is needed, this is %d.%d: install it, or say make PYTHON=..."
        % (VERSION_MIN + tuple(sys.version_info[:2])))


def _works(command):
    try:
        return subprocess.call(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def _run(command):
    """Run quietly: what pip has to say matters only when it fails."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.communicate()[0]
    if process.returncode:
        sys.stderr.write(output.decode("utf-8", "replace"))
        raise Missing("%s failed, see above" % " ".join(command[-3:]))


def _say(text):
    print("setup: " + text)
    sys.stdout.flush()


def main(stamp):
    """Make the environment and the stamp; returns the exit status."""
    try:
        make()
    except Missing as error:
        sys.stderr.write("error: %s\n" % error)
        return 1
    with open(stamp, "w") as file:
        file.write("complete\n")
    _say("ready")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
