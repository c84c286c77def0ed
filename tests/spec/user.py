"""Everything that a person does in front of the charger, and what happens to it: U: in the cases.

Through the control port of the simulator alone.
"""

from tests.spec.catalogue import SOCKET

VALID = "04A1B2C3"
VALID_2 = "04D5E6F7"
INVALID = "0BADC0DE"
PARENT = "FAMILY"

_FINISHING = 6  # `session` in `state`: transaction closed, EV still there


class User:
    """Acts on the charger of a bench. `kind`: tethered or socket."""

    def __init__(self, bench, kind, arguments=()):
        self.kind = kind
        self._bench = bench
        self._arguments = [*arguments, *(["--socket"] if kind == SOCKET else [])]

    def add_options(self, *options):
        """More options of the simulator, from the next `power_on` on."""
        self._arguments += options

    # Power.

    def power_on(self):
        """Switch the charger on."""
        self._bench.start(*self._arguments)

    def power_off(self):
        """Cut the mains."""
        self._bench.sim.do("mains", on=False)
        assert self._bench.sim.wait() == 9

    def power_cycle(self):
        """Cut the mains and restore them."""
        self.power_off()
        self.power_on()

    # Cable and car.

    def plug(self, connector=1, **car):
        """Plug in both ends."""
        self._bench.sim.do("plug", connector=connector, **car)

    def unplug_ev(self, connector=1):
        """Pull the plug out of the car; a loose cable stays in the socket."""
        self._bench.sim.do("unplug", connector=connector)

    def unplug(self, connector=1):
        """Pull the cable out; of a socket, if it has one."""
        if self.kind == SOCKET:
            self.remove_cable(connector)
        else:
            self._bench.sim.do("unplug", connector=connector)

    def remove_cable(self, connector=1):
        """Pull the cable out of the socket, as soon as the bolt lets it go."""
        self.sees(lambda seen: not seen["bolt"], connector, what="unlocked")
        self._bench.sim.do("unplug", connector=connector, side="station")

    # Identification.

    def present(self, id_tag):
        """Hold a card to the reader."""
        self._bench.present(id_tag)

    # The network.

    def cut_network(self, how="drop"):
        """Take the network away, and wait until the charger has noticed if it can."""
        self._bench.sim.do("network", up=False, how=how)
        if how != "blackhole":
            self._bench.wait_until(lambda state: not state["online"], what="offline")

    def restore_network(self):
        """Give the network back; returns when the charger has found it."""
        self._bench.sim.do("network", up=True)
        self._bench.wait_until(lambda state: state["online"], 60, "online")

    # Others.

    def provoke(self, fault, connector=1):
        """Cause a fault."""
        self._bench.sim.control.ask({"do": "fault", "name": fault, "connector": connector})

    def repair(self, fault, connector=1):
        """Take the cause of a fault away."""
        self._bench.sim.control.ask({"do": "clear", "name": fault, "connector": connector})

    def do(self, command, **fields):
        """Any other command of the control port."""
        return self._bench.sim.do(command, **fields)

    def sees(self, predicate, connector=1, within=10, what="the condition"):
        """Wait for a state of the connector that can be seen from outside; returns it."""
        return self._bench.wait_connector(predicate, connector, within, what)

    def sees_charging(self, connector=1):
        """The contactor closes and current flows."""
        return self.sees(lambda seen: seen["contactor"], connector, what="contactor closed")

    def sees_no_power(self, connector=1):
        """The contactor is open."""
        return self.sees(lambda seen: not seen["contactor"], connector, what="contactor open")

    def sees_the_end(self, connector=1):
        """The transaction is over, and its record is complete."""
        return self.sees(lambda seen: seen["session"] == _FINISHING, connector, what="the end")

    def look(self, connector=1):
        """The state of the connector now."""
        return self.sees(lambda seen: True, connector)

    def state(self):
        """The state of the whole charger."""
        return self._bench.sim.state()
