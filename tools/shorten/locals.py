"""Parameters and other variables of functions."""

import ast

from tools import scopes


def rename_locals(tree, words):
    """Rename them all; returns {old name of a parameter: sorted new ones}."""
    renamer = _Locals(words.for_names(), words.keywords)
    renamer.visit(tree)
    return {name: sorted(new) for name, new in sorted(renamer.table.items())}


class _Locals(ast.NodeTransformer):
    """The n-th parameter of every function gets the n-th word, inner functions go on counting.

    Other variables cost nothing by any name: they get one that no global will have.
    """

    def __init__(self, words, kept):
        self._words = words
        self._kept = kept
        self._scopes = []  # of each enclosing function: {name: new name}
        self.table = {}

    def _new(self, name):
        for names in reversed(self._scopes):
            if name in names:
                return names[name]
        return name

    def visit_Name(self, node):
        node.id = self._new(node.id)
        return node

    def visit_ExceptHandler(self, node):
        if node.name:
            node.name = self._new(node.name)
        return self.generic_visit(node)

    def visit_ClassDef(self, node):
        if self._scopes:
            # Its body would be a scope of its own.
            raise scopes.ScopeError("class %s inside a function cannot be shortened" % node.name)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node):
        node.decorator_list = [self.visit(item) for item in node.decorator_list]
        if self._scopes:
            node.name = self._new(node.name)
        return self._function(node, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node):
        return self._function(node, [ast.Expr(node.body)])

    def _function(self, node, body):
        arguments = node.args
        arguments.defaults = [self.visit(item) for item in arguments.defaults]
        arguments.kw_defaults = [item and self.visit(item) for item in arguments.kw_defaults]
        depth = sum(len(names) for names in self._scopes)
        names = self._variables(body, depth)
        positional = [*arguments.posonlyargs, *arguments.args]
        for index, item in enumerate(positional):
            if item.arg in self._kept:
                names[item.arg] = item.arg
                continue
            new = self._words[depth + index]
            names[item.arg] = new
            self.table.setdefault(item.arg, set()).add(new)
            item.arg = new
        for item in [*arguments.kwonlyargs, arguments.vararg, arguments.kwarg]:
            if item:
                names[item.arg] = item.arg
        self._scopes.append(names)
        if isinstance(node, ast.Lambda):
            node.body = self.visit(node.body)
        else:
            node.body = [self.visit(item) for item in node.body]
        self._scopes.pop()
        return node

    def _variables(self, body, depth):
        """Return {name: new name} for what a body binds; imports keep their names."""
        names = {}
        imported = {alias.asname or alias.name for item in scopes.own_nodes(body)
                    if isinstance(item, (ast.Import, ast.ImportFrom)) for alias in item.names}
        for index, name in enumerate(sorted(scopes.bound_in(body))):
            names[name] = name if name in imported else "v%d" % (depth + index)
        return names

    def _comprehension(self, node):
        # The first iterable is evaluated outside, where a loop's variable may mean something else.
        first = node.generators[0]
        iterable = self.visit(first.iter)
        first.iter = ast.Constant(None)
        names = {item.id for part in node.generators for item in ast.walk(part.target)
                 if isinstance(item, ast.Name)}
        depth = sum(len(outer) for outer in self._scopes)
        self._scopes.append({name: "v%d" % (depth + index)
                             for index, name in enumerate(sorted(names))})
        self.generic_visit(node)
        self._scopes.pop()
        first.iter = iterable
        return node

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension
