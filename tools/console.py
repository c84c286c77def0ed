"""The serial console of a charger, from the PC.

    python -m tools.console --port PORT                     a terminal; Ctrl-] leaves it
    python -m tools.console --port PORT "status --json"     lines, one after the other
    python -m tools.console --port PORT < settings.txt      lines from standard input

With --json every answer is one JSON object. Exit status 0, 1 if an answer was an error, 2 if
nobody answers. A port is a device such as /dev/ttyUSB0, or the pseudo-terminal of
`tools.sim --console-pty`; without --port the only one that there is.
"""

import argparse
import json
import re
import sys
import time
from contextlib import suppress

import serial
from serial.tools import list_ports, miniterm

from tools.board_port import BoardPort, PortError

_BAUD = 115200
_ANSWER_S = 10
# From one line to the next of an answer that takes minutes, such as that of `meter probe`.
_NEXT_S = 60
_PROMPT = re.compile(rb"(?:^|\n)(import)?> $")
_MICROPYTHON = b">>> "


class ConsoleError(Exception):
    """The line does not work; the text says what to do."""


class ConsoleLine:
    """One serial port with the charger's console on it; a context manager."""

    def __init__(self, port, answer_s=_ANSWER_S):
        """Raises ConsoleError if the port cannot be opened or nobody answers there."""
        self._answer_s = answer_s
        self.is_taking = False  # an import takes the lines
        self._serial = _open(port, 0.1)
        self._serial.reset_input_buffer()
        self.ask("abort", clear=True)  # somebody may have left an import or a search unfinished
        while self._serial.read(4096):
            pass  # what others have typed before us has its prompts, too

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self._serial.close()

    def ask(self, line, clear=False):
        """Send one line; returns the list of the lines of the answer. Raises ConsoleError."""
        try:
            data = line.encode()
        except UnicodeEncodeError:
            data = b"\0"
        # A Ctrl-C among them would stop the charger, a line end would put answers out of step.
        if any(byte < 32 and byte != 9 for byte in data):
            raise ConsoleError("a line is no plain UTF-8 text, or holds a control character: "
                               "nothing of it was sent")
        self._serial.write((b"\x15" if clear else b"") + data.replace(b"\t", b" ") + b"\r")
        text = self._until_prompt()
        # The first line is the echo of ours; of a secret it shows no more than its length.
        return text.replace("\r", "").split("\n")[1:-1]

    def _until_prompt(self):
        data = b""
        deadline = time.monotonic() + self._answer_s
        while time.monotonic() < deadline:
            more = self._serial.read(max(1, self._serial.in_waiting))
            data += more
            if b"\n" in more and data.count(b"\n") > 1:
                deadline = max(deadline, time.monotonic() + _NEXT_S)
            if data.endswith(_MICROPYTHON):
                raise ConsoleError("this is MicroPython's prompt; Ctrl-D there starts the charger")
            found = _PROMPT.search(data)
            if found:
                self.is_taking = found[1] is not None
                return data.decode("utf-8", "replace")
        raise ConsoleError("nobody answers; is this the port, is the firmware on the board?")


def main(argv):
    """Carry out the lines; returns the exit status."""
    options = _parser().parse_args(argv)
    try:
        port = options.port or _only_port()
        if not options.lines and sys.stdin.isatty():
            return _terminal(port)
        with ConsoleLine(port) as line:
            try:
                return _run(line, options)
            except KeyboardInterrupt:
                if line.is_taking:
                    line.ask("abort", clear=True)
                print("tools.console: interrupted; an import that has no `end` changes nothing",
                      file=sys.stderr)
                return 130
    except ConsoleError as error:
        print(f"tools.console: {error}", file=sys.stderr)
    except serial.SerialException:
        print(f"tools.console: the connection to {options.port or 'the board'} was lost: check "
              "the cable and the supply", file=sys.stderr)
    except BrokenPipeError:
        sys.stdout = None  # nobody reads on
    return 2


def _open(port, timeout_s):
    """Return the open serial port, which is then ours alone. Raises ConsoleError."""
    # Before it is opened: on many boards these two lines are reset and boot mode.
    line = serial.Serial(None, _BAUD, timeout=timeout_s, exclusive=True)
    line.dtr = line.rts = False
    line.port = port
    board = BoardPort(port)
    try:
        board.check()
        try:
            line.open()
        except OSError:
            board.refused()
    except PortError as error:
        raise ConsoleError(error) from error
    return line


def _run(line, options):
    failed = False
    if not options.lines:
        sys.stdin.reconfigure(encoding="utf-8-sig", errors="surrogateescape")
    for text in options.lines or sys.stdin:
        text = text.rstrip("\r\n")
        if options.json and text and not line.is_taking and not text.endswith(" --json"):
            text += " --json"
        for answer in line.ask(text):
            print(answer)
            failed = failed or _is_error(answer)
    if line.is_taking:
        line.ask("abort")
        print("error: the import has no `end`; nothing is changed")
        failed = True
    return 1 if failed else 0


def _is_error(answer):
    if answer.startswith("{"):
        with suppress(ValueError):
            return json.loads(answer).get("ok") is False
    return answer.startswith("error: ")


def _terminal(port):
    """Everything that is typed goes to the board, Ctrl-C too, until Ctrl-]."""
    line = _open(port, 1)
    print(f"{port}; Ctrl-] leaves, `help` helps")
    terminal = _Terminal(line, echo=False, eol="cr", filters=["direct"])
    terminal.rx_transformations = []  # the line ends of the board are those of a terminal
    terminal.exit_character = "\x1d"
    terminal.menu_character = "\x14"
    terminal.set_rx_encoding("UTF-8")
    terminal.set_tx_encoding("UTF-8")
    terminal.start()
    try:
        terminal.join(True)
    finally:
        terminal.join()
        terminal.close()
    if terminal.is_lost:
        raise serial.SerialException
    return 0


class _Terminal(miniterm.Miniterm):
    """Ends without a word when the board is gone; `is_lost` tells it."""

    is_lost = False

    def reader(self):
        """From the board to the screen."""
        try:
            super().reader()
        except (OSError, TypeError):  # what a port raises that somebody pulls
            self.is_lost = True

    def writer(self):
        """From the keyboard to the board."""
        try:
            super().writer()
        except OSError:
            self.is_lost = True


def _only_port():
    # Of USB: a PC names serial ports of its own that nothing is connected to.
    ports = [port.device for port in list_ports.comports() if port.vid is not None]
    if not ports:
        raise ConsoleError("no USB serial port is connected: connect the board, or say PORT=")
    if len(ports) > 1:
        raise ConsoleError("say which PORT=: %s" % ", ".join(ports))
    return ports[0]


def _parser():
    parser = argparse.ArgumentParser(
        prog="tools.console", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", help="serial device")
    parser.add_argument("--json", action="store_true", help="answers as JSON")
    parser.add_argument("lines", nargs="*", metavar="LINE", help="what to send, quoted")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
