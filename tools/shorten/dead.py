"""What a linked firmware never uses: interfaces that are there to be read, tables of other meters.

A module brings all that it has into the image. Here goes what nobody can reach: at the top level,
where a name is a name; a method, where no module of the image mentions its name in any way.
"""

import ast

from tools import scopes
from tools.shorten.known import LOOKED_FOR

_LINKED = "firmware.app"


def drop_dead(tree, others):
    """Remove from `tree`, a linked ast.Module, what neither it nor one of the `others` uses."""
    # Its own imports are of parts that are loaded late.
    wanted = {alias.name for module in [tree, *others] for node in ast.walk(module)
              if isinstance(node, ast.ImportFrom) and (module is tree or node.module == _LINKED)
              for alias in node.names}
    asked_for = LOOKED_FOR.union(*map(_mentioned, others))
    before = None
    while before != len(tree.body):
        before = len(tree.body)
        _drop_methods(tree, asked_for | _mentioned(tree))
        _drop_globals(tree, wanted)
    scopes.set_parents(tree)


def _mentioned(tree):
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def _drop_methods(tree, mentioned):
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            kept = [item for item in node.body
                    if not isinstance(item, scopes.FUNCTIONS[:2]) or item.name in mentioned
                    or item.name.startswith("__")]
            node.body = kept or [ast.Pass()]


def _drop_globals(tree, wanted):
    read = {}
    for statement in tree.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store):
                read.setdefault(node.id, set()).add(statement)
    tree.body = [statement for statement in tree.body
                 if not _is_dead(statement, read, wanted)]


def _is_dead(statement, read, wanted):
    if isinstance(statement, (ast.ClassDef, *scopes.FUNCTIONS[:2])):
        names = {statement.name}
    elif isinstance(statement, ast.Assign) and _is_plain(statement.value):
        names = {getattr(target, "id", None) for target in statement.targets}
    else:
        return False
    users = set().union(*[read.get(name, ()) for name in names]) - {statement}
    return not users and not names & (wanted | {None})


def _is_plain(value):
    """Return True if working the value out does nothing else."""
    return not any(isinstance(node, (ast.Call, ast.Attribute, ast.Subscript))
                   for node in ast.walk(value))
