"""Checks the description of a board, boards/NAME/board.json, before anybody solders or flashes.

    python -m tools.board [NAME or PATH ...]      without one: every board in boards/

Each finding is one line, `file:line: rule: what is wrong; what to do`. Notes say what is allowed
and worth knowing; they fail nothing. Exit status 1 on findings.

    located     JSON with the line of every value
    chips       what each pin of each chip can and must not do
    pins        rules about pins
    circuits    rules about levels, currents, parts and buses
"""

import json
from pathlib import Path

import jsonschema

from tools.board import circuits, pins
from tools.board.located import Located, NotJson

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "boards" / "board.schema.json"
_VIRTUAL = ROOT / "tools" / "virtual_board" / "flash" / "board.json"
# Findings by the schema alone would leave a reader with its own words.
_REMEDY = "see the description in boards/board.schema.json"


class Finding:
    """One thing that is wrong (or a note about one that is not): where, what, and the remedy."""

    def __init__(self, line, rule, text, remedy, note=False):
        self.path = None
        self.line = line
        self.rule = rule
        self.text = text
        self.remedy = remedy
        self.note = note

    def __str__(self):
        return "%s:%d: %s: %s%s; %s" % (
            self.path, self.line, self.rule, "(note) " if self.note else "", self.text,
            self.remedy)


def boards(root=ROOT):
    """Return the paths of all descriptions in the tree."""
    return sorted((root / "boards").glob("*/board.json"))


def find(name, root=ROOT):
    """Return the path of the description that `name` means: a board's name or a path; "virtual"
    is the one of tools/virtual_board."""
    path = Path(name)
    if path.is_dir():
        path = path / "board.json"
    path = path if path.exists() else root / "boards" / name / "board.json"
    return _VIRTUAL if name == "virtual" and not path.exists() else path


def name_of(path):
    """Return what the board of a description is to be called: as its folder."""
    return "virtual" if path == _VIRTUAL else path.resolve().parent.name


def check(path, name=None):
    """Return the Findings in one board.json, by line. Raises OSError if it cannot be read.

    name: what the board is to be called; without it, as its folder.
    """
    path = Path(path)
    shown = path.resolve()
    shown = shown.relative_to(ROOT) if shown.is_relative_to(ROOT) else path
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        text = "no UTF-8"
    return check_text(text, shown, lambda value: (
        _folder(path, value, name or name_of(path)) if path.name == "board.json" else []))


def check_text(text, shown, more=lambda value: []):
    """Return the Findings in the text of a board.json, which is called `shown` in them.

    more(value): further Findings in what it describes.
    """
    try:
        board = Located(text)
    except NotJson as error:
        findings = [Finding(error.line, "json", str(error), "correct the JSON, as UTF-8 text")]
    else:
        findings = _check(board)
        findings += more(board.value)
    for finding in findings:
        finding.path = shown
    return sorted(findings, key=lambda finding: finding.line)


def refusal(findings, say=print):
    """Show `findings`; return why no board is to get this description, None if it may.

    Notes are shown and refuse nothing.
    """
    for finding in findings:
        say(str(finding))
    errors = sum(not finding.note for finding in findings)
    if not errors:
        return None
    count = "a mistake" if errors == 1 else "%d mistakes" % errors
    return ("the description of the board has %s, see above; nothing was written. Correct it: "
            "`make check BOARD=...` shows what is left" % count)


def _check(board):
    findings = [Finding(board.line(*path), "json", "%s stands twice" % path[-1],
                        "keep one of them") for path in board.repeated]
    findings += _by_schema(board)
    if findings or "chip" not in board.value:
        # The rules take the shape for granted; the simulator has no pins.
        return findings
    for rules in (pins.RULES, circuits.RULES):
        for rule in rules:
            findings += [Finding(board.line(*found[0]), rule.__name__.replace("_", "-"),
                                 *found[1:]) for found in rule(board.value)]
    return findings


def _by_schema(board):
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    for error in validator.iter_errors(board.value):
        # Of the alternatives that all fail, the one that got furthest tells most.
        best = jsonschema.exceptions.best_match([error])
        where = list(best.absolute_path)
        text = best.message if len(best.message) < 120 else "%s does not fit" % (where or "it")
        remedy = best.schema.get("description") if isinstance(best.schema, dict) else None
        yield Finding(board.line(*where), "schema", text, remedy or _REMEDY)


def _folder(path, board, name):
    folder = path.resolve().parent
    if board.get("name") != (name or folder.name):
        yield Finding(1, "name", "the board is called %s, its folder %s" % (
            board.get("name"), name or folder.name), "give both the same name")
    if "chip" in board and not (folder / "README.md").exists():
        yield Finding(1, "wiring-page", "there is no README.md beside it",
                      "write down the wiring, and who verified what")
