"""The order in which a module's names get their numbers.

The compiler numbers them as it meets them. The first 128 fit into one byte wherever they are used,
all others take two: so the names that are used most come first, in code that is never reached.
No name may be among them that the module does not have anyway: each costs a board 9 bytes of heap.
"""

import ast
from collections import Counter

from tools import scopes
from tools.shorten.words import INTERNED

# The module's own path is the first of all.
_SHORT = 127
_OF_CLASSES = ("__module__", "__name__", "__qualname__")


def common_first(tree, interned):
    """Let a module mention first what it uses most, if it has more names than are short.

    interned: longer texts that are names too. The compiler writes nothing for what stands behind
    a jump, but it numbers the names there.
    """
    uses = _uses(tree, interned)
    if len(uses) <= _SHORT:
        return
    names = sorted(uses, key=lambda name: (-uses[name], name))[:_SHORT]
    # As attributes: these have their numbers before what stands alone.
    mentioned = ast.Name(names[0], ast.Load())
    for name in names:
        mentioned = ast.Attribute(mentioned, name, ast.Load())
    tree.body.insert(0, ast.While(ast.Constant(1), [ast.Break(), ast.Expr(mentioned)], []))


def _uses(tree, interned):
    """Return {name: how many times its number is written}; texts count if they are names."""
    uses = Counter()
    constants = scopes.dropped_constants(tree.body)
    without_number = _variables(tree) | {"const"}.union(constants)
    objects = _objects(tree, constants).union(*map(ast.walk, constants.values()))
    for node in set(ast.walk(tree)) - objects:
        if isinstance(node, ast.Name) and node.id not in without_number:
            uses[node.id] += 1
        elif isinstance(node, ast.Attribute):
            uses[node.attr] += 1
        elif isinstance(node, ast.Constant) and _is_name(node.value, interned):
            uses[node.value] += 1
        elif isinstance(node, (ast.arg, ast.keyword)) and node.arg:
            uses[node.arg] += 1
        elif isinstance(node, ast.alias):
            uses.update(word for word in (node.name, node.asname) if word and "." not in word)
        elif isinstance(node, ast.ClassDef):
            uses.update((*_OF_CLASSES, node.name, node.name))
        elif isinstance(node, scopes.FUNCTIONS[:2]):
            uses.update((node.name, node.name))
    return uses


def _objects(tree, constants):
    """Return what is in tuples that are constants, and so objects themselves."""
    whole = [node for node in ast.walk(tree) if isinstance(node, ast.Tuple)
             and all(_is_constant(item, constants) for item in node.elts)]
    return {item for node in whole for item in ast.walk(node)}


def _is_constant(node, constants):
    if isinstance(node, ast.Tuple):
        return all(_is_constant(item, constants) for item in node.elts)
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, ast.Constant) or getattr(node, "id", None) in constants


def _is_name(value, interned):
    return isinstance(value, str) and value.isidentifier() and (
        len(value) <= INTERNED or value in interned)


def _variables(tree):
    """Return the names of what functions bind: they have no number. None of these is a global."""
    own = (*scopes.FUNCTIONS, *scopes.COMPREHENSIONS)
    return scopes.local_names(
        ast.Module([node for node in ast.walk(tree) if isinstance(node, own)], []))
