"""Renames what is global in one module, for tools/bundle.py."""

import ast

from tools import scopes


def rewritten(linker, module):
    """Return the statements of a module without imports of what is linked, names replaced."""
    return _Rewriter(linker, module).visit(module.tree).body


class _Rewriter(ast.NodeTransformer):
    """Renames what is global in one module; locals of functions and classes keep their names."""

    def __init__(self, linker, module):
        self._linker = linker
        self._module = module
        self._scopes = []  # of each enclosing function or class: {name: None or meaning}

    def _meaning(self, name, at_class=True):
        for depth, (is_class, names) in enumerate(reversed(self._scopes)):
            # The names of a class body are not seen from its methods.
            if name in names and (not is_class or depth == 0):
                return names[name]
        return self._module.names.get(name)

    def visit_Name(self, node):
        meaning = self._meaning(node.id)
        if meaning is None:
            return node
        kind, value = meaning
        node.id = value if kind == "global" else self._linker.space(value)
        return node

    def visit_Attribute(self, node):
        if isinstance(node.value, ast.Name):
            meaning = self._meaning(node.value.id)
            if meaning and meaning[0] == "module":
                found = meaning[1].names.get(node.attr)
                if found is None:
                    raise scopes.ScopeError("%s has no %s" % (meaning[1].name, node.attr))
                return ast.Name(found[1], node.ctx)
        return self.generic_visit(node)

    def visit_ClassDef(self, node):
        node.bases = [self.visit(base) for base in node.bases]
        node.name = self._bound(node.name)
        self._scopes.append((True, dict.fromkeys(scopes.bound_in(node.body))))
        node.body = self._body(node.body)
        self._scopes.pop()
        return node

    def visit_FunctionDef(self, node):
        node.decorator_list = [self.visit(item) for item in node.decorator_list]
        node.name = self._bound(node.name)
        node.returns = None
        self._function(node)
        return node

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node):
        self._function(node)
        return node

    def _function(self, node):
        arguments = node.args
        arguments.defaults = [self.visit(item) for item in arguments.defaults]
        arguments.kw_defaults = [item and self.visit(item) for item in arguments.kw_defaults]
        names = dict.fromkeys(scopes.arguments(arguments))
        body = node.body if isinstance(node.body, list) else [ast.Expr(node.body)]
        names.update(dict.fromkeys(scopes.bound_in(body)))
        for item in scopes.own_nodes(body):
            if isinstance(item, (ast.Import, ast.ImportFrom)):
                names.update({bound: meaning for bound, meaning in self._local_imports(item)})
        self._scopes.append((False, names))
        if isinstance(node.body, list):
            node.body = self._body(node.body)
        else:
            node.body = self.visit(node.body)
        self._scopes.pop()

    def _local_imports(self, node):
        if not self._is_bundled(node):
            return []
        return self._linker.meanings(node, self._module)

    def _is_bundled(self, node):
        needs_none = self._linker.needs_no_import
        if isinstance(node, ast.Import):
            return needs_none(node.names[0].name, self._module)
        # A module out of a package, or a name out of a module.
        full = ["%s.%s" % (node.module, alias.name) for alias in node.names]
        if any(self._linker.is_missing(name) for name in full):
            return False
        return needs_none(node.module, self._module) or all(
            needs_none(name, self._module) for name in full)

    def _body(self, body):
        if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            body = body[1:]  # The docstring.
        kept = []
        for node in body:
            result = self.visit(node)
            kept += result if isinstance(result, list) else [result] if result else []
        return kept or [ast.Pass()]

    def visit_Module(self, node):
        node.body = self._body(node.body)
        return node

    def visit_Import(self, node):
        # Inside a function only what is in the bundle goes: the rest may be there or not.
        return node if self._scopes and not self._is_bundled(node) else None

    def visit_ImportFrom(self, node):
        node = self.visit_Import(node)
        for alias in node.names if node else ():
            if self._linker.is_missing("%s.%s" % (node.module, alias.name)):
                continue
            name = self._linker.name_in_part(node.module, alias.name)
            if name and name != alias.name:
                alias.asname, alias.name = alias.asname or alias.name, name
        return node

    def _comprehension(self, node):
        names = {item.id for part in node.generators for item in ast.walk(part.target)
                 if isinstance(item, ast.Name)}
        self._scopes.append((False, dict.fromkeys(names)))
        self.generic_visit(node)
        self._scopes.pop()
        return node

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def visit_ExceptHandler(self, node):
        if node.name:
            node.name = self._bound(node.name)
        return self.generic_visit(node)

    def _bound(self, name):
        meaning = self._meaning(name)
        return name if meaning is None else meaning[1]
