"""package.json for `mip` and manifest.py for frozen builds, made of the list of sources.

`python -m tools.package` writes both anew; with `--check` it only says whether they are stale.
`python -m tools.package --mip DIR [--tier stock|full]` compiles a package for boards with little
RAM: put DIR on any web server, or say `mpremote mip install DIR/package.json`.
"""

import argparse
import json
import re
import shutil
import sys
import tempfile
import textwrap
from pathlib import Path

from tools import device_files, mpy

ROOT = mpy.ROOT
PACKAGE = "package.json"
MANIFEST = "manifest.py"

_MANIFEST_HEAD = '''\
"""What a frozen build of MicroPython takes in; made by `python -m tools.package`, not by hand.

    make -C ports/esp32 BOARD=ESP32_GENERIC FROZEN_MANIFEST=<this file>

or, from a manifest of your own, `include("<this file>", tier="stock")`. The board's own files,
board.json, boot.py and main.py, stay in the file system: `make deploy` puts them there.
"""

# ruff: noqa: F821  the names are those of MicroPython's manifests

include("$(PORT_DIR)/boards/manifest.py")
options.defaults(tier="full")

'''


def package(root=ROOT, tier="full"):
    """Return the text of package.json: every module as source, to be fetched beside it."""
    urls = sorted(device_files.modules(root, tier).items())
    return _package_text([list(row) for row in urls], root)


def manifest(root=ROOT):
    """Return the text of manifest.py."""
    full = device_files.modules(root, "full")
    stock = device_files.modules(root, "stock")
    more = {path: source for path, source in full.items() if path not in stock}
    lines = _freeze(stock) + ['if options.tier == "full":']
    lines += [textwrap.indent(line, "    ") for line in _freeze(more)]
    return _MANIFEST_HEAD + "\n".join(lines) + "\n"


def compiled(folder, tier, root=ROOT):
    """Put a package of .mpy files and its package.json into `folder`; returns how many files."""
    folder = Path(folder)
    names = sorted(device_files.modules(root, tier))
    with tempfile.TemporaryDirectory() as stage:
        mpy.build(stage, simulator=False, root=root)
        rows = [name.removesuffix(".py") + ".mpy" for name in names]
        for row in rows:
            (folder / row).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(stage) / row, folder / row)
    (folder / PACKAGE).write_text(_package_text([[row, row] for row in rows], root))
    return len(rows)


def _package_text(urls, root):
    version = re.search(r'^VERSION = "(.+)"$', (Path(root) / "firmware" / "app.py").read_text(),
                        re.M)[1]
    rows = ",\n".join("    " + json.dumps(row) for row in urls)
    return '{\n  "version": "%s",\n  "deps": [],\n  "urls": [\n%s\n  ]\n}\n' % (version, rows)


def _freeze(sources):
    """Return the statements that freeze {path on the device: path in the tree}."""
    lines = []
    packages = {}
    for path, source in sorted(sources.items()):
        base = source.removesuffix(path).rstrip("/") or "."
        top, _, rest = path.partition("/")
        if rest:
            packages.setdefault((top, base), []).append(rest)
        else:
            lines.append('module("%s", base_path="%s")' % (path, base))
    for (top, base), files in packages.items():
        names = textwrap.fill(", ".join('"%s"' % name for name in files) + ",", 85,
                              initial_indent=" " * 8, subsequent_indent=" " * 8)
        lines.append('package(\n    "%s",\n    (\n%s\n    ),\n    base_path="%s",\n)' % (
            top, names, base))
    return lines


def stale(root=ROOT):
    """Return the names of the files that are not what they would be made anew."""
    root = Path(root)
    wanted = {PACKAGE: package(root), MANIFEST: manifest(root)}
    return [name for name, text in wanted.items()
            if not (root / name).is_file() or (root / name).read_text() != text]


def main(arguments=None):
    """Write or check; returns the exit status, 1 if something is stale."""
    parser = argparse.ArgumentParser(prog="python -m tools.package", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--mip", metavar="DIR", help="compile a package into this folder")
    parser.add_argument("--tier", choices=device_files.TIERS, default="stock")
    options = parser.parse_args(arguments)
    if options.mip:
        count = compiled(options.mip, options.tier)
        print("%s: %d files, tier %s" % (Path(options.mip) / PACKAGE, count, options.tier))
        return 0
    old = stale()
    if options.check:
        for name in old:
            print("%s is stale: run `python -m tools.package`" % name, file=sys.stderr)
        return 1 if old else 0
    (ROOT / PACKAGE).write_text(package())
    (ROOT / MANIFEST).write_text(manifest())
    print("written: %s" % (", ".join(old) or "nothing, both are up to date"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
