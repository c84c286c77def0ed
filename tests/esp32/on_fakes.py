"""Puts the fakes of `machine` and its kin in place. Import it before anything of boards/_esp32."""

import asyncio
import builtins
import json
import sys

sys.path.insert(0, "tests/fakes")
for _name in ("machine", "esp32", "network", "onewire"):
    sys.modules.pop(_name, None)
    __import__(_name)
sys.path.pop(0)


class _Vfs:
    """The built-in `vfs`, but `mounted` is what lies at the root."""

    def __init__(self, real):
        self.mounted = []
        self._real = real

    def mount(self):
        """Return the mounts, as [(file system, path)]."""
        return [(fs, "/") for fs in self.mounted]

    def __getattr__(self, name):
        return getattr(self._real, name)


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
