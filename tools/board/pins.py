"""Rules about pins: each yields (path in board.json, what is wrong, remedy[, True for a note])."""

from tools.board.chips import CHIPS, FATAL_STRAPS

OUT, IN, BOTH, ADC = "output", "input", "in- and output", "analogue input"

# Path below the connector, or below the board; direction; what it is; does it move power?
_CONNECTOR = (
    ("pilot.pwm", OUT, "control pilot", True),
    ("pilot.adc", ADC, "measurement of the pilot", False),
    ("coil", OUT, "contactor coil", True),
    ("mirror", IN, "mirror contact", False),
    ("rcd", IN, "trip input of the RCD", False),
    ("rcd_test", OUT, "test of the RCD", True),
    ("emergency", IN, "emergency stop", False),
    ("earth", IN, "earth supervision", False),
    ("phase_switch", OUT, "phase contactor", True),
    ("cp_switch", OUT, "pilot switch", True),
    ("ntc.adc", ADC, "NTC", False),
    ("onewire", BOTH, "temperature sensor", False),
    ("proximity.adc", ADC, "proximity contact", False),
    ("lock.close", OUT, "lock motor", True),
    ("lock.open", OUT, "lock motor", True),
    ("lock.feedback", IN, "feedback of the lock", False),
    ("meter.pulses", IN, "pulses of the meter", False),
    ("meter.tx", OUT, "UART of the meter", False),
    ("meter.rx", IN, "UART of the meter", False),
)
_BOARD = (
    ("rs485.tx", OUT, "RS-485 line", False),
    ("rs485.rx", IN, "RS-485 line", False),
    ("rs485.direction", OUT, "direction of the RS-485 line", False),
    ("reader.sck", OUT, "reader", False),
    ("reader.mosi", OUT, "reader", False),
    ("reader.miso", IN, "reader", False),
    ("reader.select", OUT, "reader", False),
    ("reader.reset", OUT, "reset of the reader", False),
    ("reader.scl", BOTH, "reader", False),
    ("reader.sda", BOTH, "reader", False),
    ("reader.tx", OUT, "reader", False),
    ("reader.rx", IN, "reader", False),
    ("reader.zero", IN, "reader", False),
    ("reader.one", IN, "reader", False),
    ("network.lan.mdc", OUT, "Ethernet", False),
    ("network.lan.mdio", BOTH, "Ethernet", False),
    ("network.lan.ref_clk", BOTH, "clock of the Ethernet", False),
    ("network.lan.power", OUT, "power of the Ethernet", False),
    ("network.lan.sck", OUT, "Ethernet", False),
    ("network.lan.mosi", OUT, "Ethernet", False),
    ("network.lan.miso", IN, "Ethernet", False),
    ("network.lan.cs", OUT, "Ethernet", False),
    ("network.lan.int", IN, "Ethernet", False),
    ("network.modem.tx", OUT, "modem", False),
    ("network.modem.rx", IN, "modem", False),
    ("network.modem.power", OUT, "power of the modem", False),
)


class Use:
    """One signal at one pin."""

    def __init__(self, path, spec, row):
        self.path = path
        self.spec = spec if isinstance(spec, dict) else {"pin": spec}
        self.pin = self.spec["pin"]
        self.direction, self.role, self.moves_power = row
        self.drives = self.direction in (OUT, BOTH)


def uses(board):
    """Return the Uses of a description, in the order of their importance."""
    found = []
    for number, connector in enumerate(board["connectors"]):
        found += _uses(connector, ("connectors", number), _CONNECTOR)
    found += _uses(board, (), _BOARD)
    for group, direction, role in (("leds", OUT, "light"), ("buttons", IN, "button")):
        for name, spec in board.get(group, {}).items():
            row = (direction, "%s %s" % (role, name), False)
            found.append(Use((group, name), spec, row))
    return found


def _uses(group, base, table):
    for dotted, *row in table:
        value = group
        for word in dotted.split("."):
            value = value.get(word) if isinstance(value, dict) else None
        if value is not None:
            yield Use((*base, *dotted.split(".")), value, row)


def duplicate_pin(board):
    """Two signals at one pin."""
    seen = {}
    for use in uses(board):
        if use.pin in seen:
            yield use.path, "GPIO%d is the %s and the %s" % (
                use.pin, seen[use.pin], use.role), "give one of them a pin of its own"
        seen.setdefault(use.pin, use.role)


def no_such_pin(board):
    """A pin that the chip does not have."""
    chip = CHIPS[board["chip"]]
    for use in uses(board):
        if use.pin not in chip.pins:
            yield use.path, "the %s has no GPIO%d" % (board["chip"], use.pin), (
                "choose one of those it has")


def flash_pin(board):
    """The flash, or the PSRAM, hangs there: the chip would not run."""
    chip = CHIPS[board["chip"]]
    taken = chip.psram.get(board.get("psram", "none"), ())
    for use in uses(board):
        if use.pin in chip.flash:
            yield use.path, "GPIO%d belongs to the flash" % use.pin, (
                "the chip does not start with anything else on it: move the %s" % use.role)
        elif use.pin in taken:
            yield use.path, "GPIO%d belongs to the PSRAM" % use.pin, (
                'move the %s, or take a module without PSRAM and say "psram": "none"' % use.role)


def input_only(board):
    """An output where there is no driver, or a pull where there is none."""
    chip = CHIPS[board["chip"]]
    for use in uses(board):
        if use.pin not in chip.input_only:
            continue
        if use.drives:
            yield use.path, "GPIO%d can only read, the %s is an %s" % (
                use.pin, use.role, use.direction), "move it to a pin that can drive"
        if use.spec.get("pull"):
            yield use.path, "GPIO%d has no pull resistor inside" % use.pin, (
                "solder one (10 kOhm), and leave `pull` out")


def strapping_pin(board):
    """The level at reset decides how the chip starts, and the chip decides the level."""
    chip = CHIPS[board["chip"]]
    for use in uses(board):
        if use.pin not in chip.straps:
            continue
        decides = "GPIO%d decides at reset %s" % (use.pin, chip.straps[use.pin])
        if use.moves_power:
            yield use.path, "%s, and moves while it starts" % decides, (
                "the %s needs a quiet pin" % use.role)
        elif use.pin in FATAL_STRAPS[board["chip"]] and use.path[0] != "buttons":
            yield use.path, decides, "move the %s: with it the chip may not start" % use.role
        else:
            yield use.path, decides, "see that the %s leaves it alone then" % use.role, True


def boot_glitch(board):
    """Pins that toggle while the chip starts must not close a contactor."""
    chip = CHIPS[board["chip"]]
    for use in uses(board):
        if use.moves_power and use.pin in chip.glitches:
            yield use.path, "GPIO%d toggles while the chip starts" % use.pin, (
                "move the %s: the contactor would chatter at each start" % use.role)


def coil_level(board):
    """What the pin does while nobody drives it."""
    for number, connector in enumerate(board["connectors"]):
        coil = connector["coil"]
        if isinstance(coil, dict) and coil.get("low"):
            yield ("connectors", number, "coil"), "the coil is on while its pin is low", (
                "a pull-up must hold it off while the chip starts; a driver that needs a high "
                "pin, with a pull-down, is safer"), True


def adc_pin(board):
    """Only ADC1 works beside Wi-Fi."""
    chip = CHIPS[board["chip"]]
    for use in uses(board):
        if use.direction != ADC or use.pin in chip.adc1:
            continue
        if use.pin not in chip.adc2:
            yield use.path, "GPIO%d has no ADC" % use.pin, (
                "move the %s to one of ADC1: %s" % (use.role, _list(chip.adc1)))
        elif board.get("wifi", True):
            yield use.path, "GPIO%d is on ADC2, which Wi-Fi uses" % use.pin, (
                'move the %s to ADC1 (%s), or say "wifi": false' % (use.role, _list(chip.adc1)))


def console_pin(board):
    """The way in must not be blocked."""
    chip = CHIPS[board["chip"]]
    console = board.get("console", "uart")
    for use in uses(board):
        if use.pin in chip.console and console == "uart":
            yield use.path, "GPIO%d is the serial console" % use.pin, (
                "move the %s: its boot messages go there, and nobody could flash it" % use.role)
        elif use.pin in chip.usb and console == "usb":
            yield use.path, "GPIO%d is USB, the console of this board" % use.pin, (
                'move the %s, or bring UART0 out and say "console": "uart"' % use.role)
        elif use.pin in chip.usb:
            yield use.path, "GPIO%d is USB in builds with USB" % use.pin, (
                "take a build of MicroPython without it"), True


def button_level(board):
    """A pin that is pulled high at the reset is low while its button is pressed."""
    for use in uses(board):
        if use.path[0] == "buttons" and use.pin == 0 and not use.spec.get("low"):
            yield use.path, "GPIO0 is high while nobody presses the %s" % use.role, (
                'say {"pin": 0, "low": true}')


def rmii_clash(board):
    """The pins of the Ethernet controller are fixed in the chip."""
    chip = CHIPS[board["chip"]]
    lan = board.get("network", {}).get("lan", {})
    if "mdc" not in lan:
        return
    if not chip.rmii:
        yield ("network", "lan"), "the %s has no Ethernet controller" % board["chip"], (
            "take a W5500 on SPI")
        return
    for use in uses(board):
        if use.pin in chip.rmii:
            yield use.path, "GPIO%d carries data of the Ethernet controller" % use.pin, (
                "move the %s: RMII takes %s" % (use.role, _list(chip.rmii)))
    allowed = chip.clock_out if lan.get("gives_clock") else chip.clock_in
    if lan["ref_clk"] not in allowed:
        yield ("network", "lan", "ref_clk"), "the clock cannot be at GPIO%d" % lan["ref_clk"], (
            "GPIO0 takes it in; GPIO0, 16 or 17 give it out (`gives_clock`)")


def _list(pins):
    return ", ".join(str(pin) for pin in sorted(pins))


RULES = (duplicate_pin, no_such_pin, flash_pin, input_only, strapping_pin, boot_glitch, coil_level,
         adc_pin, console_pin, button_level, rmii_clash)
