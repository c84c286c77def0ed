"""The top level of a linked module: constants that the compiler drops, words for the rest."""

import ast

from tools import scopes
from tools.shorten.words import INTERNED, class_names, is_private, variables


def make_constants(tree, words):
    """Let the compiler drop variables of the top level that are constants, or that nobody reads.

    Every use of a tuple or of a text that is no name becomes an object of its own: they have to be
    used once only.
    """
    loaded = [node.id for node in ast.walk(tree)
              if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    bound = [node.id for node in ast.walk(tree)
             if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)]
    known = variables(tree)
    renamed = {}
    first = []
    for statement in list(tree.body):
        name = _binds(statement)
        if name is None or name in words.outside or not _is_constant(statement.value):
            continue
        if name not in loaded and bound.count(name) == 1:
            tree.body.remove(statement)
            continue
        if loaded.count(name) > 1 and not _is_small(statement.value):
            continue
        new = name if is_private(name) else "_" + name
        if bound.count(name) == 1 and (new == name or new not in known):
            renamed[name] = new
            call = ast.Call(ast.Name("const", ast.Load()), [statement.value], [])
            statement.value = call
            # A constant has to stand before its use, a variable need not.
            tree.body.remove(statement)
            first.append(statement)
    tree.body[:0] = first
    stored = stored_in_classes(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node not in stored:
            node.id = renamed.get(node.id, node.id)
    scopes.set_parents(tree)


def _binds(statement):
    """Return the name that an assignment to a single name binds, None for anything else."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        return getattr(statement.targets[0], "id", None)
    return None


def _is_constant(node):
    if isinstance(node, ast.Tuple):
        return all(_is_constant(item) for item in node.elts)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub) and _is_constant(node.operand)
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, str, bytes))


def _is_small(node):
    value = getattr(node, "value", None)
    if isinstance(value, str):
        return len(value) <= INTERNED or value.isidentifier()
    return isinstance(value, int) or isinstance(node, ast.UnaryOp)


def rename_globals(tree, words):
    """A global is never hidden by a local in a linked module, so a name is a name."""
    kept = words.outside | words.keywords | _errors(tree)
    kept |= set(scopes.dropped_constants(tree.body))
    names = [name for name in scopes.top_level(tree) if name not in kept]
    # A class body must not hide a global that it reads itself.
    read = _read_in_classes(tree)
    names.sort(key=lambda name: (name not in read, name))
    bound = class_names(tree)
    free = sorted(words.for_names(), key=lambda word: (word in bound, word))
    renamed = {name: word for name, word in zip(names, free)
               if name not in read or word not in bound}
    stored = stored_in_classes(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node not in stored:
            node.id = renamed.get(node.id, node.id)
        elif isinstance(node, ast.ExceptHandler):
            node.name = renamed.get(node.name, node.name)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if isinstance(node.parent, ast.Module):
                node.name = renamed.get(node.name, node.name)
    return renamed


def _read_in_classes(tree):
    """Return what class bodies read, with decorators and defaults, but not in their methods."""
    read = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            read += scopes.own_nodes(node.body)
    for node in [item for item in read if isinstance(item, scopes.FUNCTIONS)]:
        for part in [*getattr(node, "decorator_list", ()), *node.args.defaults]:
            read += ast.walk(part)
    return {item.id for item in read if isinstance(item, ast.Name)}


def stored_in_classes(tree):
    """Return the nodes that bind an attribute in a class body: no globals, whatever the name."""
    return {item for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
            for item in scopes.own_nodes(node.body)
            if isinstance(item, ast.Name) and not isinstance(item.ctx, ast.Load)}


def _errors(tree):
    """Return the names of the classes of errors."""
    found = {"Exception", "ValueError", "OSError"}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            if any(getattr(base, "id", "") in found for base in node.bases):
                found.add(node.name)
    return found
