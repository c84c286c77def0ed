"""`make run`: a simulated charger, a local central system and the panel, for a person.

Tells the story in plain lines until Ctrl-C, and takes commands on standard input: those of the
control port go to the charger, all others to the central system. Options that it does not know
are handed to `tools.sim`.
"""

import argparse
import contextlib
import signal
import subprocess
import sys
import tempfile
import time

from tools.csms.background import BackgroundCentral
from tools.csms.shell import Shell
from tools.sim.client import Simulator, parse_words

_EXIT_POWER_CUT = 9
_END_TIMEOUT_S = 2
_CHARGER_COMMANDS = (
    "plug", "unplug", "ev", "card", "fault", "clear", "network", "mains", "cut_after", "stall",
    "console", "state", "energy_speed",
)  # fmt: skip
_HELP = """to the charger:
  plug [EV]        the car is plugged in          unplug           the plug is pulled
  card 04A1B2C3    a card is held to the reader   console why      asks it why it does not charge
  fault rcd_trip   something breaks               clear rcd_trip   and is repaired
  network up=false the link fails                 mains on=false   power cut; `mains on=true` again
  energy_speed 100 makes energy flow faster       state            the whole truth
to the central system:"""


class Scene:
    """The charger and what a person types. sim_arguments: options of `tools.sim`."""

    def __init__(self, cs, sim_arguments, module):
        self._cs = cs
        self._arguments = sim_arguments
        self._module = module
        self._shell = Shell(cs.central, _say)
        self._sim = None

    def start(self):
        """Switch the charger on. Raises RuntimeError if it does not start."""
        self._sim = Simulator(self._arguments, echo=_say, module=self._module)
        ready = self._sim.ready
        # A second start keeps the addresses that the person has already seen.
        self._keep("--control", f"127.0.0.1:{ready['control']}")
        self._keep("--panel", str(ready["panel"]))
        _say(f"charger runs on {ready['vm']}")
        _say(f"panel:        http://127.0.0.1:{ready['panel']}/")
        _say(f"control port: 127.0.0.1:{ready['control']}, for example")
        _say(f"              python -m tools.sim.client {ready['control']} plug")
        _say("type here:    plug, then card 04A1B2C3; help lists everything; Ctrl-C ends")

    def stop(self):
        """Switch the charger off in order; returns the exit status of the simulator."""
        return self._sim.stop() if self._sim else 0

    def execute(self, line):
        """Carry out one typed line; returns False for `quit`."""
        words = line.split()
        if not words:
            return True
        if words[0] in ("help", "?"):
            _say(_HELP)
        if words == ["mains", "on=true"]:
            self._power_on()
        elif words[0] in _CHARGER_COMMANDS or words[0].startswith("{"):
            self._ask_charger(words)
        else:
            return self._cs.run(self._shell.execute(line))
        return True

    def _ask_charger(self, words):
        try:
            answer = self._sim.control.ask(parse_words(words))
        except ValueError as error:
            _say(f"{words[0]}: {error}")
            return
        except OSError:
            _say("the charger is off; `mains on=true` switches it on")
            return
        if not answer.pop("ok"):
            _say(f"{words[0]}: {answer.get('error')}")
        for line in answer.pop("lines", []):
            _say(f"  {line}")
        for key, value in answer.items():
            if key != "error":
                _say(f"  {key}: {value}")

    def _power_on(self):
        try:
            self._sim.wait(_END_TIMEOUT_S)  # a power cut a moment ago may not be over yet
        except subprocess.TimeoutExpired:
            _say("the charger is on")
            return
        self._sim.stop()
        self.start()

    def _keep(self, option, value):
        if option in self._arguments:
            self._arguments[self._arguments.index(option) + 1] = value
        else:
            self._arguments += [option, value]


def main(argv, module="tools.sim"):
    """Run until Ctrl-C, SIGTERM or `quit`; status 1 if the charger broke."""
    options, rest = _parser().parse_known_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.ExitStack() as stack:
        cs = stack.enter_context(BackgroundCentral(port=options.csms_port, say=_say))
        state = stack.enter_context(tempfile.TemporaryDirectory(prefix="pilotwire-"))
        given = ["--csms", cs.central.url, "--panel", str(options.panel), "--state", state]
        scene = Scene(cs, [*given, *rest], module)
        try:
            _say(f"central system at {cs.central.url}/<identity>")
            scene.start()
            _read_commands(scene)
        except KeyboardInterrupt:
            _say("ending")
        except RuntimeError as error:
            _say(str(error))
            return 1
        finally:
            status = scene.stop()
    return 0 if status in (0, _EXIT_POWER_CUT) else 1


def _read_commands(scene):
    for line in sys.stdin:
        if not scene.execute(line):
            return
    while True:
        signal.pause()  # nobody types; the story goes on until a signal


def _say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def _parser():
    parser = argparse.ArgumentParser(
        prog="tools.run", description="A simulated charger and a central system.", epilog=__doc__
    )
    parser.add_argument("--csms-port", type=int, default=0, help="of the central system")
    parser.add_argument("--panel", type=int, default=0, help="port of the status page")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
