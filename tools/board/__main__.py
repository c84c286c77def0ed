"""`python -m tools.board [NAME or PATH ...]`: check descriptions of boards."""

import argparse
import sys

from tools import board


def main(arguments=None):
    """Check and print; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.board", description=board.__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a board, or a path")
    options = parser.parse_args(arguments)
    failed = 0
    for path in [board.find(name) for name in options.names] or board.boards():
        try:
            findings = board.check(path)
        except OSError as error:
            print("error: cannot read %s (%s): say BOARD= with the path of a board.json or of its "
                  "folder, or with one of %s" % (path, error.strerror, ", ".join(
                      found.parent.name for found in board.boards())), file=sys.stderr)
            return 2
        errors = [finding for finding in findings if not finding.note]
        for finding in findings:
            print(finding)
        name = board.name_of(path)
        print("%s: %s" % (name, "%d findings" % len(errors) if errors else
                          "no findings, %d notes" % len(findings)))
        failed += len(errors)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
