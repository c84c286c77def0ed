"""Link the firmware into one module, for boards that execute it in place.

A module costs some 200 bytes of heap beyond its functions: its dictionary, its table of names, an
entry for everything it imports. `bundle()` writes all that `firmware.app` needs as one source, in
the order of dependencies; it stands in for firmware/app.py in the ROM image. Nothing is optimised
but names: what is top-level in a module stays so, with another name where two modules use the
same one or a local variable would hide it; `module.name` becomes the name, and an exported
constant gets the underscore that lets the compiler drop it. Modules that boards import too stay
modules of their own with whatever they need, and so does the guard: what is critical for safety
runs as it was read.

`python -m tools.bundle` prints the source; line numbers of a device's traceback refer to it.
"""

import ast
import builtins
import sys

from tools import mpy, overlays, parts, rewriter, scopes, shorten
from tools.tidy.findings import Source

ROOT_MODULE = "firmware.app"
_APART = ("firmware.guard.guard",)
# Loaded when somebody asks for it, and perhaps dropped again: each is a module of its own, linked
# with what only it needs.
_LATE = ("firmware.console.", "firmware.evse.socket_side", "firmware.auth.list_update",
         "firmware.net.names", "dns", "websock.handshake")
# What connects the simulated world to the firmware; on a board, its drivers do.
SIMULATED_BOARD = ("boards.sim.network", "boards.sim.board")
_WORLD = ("boards.sim.",)
# Loaded by a name that stands in a board's description: to be had as they are, too.
_BY_NAME = ("meters.maps.",)
# It keeps chains of imports short; in the bundle there are none.
_NEEDLESS = ("firmware.preload",)


class BundleError(Exception):
    """A module does something that cannot be linked; the text says where."""


class _Module:
    """One source file: `names` is what its top level binds, each to what it means in the bundle.

    A meaning is ("global", name) or ("module", module).
    """

    def __init__(self, name, path, root, part):
        self.name = name
        self.part = part
        self.tree = Source(root, path).tree
        self.tail = name.rpartition(".")[2]
        self.names = {}


def bundle(root=mpy.ROOT, board=SIMULATED_BOARD, without=()):
    """Link firmware.app with the modules `board`; returns ({module: source}, names inside).

    There is one source for all, one for each part that is loaded late, and for each module of the
    board that others import names from, one that takes them out of the first. Names inside are
    those of the modules that nobody needs beside it. without: modules that are not to be had: an
    import of one inside a function stays, and fails when it is reached. Raises BundleError.
    """
    try:
        return _Linker(root, board, without).link()
    except scopes.ScopeError as error:
        raise BundleError(str(error)) from error


def shortened(root=mpy.ROOT, board=SIMULATED_BOARD, simulator=True, without=(), seldom=None,
              **beside):
    """Return what `bundle` returns, with fewer and shorter names, see tools/shorten.

    And, as a third value, {module: source} of those that stand beside it and mention such a name;
    their lines are where they were. simulator: the simulated world will be there, too. seldom:
    {module: names} to be read from flash when they are called, see tools/overlays.py; the sources
    of these parts are under numbers. beside: `apart`, `copied` and `mentioned` of _Linker.
    """
    others = {mpy.module_name(name): Source(root, path)
              for name, path in mpy.sources(simulator, root).items()}
    others = {name: source for name, source in others.items() if name not in without}
    linker = _Linker(root, board, without, **beside)
    try:
        sources, inside = linker.link(others, seldom)
    except scopes.ScopeError as error:
        raise BundleError(str(error)) from error
    return sources, inside, linker.patched


class _Linker:
    """Reads the modules, gives every top-level name its place, and rewrites them.

    apart: what begins like that stays a module of its own, but for the board's; copied: modules
    that are to be had as they are, too, by programs that hold the words of the text `mentioned`.
    """

    def __init__(self, root, board, without, apart=_WORLD, copied=(), mentioned=""):
        self._board = board
        self._outside = apart
        self._copied = copied
        self._mentioned = mentioned
        self._seldom = {}
        self._part = ROOT_MODULE  # for which modules are being loaded
        self._late = []
        paths = {mpy.module_name(name): path for name, path in mpy.sources(True, root).items()}
        self._missing = {name for name in paths if name in without}
        self._paths = {name: path for name, path in paths.items() if name not in without}
        self._root = root
        self._modules = {}
        self._order = []
        self._apart = set(_APART)
        self._imports = {}  # (module, attribute or None) -> name in the bundle
        self._spaces = {}  # modules that are used as objects -> name of the class that stands in
        self._objects = set()  # names of modules that somebody hands on as objects
        self._attributes = set()  # what is taken from any object
        self._taken = set(dir(builtins)) | {"const"}
        self.patched = {}  # after `link` with shortened names: see `shortened`

    def link(self, others=None, seldom=None):
        """Return what `bundle` returns. others: {name: Source}, if names are to be shortened."""
        self._load_all()
        self._seldom = seldom or {}
        for module in self._order:
            overlays.mark(module.name, module.tree, self._seldom.get(module.name, ()))
        for module in self._order:
            # A local name must never hide a global of another module.
            self._taken |= scopes.local_names(module.tree)
        for module in self._order:
            self._name_globals(module)
        self._objects = set().union(*[_used_as_objects(module) for module in self._order])
        self._attributes = {node.attr for module in self._order for node in ast.walk(module.tree)
                            if isinstance(node, ast.Attribute)}
        whole = parts.Whole(ROOT_MODULE)
        for module in self._order:
            statements = rewriter.rewritten(self, module)
            whole.add(module.part, statements + self._space(module))
        inside = [module.name for module in self._order]
        inside += [name for name in _NEEDLESS if name in self._paths]
        copied = self._needed_by([name for name in self._apart if name not in _APART])
        copied |= self._needed_by(self._copied).union(self._copied)
        inside = [name for name in inside if name not in copied and not name.startswith(_BY_NAME)]
        whole.imports = [_import_line(name, attribute, bound) for (name, attribute), bound
                         in sorted(self._imports.items(), key=str)]
        doors = self._doors(inside)
        through = {alias.name for door in doors.values()
                   for node in ast.parse(door).body for alias in node.names}
        if seldom:
            whole.add(ROOT_MODULE, ast.parse(overlays.RESERVED).body)
        if others is not None:
            outside = {name: others[name] for name in others if name not in inside}
            self._shorten(whole, outside, doors)
        if seldom:
            # What starts the firmware takes names from it, too.
            own = self._modules[ROOT_MODULE].names
            whole.overlay(through.union(name for name in own if not name.startswith("_")))
        return {**whole.sources(), **doors}, inside

    def _shorten(self, whole, outside, doors):
        """Give the linked modules fewer names, and those outside the same ones."""
        trees = [source.tree for source in outside.values()]
        trees.append(ast.parse("mentioned = %r" % ("\n" + self._mentioned)))
        renamed = whole.shorten([*trees, *map(ast.parse, doors.values())])["public"]
        for name, source in outside.items():
            text = shorten.patched(source.text, renamed)
            if text is not None:
                self.patched[name] = text
        for name in _APART:
            if name in outside:
                tree = ast.parse(self.patched.get(name, outside[name].text))
                shorten.shorten_private(tree, [outside[other].tree for other in outside
                                               if other != name])
                self.patched[name] = ast.unparse(tree) + "\n"

    def _load_all(self):
        for name in self._paths:
            if name.startswith(self._outside) and name not in self._board:
                self._apart.add(name)
        for name in _APART:
            if name in self._paths:
                self._apart |= self._needed_by([name])
        for name in (*self._board, ROOT_MODULE):
            self._load(name, [])
        for name in self._late:
            # It may name others that are late, too.
            self._part = name
            self._load(name, [])

    def _needed_by(self, names):
        """Return the modules that `names` import, and these in turn, but for what has a door."""
        found = set()
        waiting = list(names)
        while waiting:
            tree = Source(self._root, self._paths[waiting.pop()]).tree
            for module, _ in scopes.imported(tree, self._paths):
                known = module in found or module in self._board or module == ROOT_MODULE
                if module in self._paths and not known:
                    found.add(module)
                    waiting.append(module)
        return found

    def _doors(self, inside):
        """Return {module of the board: source}, through which others get at its names."""
        wanted = {}
        users = [path for name, path in sorted(self._paths.items()) if name not in inside]
        imports = [item for path in users
                   for item in scopes.imported(Source(self._root, path).tree, self._paths)]
        for module, attribute in imports:
            if module in self._board and attribute is None:
                raise BundleError("%s: import names from it" % module)
            if module in self._board:
                wanted.setdefault(module, set()).add(attribute)
        return {module: "".join(
            _import_line(ROOT_MODULE, self._modules[module].names[name][1], name) + "\n"
            for name in sorted(names)) for module, names in wanted.items()}

    def _load(self, name, path):
        if name in self._modules or name in self._apart or name not in self._paths:
            return
        if name in _NEEDLESS:
            return
        if name in path:
            raise BundleError("%s imports itself" % " -> ".join([*path, name]))
        module = _Module(name, self._paths[name], self._root, self._part)
        for node, needed in scopes.imports(module.tree, self._paths):
            if needed.startswith(_LATE) and not scopes.is_top_level(node):
                self._late += [needed] if needed not in self._late else []
            else:
                self._load(needed, [*path, name])
        self._modules[name] = module
        self._order.append(module)

    def _name_globals(self, module):
        constants = scopes.exported_constants(module.tree)
        for name in scopes.top_level(module.tree):
            wanted = "_" + name if name in constants else name
            module.names[name] = "global", self.new_name(wanted, module)
        for node in ast.walk(module.tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)) and scopes.is_top_level(node):
                for bound, meaning in self.meanings(node, module):
                    module.names[bound] = meaning

    def new_name(self, wanted, module):
        """Return a global name that nothing else in the bundle has."""
        name = wanted
        number = 1
        while name in self._taken:
            name = "%s_%s%s" % (wanted, module.tail, "" if number == 1 else number)
            number += 1
        self._taken.add(name)
        return name

    def meanings(self, node, module):
        """Yield (bound name, meaning) for the aliases of an import statement."""
        for alias in node.names:
            if isinstance(node, ast.Import):
                if alias.name in _NEEDLESS:
                    continue
                if alias.asname is None and "." in alias.name:
                    raise BundleError("%s: import %s needs `as`" % (module.name, alias.name))
                yield alias.asname or alias.name, self._meaning(alias.name, None, module)
            else:
                yield alias.asname or alias.name, self._meaning(node.module, alias.name, module)

    def _meaning(self, name, attribute, module):
        full = name if attribute is None else "%s.%s" % (name, attribute)
        if full in self._modules:
            return "module", self._modules[full]
        if name in self._modules:
            found = self._modules[name].names.get(attribute)
            if found is None:
                raise BundleError("%s: %s has no %s" % (module.name, name, attribute))
            return found
        if (name, attribute) == ("micropython", "const"):
            return "global", "const"
        if (name, attribute) not in self._imports:
            self._imports[name, attribute] = self.new_name(attribute or name, module)
        return "global", self._imports[name, attribute]

    def is_missing(self, name):
        """Return True if `name` is a module that this firmware is made without."""
        return name in self._missing

    def needs_no_import(self, name, module):
        """Return True if what the module `name` binds is there where `module` stands."""
        found = self._modules.get(name)
        return found is not None and found.part in (ROOT_MODULE, module.part)

    def name_in_part(self, name, attribute):
        """Return what `attribute` of a module that is loaded late is called; None of others."""
        if "%s.%s" % (name, attribute) in self._modules:
            raise BundleError("import names from %s.%s, not the module" % (name, attribute))
        module = self._modules.get(name)
        return module.names[attribute][1] if module else None

    def space(self, module):
        """Return the name of the class that stands in for a module used as an object."""
        if module not in self._spaces:
            self._spaces[module] = self.new_name(module.tail, module)
        return self._spaces[module]

    def _space(self, module):
        """Return the class with what somebody takes from `module`, if it is handed on."""
        if module.name not in self._objects:
            return []
        lines = ["class %s:" % self.space(module)]
        for name, (kind, meaning) in sorted(module.names.items()):
            is_taken = name in self._attributes and not name.startswith("_")
            if kind == "global" and is_taken and meaning != "const":
                lines.append("    %s = %s" % (name, meaning))
        body = ast.parse("\n".join(lines if lines[1:] else [*lines, "    pass"])).body
        body[0].is_space = "*" in self._seldom.get(module.name, ())
        return body


def _used_as_objects(user):
    """Return the names of modules that `user` may hand on as objects."""
    aliases = {}
    for node in ast.walk(user.tree):
        # Inside functions too: a profile is imported only where it is installed.
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                aliases[alias.asname or alias.name] = "%s.%s" % (node.module, alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                aliases[alias.asname or alias.name] = alias.name
    return {aliases[node.id] for node in ast.walk(user.tree)
            if isinstance(node, ast.Name) and node.id in aliases
            and not isinstance(node.parent, ast.Attribute)}


def _import_line(name, attribute, bound):
    if attribute is None:
        return "import %s" % name + ("" if bound == name else " as %s" % bound)
    renamed = "" if bound == attribute else " as %s" % bound
    return "from %s import %s%s" % (name, attribute, renamed)


if __name__ == "__main__":
    sys.stdout.write(bundle()[0][ROOT_MODULE])
