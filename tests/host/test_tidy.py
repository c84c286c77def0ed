"""Each house rule finds its planted violation, and leaves what is allowed alone."""

import pytest

from tools import tidy

DOC = '"""What lives here."""\n'


def findings(tmp_path, path, text):
    """Plant one file in an empty tree and return the rules that complain about it."""
    (tmp_path / "lib").mkdir(exist_ok=True)
    (tmp_path / "lib" / "ticks.py").write_text(DOC)
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return [finding for finding in tidy.check(tmp_path) if finding.path == path]


def rules(tmp_path, path, text):
    return sorted({finding.rule for finding in findings(tmp_path, path, text)})


FORBIDDEN_IMPORTS = (
    ("lib/x.py", "import asyncio"),
    ("lib/x.py", "import time"),
    ("lib/x.py", "import os"),
    ("lib/x.py", "from firmware import events"),
    ("lib/x.py", "from firmware.config import Config"),
    ("lib/x.py", "__import__('socket')"),
    ("firmware/guard/guard.py", "import ticks"),
    ("firmware/guard/guard.py", "import json"),
    ("firmware/guard/loop.py", "import asyncio"),
    ("firmware/guard/loop.py", "import machine"),
    ("firmware/evse/x.py", "from firmware.ocpp import client"),
    ("firmware/evse/x.py", "import asyncio"),
    ("firmware/ocpp/x.py", "from firmware.evse.pilot import Pilot"),
    ("firmware/ocpp/x.py", "from firmware import config"),
    ("firmware/ocpp/x.py", "import asyncio"),
    ("firmware/ocpp/x.py", "from ..evse import pilot"),
    ("firmware/net/x.py", "import machine"),
    ("firmware/net/x.py", "import network"),
    ("firmware/net/x.py", "from firmware.guard.guard import Guard"),
    ("firmware/app.py", "import machine"),
    ("firmware/app.py", "from tools import size"),
    ("firmware/app.py", "import tests.sim.prng"),
    ("firmware/config.py", "import asyncio"),
    ("firmware/unknown/x.py", "import ticks"),
    ("boards/maker_box/board.py", "from firmware.ocpp import client"),
    ("boards/sim/x.py", "from tests.sim import prng"),
)


@pytest.mark.parametrize("path, line", FORBIDDEN_IMPORTS)
def test_import_when_the_matrix_forbids_it_then_is_found(tmp_path, path, line):
    """Dependencies point inwards; what is outside gets passed in."""
    assert rules(tmp_path, path, DOC + line + "\n") == ["import-matrix"]


ALLOWED_IMPORTS = (
    ("lib/x.py", "from micropython import const\nimport ticks\nimport struct"),
    ("firmware/guard/guard.py", "from micropython import const"),
    ("firmware/guard/loop.py", "from firmware.guard import guard\nimport ticks"),
    ("firmware/evse/x.py", "import ticks\nfrom firmware.evse.pilot import Pilot"),
    ("firmware/evse/x.py", "from . import pilot\nfrom firmware import events"),
    ("firmware/ocpp/x.py", "from firmware.events import STARTED\nimport json"),
    ("firmware/net/x.py", "import asyncio\nimport socket\nimport tls"),
    ("firmware/app.py", "import asyncio\nfrom firmware.evse import station\nimport ticks"),
    ("firmware/config.py", "import ticks\nfrom firmware import clock"),
    ("boards/maker_box/board.py", "import machine\nfrom firmware import hal"),
    ("boards/sim/x.py", "import sys\nfrom firmware import app\nimport vfs"),
    ("tools/x.py", "import asyncio\nimport firmware.app"),
    ("tests/unit/test_x.py", "import asyncio\nimport tools.size"),
)


@pytest.mark.parametrize("path, lines", ALLOWED_IMPORTS)
def test_import_when_the_matrix_allows_it_then_is_no_finding(tmp_path, path, lines):
    """The rule must not stand in the way of what the design wants."""
    assert rules(tmp_path, path, DOC + lines + "\n") == []


DEEP = "def f(a):\n    '''Go.'''\n    if a:\n        for b in a:\n            while b:\n" \
       "                if b:\n                    pass\n"

PLANTED = (
    ("lib/websocket.py", DOC, "lib-name"),
    ("lib/firmware/x.py", DOC, "lib-name"),
    ("lib/x.py", "import ticks\n", "docstring"),
    ("lib/x.py", DOC + "def f():\n    return 1\n", "docstring"),
    ("lib/x.py", DOC + "class A:\n    pass\n", "docstring"),
    ("lib/x.py", DOC + "class A:\n    '''One.'''\n    def f(self):\n        return 1\n",
     "docstring"),
    ("tools/x.py", DOC + "def f():\n    return 1\n", "docstring"),
    ("lib/x.py", DOC + "x = 1\n" * 400, "file-length"),
    ("tests/unit/test_x.py", DOC + "x = 1\n" * 400, "file-length"),
    ("lib/x.py", DOC + "def f():\n    '''Go.'''\n" + "    x = 1\n" * 40, "function-length"),
    ("lib/x.py", DOC + "def f(a, b, c, d, e, f):\n    '''Go.'''\n", "parameters"),
    ("lib/x.py", DOC + "def f(a, b=1, c=1, d=1, e=1, f=1, g=1, h=1, i=1):\n    '''Go.'''\n",
     "parameters"),
    ("lib/x.py", DOC + DEEP, "nesting"),
    ("lib/x.py", DOC + "def f(a=[]):\n    '''Go.'''\n", "mutable-default"),
    ("lib/x.py", DOC + "print(1)\n", "banned-call"),
    ("lib/x.py", DOC + "open('a')\n", "banned-call"),
    ("firmware/evse/x.py", DOC + "print(1)\n", "banned-call"),
    ("firmware/app.py", DOC + "eval('1')\n", "banned-call"),
    ("firmware/app.py", DOC + "exec('1')\n", "banned-call"),
    ("firmware/app.py", DOC + "import time\ntime.sleep(1)\n", "blocking-sleep"),
    ("firmware/app.py", DOC + "import time\ntime.sleep_ms(1)\n", "blocking-sleep"),
    ("firmware/app.py", DOC + "from time import sleep_us\n", "blocking-sleep"),
    ("boards/common/x.py", DOC + "import time\ntime.sleep_ms(1)\n", "blocking-sleep"),
    ("boards/_esp32/x.py", DOC + "from time import sleep\n", "blocking-sleep"),
    ("firmware/app.py", DOC + "from os import *\n", "star-import"),
    ("firmware/app.py", DOC + "import dataclasses\n", "banned-import"),
    ("firmware/app.py", DOC + "from enum import Enum\n", "banned-import"),
    ("firmware/app.py", DOC + "from typing import Optional\n", "banned-import"),
    ("firmware/app.py", DOC + "try:\n    pass\nexcept:\n    pass\n", "bare-except"),
    ("firmware/net/x.py", DOC + "try:\n    pass\nexcept Exception:\n    pass\n", "wide-except"),
    ("lib/x.py", DOC + "try:\n    pass\nexcept (OSError, BaseException):\n    pass\n",
     "wide-except"),
    ("firmware/guard/x.py", DOC + "X = 1.5\n", "float"),
    ("firmware/evse/x.py", DOC + "X = 3 / 2\n", "float"),
    ("lib/x.py", DOC + "match 1:\n    case 1:\n        pass\n", "banned-syntax"),
    ("lib/x.py", DOC + "def f(a, /):\n    '''Go.'''\n", "banned-syntax"),
    ("lib/x.py", DOC + "class A(metaclass=type):\n    '''One.'''\n", "banned-syntax"),
    ("lib/x.py", DOC + "def f():\n    '''Go.'''\n    global x\n", "module-state"),
    ("lib/x.py", DOC + "def f(:\n", "syntax"),
    ("lib/x.py", DOC + "# TODO tidy up\n", "open-end"),
    ("docs/x.md", "FIXME: say more\n", "open-end"),
    ("docs/x.md", "Look into /root/secret.\n", "machine-path"),
    ("tools/x.py", DOC + "PATH = '/home/anna/project'\n", "machine-path"),
    ("tests/unit/test_x.py", DOC + "PATH = '/tmp/flash.bin'\n", "machine-path"),
    ("tools/x.json", '{"from": "https://pypi.org/simple"}\n', "registry-host"),
    ("tools/x.sh", "echo http://deb.debian.org/debian\n", "registry-host"),
    ("docs/x.md", "As told in ../shared/design.md.\n", "outside-path"),
    ("docs/x.md", "As told in evse.md.\n", "outside-path"),
    ("lib/x.py", DOC + "# Copyright (c) 2020 Somebody\n", "third-party"),
    ("lib/x.py", DOC + "# SPDX-License-Identifier: MIT\n", "third-party"),
)


@pytest.mark.parametrize("path, text, rule", PLANTED)
def test_rule_when_violated_then_is_found(tmp_path, path, text, rule):
    """One planted violation, one finding."""
    assert rules(tmp_path, path, text) == [rule]


TABLE = "def f():\n    '''Go.'''\n    table = (\n" + "        1,\n" * 60 \
        + "    )\n    return table\n"
ELIFS = "def f(a):\n    '''Go.'''\n    if a == 0:\n        pass\n" \
        + "".join("    elif a == %d:\n        pass\n" % n for n in range(1, 6))
HINTS = "try:\n    from typing import TYPE_CHECKING\nexcept ImportError:\n" \
        "    TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from typing import Optional\n"

SOUND = (
    ("lib/x.py", ""),
    ("lib/x.py", DOC + "def _f():\n    return 1\n"),
    ("lib/x.py", DOC + "class _A:\n    def f(self):\n        return 1\n"),
    ("lib/x.py", DOC + TABLE),
    ("lib/x.py", DOC + ELIFS),
    ("lib/x.py", DOC + HINTS),
    ("lib/x.py", DOC + "def f(a, b, c, d, e, f=1):\n    '''Go.'''\n"),
    ("lib/x.py", DOC + "class _A:\n    def f(self, a, b, c, d, e):\n        pass\n"),
    ("lib/x.py", DOC + "# TODO #12: tidy up\n"),
    ("lib/meter.py", DOC + "X = 1.5\n"),
    ("firmware/app.py", DOC + "try:\n    pass\nexcept Exception:\n    pass\n"),
    ("firmware/console/x.py", DOC + "print(1)\n"),
    ("boards/maker_box/x.py", DOC + "import time\ntime.sleep_us(5)\n"),
    ("boards/sim/x.py", DOC + "import time\ntime.sleep_ms(5)\n"),
    ("tests/unit/test_x.py", DOC + "def test_f():\n" + "    x = 1\n" * 60),
    ("docs/x.md", "The state /tmp is not named here, nor is lib/work/x. See a/root/b.\n"),
)


@pytest.mark.parametrize("path, text", SOUND)
def test_rule_when_kept_then_is_silent(tmp_path, path, text):
    """A rule that cries without cause gets switched off."""
    assert [str(finding) for finding in findings(tmp_path, path, text)] == []


def test_file_length_when_between_aim_and_limit_then_only_warns(tmp_path):
    """300 lines are the aim, 400 the limit."""
    found = findings(tmp_path, "lib/x.py", DOC + "x = 1\n" * 320)
    assert [(finding.rule, finding.warning) for finding in found] == [("file-length", True)]


def test_finding_when_printed_then_says_where_what_and_what_instead(tmp_path):
    """An editor can jump to it and the reader knows what to do."""
    (found,) = findings(tmp_path, "lib/x.py", DOC + "\nprint(1)\n")
    assert str(found) == "lib/x.py:3: banned-call: no print() here: use the log"
