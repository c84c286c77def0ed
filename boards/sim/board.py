"""The simulated board: the real drivers on the chips of the simulated world."""

import os

from boards.common.connector_port import ConnectorPort
from boards.common.pilot_io import PilotIo
from boards.common.socket_port import SocketPort
from boards.common.thermistor import Thermistor
from boards.sim.chips.proximity import PULL_OHM, SUPPLY_MV
from boards.sim.network import Network
from boards.sim.pilot_circuit import SimAdc, SimPwm
from meters.maps.eastron import SDM630
from meters.modbus_meter import ModbusMeter
from modbus.master import Master
from rfid.mfrc522 import Mfrc522

_BAUD = 9600


class Pin:
    """A pin whose level the world reads or gives."""

    def __init__(self, target, name):
        self._target = target
        self._name = name

    def value(self, level=None):
        """Return the level, or set it."""
        if level is None:
            return 1 if getattr(self._target, self._name) else 0
        setattr(self._target, self._name, level != 0)
        return None


class SimBoard:
    """What firmware/hal.py asks of a board."""

    def __init__(self, runtime, world, fs, description, crashed=False):
        self.fs = fs
        self.world = world
        self.network = Network(self)
        self.current_ma_max = description["current_ma_max"]
        self.phases = description["phases"]
        self.keys = description.get("keys", ())
        self.ventilated = description.get("ventilated", False)
        self.blocking_while_closed = description.get("blocking_while_closed", "pause")
        self.crashed = crashed
        self.lights = {name: Pin(world.lamps, name) for name in description.get("leds", ())}
        self.button = Pin(world, "button") if "buttons" in description else None
        self.feeds = 0
        self._runtime = runtime
        self._description = description
        self.connectors = [port_of(outlet) for outlet in world.outlets]
        self.tethered = not world.has_sockets
        self.sockets = [_socket_port(o.socket) for o in world.outlets if o.socket is not None]
        self.meters = [
            ModbusMeter(Master(outlet.meter.uart, _BAUD), SDM630) for outlet in world.outlets
        ]
        self.reader = Mfrc522(world.reader.spi, world.reader.select)
        self.line = None  # no direction to be turned

    def ticks_ms(self):
        """Return the millisecond counter."""
        return self._runtime.ticks_ms()

    def every(self, period_ms, callback):
        """Call `callback(now)` each `period_ms`."""
        self._runtime.every(period_ms, callback)

    def random(self, count):
        """Return random bytes fit for keys."""
        return os.urandom(count)

    def feed(self):
        """The watchdog was fed."""
        self.feeds = (self.feeds + 1) & 0x3FFFFFFF

    async def connect(self, host, port, tls_context):
        """Open a connection over the simulated network."""
        return await self.network.connect(host, port, tls_context)

    def identity(self, version):
        """Return the fields of BootNotification."""
        return {
            "chargePointVendor": self._description["vendor"],
            "chargePointModel": self._description["model"],
            "chargePointSerialNumber": "SIM-0001",
            "firmwareVersion": version,
            "meterType": "SDM630",
        }


def _socket_port(socket):
    lock = socket.lock
    return SocketPort(
        socket.proximity,
        (Pin(lock, "towards_locked"), Pin(lock, "towards_open")),
        Pin(lock, "locked"),
        (SUPPLY_MV, PULL_OHM, SUPPLY_MV),
    )


def port_of(outlet, pilot=None, has_mirror=True):
    """Return the ConnectorPort of one outlet; `pilot`: what reads and drives its pilot, None for
    the real driver; `has_mirror`: the contactor has a mirror contact."""
    circuit = outlet.circuit
    port = ConnectorPort(
        pilot or PilotIo(SimAdc(circuit), SimPwm(circuit), circuit.calibration()),
        Pin(outlet.contactor, "coil"),
        Pin(outlet.contactor, "closed") if has_mirror else None,
        Pin(outlet.rcm, "output"),
        Pin(outlet, "emergency"),
    )
    port.rcd_test = Pin(outlet.rcm, "test")
    port.earth = Pin(outlet, "earth")
    port.thermistor = Thermistor(outlet.thermistor)
    port.cp_switch = Pin(circuit, "is_connected")
    port.phase_switch = Pin(outlet, "all_phases")
    return port
