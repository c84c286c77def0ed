"""What code on the device does not do: the interpreter lacks it, or the house does not want it."""

import ast

from tools.tidy.findings import is_for_checker

# CPython modules that MicroPython has not.
_MISSING = ("__future__", "abc", "contextlib", "copy", "dataclasses", "datetime", "enum",
            "functools", "itertools", "logging", "pathlib", "threading", "traceback", "typing",
            "uuid")
_CALLS = {
    "eval": "parse the text",
    "exec": "parse the text",
    "print": "use the log",
    "open": "use the file system that is passed in",
    "input": "use the console",
}
_MAY_PRINT = ("firmware/console/", "boards/")
_MAY_OPEN = ("boards/", "firmware/boot.py", "firmware/main.py")
# The supervisor of the tasks; the guard's timer callback, where a fault of the board's driver
# means safe outputs; the dispatchers of calls and of console lines, which owe every one an answer;
# the search that has the meter of a running box, which must come back from it; the start of a
# device, which opens the contactors and resets.
_MAY_CATCH_ALL = ("firmware/app.py", "firmware/guard/loop.py", "firmware/ocpp/client.py",
                  "firmware/local/console_shell.py", "firmware/console/meter.py", "boards/sim/",
                  "boards/_esp32/start.py")
_NO_FLOAT = ("firmware/guard/", "firmware/evse/")
_SLEEPS = ("sleep", "sleep_ms", "sleep_us")
# A board may wait for some us of its own wiring; for more only the simulator's clock.
_SLEEPS_OF = (("boards/sim/", ()), ("boards/", _SLEEPS[:2]), ("", _SLEEPS))


def check(source):
    """Yield the findings in one Source."""
    if not source.on_device:
        return
    for node in ast.walk(source.tree):
        test = _TESTS.get(type(node))
        if test:
            yield from test(source, node)


def _import(source, node):
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
    for name in names:
        if name in _MISSING and not is_for_checker(node):
            yield source.finding(node, "banned-import", "MicroPython has no %s; for hints, "
                                 "import it below `if TYPE_CHECKING`" % name)


def _import_from(source, node):
    yield from _import(source, node)
    taken = [alias.name for alias in node.names]
    if node.module == "time" and any(name in _sleeps(source) for name in taken):
        yield _sleep(source, node)
    if "*" in taken:
        yield source.finding(node, "star-import", "name what you use")


def _call(source, node):
    function = node.func
    if isinstance(function, ast.Name) and function.id in _CALLS:
        free = {"print": _MAY_PRINT, "open": _MAY_OPEN}.get(function.id, ())
        if not source.path.startswith(free):
            yield source.finding(node, "banned-call", "no %s() here: %s"
                                 % (function.id, _CALLS[function.id]))
    elif (isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)
          and function.value.id in ("time", "utime") and function.attr in _sleeps(source)):
        yield _sleep(source, node)


def _sleeps(source):
    """The functions of `time` that may not be called there."""
    return next(names for path, names in _SLEEPS_OF if source.path.startswith(path))


def _sleep(source, node):
    return source.finding(node, "blocking-sleep", "this stops the guard too: await "
                          "asyncio.sleep_ms, or keep a Deadline")


def _except(source, node):
    if node.type is None:
        yield source.finding(node, "bare-except", "name the exception that is meant")
        return
    types = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    wide = [t for t in types if isinstance(t, ast.Name) and t.id in ("Exception", "BaseException")]
    if wide and not source.path.startswith(_MAY_CATCH_ALL):
        yield source.finding(node, "wide-except", "name the exception that is meant; the "
                             "supervisor in firmware/app.py catches the rest")


def _constant(source, node):
    if isinstance(node.value, float) and source.path.startswith(_NO_FLOAT):
        yield source.finding(node, "float", "integers with units here (mA, mV, ms, Wh)")


def _operation(source, node):
    if isinstance(node.op, ast.Div) and source.path.startswith(_NO_FLOAT):
        yield source.finding(node, "float", "/ gives a float: use // after multiplying")


def _match(source, node):
    yield source.finding(node, "banned-syntax", "MicroPython has no match: use a table")


def _global(source, node):
    yield source.finding(node, "module-state", "keep state in an object, not in the module")


def _function(source, node):
    if node.args.posonlyargs:
        yield source.finding(node, "banned-syntax", "MicroPython knows no positional-only `/`")


def _class(source, node):
    if node.keywords:
        yield source.finding(node, "banned-syntax", "MicroPython has no metaclasses")


_TESTS = {
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Call: _call,
    ast.ExceptHandler: _except,
    ast.Constant: _constant,
    ast.BinOp: _operation,
    ast.AugAssign: _operation,
    ast.Match: _match,
    ast.Global: _global,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
}
