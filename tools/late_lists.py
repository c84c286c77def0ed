"""Which functions each tier reads late, see tools/overlays.py: rare.txt and seldom.txt.

A list is lines of words: `module:`, its functions and texts, then `Class.` with its methods. What
stands behind a `|` lies in a part of its own.
"""

from pathlib import Path

# The label of a tier that executes parts in place: what a package has lies together.
TOGETHER = "together"
# How the label of what is set apart ends.
APART = "|"
LISTS = {"stock": ("rare", "seldom"), "full": ("rare",)}


def read(tier):
    """Return {module: {function or Class.method: label}}: what has the same label may lie
    together in a part."""
    found = {}
    for name in LISTS[tier]:
        for module, member, label in _members(name):
            found.setdefault(module, {})[member] = TOGETHER if tier == "full" else label
    return found


def _members(name):
    """Yield (module, function or Class.method, label) of a list."""
    for word in _words(Path(__file__).with_name(name + ".txt")):
        if word.endswith(":"):
            module, owner, label = word[:-1], "", name
        elif word.endswith("."):
            owner = word
        elif word == APART:
            label += word
        else:
            yield module, owner + word, label


def _words(path):
    for line in path.read_text().splitlines():
        yield from line.partition("#")[0].split()
