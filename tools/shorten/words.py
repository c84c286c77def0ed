"""Which words a module has, and which of them are free for what."""

import ast
import keyword

from tools import scopes

# Up to so many letters the compiler makes a name of every text.
INTERNED = 10
# Attributes that MicroPython's own objects have: an error's, a module's.
_KEPT = {"args", "value", "errno", "strerror", "const"}


class Words:
    """Which words there are, and which of them are free for what."""

    def __init__(self, tree, others):
        self._tree = tree
        self.outside = _KEPT.union(_imported_late(tree), *[mentioned(other) for other in others])
        self.keywords = _keywords(tree).union(*[_keywords(other) for other in others])
        self.attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        self.attributes |= class_names(tree)
        self.texts = {node.value for node in ast.walk(tree)
                      if isinstance(node, ast.Constant) and isinstance(node.value, str)
                      and len(node.value) <= INTERNED and node.value.isidentifier()}

    def for_attributes(self):
        """Return texts that are no attribute of anything, in a fixed order."""
        return sorted(filter(_is_usable, self.texts - self.attributes - self.outside))

    def for_names(self):
        """Return words that are no variable anywhere at present, in a fixed order."""
        words = (self.attributes | self.texts) - variables(self._tree)
        return sorted(filter(_is_usable, words))


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
    """Return what a tree mentions of others: attributes, imports, texts that getattr may use."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.alias):
            found.add(node.name)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def _keywords(tree):
    return {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}
