"""The house rules as a program: imports, lengths, constructs, words.

Each finding is one line: `file:line: rule: what to do instead`. Warnings do not fail the run.
`python -m tools.tidy` runs this, then the linter and the type checker (see external.py).
"""

import os
import subprocess
from pathlib import Path

from tools.tidy import device, shape, words
from tools.tidy.findings import Finding, Source
from tools.tidy.imports import Imports

_TEXT = (".py", ".md", ".json", ".toml", ".txt", ".yml", ".yaml", ".sh", ".html", ".js", ".css",
         ".csv", ".cfg", ".ini", "Makefile", ".ci/run", ".gitignore")
_SKIPPED = ("__pycache__", "node_modules")


def check(root):
    """Return the Findings in the tree below `root`, in the order of the files."""
    findings = []
    imports = Imports(root)
    for path in text_files(root):
        source = Source(root, path)
        findings += words.check(source)
        if source.error:
            findings.append(source.error)
        elif source.tree:
            for rules in (imports.check, shape.check, device.check):
                findings += rules(source)
    return sorted(findings, key=lambda finding: (finding.path, finding.line))


def text_files(root):
    """Return the paths of the text files that belong to the tree, relative to `root`."""
    root = Path(root)
    paths = _known_to_git(root) if (root / ".git").exists() else None
    if paths is None:
        paths = _below(root)
    return [path for path in paths if path.endswith(_TEXT) and (root / path).is_file()]


def _known_to_git(root):
    """Return the paths that are not ignored; None where git is missing or refuses the tree."""
    try:
        done = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=root, capture_output=True, text=True)
    except FileNotFoundError:
        return None
    return sorted(set(done.stdout.split("\0")) - {""}) if done.returncode == 0 else None


def _below(root):
    paths = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED
                            and (name == ".ci" or not name.startswith(".")))
        paths += [str((Path(folder) / name).relative_to(root)) for name in sorted(files)]
    return paths


__all__ = ["Finding", "check", "text_files"]
