"""Runs on MicroPython: heap taken by each module when all are imported one after the other.

`micropython heap_probe.py rom IMAGE [module ... --] module ...`, those before -- not counted, or
`micropython heap_probe.py path FOLDER ...`.
Prints what micropython.qstr_info says before and after, and one JSON object:
{"modules": [[name, bytes or null, error]], "total": bytes}. `micropython heap_probe.py names N`
makes N names, and prints the same of the table of names only.
"""

import gc
import json
import sys

import micropython


def _used():
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def main(how, where, *names):
    """Do what the first argument says."""
    if how == "names":
        make_names(int(where))
    else:
        measure(how, where, names)


def make_names(count):
    """Make so many names that nothing else has."""
    micropython.qstr_info()
    for number in range(count):
        getattr(gc, "_name%d" % number, None)
    micropython.qstr_info()


def measure(how, where, names):
    """Mount or put on the path what is to be measured, then import."""
    # These are frozen on every board and needed by everything: not counted to the first user.
    import asyncio

    for lazy in ("Event", "Lock", "StreamReader", "wait_for_ms"):
        getattr(asyncio, lazy)

    if how == "rom":
        import vfs

        with open(where, "rb") as file:
            vfs.mount(vfs.VfsRom(file.read()), "/rom")
        where = "/rom"
    sys.path.insert(0, where)
    if "--" in names:
        # Not a part of what is measured.
        for name in names[:names.index("--")]:
            __import__(name)
        names = names[names.index("--") + 1:]
    modules = [[name, None, None] for name in names]
    micropython.qstr_info()
    begin = before = _used()
    for row in modules:
        try:
            __import__(row[0])
        except Exception as error:  # noqa: BLE001  reported, whatever it is
            row[2] = "%s: %s" % (type(error).__name__, error)
            continue
        after = _used()
        row[1] = after - before
        before = after
    micropython.qstr_info()
    print(json.dumps({"modules": modules, "total": before - begin}))


main(*sys.argv[1:])
