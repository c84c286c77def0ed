"""Puts the fakes of `machine` and its kin in place. Import it before anything of boards/_esp32."""

import asyncio
import builtins
import json
import sys

sys.path.insert(0, "tests/fakes")
for _name in ("machine", "esp32", "flashbdev", "network", "onewire"):
    sys.modules.pop(_name, None)
    __import__(_name)
sys.path.pop(0)


class _Vfs:
    """The built-in `vfs`, but `mounted` is what lies at the root, and each change of that is noted
    in `machine.calls`. `refused`: the method that raises an OSError."""

    def __init__(self, real):
        self.mounted = []
        self.refused = None
        self._real = real
        self.VfsLfs2 = _Littlefs(self)

    def mount(self, *what):
        """Return the mounts, as [(file system, path)]; mount (what, path)."""
        if not what:
            return [(fs, "/") for fs in self.mounted]
        fs, path = what
        if path != "/":
            return self._real.mount(fs, path)
        self.note("mount", fs)
        if self.mounted:
            raise OSError(1)
        self.mounted.append(fs)
        return None

    def umount(self, path):
        """Leave nothing at the root."""
        assert path == "/"
        self.note("umount")
        if not self.mounted:
            raise OSError(22)
        self.mounted.pop()

    def note(self, *call):
        """Note a call, and refuse it if that was asked for."""
        sys.modules["machine"].calls.append(call)
        if call[0] == self.refused:
            self.refused = None
            raise OSError(84)

    def __getattr__(self, name):
        return getattr(self._real, name)


class _Littlefs:
    """`VfsLfs2`: makes a real one on a device that is, a text on one that is a text."""

    def __init__(self, vfs):
        self._vfs = vfs
        self.mkfs = vfs._real.VfsLfs2.mkfs

    def __call__(self, device, **sizes):
        self._vfs.note("littlefs", device, sizes)
        if isinstance(device, str):
            return "littlefs on " + device
        return self._vfs._real.VfsLfs2(device, **sizes)


sys.modules["vfs"] = _Vfs(__import__("vfs"))


def description(name="breadboard"):
    """Return the description of a board of ours."""
    with open("boards/%s/board.json" % name) as file:
        return json.load(file)


def program(path, **names):
    """Run a program of the device, boot.py or main.py, with `names` as its globals."""
    with open(path) as file:
        source = file.read()
    space = dict(names, __name__="__main__")
    exec(source, space)
    return space


class Imports:
    """Notes what is imported, in the fake's `calls`, while it is in use."""

    def __init__(self, calls):
        self._calls = calls

    def __enter__(self):
        # What asyncio loads late, it loads relative to itself: not to whoever stands between.
        assert asyncio.wait_for
        self._import = builtins.__import__
        builtins.__import__ = self._note
        return self

    def __exit__(self, *_):
        builtins.__import__ = self._import

    def _note(self, name, *rest):
        self._calls.append(("import", name))
        return self._import(name, *rest)
