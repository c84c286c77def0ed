"""How the calls of a linked firmware find what tools/overlays.py has put into parts."""

import ast


def maker(init, name):
    """Return the function `name` that makes an instance of the class `name` as `init` does."""
    own = init.args.args.pop(0).arg
    made = ast.parse("%s = object.__new__(%s)" % (own, name)).body
    body = [_Returns(own).visit(node) for node in init.body]
    init.body = made + body + [ast.Return(ast.Name(own, ast.Load()))]
    init.name = name
    return init


class _Returns(ast.NodeTransformer):
    """Lets the returns of a constructor return what it made. Functions inside have their own."""

    def __init__(self, name):
        self._name = name

    def visit_Return(self, node):
        """Put the instance where nothing was."""
        return ast.Return(ast.Name(self._name, ast.Load()))

    def visit_FunctionDef(self, node):
        """Leave a function inside as it is."""
        return node

    visit_AsyncFunctionDef = visit_Lambda = visit_FunctionDef


class Calls(ast.NodeTransformer):
    """Puts `_load(number).function` wherever another part than `number` names the function.

    makers: {class: number} of those whose constructor is a function in a part.
    """

    def __init__(self, functions, number, makers):
        self._functions = functions
        self._number = number
        self._makers = makers

    def all(self, body):
        """Rewrite statements in place."""
        body[:] = [self.visit(node) for node in body]

    def visit_Call(self, node):
        """Replace the name of a class."""
        number = self._makers.get(getattr(node.func, "id", None))
        self.generic_visit(node)
        if number is not None:
            part = ast.Attribute(_loaded(number), "_Part", ast.Load())
            node.func = ast.Attribute(part, node.func.id, ast.Load())
        return node

    def visit_Name(self, node):
        """Replace the function's name."""
        number = self._functions.get(node.id)
        is_used = isinstance(node.ctx, ast.Load)
        if number is None or number == self._number or not is_used:
            return node
        return ast.Attribute(_loaded(number), node.id, ast.Load())


def _loaded(number):
    return ast.Call(ast.Name("_load", ast.Load()), [ast.Constant(number)], [])
