"""Private attributes: those of unrelated classes may share one word."""

import ast

from tools import scopes
from tools.shorten.words import is_private


class Attributes:
    """Private attributes: those of unrelated classes may share one word."""

    def __init__(self, tree, words):
        self._tree = tree
        self._words = words
        self._classes = {node.name: node for node in ast.walk(tree)
                         if isinstance(node, ast.ClassDef)}
        self._family = self._families()
        self._uses = {}  # name -> families that use it
        self._kept = set(words.outside)

    def rename(self):
        """Rename them all; returns {old: new}."""
        self._collect()
        names = sorted(name for name in self._uses if name not in self._kept)
        # What stands in the most families first: the rest fits in between.
        names.sort(key=lambda name: (-len(self._uses[name]), name))
        free = self._words.for_attributes()
        taken = [set() for _ in free]
        renamed = {}
        for name in names:
            for index, families in enumerate(taken):
                if not families & self._uses[name]:
                    families |= self._uses[name]
                    renamed[name] = free[index]
                    break
        self._apply(renamed)
        return renamed

    def _families(self):
        """Return {class: representative}: classes that inherit from one another are one family."""
        family = {name: name for name in self._classes}

        def find(name):
            while family[name] != name:
                name = family[name]
            return name

        for name, node in self._classes.items():
            for base in node.bases:
                if isinstance(base, ast.Name) and base.id in family:
                    family[find(name)] = find(base.id)
        return {name: find(name) for name in family}

    def _collect(self):
        elsewhere = {}
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Attribute) and is_private(node.attr):
                owner = _enclosing_class(node)
                of_self = isinstance(node.value, ast.Name) and node.value.id == _self_of(node)
                if owner is not None and of_self:
                    self._use(node.attr, owner)
                else:
                    elsewhere.setdefault(node.attr, []).append(owner)
            elif isinstance(node, scopes.FUNCTIONS[:2]) and is_private(node.name):
                if isinstance(node.parent, ast.ClassDef):
                    self._use(node.name, node.parent)
            elif isinstance(node, ast.ClassDef):
                self._keep_named_in(node)
        for name in elsewhere:
            # Of some other object: sure only where a single family has such a name.
            if len(self._uses.get(name, ())) != 1:
                self._kept.add(name)

    def _use(self, name, owner):
        self._uses.setdefault(name, set()).add(self._family[owner.name])

    def _keep_named_in(self, node):
        """What a class body mentions by its bare name stays as it is."""
        for item in scopes.own_nodes(node.body):
            if isinstance(item, ast.Name):
                self._kept.add(item.id)

    def _apply(self, renamed):
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Attribute):
                node.attr = renamed.get(node.attr, node.attr)
            elif isinstance(node, scopes.FUNCTIONS[:2]) and isinstance(node.parent, ast.ClassDef):
                node.name = renamed.get(node.name, node.name)


def _enclosing_class(node):
    while not isinstance(node, (ast.Module, ast.ClassDef)):
        node = node.parent
    return node if isinstance(node, ast.ClassDef) else None


def _self_of(node):
    """Return the first parameter of the method around `node`, however deep it stands."""
    method = None
    while not isinstance(node, (ast.Module, ast.ClassDef)):
        if isinstance(node, scopes.FUNCTIONS[:2]):
            method = node
        node = node.parent
    if method is None or not method.args.args:
        return None
    is_static = any(getattr(item, "id", "") == "staticmethod" for item in method.decorator_list)
    return None if is_static else method.args.args[0].arg
