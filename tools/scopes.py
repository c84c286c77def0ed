"""Which names a syntax tree binds where, for tools/bundle.py."""

import ast

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class ScopeError(Exception):
    """The tree uses a statement that is not understood here."""


def imports(tree, paths):
    """Yield (statement, module) for every import of one of the modules `paths`, of which the
    statement takes the whole or a name."""
    for node, module, _ in _imports(tree, paths):
        if module in paths:
            yield node, module


def imported(tree, paths):
    """Yield (module, attribute or None) for every import; `paths`: names of modules."""
    for _, module, attribute in _imports(tree, paths):
        yield module, attribute


def _imports(tree, paths):
    found = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    for statement, alias in [(node, alias) for node in found for alias in node.names]:
        if isinstance(statement, ast.Import):
            yield statement, alias.name, None
            continue
        full = "%s.%s" % (statement.module, alias.name)
        if full in paths:
            yield statement, full, None
        else:
            yield statement, statement.module, alias.name


def set_parents(tree):
    """Give each node of a tree its `parent`."""
    for parent in ast.walk(tree):
        for child in ast.iter_child_nodes(parent):
            child.parent = parent


def is_top_level(node):
    """Return True if `node` is in no function and no class."""
    while not isinstance(node, ast.Module):
        node = node.parent
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            return False
    return True


def own_nodes(body):
    """Yield the nodes of a body, without those of functions, classes and comprehensions in it."""
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*FUNCTIONS, *COMPREHENSIONS, ast.ClassDef)):
            waiting += list(ast.iter_child_nodes(node))


def bound_in(body):
    """Return the names that a body binds itself, but for imports of modules at top level."""
    names = set()
    for node in own_nodes(body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            names.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)) and not is_top_level(node):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            raise ScopeError("global and nonlocal cannot be linked")
    return names


def top_level(tree):
    """Return the names that the top level of a module binds, sorted; imports not."""
    return sorted(bound_in(tree.body))


def arguments(node):
    """Return the names of the parameters in an ast.arguments."""
    every = [*node.args, *node.kwonlyargs, *node.posonlyargs]
    every += [item for item in (node.vararg, node.kwarg) if item]
    return [item.arg for item in every]


def local_names(tree):
    """Return the names that functions of a module use for themselves."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS):
            names |= set(arguments(node.args))
            names |= bound_in(node.body if isinstance(node.body, list) else [node.body])
        elif isinstance(node, ast.ClassDef):
            names |= bound_in(node.body)
        elif isinstance(node, ast.comprehension):
            names |= {item.id for item in ast.walk(node.target) if isinstance(item, ast.Name)}
    return names


def exported_constants(tree):
    """Return the public names that a `NAME = const(...)` at top level binds."""
    return {
        node.targets[0].id
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") == "const"
        and not node.targets[0].id.startswith("_")
    }


def dropped_constants(body):
    """Return {name: statement} of the constants that the compiler puts where they are used."""
    return {
        node.targets[0].id: node for node in body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") == "const"
        and node.targets[0].id.startswith("_") and not node.targets[0].id.startswith("__")
    }
