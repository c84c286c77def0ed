"""Give the names of a linked firmware fewer and shorter words, for the image of a board.

Each different name costs a running MicroPython some nine bytes of heap beside its text in flash,
and the table of all names doubles when it is full. What nobody outside can see needs no word of
its own: parameters, private attributes and methods, and the top level of the linked module take
words that the firmware holds anyway. Nothing else changes, neither order nor values:

- a parameter, where no call in the whole tree names it;
- an attribute that begins with `_`, where every use lies within its class or its relatives;
- a function, class or variable of the top level that nobody outside the module mentions. Classes
  of errors keep their names: they appear in the log. A variable that is bound once, to a text, a
  number or a tuple of such, becomes a constant that the compiler puts where it is used.
"""

import ast
import keyword

from tools import scopes

# Up to so many letters the compiler makes a name of every text.
_INTERNED = 10
# Attributes that MicroPython's own objects have: an error's, a module's.
_KEPT = {"args", "value", "errno", "strerror", "const"}


def shorten(tree, others):
    """Rename within `tree`, a linked ast.Module. others: trees of the modules that may use it.

    Returns {kind: {old name: new name, or sorted list of them}} for the record.
    """
    scopes.set_parents(tree)
    words = _Words(tree, others)
    table = {"attribute": _Attributes(tree, words).rename()}
    _make_constants(tree, words)
    table["parameter"] = _rename_locals(tree, words)
    table["global"] = _rename_globals(tree, words)
    _intern(tree)
    return table


def _intern(tree):
    """Mention each text that could be a name before it is used, in code that is never compiled.

    The compiler makes a name of a text that it has met as one: a name costs 9 bytes of heap, a
    text of ten letters and more is an object of 20.
    """
    texts = {node.value for node in ast.walk(tree)
             if isinstance(node, ast.Constant) and isinstance(node.value, str)
             and len(node.value) > _INTERNED and node.value.isidentifier()}
    mentioned = [ast.Expr(ast.Name(text, ast.Load())) for text in sorted(texts)]
    if mentioned:
        tree.body.insert(0, ast.If(ast.Constant(0), mentioned, []))


def _mentioned(tree):
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


class _Words:
    """Which words there are, and which of them are free for what."""

    def __init__(self, tree, others):
        self._tree = tree
        self.outside = _KEPT.union(*[_mentioned(other) for other in others])
        self.keywords = _keywords(tree).union(*[_keywords(other) for other in others])
        self.attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        self.attributes |= _class_names(tree)
        self.texts = {node.value for node in ast.walk(tree)
                      if isinstance(node, ast.Constant) and isinstance(node.value, str)
                      and len(node.value) <= _INTERNED and node.value.isidentifier()}

    def for_attributes(self):
        """Return texts that are no attribute of anything, in a fixed order."""
        return sorted(filter(_is_usable, self.texts - self.attributes - self.outside))

    def for_names(self):
        """Return words that are no variable anywhere at present, in a fixed order."""
        words = (self.attributes | self.texts) - _variables(self._tree)
        return sorted(filter(_is_usable, words))


def _variables(tree):
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


def _is_usable(word):
    return not keyword.iskeyword(word) and not word.startswith("_")


def _class_names(tree):
    """Return what class bodies bind: attributes too."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            names |= scopes.bound_in(node.body)
    return names


def _is_private(name):
    return name.startswith("_") and not name.startswith("__")


class _Attributes:
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
            if isinstance(node, ast.Attribute) and _is_private(node.attr):
                owner = _enclosing_class(node)
                of_self = isinstance(node.value, ast.Name) and node.value.id == _self_of(node)
                if owner is not None and of_self:
                    self._use(node.attr, owner)
                else:
                    elsewhere.setdefault(node.attr, []).append(owner)
            elif isinstance(node, scopes.FUNCTIONS[:2]) and _is_private(node.name):
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


def _make_constants(tree, words):
    """Let the compiler drop variables of the top level that are constants, or that nobody reads.

    Every use of a tuple or of a text that is no name becomes an object of its own: they have to be
    used once only.
    """
    loaded = [node.id for node in ast.walk(tree)
              if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    bound = [node.id for node in ast.walk(tree)
             if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)]
    known = _variables(tree)
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
        new = name if _is_private(name) else "_" + name
        if bound.count(name) == 1 and (new == name or new not in known):
            renamed[name] = new
            call = ast.Call(ast.Name("const", ast.Load()), [statement.value], [])
            statement.value = call
            # A constant has to stand before its use, a variable need not.
            tree.body.remove(statement)
            first.append(statement)
    tree.body[:0] = [*ast.parse("from micropython import const").body, *first] if first else []
    stored = _stored_in_classes(tree)
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
        return len(value) <= _INTERNED or value.isidentifier()
    return isinstance(value, int) or isinstance(node, ast.UnaryOp)


def _rename_globals(tree, words):
    """A global is never hidden by a local in a linked module, so a name is a name."""
    kept = words.outside | _errors(tree) | _dropped(tree) | words.keywords
    names = [name for name in scopes.top_level(tree) if name not in kept]
    # A class body must not hide a global that it reads itself.
    read = _read_in_classes(tree)
    names.sort(key=lambda name: (name not in read, name))
    bound = _class_names(tree)
    free = sorted(words.for_names(), key=lambda word: (word in bound, word))
    renamed = {name: word for name, word in zip(names, free)
               if name not in read or word not in bound}
    stored = _stored_in_classes(tree)
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


def _stored_in_classes(tree):
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


def _dropped(tree):
    """Return the names of constants that the compiler puts where they are used."""
    return {node.targets[0].id for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") == "const"
            and _is_private(node.targets[0].id)}


def _rename_locals(tree, words):
    renamer = _Locals(words.for_names(), words.keywords)
    renamer.visit(tree)
    return {name: sorted(new) for name, new in sorted(renamer.table.items())}


class _Locals(ast.NodeTransformer):
    """The n-th parameter of every function gets the n-th word, inner functions go on counting.

    Other variables cost nothing by any name: they get one that no global will have.
    """

    def __init__(self, words, kept):
        self._words = words
        self._kept = kept
        self._scopes = []  # of each enclosing function: {name: new name}
        self.table = {}

    def _new(self, name):
        for names in reversed(self._scopes):
            if name in names:
                return names[name]
        return name

    def visit_Name(self, node):
        node.id = self._new(node.id)
        return node

    def visit_ExceptHandler(self, node):
        if node.name:
            node.name = self._new(node.name)
        return self.generic_visit(node)

    def visit_ClassDef(self, node):
        if self._scopes:
            # Its body would be a scope of its own.
            raise scopes.ScopeError("class %s inside a function cannot be shortened" % node.name)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node):
        node.decorator_list = [self.visit(item) for item in node.decorator_list]
        if self._scopes:
            node.name = self._new(node.name)
        return self._function(node, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node):
        return self._function(node, [ast.Expr(node.body)])

    def _function(self, node, body):
        arguments = node.args
        arguments.defaults = [self.visit(item) for item in arguments.defaults]
        arguments.kw_defaults = [item and self.visit(item) for item in arguments.kw_defaults]
        depth = sum(len(names) for names in self._scopes)
        names = self._variables(body, depth)
        positional = [*arguments.posonlyargs, *arguments.args]
        for index, item in enumerate(positional):
            if item.arg in self._kept:
                names[item.arg] = item.arg
                continue
            new = self._words[depth + index]
            names[item.arg] = new
            self.table.setdefault(item.arg, set()).add(new)
            item.arg = new
        for item in [*arguments.kwonlyargs, arguments.vararg, arguments.kwarg]:
            if item:
                names[item.arg] = item.arg
        self._scopes.append(names)
        if isinstance(node, ast.Lambda):
            node.body = self.visit(node.body)
        else:
            node.body = [self.visit(item) for item in node.body]
        self._scopes.pop()
        return node

    def _variables(self, body, depth):
        """Return {name: new name} for what a body binds; imports keep their names."""
        names = {}
        imported = {alias.asname or alias.name for item in scopes.own_nodes(body)
                    if isinstance(item, (ast.Import, ast.ImportFrom)) for alias in item.names}
        for index, name in enumerate(sorted(scopes.bound_in(body))):
            names[name] = name if name in imported else "v%d" % (depth + index)
        return names

    def _comprehension(self, node):
        # The first iterable is evaluated outside, where a loop's variable may mean something else.
        first = node.generators[0]
        iterable = self.visit(first.iter)
        first.iter = ast.Constant(None)
        names = {item.id for part in node.generators for item in ast.walk(part.target)
                 if isinstance(item, ast.Name)}
        depth = sum(len(outer) for outer in self._scopes)
        self._scopes.append({name: "v%d" % (depth + index)
                             for index, name in enumerate(sorted(names))})
        self.generic_visit(node)
        self._scopes.pop()
        first.iter = iterable
        return node

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension
