"""How long, how deep, how wide; and whether it says what it is for."""

import ast

LINES_WARN = 300
LINES_MAX = 400
FUNCTION_LINES_MAX = 40
PARAMETERS_MAX = 5
# Parameters with a default are settings: a reader of a call sees their names.
PARAMETERS_WITH_DEFAULTS_MAX = 8
LEVELS_MAX = 3

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try)


def check(source):
    """Yield the findings in one Source."""
    yield from _check_length(source)
    if source.tree.body and not ast.get_docstring(source.tree):
        yield source.finding(1, "docstring", "say what lives in this module and what does not")
    for node in ast.walk(source.tree):
        if isinstance(node, _FUNCTIONS):
            yield from _check_function(source, node)
        elif isinstance(node, ast.ClassDef) and not source.is_test and _is_public(node):
            if not ast.get_docstring(node):
                yield source.finding(node, "docstring", "say what a %s is" % node.name)


def _check_length(source):
    length = len(source.lines)
    remedy = "%d lines, the aim is %d: split it by subject" % (length, LINES_WARN)
    if length > LINES_MAX:
        yield source.finding(LINES_MAX, "file-length", remedy)
    elif length > LINES_WARN:
        yield source.finding(LINES_WARN, "file-length", remedy, warning=True)


def _check_function(source, node):
    arguments = node.args
    if not source.is_test:
        lines = function_lines(node)
        if lines > FUNCTION_LINES_MAX:
            yield source.finding(node, "function-length", "%s has %d lines, %d are allowed: move "
                                 "a step out" % (node.name, lines, FUNCTION_LINES_MAX))
        if _is_public(node) and not ast.get_docstring(node) and not _is_setter(node):
            yield source.finding(node, "docstring", "say what %s does: units, range, errors"
                                 % node.name)
        yield from _check_parameters(source, node, arguments)
        deepest = _deepest(node, 0)
        if deepest > LEVELS_MAX:
            yield source.finding(node, "nesting", "%s is %d levels deep, %d are allowed: return "
                                 "early or move the inner part out"
                                 % (node.name, deepest, LEVELS_MAX))
    for default in arguments.defaults + [d for d in arguments.kw_defaults if d]:
        if isinstance(default, (ast.List, ast.Dict, ast.Set)):
            yield source.finding(default, "mutable-default", "one object for all calls: use None")


def _check_parameters(source, node, arguments):
    plain = arguments.posonlyargs + arguments.args + arguments.kwonlyargs
    if plain and plain[0].arg in ("self", "cls") and isinstance(node.parent, ast.ClassDef):
        plain = plain[1:]
    optional = len(arguments.defaults) + len([d for d in arguments.kw_defaults if d])
    if (len(plain) - optional > PARAMETERS_MAX
            or len(plain) > PARAMETERS_WITH_DEFAULTS_MAX):
        yield source.finding(node, "parameters", "%s takes %d; %d are allowed (%d with defaults): "
                             "pass an object" % (node.name, len(plain), PARAMETERS_MAX,
                                                 PARAMETERS_WITH_DEFAULTS_MAX))


def function_lines(node):
    """Return the lines of a function without its docstring and its tables."""
    lines = node.end_lineno - node.lineno + 1
    if ast.get_docstring(node):
        lines -= node.body[0].end_lineno - node.body[0].lineno + 1
    for statement in node.body:
        value = getattr(statement, "value", None)
        if isinstance(value, (ast.Tuple, ast.List, ast.Dict)):
            lines -= statement.end_lineno - statement.lineno
    return lines


def _deepest(node, level):
    """Return how many blocks lie inside each other; an elif is no further level."""
    deepest = level
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*_FUNCTIONS, ast.ClassDef)):
            continue
        is_elif = (isinstance(node, ast.If) and isinstance(child, ast.If)
                   and child in node.orelse and len(node.orelse) == 1)
        inner = level + 1 if isinstance(child, _BLOCKS) and not is_elif else level
        deepest = max(deepest, _deepest(child, inner))
    return deepest


def _is_public(node):
    """Return True if a reader outside of the module can see `node`."""
    while not isinstance(node, ast.Module):
        if node.name.startswith("_"):
            return False
        node = node.parent
        if isinstance(node, _FUNCTIONS):
            return False
        if not isinstance(node, (ast.ClassDef, ast.Module)):
            node = _scope(node)
            if isinstance(node, _FUNCTIONS):
                return False
    return True


def _scope(node):
    while not isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.Module)):
        node = node.parent
    return node


def _is_setter(node):
    return any(isinstance(decorator, ast.Attribute) and decorator.attr in ("setter", "deleter")
               for decorator in node.decorator_list)
