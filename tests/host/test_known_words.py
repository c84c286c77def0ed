"""The words that cost nothing, as MicroPython says, and what hardware is asked for by stubs."""

import ast
import re
import subprocess

import pytest

from tools import micropython
from tools.shorten.known import LOOKED_FOR, OF_HARDWARE, WORDS
from tools.tidy import external

_OURS = "a word that no firmware has".replace(" ", "_")
_MODULES = ("machine", "network", "esp32", "neopixel", "onewire", "ds18x20", "tls")


@pytest.mark.parametrize("variant", ["micropython32", "micropython"])
def test_words_when_a_program_mentions_them_all_then_none_is_new(variant):
    """`qstr_info(1)` lists the names that take memory: ours does, these do not."""
    words = sorted({_OURS, *WORDS} - {"None", "True", "False"})
    mention = "".join("    x.%s\n" % word for word in words)
    program = "import micropython\ndef f(x):\n" + mention + "micropython.qstr_info(1)\n"
    command = [*micropython.find(variant), "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    new = set(re.findall(r"^Q\((\w+)\)$", done.stdout, re.M))
    assert _OURS in new
    assert not new & WORDS


def test_names_of_the_hardware_when_the_stubs_are_read_then_all_are_known():
    """What a driver calls on an object of the ESP32 must never get another name."""
    paths = [path for module in _MODULES for path in external.typings().rglob(module + ".pyi")]
    found = {node.name for path in paths
             for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
             if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
             and not node.name.startswith("_") and not node.name.isupper()}
    assert {"write_readinto", "duty_u16", "isconnected"} <= found
    assert found - OF_HARDWARE - WORDS - LOOKED_FOR == set()
