"""What the pins of each chip can do, and what they must not be used for.

Sources: Espressif's data sheets and technical reference manuals of the ESP32, ESP32-S2 and
ESP32-S3 (pin lists, strapping pins, ADC characteristics). The spans of the ADC are those in which
its calibration holds.
"""

from dataclasses import dataclass



@dataclass(frozen=True)
class Chip:
    """One chip. straps: {pin: what its level at reset decides}; spans_mv: {attenuation in dB:
    (low, high)}; console, usb: pins of the serial console and of USB; psram: {kind: pins that it
    takes}; glitches: pins that move by themselves at start; uarts: how many there are; rmii:
    data of the Ethernet controller; clock_in, clock_out: where its clock may be."""

    pins: tuple
    input_only: tuple
    flash: tuple
    straps: dict
    adc1: tuple
    adc2: tuple
    spans_mv: dict
    console: tuple
    psram: dict
    uarts: int
    usb: tuple = ()
    glitches: tuple = ()
    rmii: tuple = ()
    clock_in: tuple = ()
    clock_out: tuple = ()


_BOOT = "whether it starts from flash"

CHIPS = {
    "esp32": Chip(
        pins=(*range(20), 21, 22, 23, *range(25, 28), *range(32, 40)),
        input_only=tuple(range(34, 40)),
        flash=tuple(range(6, 12)),
        straps={0: _BOOT, 2: "whether it can be flashed", 5: "the timing of SDIO",
                12: "the voltage of the flash", 15: "whether the boot log is printed"},
        adc1=tuple(range(32, 40)),
        adc2=(0, 2, 4, *range(12, 16), *range(25, 28)),
        spans_mv={0: (100, 950), 2: (100, 1250), 6: (150, 1750), 11: (150, 2450)},
        console=(1, 3), psram={"quad": (16, 17), "octal": (16, 17)}, glitches=(14,), uarts=3,
        rmii=(19, 21, 22, 25, 26, 27), clock_in=(0,), clock_out=(0, 16, 17)),
    "esp32s2": Chip(
        pins=(*range(22), *range(26, 47)),
        input_only=(46,),
        flash=tuple(range(27, 33)),
        straps={0: _BOOT, 45: "the voltage of the flash", 46: "the boot log"},
        adc1=tuple(range(1, 11)),
        adc2=tuple(range(11, 21)),
        spans_mv={0: (0, 750), 2: (0, 1050), 6: (0, 1300), 11: (0, 2500)},
        console=(43, 44), usb=(19, 20), psram={"quad": (26,), "octal": (26,)}, uarts=2),
    "esp32s3": Chip(
        pins=(*range(22), *range(26, 49)),
        input_only=(),
        flash=tuple(range(27, 33)),
        straps={0: _BOOT, 3: "where JTAG is", 45: "the voltage of the flash",
                46: "the boot log"},
        adc1=tuple(range(1, 11)),
        adc2=tuple(range(11, 21)),
        spans_mv={0: (0, 950), 2: (0, 1250), 6: (0, 1750), 11: (0, 3100)},
        console=(43, 44), usb=(19, 20), psram={"quad": (26,), "octal": (26, *range(33, 38))},
        glitches=(18,), uarts=3),
}
# The wrong level at reset on one of these, and the chip does not start at all.
FATAL_STRAPS = {"esp32": (0, 12), "esp32s2": (0, 45), "esp32s3": (0, 45)}
