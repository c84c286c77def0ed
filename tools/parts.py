"""The sources of a linked firmware: the one that is always there, and parts that are loaded late.

A part imports what it needs of the first, and brings its own copy of constants, which cost
nothing. No part needs another one: what two of them need has to belong to the first.
"""

import ast

from tools import overlays, scopes, shorten


class Whole:
    """All statements of the linked modules, each belonging to a part.

    `imports`: lines that import what is not linked. root: name of the part that is always there.
    """

    def __init__(self, root):
        self.imports = []
        self._is_shortened = False
        self._root = root
        self._part = {}  # statement -> name of its part
        self._order = []

    def add(self, part, statements):
        """Add statements to a part."""
        self._order += statements
        self._part.update(dict.fromkeys(statements, part))

    def shorten(self, others):
        """Drop what nobody uses, give names fewer words; returns what tools.shorten does.

        others: trees that may mention them.
        """
        self._is_shortened = True
        lines = ast.parse("\n".join(self.imports)).body
        tree = ast.fix_missing_locations(ast.Module([*lines, *self._order], []))
        shorten.drop_dead(tree, others)
        table = shorten.shorten(tree, others)
        self._order = [node for node in tree.body if node not in lines]
        return table

    def overlay(self, kept):
        """Take what is seldom used out of the part that is always there, see tools/overlays.py.

        Each of these parts has a number for a name. kept: names that have to stay.
        """
        root = [node for node in self._order if self._part[node] == self._root]
        others = [node for node in self._order if self._part[node] != self._root]
        taken = overlays.Overlays(root, others, kept)
        stays = taken.take()
        self._order = []
        for part, body in [(self._root, stays), *enumerate(taken.parts)]:
            self.add(part, ast.fix_missing_locations(ast.Module(body, [])).body)
        self._order += others
        scopes.set_parents(ast.Module(self._order, []))

    def sources(self):
        """Return {name of the part: source}."""
        return {part: self._source(part) for part in dict.fromkeys([self._root, *self._parts()])}

    def _parts(self):
        return [self._part[node] for node in self._order]

    def _source(self, part):
        body = [node for node in self._order if self._part[node] == part]
        if part != self._root:
            body = self._copied_constants(body) + body
        # No import of `const`: the compiler knows it, and nobody else reads this.
        lines = self._imports(part, body)
        tree = ast.Module([*ast.parse("\n".join(lines)).body, *body], [])
        if self._is_shortened:
            shorten.intern(tree)
        return ast.unparse(ast.fix_missing_locations(tree)) + "\n"

    def _copied_constants(self, body):
        """Return the constants of other parts that `body` uses, and what these are made of."""
        constants = scopes.dropped_constants(self._order)
        own = scopes.dropped_constants(body)
        found = set()
        waiting = _names(body)
        while waiting:
            name = waiting.pop()
            if name in constants and name not in own and name not in found:
                found.add(name)
                waiting |= _names([constants[name]])
        return [node for name, node in constants.items() if name in found]

    def _imports(self, part, body):
        """Return the lines that import what `body` does not bind itself."""
        if part == self._root:
            return self.imports
        used = _names(body)
        lines = [line for line in self.imports if _bound_by(line) in used]
        owners = {name: self._part[node] for node in self._order
                  for name in scopes.bound_in([node])}
        missing = sorted(name for name in used & set(owners) - scopes.bound_in(body))
        for name in missing:
            if owners[name] != self._root:
                raise scopes.ScopeError("%s needs %s of %s, which may not be loaded: let a module "
                                        "that is always there import it" % (
                                            part, name, owners[name]))
        if missing:
            lines.append("from %s import %s" % (self._root, ", ".join(missing)))
        return lines


def _names(body):
    return {node.id for item in body for node in ast.walk(item)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def _bound_by(line):
    alias = ast.parse(line).body[0].names[0]
    return alias.asname or alias.name
