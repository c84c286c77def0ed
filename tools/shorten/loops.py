"""List comprehensions as loops: a comprehension is a function of its own, of 32 bytes and more."""

import ast

from tools import scopes

_BLOCKS = ("body", "orelse", "finalbody")


def unroll(tree):
    """Write a comprehension as a loop wherever nothing but names is evaluated before it."""
    for node in ast.walk(tree):
        if isinstance(node, scopes.FUNCTIONS[:2]):
            _Unroller().blocks(node)
    ast.fix_missing_locations(tree)
    scopes.set_parents(tree)


class _Unroller:
    """One function; `_number` counts the names that are made up in it."""

    def __init__(self):
        self._number = 0

    def blocks(self, node):
        """Rewrite the statements within `node`, but for those of inner functions."""
        for block in _BLOCKS:
            if isinstance(getattr(node, block, None), list):
                setattr(node, block, self._statements(getattr(node, block)))
        for handler in getattr(node, "handlers", ()):
            handler.body = self._statements(handler.body)

    def _statements(self, body):
        result = []
        for statement in body:
            if not isinstance(statement, (*scopes.FUNCTIONS[:2], ast.ClassDef)):
                self.blocks(statement)
            if isinstance(statement, (ast.Assign, ast.Return, ast.Expr)) and statement.value:
                found = _first(statement.value)
                if found is not None:
                    result += self._loop(found)
                    _Replace(found, self._name("list")).visit(statement)
            result.append(statement)
        return result

    def _name(self, what):
        return "unrolled_%s_%d" % (what, self._number)

    def _loop(self, found):
        self._number += 1
        name = self._name("list")
        append = ast.Attribute(ast.Name(name, ast.Load()), "append", ast.Load())
        inner = [ast.Expr(ast.Call(append, [found.elt], []))]
        for part in reversed(found.generators):
            for condition in reversed(part.ifs):
                inner = [ast.If(condition, inner, [])]
            inner = [ast.For(part.target, part.iter, inner, [])]
        # The first iterable is evaluated outside: there the loop's variables mean something else.
        first = inner[0].iter
        inner[0].iter = ast.Constant(None)
        self._rename(inner[0], found)
        inner[0].iter = first
        return [ast.Assign([ast.Name(name, ast.Store())], ast.List([], ast.Load())), *inner]

    def _rename(self, loop, found):
        targets = {item.id for part in found.generators for item in ast.walk(part.target)
                   if isinstance(item, ast.Name)}
        for node in ast.walk(loop):
            if isinstance(node, ast.Name) and node.id in targets:
                node.id = self._name(node.id)


class _Replace(ast.NodeTransformer):
    """Puts a name where a comprehension stood."""

    def __init__(self, found, name):
        self._found = found
        self._name = name

    def visit_ListComp(self, node):
        """Replace the one, leave others."""
        return ast.Name(self._name, ast.Load()) if node is self._found else node


def _first(node):
    """Return the comprehension that is evaluated first in an expression, None if there is none."""
    if isinstance(node, ast.ListComp):
        inner = (*scopes.COMPREHENSIONS, ast.Lambda, ast.Await, ast.Yield)
        parts = [item for child in ast.iter_child_nodes(node) for item in ast.walk(child)]
        return None if any(isinstance(item, inner) for item in parts) else node
    if isinstance(node, ast.Call) and _is_plain(node.func):
        for argument in node.args:
            if not isinstance(argument, (ast.Name, ast.Constant)):
                return _first(argument)
    return None


def _is_plain(function):
    """A name, or the method of a text: looking it up changes nothing."""
    if isinstance(function, ast.Attribute):
        return isinstance(function.value, ast.Constant)
    return isinstance(function, ast.Name)
