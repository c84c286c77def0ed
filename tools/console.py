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

import serial
from serial.tools import list_ports, miniterm

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
        # Before it is opened: on many boards these two lines are reset and boot mode.
        self._serial = serial.Serial(None, _BAUD, timeout=0.1)
        self._serial.dtr = self._serial.rts = False
        self._serial.port = port
        try:
            self._serial.open()
        except OSError as error:
            raise ConsoleError(f"{port}: {error.strerror or error}") from error
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
        self._serial.write((b"\x15" if clear else b"") + line.encode() + b"\r")
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
            return _run(line, options)
    except (ConsoleError, serial.SerialException) as error:
        print(f"tools.console: {error}", file=sys.stderr)
        return 2


def _run(line, options):
    failed = False
    for text in options.lines or sys.stdin:
        text = text.rstrip("\r\n")
        if options.json and text and not line.is_taking and "--json" not in text.split():
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
        return json.loads(answer).get("ok") is False
    return answer.startswith("error: ")


def _terminal(port):
    """Everything that is typed goes to the board, Ctrl-C too, until Ctrl-]."""
    print(f"{port}; Ctrl-] leaves, `help` helps")
    line = serial.Serial(None, _BAUD, timeout=1)
    line.dtr = line.rts = False
    line.port = port
    line.open()
    terminal = miniterm.Miniterm(line, echo=False, eol="cr", filters=["direct"])
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
    return 0


def _only_port():
    ports = [port.device for port in list_ports.comports()]
    if len(ports) != 1:
        raise ConsoleError("say which --port: " + (", ".join(ports) or "none is there"))
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
