"""Attributes that any module of an image may use: one word for each, in all of them.

A word that MicroPython has itself costs nothing as a name. Kept are all names that a program could
come by in another way: texts, and words in tables of text; what modules and class bodies bind;
what MicroPython's objects and the hardware's have.
"""

import ast
import re

from tools import scopes
from tools.shorten.known import LOOKED_FOR, OF_HARDWARE, WORDS
from tools.shorten.words import free_words

_WORD = re.compile(r"[A-Za-z]\w*")


def rename_public(tree, others):
    """Rename in `tree` what all can see; returns {old: new}, for `patched`.

    tree: of the linked module; others: those of all modules that will run beside it.
    """
    trees = [tree, *others]
    used = set().union(*map(_attributes, trees))
    kept = WORDS | OF_HARDWARE | LOOKED_FOR | set().union(*map(_kept, trees))
    for other in others:
        scopes.set_parents(other)
        kept |= set(scopes.top_level(other))
    # Classes of the hardware bring their constants, which are many: they all stay.
    names = sorted(name for name in _attributes(tree) - kept
                   if not name.startswith("_") and not name.isupper())
    renamed = dict(zip(names, free_words(used)))
    for node, _ in _mentions(tree):
        if isinstance(node, ast.Attribute):
            node.attr = renamed.get(node.attr, node.attr)
        else:
            node.name = renamed.get(node.name, node.name)
    return renamed


def patched(text, renamed):
    """Return the source `text` with attributes renamed, each line where it was; None if unchanged.

    renamed: {old: new}, from `rename_public`.
    """
    lines = [line.encode() for line in text.splitlines(keepends=True)]
    places = []
    for node, name in _mentions(ast.parse(text)):
        if name in renamed:
            if isinstance(node, ast.Attribute):
                places.append((node.end_lineno, node.end_col_offset - len(name), name))
            else:
                start = lines[node.lineno - 1].index(name.encode(), node.col_offset + 4)
                places.append((node.lineno, start, name))
    for number, start, name in sorted(places, reverse=True):
        line = lines[number - 1]
        assert line[start:start + len(name)] == name.encode(), (line, name)
        lines[number - 1] = line[:start] + renamed[name].encode() + line[start + len(name):]
    return b"".join(lines).decode() if places else None


def _mentions(tree):
    """Yield (node, name) for every attribute that is used, and every method."""
    methods = {item for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
               for item in node.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node, node.attr
        elif isinstance(node, scopes.FUNCTIONS[:2]) and node in methods:
            yield node, node.name


def _attributes(tree):
    return {name for _, name in _mentions(tree)}


def _kept(tree):
    """Return what is spelt as a text, imported, or bound or read in the body of a class."""
    found = set()
    descriptions = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node not in descriptions:
                found.update(_WORD.findall(node.value) if "\n" in node.value else [node.value])
        elif isinstance(node, ast.alias):
            found.update(node.name.split("."))
        elif isinstance(node, ast.ClassDef):
            found.update(item.id for item in scopes.own_nodes(node.body)
                         if isinstance(item, ast.Name))
    return found
