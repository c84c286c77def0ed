"""What is taken out of a linked firmware is found again when it is called, and is not kept."""

import ast
import subprocess
import sys

import pytest

from tests.host.test_bundle import link
from tools import bundle, device_files, late_lists, micropython, mpy, overlays
from tools.tidy.findings import Source

# What an EV's safety hangs on, and what a timer calls: only constructors may be read from flash.
GUARDING = ("firmware.guard.", "firmware.evse.protection", "firmware.evse.power",
            "firmware.evse.latches", "firmware.evse.faults", "firmware.evse.pilot",
            "firmware.evse.limiter", "firmware.evse.lock", "boards.common.")
TREE = {
    "lib/one.py":
        "from micropython import const\n_STEP = const(3)\nLONG = 'a text'\n"
        "def twice(value):\n    return value * 2\n"
        "def seldom(value):\n    return twice(value) + _STEP\n"
        "class Box:\n    def __init__(self, value, more=1):\n        self.value = value + more\n"
        "    def often(self):\n        return self.value\n"
        "    def rare(self, *, by):\n        return seldom(self.value) * by\n"
        "    def calls(self):\n        return self.rare(by=2) + len(LONG)\n",
    "lib/profile.py":
        "def handle(value):\n    return _more(value)\ndef _more(value):\n    return value + 1\n"
        "TABLE = {1: handle}\nNAME = 'profile'\n",
    "firmware/app.py":
        "import gc\nimport sys\nimport one\nimport profile\n"
        "def main():\n    box = one.Box(4, more=2)\n    rare = box.rare\n"
        "    print(box.often(), box.rare(by=1), rare(by=3), box.calls(), one.seldom(1))\n"
        "    try:\n        box.missing()\n    except AttributeError:\n        print('missing')\n"
        "    print('_late' in sys.modules, use(profile))\n"
        "def use(part):\n    return part.TABLE[1](1), part.NAME\n",
}
SELDOM = {"one": dict.fromkeys(("seldom", "LONG", "Box.__init__", "Box.rare", "Box.calls"), "a"),
          "profile": {"*": "a"}}


def sources(tmp_path, files, seldom):
    """Link with overlays what `main` of firmware.app needs; returns {module or number of a part:
    text}."""
    files = {**files, "boards/sim/main.py": "from firmware.app import main\n"}
    text, _, others = link(tmp_path, files, board=(), how=lambda root, board: bundle.shortened(
        root, board, seldom=seldom)[:2])
    return {"firmware.app": text, **others}


def run(folder, linked, in_place=False):
    """Lay out and run what was linked on MicroPython; returns the words that it prints.

    in_place: from a ROM image.
    """
    parts = []
    folder = folder / "firmware"
    folder.mkdir(parents=True)
    for name, text in linked.items():
        source = folder / "part.py"
        source.write_text(text)
        target = folder / ("part.mpy" if isinstance(name, int) else "app.mpy")
        mpy._compile(source, "part.py", target)
        parts += [target.read_bytes()] if isinstance(name, int) else []
    (folder / overlays.ARCHIVE).write_bytes(overlays.archive(parts))
    where, code = str(folder.parent), "import sys\n"
    if in_place:
        image = folder.parent.with_suffix(".romfs")
        subprocess.run([sys.executable, "-m", "mpremote", "romfs", "-o", str(image), "--no-mpy",
                        "build", where], check=True, capture_output=True)
        code += "import vfs\nimage = open(%r, 'rb').read()\n" % str(image)
        code += "vfs.mount(vfs.VfsRom(image), '/rom')\n"
        where = "/rom"
    code += "sys.path.insert(0, %r)\nimport firmware.app as app\napp.main()" % where
    done = subprocess.run([*micropython.find("micropython32"), "-c", code], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split()


def test_overlays_when_code_is_taken_out_then_it_does_what_it_did(tmp_path):
    """Functions, methods with keywords, handed-on methods, constructors, texts, whole modules."""
    linked = sources(tmp_path / "tree", TREE, SELDOM)
    # The profile, the constructor, its methods, the functions, the text.
    assert [name for name in linked if isinstance(name, int)] == [0, 1, 2, 3, 4]
    assert "a text" not in linked["firmware.app"] and "'profile'" not in linked["firmware.app"]
    assert run(tmp_path / "run", linked) == [
        "6", "15", "45", "36", "5", "missing", "False", "(2,", "'profile')"]


def test_overlays_when_they_lie_in_a_rom_image_then_they_are_executed_there(tmp_path):
    """The same words, and what the parts hold is not copied into the heap."""
    files = dict(TREE)
    files["lib/one.py"] += "    def large(self):\n        return (%s)\n" % (
        " + ".join("self.value * %d" % number for number in range(300)))
    files["firmware/app.py"] = files["firmware/app.py"].replace("print('_late' in", (
        "gc.collect()\n    before = gc.mem_alloc()\n    box.large()\n"
        "    taken = gc.mem_alloc() - before\n    print(taken < 2000, '_late' in"))
    seldom = dict(SELDOM, one=dict(SELDOM["one"], **{"Box.large": "a"}))
    linked = sources(tmp_path / "tree", files, seldom)
    wanted = ["6", "15", "45", "36", "5", "missing", "True", "False", "(2,", "'profile')"]
    assert run(tmp_path / "run", linked, in_place=True) == wanted
    # In the heap it is not so small: what is compared above can tell the two apart.
    wanted[6] = "False"
    assert run(tmp_path / "again", linked) == wanted


def test_overlays_when_a_class_has_several_parts_then_a_call_looks_into_all(tmp_path):
    """It finds the method in the second and third part, too, and a wrong name in none."""
    files = {
        "lib/one.py":
            "class Box:\n    def __init__(self):\n        self.value = 1\n        return\n"
            "    def often(self):\n        return self.rare() + 1\n"
            "    def rare(self):\n        return self.value + self.third()\n"
            "    def third(self):\n        return 1\n"
            "class Other:\n    def rare(self):\n        return 7\n    def wrong(self):\n"
            "        return 8\n",
        "firmware/app.py":
            "from one import Box, Other\ndef main():\n    box = Box()\n"
            "    print(box.often(), box.rare(), Other().rare(), Other().wrong())\n"
            "    try:\n        box.wrong()\n"
            "    except AttributeError:\n        print('missing')\n",
    }
    for labels in ("bac", "abc", "cba", "bca"):
        seldom = {"one": {"Box.__init__": "a", "Box.often": labels[0], "Box.rare": labels[1],
                          "Box.third": labels[2], "Other.rare": "a", "Other.wrong": "a"}}
        linked = sources(tmp_path / labels, files, seldom)
        # The constructor, three of Box, that of Other.
        assert len(linked) == 1 + 5
        assert run(tmp_path / "run" / labels, linked) == ["3", "2", "7", "8", "missing"]


def test_overlays_when_a_function_is_handed_on_then_it_does_not_keep_a_part(tmp_path):
    """What only one part uses goes with it, unless it is given to what outlives the part."""
    files = {
        "lib/one.py":
            "def _inner():\n    return 3\ndef kept():\n    return 4\n"
            "TABLE = {1: _inner}\n"
            "def make():\n    return [kept], TABLE[1]()\n",
        "firmware/app.py": "import one\ndef main():\n    made = one.make()\n"
                           "    print(made[0][0](), made[1])\n",
    }
    linked = sources(tmp_path / "tree", files, {"one": {"make": "a"}})
    assert "return 4" in linked["firmware.app"] and "return 3" in linked[0]
    assert run(tmp_path / "run", linked) == ["4", "3"]


def test_overlays_when_parts_lie_together_then_no_class_takes_the_place_of_another(tmp_path):
    """Constructors and methods of a package in one part, those of equal names in another."""
    files = {
        "lib/one.py":
            "class Box:\n    def __init__(self, value):\n        self.value = value\n"
            "    def get(self):\n        return self.value\n"
            "class Lid:\n    def __init__(self):\n        self.box = Box(2)\n"
            "    def get(self):\n        return self.box.get() + 10\n",
        "firmware/app.py":
            "from one import Box, Lid\ndef main():\n    print(Box(1).get(), Lid().get())\n",
    }
    names = ("Box.__init__", "Box.get", "Lid.__init__", "Lid.get")
    seldom = {"one": dict.fromkeys(names, late_lists.TOGETHER)}
    linked = sources(tmp_path / "tree", files, seldom)
    assert len(linked) == 1 + 2
    assert run(tmp_path / "run", linked) == ["1", "12"]


def test_overlays_when_it_must_stay_then_stays_whatever_the_list_says(tmp_path):
    """Heirs and their parents, super, decorators, what is used while the module is imported."""
    linked = sources(tmp_path, {
        "lib/one.py":
            "class Base:\n    def get(self):\n        return 1\n"
            "class Heir(Base):\n    def get(self):\n        return super().get() + 1\n"
            "    @property\n    def name(self):\n        return 'n'\n"
            "class Early:\n    def __init__(self):\n        self.value = 1\n"
            "def early():\n    return 2\nTABLE = (early, Early())\n",
        "firmware/app.py": "from one import Base, Heir, TABLE\ndef main():\n"
                           "    return Base().get(), Heir().get(), Heir().name, TABLE\n",
    }, {"one": dict.fromkeys(
        ("Base.get", "Heir.get", "Heir.name", "Early.__init__", "early"), "a")})
    assert list(linked) == ["firmware.app"]


def test_seldom_when_the_sources_change_then_the_list_names_what_is_there():
    """If this fails: correct rare.txt, seldom.txt; what was renamed or removed is listed here."""
    paths = {name.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path
             for name, path in mpy.sources(True).items()}
    missing = {}
    for module, names in late_lists.read("stock").items():
        if module not in paths:
            missing[module] = "no such module"
            continue
        tree = Source(mpy.ROOT, paths[module]).tree
        gone = overlays.mark(module, tree, {name: "a" for name in names if name != "*"})
        if gone:
            missing[module] = sorted(gone)
    assert missing == {}


def test_seldom_when_it_guards_the_ev_then_nothing_but_constructors_is_read_from_flash():
    """A part costs a collection and an import; a timer may come at any moment. Of the faults'
    table the columns that act are taken at the start; what is read later are words for people."""
    found = {module: names for module, names in late_lists.read("stock").items()
             if module.startswith(GUARDING)}
    assert found
    assert found.pop("firmware.evse.faults") == {"TABLE": "seldom", "Faults.__init__": "seldom"}
    assert {name.rpartition(".")[2] for names in found.values() for name in names} == {"__init__"}


def test_lists_when_a_class_is_taken_from_an_instance_then_lack_its_constructor():
    """Who calls `type(x)(...)` calls no function of a part; `meter probe` makes meters so."""
    trees = {path: Source(mpy.ROOT, path).tree for path in mpy.sources(True).values()}
    calls = [path for path, tree in trees.items() for node in ast.walk(tree)
             if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "type"]
    assert calls == ["firmware/console/meter.py"]
    assert "meters.modbus_meter" not in late_lists.read("stock")


@pytest.mark.parametrize("tier", ["stock", "full"])
def test_left_out_when_tier_is_chosen_then_lacks_its_profiles_and_what_they_need(tier):
    """The stock tier has no Smart Charging and no Reservation, the full one has all."""
    out = device_files.left_out(tier)
    assert ("firmware/evse/smart_charging.py" in out) == (tier == "stock")
    assert ("ocpp16/charging_profile.py" in out) == (tier == "stock")
    assert "firmware/ocpp/local_auth_list.py" not in out
