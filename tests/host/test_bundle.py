"""The linker: what it may rename, what it must leave, and that the result runs."""

import subprocess

import pytest

from tools import bundle, micropython, mpy


def link(tmp_path, files, how=bundle.bundle, board=()):
    """Link a tree of {path: text}; returns (text, names in it, doors)."""
    for path, text in files.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    sources, names = how(tmp_path, board)[:2]
    return sources.pop("firmware.app"), names, sources


def run(text):
    """Run linked modules on MicroPython; returns what they print."""
    command = [*micropython.find("micropython32"), "-c", text]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_link_when_two_modules_use_one_name_then_each_keeps_its_own(tmp_path):
    """Functions, constants and classes of equal names are the rule."""
    text, names, _ = link(tmp_path, {
        "lib/one.py": "from micropython import const\n_X = const(1)\n"
                      "def get():\n    return _X\n",
        "lib/two.py": "from micropython import const\n_X = const(2)\n"
                      "def get():\n    return _X\n",
        "firmware/app.py": "import one\nfrom two import get\nfrom two import get as other\n"
                           "print(one.get(), get(), other())\n",
    })
    assert run(text) == ["1", "2", "2"]
    assert sorted(names) == ["firmware.app", "one", "two"]


def test_link_when_a_local_has_the_name_of_a_global_then_it_hides_nothing(tmp_path):
    """Parameters, loop variables, comprehensions, lambdas, class attributes, except ... as."""
    text, _, _ = link(tmp_path, {
        "lib/one.py": "def find(value):\n    return value + 1\nlimit = 10\n",
        "firmware/app.py": (
            "import one\nfrom one import limit\n"
            "def use(find, limit=limit):\n    return one.find(find) + limit\n"
            "def each():\n    return [limit for limit in (1, 2)] + [one.limit, limit]\n"
            "def loop():\n    for find in (1,):\n        pass\n    return one.find(find)\n"
            "class Box:\n    limit = 5\n    double = limit * 2\n"
            "    def get(self):\n        return limit\n"
            "def fail():\n    try:\n        raise ValueError(7)\n"
            "    except ValueError as limit:\n        return limit.args[0] + one.limit\n"
            "print(use(1), use(1, 2), *each())\nprint(loop(), Box.double, Box().get(), fail())\n"
            "print((lambda limit: limit + one.limit)(1))\n"),
    })
    assert run(text) == ["12", "4", "1", "2", "10", "10", "2", "10", "10", "17", "11"]


def test_link_when_a_constant_is_exported_then_it_costs_no_global(tmp_path):
    """With the underscore the compiler puts the number where it is used."""
    text, _, _ = link(tmp_path, {
        "lib/state.py": "from micropython import const\nOPEN = const(3)\n",
        "firmware/app.py": "import state\nfrom state import OPEN\n"
                           "print(OPEN, state.OPEN, 'OPEN' in globals(), '_OPEN' in globals())\n",
    })
    assert run(text) == ["3", "3", "False", "False"]


def test_link_when_a_module_is_handed_on_then_something_stands_in_for_it(tmp_path):
    """The OCPP client takes each profile as a module."""
    text, _, _ = link(tmp_path, {
        "lib/profile.py": "from micropython import const\nKIND = const(4)\n"
                          "def handle(value):\n    return value + KIND\nTABLE = {1: handle}\n",
        "firmware/app.py": "import profile\ndef use(part):\n"
                           "    return part.TABLE[1](1) + part.handle(2) + part.KIND\n"
                           "print(use(profile))\n",
    })
    assert run(text) == ["15"]


def test_link_when_an_import_is_inside_a_function_then_it_still_works(tmp_path):
    """Parts that are optional, ours and the interpreter's."""
    text, names, _ = link(tmp_path, {
        "lib/late.py": "class Late:\n    value = 6\n",
        "firmware/app.py": (
            "def get():\n    from late import Late\n    return Late.value\n"
            "def tls():\n    try:\n        import no_such_module as sys\n"
            "    except ImportError:\n        import sys\n    return sys.implementation.name\n"
            "print(get(), tls())\n"),
    })
    assert run(text) == ["6", "micropython"]
    assert "late" in names


def test_link_when_the_board_is_inside_then_others_come_to_it_by_a_door(tmp_path):
    """What the simulator takes from the board is the one that the firmware has."""
    text, names, doors = link(tmp_path, {
        "lib/base.py": "", "lib/driver.py": "import base\n",
        "boards/sim/board.py": "import driver\nclass Board:\n    parts = driver\n",
        "boards/sim/main.py": "from boards.sim.board import Board\n",
        "firmware/app.py": "import base\nclass App:\n    parts = base\n",
    }, board=("boards.sim.board",))
    assert sorted(names) == ["base", "boards.sim.board", "driver", "firmware.app"]
    assert doors == {"boards.sim.board": "from firmware.app import Board\n"}
    assert "import" not in text.replace("from micropython import const", "")


def test_link_when_the_simulated_world_needs_a_module_then_it_has_its_own(tmp_path):
    """The world is there before the firmware, and counts for itself."""
    _, names, _ = link(tmp_path, {
        "lib/ticks.py": "import deep\n", "lib/deep.py": "",
        "boards/sim/world.py": "import ticks\n",
        "firmware/app.py": "import ticks\nclass App:\n    parts = ticks\n",
    })
    assert names == ["firmware.app"]


def test_link_when_the_guard_needs_a_module_then_it_stays_apart(tmp_path):
    """There must not be two of it on a board."""
    text, names, _ = link(tmp_path, {
        "lib/bits.py": "", "firmware/guard/guard.py": "import bits\n",
        "firmware/app.py": "import bits\nimport firmware.guard.guard as guard\n"
                           "class App:\n    parts = bits, guard\n",
    })
    assert names == ["firmware.app"]
    assert "import bits" in text


def test_link_when_a_board_is_imported_as_a_whole_then_says_so(tmp_path):
    """A door has names."""
    with pytest.raises(bundle.BundleError, match="import names"):
        link(tmp_path, {"boards/sim/board.py": "", "firmware/app.py": "",
                        "boards/sim/main.py": "import boards.sim.board\n"},
             board=("boards.sim.board",))


def test_link_when_a_module_is_left_out_then_its_import_fails_where_it_stands(tmp_path):
    """A tier that lacks a profile finds out as a board does on which it is not installed."""
    text, names, _ = link(tmp_path, {
        "firmware/parts/here.py": "VALUE = 1\n", "firmware/parts/gone.py": "VALUE = 2\n",
        "firmware/app.py": (
            "def here():\n    from firmware.parts import here\n    return here.VALUE\n"
            "def gone():\n    from firmware.parts import gone\n    return gone.VALUE\n"
            "print(here())\ntry:\n    gone()\nexcept ImportError as error:\n"
            "    print(*str(error).split()[:3])\n"),
    }, how=lambda root, board: bundle.bundle(root, board, without=("firmware.parts.gone",)))
    assert run(text) == ["1", "no", "module", "named"]
    assert "firmware.parts.gone" not in names


LATE = {
    "lib/base.py": "from micropython import const\nLIMIT = const(40)\n_MORE = const(2)\n"
                   "def add(value):\n    return value + _MORE\nclass Box:\n"
                   "    def __init__(self):\n        self._value = 1\n"
                   "    def get(self):\n        return self._value\n",
    "lib/only.py": "def twice(value):\n    return value * 2\n",
    "firmware/console/talk.py":
        "import sys\nimport base\nfrom base import LIMIT, Box\nfrom only import twice\n"
        "class Talk(Box):\n    def get(self):\n"
        "        return twice(base.add(LIMIT)) + super().get()\n"
        "def platform():\n    return sys.implementation.name\n",
    "boards/sim/main.py": "from firmware.app import talk\n",
    "firmware/app.py":
        "import sys\nimport base\ndef talk():\n"
        "    from firmware.console.talk import Talk, platform\n"
        "    return Talk().get(), platform()\n"
        "def use(value):\n    return base.add(value)\n",
}


@pytest.mark.parametrize("how", [bundle.bundle, bundle.shortened])
def test_link_when_a_part_is_loaded_late_then_it_is_apart_and_works(tmp_path, how):
    """It brings what only it needs, takes the rest from the first, and can be dropped."""
    text, _, others = link(tmp_path, LATE, how)
    part = others.pop("firmware.console.talk")
    assert others == {}
    assert " * 2" not in text
    assert " * 2" in part
    assert "class" in part and part.count("class") == 1
    device = tmp_path / "device" / "firmware"
    (device / "console").mkdir(parents=True)
    (device / "app.py").write_text(text)
    (device / "console" / "talk.py").write_text(part)
    loaded = "print('firmware.console.talk' in sys.modules)\n"
    assert run("import sys\nsys.path.insert(0, %r)\nfrom firmware.app import talk\n" % str(
        device.parent) + loaded + "print(talk())\n" + loaded
        + "sys.modules.pop('firmware.console.talk')\nprint(talk())\n") == [
            "False", "(85,", "'micropython')", "True", "(85,", "'micropython')"]


def test_link_when_two_late_parts_need_one_module_then_says_so(tmp_path):
    """Neither may count on the other."""
    files = dict(LATE)
    files["firmware/console/more.py"] = "from only import twice\nX = twice(1)\n"
    files["firmware/app.py"] += "def more():\n    from firmware.console.more import X\n"
    with pytest.raises(bundle.BundleError, match="firmware.console.more needs twice"):
        link(tmp_path, files)


def test_link_when_preload_is_imported_then_it_is_dropped(tmp_path):
    """It is for import chains, and there are none left."""
    text, names, _ = link(tmp_path, {
        "firmware/preload.py": "import own.inner\nassert own.inner\n", "lib/own/inner.py": "",
        "firmware/app.py": "import firmware.preload\nprint(8)\n",
    })
    assert run(text) == ["8"]
    assert names == ["firmware.app", "firmware.preload"]


@pytest.mark.parametrize("text", [
    "import one\nvalue = one.missing\n",
    "value = 1\ndef set():\n    global value\n    value = 2\n",
    "import pack.inner\n",
    "from one import missing\n",
])
def test_link_when_it_cannot_be_done_then_says_so(tmp_path, text):
    """Better no image than one that fails on the road."""
    with pytest.raises(bundle.BundleError):
        link(tmp_path, {"lib/one.py": "", "lib/pack/inner.py": "", "firmware/app.py": text})


def test_firmware_when_linked_then_every_name_is_bound():
    """No global of the bundle is read that it does not bind: compiled and looked through."""
    import builtins
    import symtable

    sources, names, _ = bundle.shortened()
    text = sources["firmware.app"]
    assert "firmware.guard.guard" not in names
    # The names that are mentioned first are never read.
    assert text.startswith("if 0:\n")
    text = text[text.index("\nfrom ") :]
    table = symtable.symtable(text, "bundle", "exec")
    known = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned()
             or symbol.is_imported() or symbol.is_namespace()} | set(dir(builtins))
    known.add("const")  # the compiler's

    def unbound(scope):
        found = {symbol.get_name() for symbol in scope.get_symbols()
                 if symbol.is_global() and symbol.get_name() not in known}
        return found.union(*[unbound(child) for child in scope.get_children()])

    assert unbound(table) == set()


def test_image_when_linked_then_is_smaller_and_the_same_each_time(tmp_path):
    """Equal sources, equal bytes; and what is linked is not there twice."""
    for name in ("a", "b"):
        mpy.romfs(tmp_path / name, tmp_path / "mpy", simulator=False, board=())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    mpy.romfs(tmp_path / "c", tmp_path / "mpy", simulator=False)
    assert (tmp_path / "a").stat().st_size < (tmp_path / "c").stat().st_size
