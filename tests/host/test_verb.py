"""The Makefile: help lists every verb, and a part that is missing is named."""

import re
from pathlib import Path

from tools import verb

ROOT = Path(verb.ROOT)
CONTRACT = {"run", "demo", "test", "quick", "soak", "fuzz", "bench", "size", "tidy", "image",
            "deploy", "check", "console", "provision", "clean", "help"}


def test_help_when_asked_then_names_every_verb(capsys):
    """`make` alone must lead a newcomer on."""
    assert verb.main(["help"]) == 0
    shown = set(re.findall(r"^  ([a-z]+) ", capsys.readouterr().out, re.M))
    assert shown >= CONTRACT


def test_makefile_when_read_then_every_verb_is_phony():
    """A folder `tests` or a file `run` must not make a verb do nothing."""
    text = (ROOT / "Makefile").read_text()
    phony = set(re.search(r"^\.PHONY: (.+)$", text, re.M)[1].split())
    assert phony == {name for name, _explanation in verb.verbs()}


def test_verb_when_its_part_is_missing_then_says_so_with_status_2(capsys):
    """Neither a traceback nor a silent success."""
    assert verb.main(["tools.does_not_exist"]) == 2
    assert "tools/does_not_exist.py" in capsys.readouterr().err


def test_requirements_when_read_then_every_version_is_pinned():
    """The same tools on every machine."""
    lines = (ROOT / "tools" / "requirements.txt").read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w-]+==[\w.]+", line) for line in wanted)
