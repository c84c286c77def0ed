"""Which words a module has, and which of them are free for what."""

import ast
import builtins
import keyword

from tools import scopes
from tools.shorten.known import LOOKED_FOR, WORDS

# Up to so many letters the compiler makes a name of every text.
INTERNED = 10
_BUILTINS = set(dir(builtins))
_FREE = WORDS - LOOKED_FOR - _BUILTINS


class Words:
    """Which words there are, and which of them are free for what."""

    def __init__(self, tree, others):
        self._tree = tree
        self.outside = {"const"}.union(
            LOOKED_FOR, _imported_late(tree), *[mentioned(other) for other in others])
        self.keywords = _keywords(tree).union(*[_keywords(other) for other in others])
        self.attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        self.attributes |= class_names(tree)
        self.texts = {node.value for node in ast.walk(tree)
                      if isinstance(node, ast.Constant) and isinstance(node.value, str)
                      and len(node.value) <= INTERNED and node.value.isidentifier()}

    def for_attributes(self):
        """Return words that are no attribute of anything, in a fixed order."""
        return free_words(self.attributes | self.outside, self.texts)

    def for_names(self):
        """Return words that are no variable anywhere at present, in a fixed order."""
        return free_words(variables(self._tree), self.texts | self.attributes)


def free_words(taken, more=()):
    """Return the words that cost nothing, and `more`, but for those `taken`; in a fixed order."""
    usable = filter(_is_usable, _FREE.union(more) - taken)
    return sorted(usable, key=lambda word: (len(word), word))


def variables(tree):
    """Return every name in a tree that stands for a variable, global or local, or is imported."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name)
        elif isinstance(node, ast.ExceptHandler):
            found.add(node.name)
    return found | set(scopes.top_level(tree))


def class_names(tree):
    """Return what class bodies bind: attributes too."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            names |= scopes.bound_in(node.body)
    return names


def is_private(name):
    """Return True for `_name`, False for `__name__`."""
    return name.startswith("_") and not name.startswith("__")


def _is_usable(word):
    return not keyword.iskeyword(word) and not word.startswith("_")


def _imported_late(tree):
    """Return the names that functions import: of parts that are loaded late."""
    return {alias.name for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and not isinstance(node.parent, ast.Module)
            for alias in node.names}


def mentioned(tree):
    """Return what a tree mentions of others: attributes, imports, texts that getattr may use.

    A private attribute of `self` belongs to the tree's own class, unless that has inherited it.
    """
    found = set()
    own = _own_private(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node not in own:
            found.add(node.attr)
        elif isinstance(node, ast.alias):
            found.add(node.name)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def _own_private(tree):
    """Return the nodes `self._name` in classes that inherit from nobody but MicroPython."""
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
               and all(getattr(base, "id", "") in _BUILTINS for base in node.bases)]
    return {node for owner in classes for node in ast.walk(owner)
            if isinstance(node, ast.Attribute) and is_private(node.attr)
            and getattr(node.value, "id", "") == "self"}


def _keywords(tree):
    return {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}
