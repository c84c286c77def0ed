"""A whole charger with its world and a central system, on virtual time, in one process.

The firmware is the one of the board: app, guard, drivers. Only the network's shell is left out:
texts go straight from the OCPP client to the central system and back. What a test does, it does
through the control port's commands.
"""

import json

# First what lies deepest: each import within an import takes C stack, which the tests' own four
# levels would exhaust on MicroPython.
import ocpp16  # noqa: F401
from boards.sim.board import SimBoard, port_of
from boards.sim.control import Control
from boards.sim.flash import FlashError, mount
from boards.sim.trace import Trace
from boards.sim.world import World
from firmware.app import App
from tests.sim.csms import Csms
from tests.sim.invariants import Invariants
from tests.sim.plateau import Plateau
from tests.sim.scratch import Image
from tests.sim.virtual import VirtualTime

_STEP_MS = 10
_TICK_STEPS = 5
_DESCRIPTION = {"vendor": "Pilotwire", "model": "Plant", "current_ma_max": 32000, "phases": 3}


class PowerCut(Exception):
    """The power went in the middle of a flash operation: `power_off` and `power_on` follow."""


class Plant:
    """`run(ms)`, `do(command, ...)`, `state()`; `csms` and `events` tell what happened.

    settings: configuration of the first boot. `connected`: the network, to be set at any time.
    features: see App. real_pilot: read the pilot through ADC bursts, ten times slower.
    has_mirror: the contactors have a mirror contact (not with real_pilot).
    `violations` of what must
    always hold are collected, see tests/sim/invariants.py. A reset that the firmware wants
    is carried out at once, in the same world and on the same flash. socket: detachable cables.
    access: what the board brings of the connection, see firmware.access. `reaches`: None, or a
    question about the application's access: does a connection come up with these settings?
    """

    def __init__(
        self,
        connectors=1,
        settings=(),
        connected=True,
        socket=False,
        real_pilot=False,
        blocks=64,
        features=None,
        access=None,
        has_mirror=True,
    ):
        self.connectors = connectors
        self.socket = socket
        self.csms = Csms()
        self.connected = connected
        self.events = []
        self.violations = []
        self.flash = None
        self.parts_read = 0  # of a linked firmware, which this is not
        self.powered = False
        self._real_pilot = real_pilot
        self._has_mirror = has_mirror
        self._features = features
        self._access = access
        self.reaches = None
        self._image = Image(blocks)
        self._t0_ms = 0
        self.power_on(settings)

    # Power.

    def power_on(self, settings=(), cut=None, crashed=False):
        """Start the firmware on the flash as it is, in the world as it is.

        cut: (n, torn) cuts the power again at the n-th flash operation; PowerCut if that comes
        before the firmware runs. crashed: the watchdog ended the last run.
        """
        self.powered = True
        self._crashed = crashed
        self._cut = False
        self.time = VirtualTime()
        self.flash = self._image.open()
        if cut:
            self.cut_after(cut[0], cut[1])
        world_path = self._image.path + ".world"
        self.world = World(self.time.ticks_ms, self.connectors, world_path, self.socket)
        self.time.advance = self.world.advance
        try:
            self._build(settings)
        except (OSError, FlashError):
            self._raise_cut()
            raise
        self._steps = 0
        self._online = False
        self._settings = None

    def _build(self, settings):
        board = SimBoard(self.time, self.world, mount(self.flash), _DESCRIPTION, self._crashed)
        if not self._real_pilot:
            board.connectors = [
                port_of(outlet, Plateau(outlet.circuit), self._has_mirror)
                for outlet in self.world.outlets
            ]
        self.app = App(board, self._access, self._features)
        for key, value in settings:
            status = self.app.config.set(key, value)
            assert status == "Accepted", (key, value, status)
        self.control = Control(self.app, self.world, self)
        self._trace = Trace(self._note, self._t_ms, True)
        self._trace.watch(self.app, self.world)
        self._trace.event("boot", {})
        self.app.start()
        self.time.every(_STEP_MS, self._trace.poll)
        self.time.every(_STEP_MS, Invariants(self).poll)

    def power_off(self):
        """Cut the power, now."""
        if not self.powered:
            return
        self.powered = False
        self.world.save()
        self._t0_ms = self._t_ms()
        self.flash.close()

    def power_cycle(self, off_ms=0, crashed=False):
        """Cut the power and give it back; the world does not move meanwhile."""
        self.power_off()
        self._t0_ms += off_ms
        self.power_on(crashed=crashed)

    def close(self):
        """Remove what lies on the disk."""
        self.power_off()
        self._image.remove()

    # Time.

    def run(self, duration_ms):
        """Let time pass. Raises PowerCut at a cut that `cut_after` asked for."""
        for _ in range(duration_ms // _STEP_MS):
            self.time.step()
            self._steps += 1
            if self._steps % _TICK_STEPS == 0:
                self._turn()

    def _turn(self):
        try:
            self.app.tick(self.time.now)
            self._pump()
        except OSError:
            # What the firmware makes of a dead flash is of no interest: it has no power either.
            self._raise_cut()
            raise
        self._raise_cut()
        if self.app.exit_reason is not None:
            self._trace.event("reset", {"reason": self.app.exit_reason})
            self.power_cycle()

    def _raise_cut(self):
        if self._cut:
            raise PowerCut()

    def run_until(self, question, limit_ms=60_000):
        """Let time pass until `question()` is true; AssertionError if it takes too long."""
        for _ in range(limit_ms // _STEP_MS):
            if question():
                return
            self.run(_STEP_MS)
        last = [event for event in self.events if event["event"] != "cp"][-12:]
        raise AssertionError("not within %d ms; %r; %r" % (limit_ms, self.state(), last))

    def _pump(self):
        now = self.time.now
        client = self.app.client
        up = self.connected and self.app._may_connect() and not self._cut
        access = self.app.access
        settings = access.url, access.identity, access.password, access.config.get("WifiSsid")
        if settings != self._settings:
            # The link, which is not here, would make a new connection.
            self._settings, up = settings, False
        if up and self.reaches:
            up = self.reaches(access)
        if up and not self._online:
            self.csms.statuses_heard.begin()
            client.on_connected(now)
        elif self._online and not up:
            client.on_disconnected(now)
        self._online = up
        client.tick(now)
        # Nobody hears what is said without power: the firmware only does not know it yet.
        while up and not self._cut:
            text = client.next_text(now)
            if text is None or self._cut:
                return
            self.csms.now_ms = self._t_ms()
            for answer in self.csms.receive("".join(text)):
                client.receive(now, answer)

    def call(self, action, payload):
        """The central system calls; returns the payload of the answer (None: refused, or none)."""
        message_id, text = self.csms.call(action, payload)
        self.app.client.receive(self.time.now, text)
        self._pump()
        return self.csms.result(message_id)

    # The control port, and what `boards.sim.control` asks of its simulator.

    def do(self, command, **fields):
        """Carry out a control command; AssertionError if it is refused."""
        answer = self.control.handle(dict(fields, do=command))
        assert answer["ok"], answer
        return answer

    def state(self, connector=1):
        """Return the state of one connector, with the station's in "station"."""
        state = self.do("state")
        return dict(state["connectors"][connector - 1], station=state)

    def connector(self, number=1):
        """Return the firmware's own object, for what a test asks often."""
        return self.app.station.connectors[number - 1]

    def status(self, number=1):
        """Return the status of a connector."""
        return self.connector(number).status

    def closed(self, number=1):
        """Return True while the contacts are closed."""
        return self.world.outlets[number - 1].contactor.closed

    def meter_wh(self, number=1):
        """Return what the meter itself has counted, the truth of the world."""
        return self.world.outlets[number - 1].energy_mwh // 1000

    def uptime_ms(self):
        """Return the ms since the power came."""
        return self.time.uptime_ms

    def heap(self):
        """Return no figures: the tests have the world in the same heap."""
        return {"free": 0, "used": 0, "world": 0}

    def stall(self, stall_ms):
        """Block the VM."""
        self.time.stall(stall_ms)

    def cut_after(self, operations, torn):
        """Cut the power at a flash operation to come."""
        self.flash.cut_after(operations, torn, self._on_cut)

    def _on_cut(self):
        self._cut = True

    # What happened.

    def _t_ms(self):
        return self._t0_ms + self.time.uptime_ms

    def _note(self, line):
        self.events.append(json.loads(line))

    def seen(self, name, **fields):
        """Return the events with this name and these fields, oldest first."""
        found = []
        for event in self.events:
            if event["event"] == name and all(event.get(f) == fields[f] for f in fields):
                found.append(event)
        return found
