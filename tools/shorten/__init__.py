"""Give the names of a linked firmware fewer and shorter words, for the image of a board.

Each different name costs a running MicroPython some nine bytes of heap beside its text in flash,
and the table of all names doubles when it is full. What nobody outside can see needs no word of
its own: parameters, private attributes and methods, and the top level of the linked module take
words that the firmware holds anyway. Nothing else changes, neither order nor values:

- a parameter, where no call in the whole tree names it;
- an attribute that begins with `_`, where every use lies within its class or its relatives; any
  other in all modules of the image, see public.py;
- a function, class or variable of the top level that nobody outside the module mentions. Classes
  of errors keep their names: they appear in the log. A variable that is bound once, to a text, a
  number or a tuple of such, becomes a constant that the compiler puts where it is used.
"""

import ast

from tools import scopes
from tools.shorten.attributes import Attributes
from tools.shorten.dead import drop_dead
from tools.shorten.globals import make_constants, rename_globals
from tools.shorten.locals import rename_locals
from tools.shorten.loops import unroll
from tools.shorten.order import common_first
from tools.shorten.public import patched, rename_public
from tools.shorten.words import INTERNED, Words

__all__ = ["drop_dead", "intern", "patched", "shorten", "shorten_private"]


def shorten(tree, others):
    """Rename within `tree`, a linked ast.Module. others: trees of the modules that may use it.

    Returns {kind: {old name: new name, or sorted list of them}}. Those of kind "public" have to be
    renamed in the others, too, see `patched`.
    """
    scopes.set_parents(tree)
    unroll(tree)
    table = {"public": rename_public(tree, others)}
    words = Words(tree, others)
    table["attribute"] = Attributes(tree, words).rename()
    words = Words(tree, others)
    make_constants(tree, words)
    table["parameter"] = rename_locals(tree, words)
    table["global"] = rename_globals(tree, words)
    return table


def shorten_private(tree, others):
    """Rename private attributes only, of a module that is not linked; others as in `shorten`."""
    scopes.set_parents(tree)
    Attributes(tree, Words(tree, others)).rename()


def intern(tree):
    """Mention each text that could be a name before it is used, in code that is never compiled.

    The compiler makes a name of a text that it has met as one: a name costs 9 bytes of heap, a
    text of ten letters and more is an object of 20.
    """
    texts = {node.value for node in ast.walk(tree)
             if isinstance(node, ast.Constant) and isinstance(node.value, str)
             and len(node.value) > INTERNED and node.value.isidentifier()}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            node.body.insert(0, ast.parse("del __module__, __qualname__").body[0])
    common_first(tree, texts)
    mentioned = [ast.Expr(ast.Name(text, ast.Load())) for text in sorted(texts)]
    if mentioned:
        tree.body.insert(0, ast.If(ast.Constant(0), mentioned, []))
