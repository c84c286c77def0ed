"""Modules that are needed for a moment only: import them in a function, then forget them."""

import sys


def forget(name):
    """Let the module `name` go; what is still used of it stays. The next import loads it again."""
    sys.modules.pop(name, None)
    package, _, tail = name.rpartition(".")
    parent = sys.modules.get(package)
    if hasattr(parent, tail):
        delattr(parent, tail)
