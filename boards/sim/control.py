"""The simulated world's side of the control port: one command in, one answer out.

A command is a dict with `do`; a handler returns more fields of the answer or raises CommandError
with one clear sentence. What a command does, it does to the world, never to the firmware.
"""

import binascii

from boards.sim import cable as cables
from boards.sim.cars import names
from boards.sim.state import state

_HOLD_MS = 600
_PRESS_MS = 3500
_UID_BYTES = (4, 7, 10)
_STALL_MS_MAX = 60_000
_SPEED_MAX = 3600
_WAYS = ("drop", "blackhole", "reset")
_SIDES = ("ev", "station")


class CommandError(Exception):
    """The command cannot be carried out; the text says why."""


class Control:
    """`handle(command)` returns the answer. Never raises for anything that a peer can send."""

    def __init__(self, app, world, shares):
        self._app = app
        self._world = world
        self._shares = shares
        self.quit = False
        self._commands = None
        self._handlers = {
            "plug": self._plug,
            "unplug": self._unplug,
            "ev": self._ev,
            "card": self._card,
            "fault": self._fault,
            "clear": self._clear,
            "network": self._network,
            "cut_after": self._cut_after,
            "stall": self._stall,
            "console": self._console,
            "state": self._state,
            "energy_speed": self._energy_speed,
            "temperature": self._temperature,
            "button": self._button,
            "quit": self._quit,
        }

    def handle(self, command):
        """Carry out one command."""
        try:
            handler = self._handlers.get(command.get("do"))
            if handler is None:
                known = ", ".join(sorted(self._handlers))
                name = command.get("do")
                raise CommandError("unknown command %s; there are: %s" % (name, known))
            answer = handler(command) or {}
        except CommandError as error:
            return {"ok": False, "error": str(error)}
        answer["ok"] = True
        return answer

    # Cars.

    def _outlet(self, command):
        number = _integer(command, "connector", 1, 1, len(self._world.outlets))
        return self._world.outlets[number - 1]

    def _plug(self, command):
        outlet = self._outlet(command)
        if outlet.ev.plugged:
            raise CommandError("a car is plugged in already")
        name = _text(command, "ev", "ordinary")
        cable_a = command.get("cable_a")
        if cable_a is not None and cable_a not in cables.RATINGS_A:
            raise CommandError("cable_a must be 13, 20, 32 or 63")
        if name not in names():
            raise CommandError("no car named %s; there are: %s" % (name, ", ".join(names())))
        if outlet.socket is not None:
            _handle_cable(outlet.socket.insert, cable_a)
        if _side(command, outlet) == "ev":
            outlet.ev.plug(name)
        self._world.save()

    def _unplug(self, command):
        outlet = self._outlet(command)
        if _side(command, outlet) == "station":
            _handle_cable(outlet.socket.remove)
        elif not outlet.ev.plugged:
            raise CommandError("no car is plugged in")
        outlet.ev.unplug()
        self._world.save()

    def _ev(self, command):
        ev = self._outlet(command).ev
        max_ma = _integer(command, "max_ma", ev.max_ma, 0, 80_000)
        phases = _integer(command, "phases", ev.phases, 1, 3)
        soc = _integer(command, "soc", ev.soc_permille // 10, 0, 100)
        wants = _boolean(command, "wants", ev.wants)
        ventilation = _boolean(command, "ventilation", ev.ventilation)
        follows_pilot = _boolean(command, "follows_pilot", ev.follows_pilot)
        ev.max_ma, ev.phases, ev.wants = max_ma, phases, wants
        ev.ventilation, ev.follows_pilot = ventilation, follows_pilot
        if "soc" in command:
            ev.soc_permille = soc * 10
        self._world.save()
        return {"cars": names()}

    def _card(self, command):
        text = _text(command, "id", None)
        try:
            uid = binascii.unhexlify(text)
        except ValueError:
            raise CommandError("id must be hexadecimal")
        if len(uid) not in _UID_BYTES:
            raise CommandError("id must have 4, 7 or 10 bytes")
        if _integer(command, "reader", 1, 1, 1) != 1:
            raise CommandError("there is one reader")
        self._world.hold_card(uid, _integer(command, "hold_ms", _HOLD_MS, 10, 600_000))

    def _button(self, command):
        self._world.press(_integer(command, "hold_ms", _PRESS_MS, 10, 600_000))

    # Faults.

    def _fault(self, command):
        target, name = self._fault_target(command)
        setattr(target, name, True)

    def _clear(self, command):
        target, name = self._fault_target(command)
        setattr(target, name, False)

    def _fault_target(self, command):
        outlet = self._outlet(command)
        targets = {
            "cp_short": (outlet, "shorted"),
            "diode": (outlet, "diode_missing"),
            "cp_noise": (outlet, "noisy"),
            "cp_generator": (outlet, "weak_pilot"),
            "cp_low_rail": (outlet, "weak_low"),
            "rcd_trip": (outlet.rcm, "leak"),
            "rcd_selftest": (outlet.rcm, "dead"),
            "pe_lost": (outlet, "earth_lost"),
            "overcurrent": (outlet.ev, "overdraws"),
            "undervoltage": (outlet, "undervoltage"),
            "voltage_sag": (outlet, "voltage_sag"),
            "power_loss": (outlet, "power_loss"),
            "overvoltage": (outlet, "overvoltage"),
            "frequency": (outlet, "wrong_frequency"),
            "phase_missing": (outlet, "phase_missing"),
            "overtemperature": (outlet.thermistor, "hot"),
            "temperature_sensor": (outlet.thermistor, "is_open"),
            "emergency_stop": (outlet, "emergency"),
            "contactor_welded": (outlet.contactor, "welded"),
            "contactor_stuck_open": (outlet.contactor, "stuck_open"),
            "meter_silent": (outlet.meter, "silent"),
            "meter_backwards": (outlet.meter, "backwards"),
            "reader_silent": (self._world.reader, "silent"),
        }
        name = _text(command, "name", None)
        if outlet.socket is not None:
            targets["lock_jammed"] = (outlet.socket.lock, "jammed")
            targets["pp_open"] = (outlet.socket.proximity, "is_open")
            targets["pp_short"] = (outlet.socket.proximity, "shorted")
        if name not in targets:
            known = ", ".join(sorted(targets))
            raise CommandError("fault %s is not simulated; there are: %s" % (name, known))
        return targets[name]

    def _network(self, command):
        up = _boolean(command, "up", True)
        how = _text(command, "how", "drop")
        if how not in _WAYS:
            raise CommandError("how must be drop, blackhole or reset")
        self._app.board.network.set(up, how)

    def _cut_after(self, command):
        writes = _integer(command, "writes", 1, 1, 1_000_000)
        torn = _text(command, "torn", "none")
        if torn not in ("none", "half", "short"):
            raise CommandError("torn must be none, half or short")
        self._shares.cut_after(writes, torn)

    def _stall(self, command):
        self._shares.stall(_integer(command, "ms", None, 0, _STALL_MS_MAX))

    # Others.

    def _console(self, command):
        line = _text(command, "line", None)
        if self._commands is None:
            from firmware.local.console_shell import Commands

            self._commands = Commands(self._app)
        lines = list(self._commands.run(line))
        if not self._commands.taking:
            # The heap that is asked for next is the firmware's, without the console.
            self._commands.drop()
        return {"lines": lines}

    def _state(self, command):
        return state(self._app, self._world, self._shares)

    def _energy_speed(self, command):
        self._world.energy_speed = _integer(command, "factor", None, 1, _SPEED_MAX)

    def _temperature(self, command):
        celsius = _integer(command, "celsius", None, -40, 125)
        self._outlet(command).thermistor.temperature_c = celsius

    def _quit(self, command):
        self.quit = True


def _side(command, outlet):
    side = _text(command, "side", "ev")
    if side not in _SIDES:
        raise CommandError("side must be ev or station")
    if side == "station" and outlet.socket is None:
        raise CommandError("the cable is fixed to the station")
    return side


def _handle_cable(action, *details):
    try:
        action(*details)
    except cables.CableError as error:
        raise CommandError(str(error))


def _integer(command, name, default, low, high):
    value = command.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise CommandError("%s must be a whole number from %d to %d" % (name, low, high))
    return value


def _boolean(command, name, default):
    value = command.get(name, default)
    if value is not True and value is not False:
        raise CommandError("%s must be true or false" % name)
    return value


def _text(command, name, default):
    value = command.get(name, default)
    if not isinstance(value, str):
        raise CommandError("%s must be a text" % name)
    return value
