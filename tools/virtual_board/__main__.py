"""`python -m tools.virtual_board [--folder DIR] [--heap 192K]`: start a virtual board.

Prints its port; then `mpremote connect PORT` and `make deploy BOARD=virtual PORT=PORT` work as
with a board on a cable. It runs until Ctrl-C; the flash stays in the folder.
"""

import argparse
import signal
import sys
import threading
from pathlib import Path

from tools import micropython
from tools.virtual_board import VirtualBoard

FOLDER = Path(".build") / "virtual_board"


def main(arguments=None):
    """Run one board until it is told to stop; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.virtual_board", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default=FOLDER, help="where its flash lies")
    parser.add_argument("--heap", type=micropython.parse_size, default="192K",
                        help="the firmware's heap (default 192K)")
    options = parser.parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with VirtualBoard(options.folder, heap=options.heap) as board:
        port = Path(board.port)
        here = Path.cwd()
        print("virtual board on %s" % (
            port.relative_to(here) if port.is_relative_to(here) else port), flush=True)
        while board.is_on and not ended.wait(0.2):
            pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
