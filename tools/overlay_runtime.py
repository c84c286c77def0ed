"""Runs on MicroPython: how a linked firmware gets at its parts; tools/overlays.py puts it first.

Only tasks load parts, one at a time; what a timer calls must not.
"""


class _Archive:
    """A file system with one file, which is the part `number`. open_parts: those at work."""

    def mount(self, *_):
        pass

    def stat(self, path):
        if path != "/_late.mpy":
            raise OSError(2)
        return (0x8000,) + (0,) * 9

    def ilistdir(self, _path):
        return iter(())

    def open(self, _path, _mode):
        start = _archive.number * 3
        if _archive.rom:
            # What is memory is executed where it lies.
            return _archive.rom[int.from_bytes(bytes(_archive.rom[start : start + 3]), "little") :]
        file = open(_archive.name, "rb")
        file.seek(start)
        file.seek(int.from_bytes(file.read(3), "little"))
        return file


def _load(number):
    """Return a part as a module; nobody keeps it but the caller."""
    import sys

    if number in _archive.open_parts:
        return _archive.open_parts[number]
    if not _archive.rom:
        import gc

        # What lives long must not come to lie between what is garbage in a moment.
        gc.collect()
    _archive.number = number
    found = __import__("_late")
    del sys.modules["_late"]
    return found


def _call(self, name, args, named):
    """Call a method of the class of `self`. What it calls of the same part needs no second one."""
    number = self._late
    parts = _archive.open_parts
    part = _load(number)
    # Each part of a class knows the next, and most calls are for the first.
    while not hasattr(part._Part, name):
        number = part._Part._late
        part = _load(number)
    is_outer = number not in parts
    parts[number] = part
    try:
        return getattr(part._Part, name)(self, *args, **named)
    finally:
        if is_outer:
            del parts[number]


class _Late:
    """A class some of whose methods lie in the part `_late`."""

    def __getattr__(self, name):
        if name[:2] == "__":
            raise AttributeError(name)
        return lambda *args, **named: _call(self, name, args, named)


class _LateWhole(_Late):
    """A class whose constructor lies there, too."""

    def __init__(self, *args, **named):
        _call(self, "__init__", args, named)


class _LateSpace:
    """Stands for a module, all of which lies in a part."""

    def __init__(self, number):
        self._late = number

    def __getattr__(self, name):
        return getattr(_load(self._late)._Part, name)


def _mount():
    import sys
    import vfs

    _archive.name = __file__.rsplit("/", 1)[0] + "/late.bin"
    try:
        _archive.rom = memoryview(open(_archive.name, "rb"))
    except TypeError:
        _archive.rom = None
    vfs.mount(_archive, "/_late")
    sys.path.insert(0, "/_late")


_archive = _Archive()
_archive.open_parts = {}
_mount()
