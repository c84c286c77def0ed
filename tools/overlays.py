"""Take what is seldom used out of a linked firmware, so that it takes no heap while it is not.

The lists of late_lists.py name functions, methods and long texts, module by module. Each class
with such methods gets a part of its own (several, if it stands in both lists or its methods are
set apart there), and so do the functions of a module; a tier that executes parts in place has
larger ones, since each costs 400 bytes of the image. All parts lie one after the other in one file
beside the linked module; one is read from there when something of it is called, and is garbage
afterwards. Nothing stands for a method where it was taken from: the class inherits from `_Late`,
and what an instance does not have is looked for in the part, so that a wrong name is found out
only when it is called. A constructor becomes a function there, and who calls the class calls that.

What stays, whatever the list says: functions with decorators or `super()`, methods of classes that
others inherit from or that are used as `Class.method`, constructors of what is made while the
firmware is imported, functions that stand in a table. A module that is handed on as an object, as
the profiles are, is taken as a whole where the list has a `*`. What only one part uses goes with
it; a class only if the list has it, for as long as an instance lives, so does its part.

What guards the EV is never taken, nor what runs at every tick: a part costs a collection and a few
ms of flash. What makes a closure that is kept is not worth taking: the closure keeps the part.
While a part is imported, it can import no other.

A part is imported like any module, from a file system that has but one file: the place in the
archive that `_load` was asked for. So no part needs a name of its own, which would stay for ever.
"""

import ast
from pathlib import Path

from tools import overlay_calls, scopes
from tools.late_lists import APART, TOGETHER

ARCHIVE = "late.bin"
# What tracebacks call the file of a part.
NAME = "late.py"
_INIT = "__init__"
_PLACE_BYTES = 3
_RUNTIME = Path(__file__).with_name("overlay_runtime.py")
_WORDS = ("_Archive", "_Late", "_LateSpace", "_LateWhole", "_Part", "_archive", "_call", "_load",
          "_mount")


# What the runtime uses must not become a word for something else.
RESERVED = ("if 0:\n    AttributeError, OSError, TypeError, __file__, __import__, bytes, getattr\n"
            "    hasattr, int, iter, memoryview, object, open\n")


def mark(module, tree, names):
    """Remember in the tree which functions of `module` are seldom used; returns those it lacks.

    names: {function or Class.method: label}.
    """
    missing = set(names)
    for node in tree.body:
        owned = node.body if isinstance(node, ast.ClassDef) else ()
        for item, name in [(node, _name(node))] + [
                (item, "%s.%s" % (node.name, _name(item))) for item in owned]:
            item.seldom = (module, names[name]) if name in names else None
            missing.discard(name)
    return missing


def _name(node):
    """Return the name of a function or class, or of the variable that a statement binds."""
    if isinstance(node, (*scopes.FUNCTIONS[:2], ast.ClassDef)):
        return node.name
    is_one = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    return node.targets[0].id if is_one else None


def archive(parts):
    """Return the bytes of ARCHIVE for the compiled parts, in their order: the place of each,
    three bytes with the lowest first, then the parts."""
    place = _PLACE_BYTES * len(parts)
    places = b""
    for part in parts:
        places += place.to_bytes(_PLACE_BYTES, "little")
        place += len(part)
    return places + b"".join(parts)


class Overlays:
    """Takes marked functions out of the statements `body` of the module that is always there.

    others: statements of parts of another kind, which may use them too; kept: names that somebody
    outside uses.
    """

    def __init__(self, body, others, kept):
        self._others = others
        self._kept = kept
        self._tree = ast.Module(body, [])
        scopes.set_parents(self._tree)
        used = {node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name)}
        if used & set(_WORDS):
            raise scopes.ScopeError("%s: these names are needed for parts" % (used & set(_WORDS)))
        self._early = _used_early(self._tree)
        self._inherited = {base.id for node in body if isinstance(node, ast.ClassDef)
                           for base in node.bases if isinstance(base, ast.Name)}
        self._named = {(node.value.id, node.attr) for node in ast.walk(self._tree)
                       if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)}
        # What is handed on or looked into, not only called.
        self._values = set(kept).union(*[_values(node) for node in body + others])
        self._handed_on = set().union(*[_values(node) for node in body + others
                                        if not isinstance(node, ast.Assign)
                                        and not getattr(node, "is_space", False)])
        self.parts = []  # the statements of each
        self._together = {}  # {package: {number: class of a part}}

    def take(self):
        """Return the statements that stay; what was taken is in `parts`."""
        for node in list(self._tree.body):
            if getattr(node, "is_space", False):
                self._take_space(node)
        makers = {}
        for node in self._tree.body:
            if isinstance(node, ast.ClassDef):
                self._take_methods(node, makers)
        functions = self._take_functions()
        if not self.parts:
            return self._tree.body
        self._gather()
        for number, body in enumerate(self.parts):
            overlay_calls.Calls(functions, number, makers).all(body)
        overlay_calls.Calls(functions, None, makers).all(self._tree.body)
        overlay_calls.Calls(functions, None, makers).all(self._others)
        return _runtime() + self._tree.body

    def _take_space(self, space):
        """Take the class that stands for a module, with all that nobody else uses."""
        part = [space]
        self._go_with(part, self._uses())
        number = len(self.parts)
        call = ast.Call(ast.Name("_LateSpace", ast.Load()), [ast.Constant(number)], [])
        stays = ast.Assign([ast.Name(space.name, ast.Store())], call)
        self.parts.append([node for node in self._tree.body if node in part])
        self._tree.body = [stays if node is space else node for node in self._tree.body
                           if node is space or node not in part]
        space.name = "_Part"

    def _go_with(self, part, uses):
        """Add to the statements `part` what nobody else uses. uses: {statement: names}."""
        while True:
            outside = set(self._kept).union(*[names for node, names in uses.items()
                                              if node not in part])
            inside = set().union(*[uses[node] for node in part]) - outside
            more = [node for node in self._tree.body
                    if node not in part and _bound(node) in inside and not self._is_kept(node)]
            if not more:
                return
            part += more

    def _is_kept(self, node):
        """Return True for a function that somebody may keep, and the whole part with it; in a
        table it lives as long as that. And for one that the list sets apart."""
        is_apart = getattr(node, "seldom", None) and node.seldom[1].endswith(APART)
        return isinstance(node, scopes.FUNCTIONS[:2]) and (
            is_apart or node.name in self._handed_on)

    def _uses(self):
        every = sum(self.parts, self._tree.body + self._others)
        return {node: _names(node) for node in every}

    def _gather(self):
        uses = self._uses()
        for part in self.parts:
            own = list(part)
            self._go_with(part, uses)
            added = [node for node in self._tree.body if node in part and node not in own]
            self._tree.body = [node for node in self._tree.body if node not in added]
            part[:] = added + own

    def _take_methods(self, node, makers):
        """Take methods of a class; adds it to `makers`, {class: number}, if its constructor lies
        in a part as a function that makes an instance, so that nothing stands for it."""
        taken = [item for item in node.body if getattr(item, "seldom", None)
                 and not item.decorator_list and not _uses_super(item)
                 and (node.name, item.name) not in self._named]
        if node.name in self._inherited:
            taken = []
        if node.name in self._early or node.bases:
            taken = [item for item in taken if item.name != _INIT]
        if not taken:
            return
        node.body = [item for item in node.body if item not in taken] or [ast.Pass()]
        inits = [item for item in taken if item.name == _INIT]
        if inits and not node.bases and node.name not in self._values:
            taken.remove(inits[0])
            makers[node.name] = self._put([overlay_calls.maker(inits[0], node.name)], inits.pop())
        groups = {}
        for item in taken:
            groups.setdefault(item.seldom[1], []).append(item)
        # One part, or several that are looked into one after the other: each knows the next.
        number = None
        for label in sorted(groups):
            methods = groups[label] + ([_number(number)] if number is not None else [])
            number = self._put(methods, groups[label][0])
        if number is not None:
            node.body.insert(0, _number(number))
            node.bases.append(ast.Name("_LateWhole" if inits else "_Late", ast.Load()))

    def _put(self, methods, first):
        """Put methods into a part, in place among others of the package; returns its number."""
        module, label = first.seldom
        names = set(map(_name, methods))
        together = self._together.setdefault(_folder(module), {})
        for number, part in together.items() if label == TOGETHER else ():
            if names.isdisjoint(map(_name, part.body)):
                part.body += methods
                return number
        number = len(self.parts)
        together[number] = ast.ClassDef("_Part", [], [], methods, [])
        self.parts.append([together[number]])
        return number

    def _take_functions(self):
        """Return {function: number of its part}."""
        groups = {}  # {group: (the package whose part it joins or None, its statements)}
        for node in self._tree.body:
            if not getattr(node, "seldom", None) or isinstance(node, ast.ClassDef):
                continue
            if isinstance(node, ast.Assign):
                # Apart from the functions, which import what may not be there yet.
                groups[node] = None, [node]
                node.value = _text(node.value)
            elif not node.decorator_list and node.name not in self._early:
                module, label = node.seldom
                package = _folder(module) if label == TOGETHER else None
                groups.setdefault((package or module, label), (package, []))[1].append(node)
        places = {}
        for package, nodes in groups.values():
            number = min(self._together.get(package, [len(self.parts)]))
            if number == len(self.parts):
                self.parts.append([])
            places.update((_name(node), number) for node in nodes)
            self.parts[number] += nodes
        taken = {node for _, nodes in groups.values() for node in nodes}
        self._tree.body = [node for node in self._tree.body if node not in taken]
        return places


def _number(number):
    return ast.Assign([ast.Name("_late", ast.Store())], ast.Constant(number))


def _folder(module):
    """Return what the parts of a module lie together with: of the larger packages each, the rest
    of the firmware, the boards, and lib."""
    for name in ("firmware.evse", "firmware.ocpp", "firmware", "boards"):
        if module.startswith(name + "."):
            return name
    return "lib"


def _values(node):
    """Return the names in a statement that are used in another way than by calling them."""
    called = {id(item.func) for item in ast.walk(node) if isinstance(item, ast.Call)}
    return {item.id for item in ast.walk(node) if isinstance(item, ast.Name)
            and isinstance(item.ctx, ast.Load) and id(item) not in called}


def _names(node):
    """Return the names that a statement of the top level uses."""
    return {item.id for item in ast.walk(node) if isinstance(item, ast.Name)
            and isinstance(item.ctx, ast.Load)}


def _bound(node):
    """Return the one name that a statement of the top level binds, None if it may have to stay."""
    if isinstance(node, ast.ClassDef):
        # What lives long would keep the whole part.
        return node.name if getattr(node, "seldom", None) else None
    if isinstance(node, ast.Assign) and not isinstance(node.value, (ast.Constant, ast.Tuple,
                                                                     ast.Dict)):
        return None
    return _name(node)


def _text(value):
    """Return the text of a constant: `const` would drop the name by which others find it."""
    value = value.args[0] if isinstance(value, ast.Call) else value
    if not isinstance(value, ast.Constant):
        raise scopes.ScopeError("%s: only texts can be read late" % ast.unparse(value)[:60])
    return value


def _runtime():
    """Return the statements of the runtime, without docstrings."""
    tree = ast.parse(_RUNTIME.read_text())
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            is_text = isinstance(node.body[0], ast.Expr) and len(node.body) > 1
            node.body = node.body[1:] if is_text else node.body
    return tree.body


def _used_early(tree):
    """Return the names that are used while the module is imported."""
    found = set()
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name):
            found.add(node.id)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, scopes.FUNCTIONS):
                waiting += [*child.args.defaults, *getattr(child, "decorator_list", ())]
            else:
                waiting.append(child)
    return found


def _uses_super(function):
    return any(isinstance(node, ast.Name) and node.id == "super" for node in ast.walk(function))
