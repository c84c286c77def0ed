"""Words that must not stand in the tree: this machine, other people's sources, open ends."""

import re

# This file and its test have to name them.
_EXEMPT = ("tools/tidy/words.py", "tests/host/test_tidy.py")

_STANDS_ALONE = "this tree stands alone: cite the standard"
# Rule, pattern, what to do instead.
_RULES = (
    ("open-end", r"\b(TODO|FIXME|XXX)\b(?![^\n]*#\d+)",
     "open an issue and write its number: #123"),
    ("machine-path", r"(?<![\w.$})*~-])/(?:work\b|root\b|tmp/\w|home/\w+|Users/\w+)",
     "this path exists on one machine only: derive it, or use a temporary folder"),
    ("registry-host",
     r"\b(?:deb\.debian\.org|pypi\.org|pythonhosted\.org|registry\.npmjs\.org|crates\.io"
     r"|proxy\.golang\.org|archive\.ubuntu\.com)\b",
     "the tools use what the host is set up with: name no registry"),
    ("outside-path", r"(?<![\w/.-])(?:\.\./)*shared/", _STANDS_ALONE),
    ("outside-path", r"\b(?:micropython|evse|field|conformance)\.md\b",
     _STANDS_ALONE),
)
_COMPILED = tuple((rule, re.compile(pattern), remedy) for rule, pattern, remedy in _RULES)
_THIRD_PARTY = re.compile(
    r"Copyright \(?[cC©]|©|SPDX-License-Identifier|Licensed under|All rights reserved"
    r"|@(?:author|license)\b")


def check(source):
    """Yield the findings in one Source."""
    if source.path in _EXEMPT:
        return
    for number, line in enumerate(source.lines, 1):
        for rule, pattern, remedy in _COMPILED:
            if pattern.search(line):
                yield source.finding(number, rule, remedy)
        if source.is_python and _THIRD_PARTY.search(line):
            yield source.finding(number, "third-party", "take other people's code as a "
                                 "dependency, not as a copy")
