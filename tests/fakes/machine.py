"""Stands in for `machine` on an ESP32: notes every call in `calls`, in order, and lets a test give
levels, voltages and devices. What is noted: ("pin", number, level) for each drive of an output,
("pwm", number, duty), ("stop", number), ("wdt", ms), ("reset",), ("timer", id, ms) and so on.
"""

calls = []
levels = {}  # GPIO -> level; what is driven is noted here, inputs are read from here
watchers = {}  # GPIO -> called with each level that is driven
readers = {}  # GPIO -> called for the level of an input
voltages = {}  # GPIO -> called for the uV at an ADC pin
handlers = {}  # GPIO -> the last interrupt handler
timers = {}
periods = {}
devices = {}  # ("uart", "spi" or "i2c", id) -> what is behind it
makers = {}  # the same key -> makes what is behind it, given the speed and the options
state = {"cause": 1, "memory": b"", "rtc": None, "fed": 0}

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5


class Reset(BaseException):
    """The chip starts anew; nothing after it runs."""


def forget():
    """Begin anew, for the next test."""
    for thing in (calls, levels, watchers, readers, voltages, handlers, timers, periods, devices,
                  makers):  # fmt: skip
        thing.clear()
    state.update({"cause": PWRON_RESET, "memory": b"", "rtc": None, "fed": 0})


def _behind(kind, number, speed, options):
    if (kind, number) in makers:
        return makers[kind, number](speed, options)
    return devices.get((kind, number))


class Pin:
    """A GPIO."""

    IN, OUT, OPEN_DRAIN = 1, 3, 7
    PULL_DOWN, PULL_UP = 1, 2
    IRQ_RISING, IRQ_FALLING = 1, 2

    def __init__(self, number, mode=-1, pull=-1, value=None):
        self.id = number.id if isinstance(number, Pin) else number
        if mode == Pin.OUT:
            calls.append(("out", self.id))
        elif mode == Pin.IN:
            calls.append(("in", self.id, pull))
        if value is not None:
            self.value(value)

    def value(self, level=None):
        """Read, or drive and note."""
        if level is None:
            return readers[self.id]() if self.id in readers else levels.get(self.id, 0)
        level = 1 if level else 0
        levels[self.id] = level
        calls.append(("pin", self.id, level))
        if self.id in watchers:
            watchers[self.id](level)
        return None

    __call__ = value

    def irq(self, handler, trigger):
        """Note the handler."""
        handlers[self.id] = (handler, trigger)


class Signal:
    """A pin that may be turned round."""

    def __init__(self, pin, invert=False):
        self._pin = pin
        self._invert = invert

    def value(self, level=None):
        """As Pin.value."""
        if level is None:
            return self._pin.value() ^ self._invert
        return self._pin.value((1 if level else 0) ^ self._invert)

    __call__ = value


class PWM:
    """A generator; `devices["pwm", number]` takes what it drives, if it is there."""

    def __init__(self, pin, freq=0, duty_u16=0, invert=False):
        self._id = pin.id
        calls.append(("generator", pin.id, freq, invert))
        self.duty_u16(duty_u16)

    def duty_u16(self, duty):
        """Note, and hand on."""
        calls.append(("pwm", self._id, duty))
        if ("pwm", self._id) in devices:
            devices["pwm", self._id](duty)


class ADC:
    """A pin of the converter."""

    ATTN_0DB, ATTN_2_5DB, ATTN_6DB, ATTN_11DB = 0, 1, 2, 3

    def __init__(self, pin, atten=None):
        self._id = pin.id
        calls.append(("adc", pin.id, atten))

    def read_uv(self):
        """What the test gives; the middle of the span without."""
        return voltages[self._id]() if self._id in voltages else 1_650_000

    def read_u16(self):
        """The same as a fraction of 3.1 V."""
        return min(self.read_uv() // 100 * 65535 // 31_000, 65535)


class Timer:
    """Runs only when a test calls `fire`."""

    def __init__(self, number):
        assert 0 <= number < 4
        self._id = number

    def init(self, period, callback):
        """Note the timer."""
        calls.append(("timer", self._id, period))
        timers[self._id] = callback
        periods[self._id] = period


def fire(number=0):
    """Let a timer's moment come."""
    timers[number](None)


class WDT:
    """The watchdog."""

    def __init__(self, timeout):
        calls.append(("wdt", timeout))

    def feed(self):
        """Count."""
        state["fed"] += 1


class UART:
    """A port to `devices["uart", id]`; silent without."""

    IRQ_RXIDLE = 1

    def __init__(self, number, baud, **options):
        calls.append(("uart", number, baud, options))
        self._device = _behind("uart", number, baud, options)
        if hasattr(self._device, "init"):
            self._device.init(baud, 8, options.get("parity"), 1)

    def init(self, baud, bits, parity, stop):
        calls.append(("speed", baud, parity))
        if self._device:
            self._device.init(baud, bits, parity, stop)

    def any(self):
        return self._device.any() if self._device else 0

    def read(self):
        return self._device.read() if self._device else None

    def readinto(self, view):
        return self._device.readinto(view) if self._device else 0

    def write(self, data):
        return self._device.write(data) if self._device else len(data)

    def txdone(self):
        return self._device.txdone() if self._device else True


class SPI:
    """A bus to `devices["spi", id]`; an open one reads zeros."""

    def __init__(self, number, baud, **pins):
        calls.append(("spi", number, baud, {name: pins[name].id for name in pins}))
        self._device = _behind("spi", number, baud, pins)

    def write(self, data):
        return self._device.write(data) if self._device else None

    def write_readinto(self, data, view):
        if self._device:
            return self._device.write_readinto(data, view)
        for index in range(len(view)):
            view[index] = 0
        return None


class I2C:
    """A bus to `devices["i2c", id]`; nobody is on it without."""

    def __init__(self, number, scl, sda, timeout, freq=400_000):
        calls.append(("i2c", number, scl.id, sda.id, timeout))
        self._device = _behind("i2c", number, freq, {"timeout": timeout})

    def writeto(self, address, data):
        if not self._device:
            raise OSError(19)
        return self._device.writeto(address, data)

    def readfrom_into(self, address, view):
        if not self._device:
            raise OSError(19)
        self._device.readfrom_into(address, view)


class RTC:
    """The clock of the chip."""

    def memory(self, data=None):
        if data is None:
            return state["memory"]
        state["memory"] = data
        return None

    def datetime(self, moment):
        calls.append(("rtc", moment))
        state["rtc"] = moment


def reset():
    """Note it, and end."""
    calls.append(("reset",))
    raise Reset()


def reset_cause():
    return state["cause"]


def freq(hertz):
    calls.append(("freq", hertz))


def unique_id():
    return b"\x24\x0a\xc4\x01\x02\x03"
