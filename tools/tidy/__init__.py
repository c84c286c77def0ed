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
_SKIPPED = (".git", ".build", ".venv", "__pycache__", "node_modules")


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
    if (root / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=root, capture_output=True, text=True, check=True).stdout
        paths = sorted(set(listed.split("\0")) - {""})
    else:
        paths = []
        for folder, folders, files in os.walk(root):
            folders[:] = sorted(set(folders) - set(_SKIPPED))
            paths += [str((Path(folder) / name).relative_to(root)) for name in sorted(files)]
    return [path for path in paths if path.endswith(_TEXT) and (root / path).is_file()]


__all__ = ["Finding", "check", "text_files"]
