"""All outside the firmware: cars, contactors, mains, meters, a card; moved on in 10 ms steps.

The firmware's drivers see only the chips of this world (ADC, PWM, SPI, UART, pins). What a real
plant keeps through a power cut, it keeps too: the meters' registers and the cars at their cables
lie in a small file beside the flash image, written in place so that a killed process leaves the
old or the new record.
"""

import struct

from micropython import const

import ticks
from boards.sim.cable import Socket
from boards.sim.cars import names
from boards.sim.chips.mfrc522 import Mfrc522Chip
from boards.sim.chips.rcm import RcmChip
from boards.sim.chips.sdm630 import Sdm630Chip
from boards.sim.chips.thermistor import ThermistorChip
from boards.sim.contactor import Contactor
from boards.sim.ev import Ev
from boards.sim.pilot_circuit import OHM_B, OHM_C, OHM_D, OHM_SHORT_TEST, PilotCircuit

_STEP_MS = const(10)
_VOLTAGE_MV = const(230_000)
_FREQUENCY_MHZ = const(50_000)
# What the mains are in each fault, in mV and mHz.
_LOW_MV = const(172_000)
_SAG_MV = const(115_000)
# The rails of a good pilot generator, and of a bad one.
_RAIL_MV = const(12_000)
_WEAK_MV = const(9_000)
_HIGH_MV = const(276_000)
_WRONG_MHZ = const(52_500)
_RECORD = "<QBBBBIHB"  # energy mWh, plugged, car, wants, phases, max mA, SoC permille, socket
_SAVE_STEPS = const(10)
_OHMS = {"A": None, "B": OHM_B, "C": OHM_C, "D": OHM_D}
# At the ADC pin, where 1 V of the line is 102 mV.
_QUIET_MV = const(8)
_NOISE_MV = const(250)


class Outlet:
    """One connector's world: car, pilot circuit, contactor, meter, `socket` or None."""

    def __init__(self, number, clock_ms, has_socket=False):
        self.number = number
        self.ev = Ev()
        self.contactor = Contactor()
        self.circuit = PilotCircuit(number)
        self.meter = Sdm630Chip(clock_ms)
        self.socket = Socket(number) if has_socket else None
        self.rcm = RcmChip()
        self.thermistor = ThermistorChip()
        self.energy_mwh = 0
        self.emergency = False
        self.earth = True
        self.all_phases = True  # What the second contactor lets through; False: L1 alone.
        self.undervoltage = self.overvoltage = self.wrong_frequency = self.phase_missing = False
        self.power_loss = self.voltage_sag = False
        self.shorted = False
        self.diode_missing = False
        self.weak_pilot = self.weak_low = False
        self._weak = False, False
        self.earth_lost = False
        self.noisy = False
        self.load = "A"
        self._rest = 0

    def step(self, speed):
        """Live through 10 ms."""
        self.contactor.step()
        if self.socket is not None:
            self.socket.lock.step()
        self.rcm.step()
        self.earth = not self.earth_lost
        ev = self.ev
        phases = 3 if self.all_phases else 1
        ev.step(self.circuit.duty, self.contactor.closed, self.circuit.is_connected, phases)
        self._present(ev)
        meter = self.meter
        meter.frequency_mhz = _WRONG_MHZ if self.wrong_frequency else _FREQUENCY_MHZ
        volts_mv = _LOW_MV if self.undervoltage else _VOLTAGE_MV
        if self.overvoltage:
            volts_mv = _HIGH_MV
        elif self.power_loss:
            volts_mv = 0
        elif self.voltage_sag:
            volts_mv = _SAG_MV
        total_w = 0
        for phase in range(3):
            phase_mv = 0 if phase == 2 and self.phase_missing else volts_mv
            is_live = self.contactor.closed and phase_mv and phase < min(ev.phases, phases)
            current_ma = ev.current_ma if is_live else 0
            power_w = current_ma * (phase_mv // 1000) // 1000
            meter.voltage_mv[phase] = phase_mv
            meter.current_ma[phase] = current_ma
            meter.power_w[phase] = power_w
            total_w += power_w
        if total_w:
            self._flow(total_w, speed)

    def _present(self, ev):
        """Put on the pilot what the car, and the fault, make of it."""
        circuit = self.circuit
        self.load = ev.load
        circuit.ev_ohm = _OHMS[self.load]
        circuit.has_diode = ev.has_diode and not self.diode_missing
        weak = self.weak_pilot, self.weak_pilot or self.weak_low
        if weak != self._weak:
            self._weak = weak
            circuit.source_mv = _WEAK_MV if weak[0] else _RAIL_MV
            circuit.sink_mv = -_WEAK_MV if weak[1] else -_RAIL_MV
        circuit.short_ohm = OHM_SHORT_TEST if self.shorted else None
        circuit.noise_mv = _NOISE_MV if self.noisy else _QUIET_MV

    def _flow(self, total_w, speed):
        # 1 mWh is 3600 W ms. `speed` times faster than the clock, for those who cannot wait.
        self._rest += total_w * _STEP_MS * speed
        energy_mwh = self._rest // 3600
        self._rest -= energy_mwh * 3600
        self.energy_mwh += energy_mwh
        self.meter.energy_mwh = self.energy_mwh
        self.ev.charged(energy_mwh)

    def pack(self, record, offset):
        """Write what survives a power cut into `record`."""
        ev = self.ev
        socket = 0 if self.socket is None else self.socket.pack()
        struct.pack_into(
            _RECORD, record, offset, self.energy_mwh, ev.plugged, names().index(ev.name),
            ev.wants, ev.phases, ev.max_ma, ev.soc_permille, socket,
        )

    def unpack(self, record, offset):
        """Go on from what survived."""
        values = struct.unpack_from(_RECORD, record, offset)
        self.energy_mwh = self.meter.energy_mwh = values[0]
        self.ev.become(names()[values[2]])
        if values[1]:
            self.ev.plug(self.ev.name)
            self.ev.wants = bool(values[3])
            self.ev.phases, self.ev.max_ma = values[4], values[5]
        self.ev.soc_permille = values[6]
        if self.socket is not None:
            self.socket.unpack(values[7])


class Lamps:
    """What a person sees: an attribute for each light that is driven, True while it is lit."""

    status = error = charging = wifi = False


class World:
    """All outlets, the card reader's field, and time going on."""

    def __init__(self, clock_ms, connectors, path=None, has_sockets=False):
        self.has_sockets = has_sockets
        numbers = range(1, connectors + 1)
        self.outlets = [Outlet(number, clock_ms, has_sockets) for number in numbers]
        self.reader = Mfrc522Chip(clock_ms)
        self.lamps = Lamps()
        self.button = False
        self.energy_speed = 1
        self.now = clock_ms()
        self._card_left_ms = None
        self._press_left_ms = 0
        self._steps = 0
        self._file = None
        self._record = bytearray(struct.calcsize(_RECORD) * connectors)
        self._saved = bytearray(len(self._record))
        if path:
            self._open(path)

    def _open(self, path):
        try:
            self._file = open(path, "r+b")
        except OSError:
            self._file = open(path, "w+b")
        data = self._file.read(len(self._record))
        size = struct.calcsize(_RECORD)
        for index, outlet in enumerate(self.outlets):
            if len(data) >= (index + 1) * size:
                outlet.unpack(data, index * size)
            elif not data:
                # A meter that leaves the factory is rarely at zero after its type test.
                outlet.energy_mwh = outlet.meter.energy_mwh = 1_234_000 * (index + 1)
        self.save()

    def advance(self, now):
        """Live up to `now`, step by step."""
        while ticks.diff(now, self.now) >= _STEP_MS:
            self.now = ticks.add(self.now, _STEP_MS)
            for outlet in self.outlets:
                outlet.step(self.energy_speed)
            self._hold_card()
            self.button = self._press_left_ms > 0
            if self.button:
                self._press_left_ms -= _STEP_MS
            self._steps += 1
            if self._steps >= _SAVE_STEPS:
                self.save()

    def _hold_card(self):
        if self._card_left_ms is None:
            return
        self._card_left_ms -= _STEP_MS
        if self._card_left_ms <= 0:
            self._card_left_ms = None
            self.reader.remove()

    def hold_card(self, uid, hold_ms):
        """Hold a card to the reader for so long."""
        self.reader.present(uid)
        self._card_left_ms = hold_ms

    def press(self, hold_ms):
        """Hold the service button for so long."""
        self._press_left_ms = hold_ms

    def save(self):
        """Keep what a power cut would not take, if it changed."""
        self._steps = 0
        if self._file is None:
            return
        size = struct.calcsize(_RECORD)
        for index, outlet in enumerate(self.outlets):
            outlet.pack(self._record, index * size)
        if self._record == self._saved:
            return
        self._saved[:] = self._record
        self._file.seek(0)
        self._file.write(self._record)
        self._file.flush()
