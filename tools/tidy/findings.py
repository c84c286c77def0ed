"""What the house rules work on: a source file and a finding."""

import ast
from pathlib import Path

# Runs on the device: stricter rules, and both interpreters must read it.
DEVICE = ("lib/", "firmware/", "boards/")


class Finding:
    """One violation: where, which rule, what to do instead. A warning does not fail the run."""

    def __init__(self, path, line, rule, remedy, warning=False):
        self.path = path
        self.line = line
        self.rule = rule
        self.remedy = remedy
        self.warning = warning

    def __str__(self):
        return "%s:%d: %s: %s%s" % (
            self.path, self.line, self.rule, "(warning) " if self.warning else "", self.remedy)


class Source:
    """A text file of the tree; Python files come with their syntax tree (None if it is broken)."""

    def __init__(self, root, path):
        self.path = path
        self.text = (Path(root) / path).read_text(encoding="utf-8", errors="replace")
        self.lines = self.text.splitlines()
        self.is_python = path.endswith(".py")
        self.on_device = self.is_python and path.startswith(DEVICE)
        self.is_test = path.startswith("tests/")
        self.tree = None
        self.error = None
        if self.is_python:
            self._parse()

    def _parse(self):
        try:
            self.tree = ast.parse(self.text)
        except SyntaxError as error:
            self.error = Finding(self.path, error.lineno or 1, "syntax", str(error.msg))
            return
        for parent in ast.walk(self.tree):
            for child in ast.iter_child_nodes(parent):
                child.parent = parent

    def finding(self, node, rule, remedy, warning=False):
        """Return a Finding at `node`, a syntax node or a line number."""
        line = node if isinstance(node, int) else node.lineno
        return Finding(self.path, line, rule, remedy, warning)


def is_for_checker(node):
    """Return True for an import that is for the type checker only, or may be absent.

    That is below `if TYPE_CHECKING`, and in a `try` that catches ImportError.
    """
    while not isinstance(node, ast.Module):
        node = node.parent
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            return True
        if isinstance(node, ast.Try) and any("ImportError" in ast.dump(h) for h in node.handlers):
            return True
    return False
