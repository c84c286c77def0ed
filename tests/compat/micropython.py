"""CPython's stand-in for MicroPython's built-in module of the same name."""


def const(value):
    """Return `value`; MicroPython's compiler folds it."""
    return value


def heap_lock():
    """CPython cannot lock its heap: what must not allocate is proven on MicroPython."""


def heap_unlock():
    """The counterpart of `heap_lock`."""
    return 0
