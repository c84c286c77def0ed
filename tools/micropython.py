"""Get the MicroPython that tests, simulator and size gate run on, without root.

`python -m tools.micropython [--variant micropython32|micropython] [--print-path]`

The interpreter is Debian's package `micropython`, unpacked below `.build/micropython/<variant>/`
through a private apt state (own lists, own cache, empty status file) and started by its own
dynamic linker, so nothing is installed and any Debian release will do. The mirror is the one that
the host's apt is set up with. Where that cannot be had, a `micropython` on the PATH serves.

`micropython32` is the i386 build: same object sizes and the same tick wrap as an ESP32.
`cpython` is the interpreter that runs this file.
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STORE = ROOT / ".build" / "micropython"
VARIANTS = ("micropython32", "micropython", "cpython")

_SUITE = "trixie"  # micropython 1.25; a suite, not a pool address: point releases delete old files
_VERSION_MIN = (1, 25)
_PACKAGES = ("micropython", "libc6", "libffi8", "libmbedcrypto16", "libmbedtls21", "libmbedx509-7")
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_MIRRORS_TRIED_MAX = 4
# Debian's architecture -> (library folder, dynamic linker in it)
_LINKERS = {
    "i386": ("i386-linux-gnu", "ld-linux.so.2"),
    "amd64": ("x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
    "arm64": ("aarch64-linux-gnu", "ld-linux-aarch64.so.1"),
}
_NATIVE = {"x86_64": "amd64", "AMD64": "amd64", "i686": "i386", "aarch64": "arm64"}
_PROBE = (
    "import sys; v = sys.implementation; "
    "print(v[0], v[1][0], v[1][1], v[1][2], 64 if sys.maxsize > 2147483647 else 32)"
)


class Unavailable(Exception):
    """No MicroPython can be had here; the text names the remedy."""


def find(variant="micropython32", mirror=None):
    """Return the start of the command line of `variant`, a list; fetches it if it is missing.

    Raises Unavailable when it can neither be fetched nor found. No subprocess if it is there.
    """
    if variant == "cpython":
        return [sys.executable]
    if variant not in VARIANTS:
        raise Unavailable("unknown variant %s; there are: %s" % (variant, ", ".join(VARIANTS)))
    start = STORE / variant / "micropython"
    if not start.exists():
        _obtain(variant, mirror)
    return [str(start)]


def describe(variant):
    """Return what is known of an installed variant: {"version", "bits", "source"}."""
    if variant == "cpython":
        return {"version": platform.python_version(), "bits": 64, "source": sys.executable}
    find(variant)
    return json.loads((STORE / variant / "about.json").read_text())


def heap_bytes(variant, heap):
    """Return the -X heapsize for a board's `heap` bytes; objects of a 64-bit build are doubled."""
    return heap * 2 if describe(variant)["bits"] == 64 else heap


def parse_size(text):
    """Return the bytes that "160K", "160k", "2M" or "163840" stand for. Raises ValueError."""
    match = re.fullmatch(r"(\d+)\s*([kKmM]?)[bB]?", text.strip())
    if not match:
        raise ValueError("not a size: %r (write 96K, 2M or a number of bytes)" % text)
    return int(match[1]) * {"": 1, "k": 1024, "m": 1024 * 1024}[match[2].lower()]


def _obtain(variant, mirror):
    """Put `variant` in its place: whole or not at all."""
    STORE.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".%s-" % variant, dir=STORE))
    work.chmod(0o755)
    try:
        about = _fetch_or_borrow(variant, work, mirror)
        (work / "about.json").write_text(json.dumps(about) + "\n")
        _move_into_place(work, STORE / variant)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    _say("%s is MicroPython %s, %d bit, from %s" % (
        variant, about["version"], about["bits"], about["source"]))
    if variant == "micropython32" and about["bits"] == 64:
        _say("note: no 32-bit build here; heap sizes are doubled, ticks wrap at 2**62")


def _fetch_or_borrow(variant, work, mirror):
    """Fetch the package; else write a wrapper for an interpreter of the host."""
    machine = _NATIVE.get(platform.machine())
    architecture = machine
    if variant == "micropython32":
        architecture = "i386" if machine in ("amd64", "i386") else None
    reason = "no 32-bit build for %s" % platform.machine()
    if architecture:
        try:
            return _fetch(architecture, work, mirror)
        except Unavailable as error:
            reason = str(error)
    borrowed = _borrow(work)
    if borrowed:
        _say("note: %s; using %s instead" % (reason, borrowed["source"]))
        return borrowed
    if variant == "micropython32" and machine in _LINKERS and machine != architecture:
        shutil.rmtree(work / "root", ignore_errors=True)
        return _fetch(machine, work, mirror)
    raise Unavailable(
        "no MicroPython %s: %s. Remedy: install MicroPython 1.25 or newer as `micropython` on the "
        "PATH, or name a Debian mirror: python -m tools.micropython --mirror URL"
        % (variant, reason)
    )


def _move_into_place(work, place):
    try:
        os.rename(work, place)
    except OSError:
        # Somebody else was faster, or an unfinished folder of an older version stands there.
        if not (place / "micropython").exists():
            shutil.rmtree(place, ignore_errors=True)
            os.rename(work, place)


def _fetch(architecture, work, mirror):
    """Unpack Debian's packages into `work`; returns the description of the interpreter."""
    for tool in ("apt-get", "dpkg-deb"):
        if not shutil.which(tool):
            raise Unavailable("no %s here" % tool)
    if not os.path.exists(_KEYRING):
        raise Unavailable("package debian-archive-keyring is missing")
    errors = []
    for site in [mirror] if mirror else _mirrors():
        _say("fetching micropython (%s, Debian %s) ..." % (architecture, _SUITE))
        try:
            with tempfile.TemporaryDirectory(dir=work, prefix="apt-") as state:
                _download(site, architecture, Path(state), work / "root")
            break
        except Unavailable as error:
            errors.append(str(error))
    else:
        raise Unavailable(errors[-1] if errors else "apt has no mirror")
    folder, linker = _LINKERS[architecture]
    _write_start(work, (
        'B=${0%%/*}/root\nL=$B/usr/lib/%s\n'
        'exec "$L/%s" --library-path "$L" "$B/usr/bin/micropython" "$@"\n' % (folder, linker)))
    about = _probe([str(work / "micropython")])
    if about is None:
        raise Unavailable("the fetched %s build does not start on this kernel" % architecture)
    return dict(about, source="Debian %s (%s)" % (_SUITE, architecture))


def _mirrors():
    """Return the Debian mirrors that the host's apt knows, the likeliest first."""
    # --print-uris needs neither root nor downloaded lists.
    text = _output(["apt-get", "update", "--print-uris", "-o", "Dir::State::lists=/nonexistent"])
    sites = []
    for site in re.findall(r"^'([^']+?)/dists/", text, re.M):
        if site not in sites and "security" not in site:
            sites.append(site)
    sites.sort(key=lambda site: 0 if site.rstrip("/").endswith("debian") else 1)
    return sites[:_MIRRORS_TRIED_MAX]


def _download(site, architecture, state, target):
    """Download and unpack the packages with an apt that has its whole state below `state`."""
    for folder in ("lists/partial", "cache/archives/partial", "debs"):
        (state / folder).mkdir(parents=True)
    (state / "status").touch()
    (state / "sources.list").write_text(
        "deb [arch=%s signed-by=%s] %s %s main\n" % (architecture, _KEYRING, site, _SUITE))
    options = {
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Sandbox::User": "root",  # the unprivileged user may not enter our folder
        "Acquire::Languages": "none",
        "Acquire::Retries": "2",
        "Dir::Etc::sourcelist": state / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": state / "lists",
        "Dir::State::status": state / "status",
        "Dir::Cache": state / "cache",
    }
    command = ["apt-get", "-qq"]
    for name, value in options.items():
        command += ["-o", "%s=%s" % (name, value)]
    _run([*command, "-o", "APT::Update::Error-Mode=any", "update"], state)
    _run([*command, "download", *_PACKAGES], state / "debs")
    for package in sorted((state / "debs").glob("*.deb")):
        _run(["dpkg-deb", "-x", str(package), str(target)], state)


def _borrow(work):
    """Write a wrapper for the host's own interpreter; None if there is none that will do."""
    path = shutil.which("micropython")
    about = _probe([path]) if path else None
    if about is None:
        return None
    if tuple(int(part) for part in about["version"].split(".")[:2]) < _VERSION_MIN:
        _say("note: %s is MicroPython %s, too old" % (path, about["version"]))
        return None
    _write_start(work, 'exec "%s" "$@"\n' % path)
    return dict(about, source=path)


def _write_start(work, body):
    start = work / "micropython"
    start.write_text("#!/bin/sh\n" + body)
    start.chmod(0o755)


def _probe(command):
    """Return {"version", "bits"} of an interpreter, None if it is no MicroPython that starts."""
    try:
        words = _output([*command, "-c", _PROBE]).split()
    except Unavailable:
        return None
    if len(words) != 5 or words[0] != "micropython":
        return None
    return {"version": ".".join(words[1:4]), "bits": int(words[4])}


def _run(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise Unavailable("%s failed: %s" % (command[0], lines[0] if lines else "no message"))
    return done.stdout


def _output(command):
    try:
        return _run(command, ROOT)
    except OSError as error:
        raise Unavailable("%s: %s" % (command[0], error)) from error


def _say(text):
    print("micropython: " + text, file=sys.stderr, flush=True)


def main(arguments=None):
    """Fetch what is asked for; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.micropython", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variant", choices=VARIANTS, action="append",
                        help="may be given more than once (default: micropython32)")
    parser.add_argument("--print-path", action="store_true", help="print the command only")
    parser.add_argument("--mirror", help="Debian mirror to use instead of the one apt knows")
    options = parser.parse_args(arguments)
    for variant in options.variant or ["micropython32"]:
        try:
            command = find(variant, options.mirror)
        except Unavailable as error:
            print("error: %s" % error, file=sys.stderr)
            return 1
        if options.print_path:
            print(" ".join(command))
        else:
            about = describe(variant)
            print("%s: MicroPython %s, %d bit: %s" % (
                variant, about["version"], about["bits"], " ".join(command)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
