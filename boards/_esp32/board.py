"""A board of the ESP32 family as firmware/hal.py wants it, built from its board.json.

The description has been checked on the PC (tools/board.py); here it is taken at its word. Nothing
of this has run on hardware yet, see README.md.
"""

import os
import time
from binascii import hexlify

import machine
import vfs
from esp32 import NVS
from machine import ADC, PWM, Pin, Signal, Timer
from micropython import const

from boards._esp32.net import Net
from boards.common.connector_port import ConnectorPort
from boards.common.pilot_io import PilotIo
from boards.common.socket_port import SocketPort

# Longer than a TLS handshake, the longest stall that is legal.
_WATCHDOG_MS = const(8000)
_PILOT_HZ = const(1000)
# PilotIo keeps 16 bits: 64 uV a step.
_UV_SHIFT = const(6)
# What a ConnectorPort may have beside the rest, and the level of outputs at the start.
_PARTS = (("rcd_test", 0), ("phase_switch", 0), ("cp_switch", 1), ("earth", None))


class Esp32Board:
    """What firmware/hal.py asks of a board. The constructor closes nothing and starts no timer."""

    def __init__(self, description):
        self._nvs = NVS("pilotwire")
        self._timers = 0
        self.line = None
        self.ticks_ms = time.ticks_ms
        self.random = os.urandom
        self.current_ma_max = description["current_ma_max"]
        self.phases = description["phases"]
        self.tethered = description["tethered"]
        self.ventilated = description.get("ventilated", False)
        self.blocking_while_closed = description["blocking_while_closed"]
        self.keys = description.get("keys", ())
        self.crashed = machine.reset_cause() == machine.WDT_RESET
        for self.fs, path in vfs.mount():
            if path == "/":
                break
        rows = description["connectors"]
        self.connectors = [self._connector(n + 1, row) for n, row in enumerate(rows)]
        self.sockets = [] if self.tethered else [_socket(row) for row in rows]
        line = description.get("rs485")
        self.meters = [self._meter(row["meter"], line) for row in rows]
        self.reader = self._reader(description["reader"]) if "reader" in description else None
        leds = description.get("leds", {})
        self.lights = {name: pin(leds[name], 0) for name in leds}
        self.button = pin(description.get("buttons", {}).get("service"))
        # The description itself is some 2 KB of heap: nobody keeps it.
        self._identity = {
            "chargePointVendor": description["vendor"],
            "chargePointModel": description["model"],
            "chargePointSerialNumber": hexlify(machine.unique_id()).decode(),
            "meterType": self.meters[0].name,
        }
        self.net = Net(description.get("network", {}), self)
        self.connect = self.net.connect

    def every(self, period_ms, callback):
        """Call `callback(now)` each `period_ms`; from the scheduler, for lack of hard timers."""
        ticks_ms = time.ticks_ms
        timer = Timer(self._timers)
        self._timers += 1
        timer.init(period=period_ms, callback=lambda _: callback(ticks_ms()))

    def watch(self):
        """Start the watchdog: from here on somebody has to feed it."""
        self.feed = machine.WDT(timeout=_WATCHDOG_MS).feed

    def release(self):
        """Open every contactor and take all offers back, now."""
        for port in self.connectors:
            port.contactor(False)
        for port in self.connectors:
            port.set_duty(65535)

    def identity(self, version):
        """Return the fields of BootNotification."""
        self._identity["firmwareVersion"] = version
        return self._identity

    def flag(self, name):
        """Return a number that outlives the power, or None."""
        try:
            return self._nvs.get_i32(name)
        except OSError:
            return None

    def set_flag(self, name, value):
        """Keep a number."""
        self._nvs.set_i32(name, value)
        self._nvs.commit()

    def _connector(self, number, row):
        port = ConnectorPort(
            self._pilot(number, row["pilot"]),
            pin(row["coil"], 0),
            pin(row.get("mirror")),
            pin(row.get("rcd")),
            pin(row.get("emergency")),
        )
        for name, level in _PARTS:
            setattr(port, name, pin(row.get(name), level))
        if "ntc" in row:
            from boards.common.thermistor import Thermistor

            port.thermistor = Thermistor(Ratiometric(row["ntc"]))
        elif "onewire" in row:
            from boards.common.ds18b20 import Ds18b20
            from onewire import OneWire

            line = OneWire(Pin(row["onewire"]))
            port.thermistor = Ds18b20(line, self.ticks_ms)
        return port

    def _pilot(self, number, row):
        # Two points that tests/device/calibrate.py has measured, or those of the drawing, in uV.
        plus_uv = self.flag("cp%d_plus" % number) or row["plus_mv"] * 1000
        minus_uv = self.flag("cp%d_minus" % number) or row["minus_mv"] * 1000
        pwm = PWM(
            Pin(row["pwm"]), freq=_PILOT_HZ, duty_u16=65535, invert=row.get("low", False)
        )
        calibration = plus_uv >> _UV_SHIFT, minus_uv >> _UV_SHIFT
        return PilotIo(_adc(row), pwm, calibration, shift=_UV_SHIFT)

    def _meter(self, row, line):
        if "map" in row:
            from meters.modbus_meter import ModbusMeter

            module, name = row["map"].split(".")
            maps = __import__("meters.maps." + module, None, None, (name,))
            return ModbusMeter(self._modbus(line), getattr(maps, name), row.get("address"))
        if "pulses" in row:
            from meters.pulse import PulseInput, PulseMeter

            source = PulseInput()
            active = 0 if row.get("low") else 1
            edge = source.edge
            ticks_ms = time.ticks_ms
            Pin(row["pulses"], Pin.IN).irq(
                lambda line: edge(ticks_ms(), line.value() == active),
                Pin.IRQ_RISING | Pin.IRQ_FALLING,
            )
            return PulseMeter(source, row["per_kwh"])
        from meters.cse7766 import Cse7766

        return Cse7766(uart(row, 4800, 0))

    def _modbus(self, row):
        """The line that all meters share; one transceiver, one direction."""
        if self.line is None:
            from modbus.master import Master

            direction = pin(row.get("direction"), 0)
            baud = row.get("baud", 9600)
            self.line = Master(uart(row, baud), baud, direction)
            self.line.parity_bit = row.get("parity")
        return self.line

    def _reader(self, row):
        driver = row["driver"]
        if driver == "wiegand":
            from rfid.wiegand import Wiegand, WiegandInput

            lines = WiegandInput()
            for name, handler in (("zero", lines.zero), ("one", lines.one)):
                Pin(row[name], Pin.IN).irq(handler, Pin.IRQ_FALLING)
            return Wiegand(lines)
        if "reset" in row:
            Pin(row["reset"], Pin.OUT, value=1)
        if driver == "rdm6300":
            from rfid.rdm6300 import Rdm6300

            return Rdm6300(uart(row, 9600))
        if driver == "mfrc522":
            from rfid.mfrc522 import Mfrc522

            return Mfrc522(*_selected(row))
        from rfid.pn532 import Pn532

        if "spi" in row:
            from rfid.pn532_spi import SpiLink

            return Pn532(SpiLink(*_selected(row)))
        if "uart" in row:
            from rfid.pn532_uart import UartLink

            return Pn532(UartLink(uart(row, 115200)))
        from rfid.pn532_i2c import I2cLink

        bus = machine.I2C(row["i2c"], scl=Pin(row["scl"]), sda=Pin(row["sda"]), timeout=2000)
        return Pn532(I2cLink(bus))


class Ratiometric:
    """An ADC pin whose full scale is the supply of the divider on it; row: adc, supply_mv."""

    def __init__(self, row):
        self._adc = _adc(row)
        self._supply_mv = row["supply_mv"]

    def read_u16(self):
        """Return the level as a fraction of the supply; beyond the ADC's end it is the supply."""
        if self._adc.read_u16() >= 65520:
            return 65535
        return min(self._adc.read_uv() // self._supply_mv * 65535 // 1000, 65535)


def pin(row, level=None):
    """Return the pin that `row` describes, or None; an output at `level` (1 = active) if given."""
    if row is None:
        return None
    if isinstance(row, int):
        row = {"pin": row}
    is_low = row.get("low", False)
    if level is None:
        pull = {"up": Pin.PULL_UP, "down": Pin.PULL_DOWN}.get(row.get("pull"))
        found = Pin(row["pin"], Pin.IN, pull)
    else:
        found = Pin(row["pin"], Pin.OUT, value=level ^ is_low)
    return Signal(found, invert=True) if is_low else found


def uart(row, baud, parity=None):
    """Return the port that `row` describes (uart, tx, rx), 8 data bits, 1 stop bit."""
    return machine.UART(
        row["uart"], row.get("baud", baud), parity=row.get("parity", parity),
        tx=row["tx"], rx=row["rx"], rxbuf=512, timeout=0,
    )  # fmt: skip


def _adc(row):
    """`db`: attenuation 0, 2 (2.5), 6 or 11 dB."""
    return ADC(Pin(row["adc"]), atten=(0, 2, 6, 11).index(row.get("db", 11)))


def spi(row, baud):
    """Return the bus that `row` describes (spi, sck, mosi, miso)."""
    return machine.SPI(
        row["spi"], baud, sck=Pin(row["sck"]), mosi=Pin(row["mosi"]), miso=Pin(row["miso"])
    )


def _selected(row):
    return spi(row, 2_000_000), Pin(row["select"], Pin.OUT, value=1)


def _socket(row):
    contact = row["proximity"]
    lock = row["lock"]
    supply_mv = contact["supply_mv"]
    return SocketPort(
        Ratiometric(contact),
        (pin(lock["close"], 0), pin(lock["open"], 0)),
        pin(lock["feedback"]),
        (supply_mv, contact["pull_ohm"], supply_mv),
        lock.get("pulse_ms", 300),
    )
