"""How long a call into a driver keeps everything else waiting, in microseconds of virtual time.

Time stands still except where a chip would make the driver wait: each bus here lets pass what
its transfer takes at the speed of the bus, and `Watch` is a `time` whose sleeps pass too. So a
driver that polls a chip in a loop, sleeps or waits for its bytes to leave is seen, and one that
only hands bytes over is not. What is assumed of the ESP32 port of MicroPython, and was not
measured on a chip:

- SPI and I2C return after the transfer. I2C looks first whether somebody answers (an address at
  100 kHz), and a clock that is held low ends the transfer after the bus's time-out.
- UART.write returns when its bytes lie in the transmit buffer of 256 bytes, which is the port's
  default; `flush` waits until they have left. A read waits for nothing with `timeout=0`.
- onewire sleeps through its slots: 960 us for a reset, 70 us for each bit written, 50 us read.
- A conversion of the ADC takes 60 us, what boards/_esp32/README.md asks for.
- Any call of such an object costs 20 us beside. A driver's own computing costs nothing here:
  tests/host/test_driver_effort.py adds it.
"""

LIMIT_US = 10_000
CALL_US = 20
I2C_TIMEOUT_US = 2000
_ADC_US = 60
_PROBE_US = 200
_TX_BUFFER = 256
_RESET_US, _WRITE_US, _READ_US = 960, 8 * 70, 8 * 50
_START_MS = 0x3FFFFFFF - 3000
_MASK = 0x3FFFFFFF
_TIMED_OUT = 116


class Watch:
    """Virtual time, and the longest call so far: `longest_us`, and `longest`, its name.

    Stands in for the module `time`. The milliseconds start shortly before their wrap.
    """

    def __init__(self):
        self.us = 0
        self.calls = 0
        self.longest_us = 0
        self.longest = "none"

    def pass_us(self, amount):
        """Let time pass."""
        self.us += amount

    sleep_us = pass_us

    def sleep_ms(self, amount):
        """Let milliseconds pass."""
        self.us += 1000 * amount

    def sleep(self, amount):
        """Let seconds pass."""
        self.us += int(1_000_000 * amount)

    def ticks_ms(self):
        """Return the board's millisecond counter."""
        return (_START_MS + self.us // 1000) & _MASK

    def ticks_us(self):
        """Return the microsecond counter."""
        return self.us & _MASK

    def ticks_diff(self, later, earlier):
        """Return later - earlier, over the wrap."""
        return (later - earlier + (_MASK + 1) // 2 & _MASK) - (_MASK + 1) // 2

    def call(self, name, function, *arguments, **named):
        """Call a driver; what it blocked is kept if it was the longest. Returns its answer."""
        before_us = self.us
        answer = function(*arguments, **named)
        blocked_us = self.us - before_us
        self.calls += 1
        if blocked_us > self.longest_us:
            self.longest_us = blocked_us
            self.longest = name
        return answer

    def measure(self, driver):
        """Return `driver` with each call of each of its methods measured."""
        return _Measured(self, driver)


class _Measured:
    """A driver under the watch."""

    def __init__(self, watch, driver):
        self._watch = watch
        self._driver = driver

    def __getattr__(self, name):
        found = getattr(self._driver, name)
        if not callable(found):
            return found

        def measured(*arguments, **named):
            return self._watch.call(name, found, *arguments, **named)

        return measured


class Part:
    """Anything of `machine`: each call of each method takes CALL_US, or `call_us`."""

    def __init__(self, watch, part, call_us=CALL_US):
        self._watch = watch
        self._part = part
        self._call_us = call_us

    def __call__(self, *arguments):
        self._watch.pass_us(self._call_us)
        return self._part(*arguments)

    def __getattr__(self, name):
        found = getattr(self._part, name)

        def timed(*arguments):
            self._watch.pass_us(self._call_us)
            return found(*arguments)

        return timed


class Adc(Part):
    """A pin of the converter."""

    def __init__(self, watch, part):
        super().__init__(watch, part, _ADC_US)


class Spi(Part):
    """A bus of `hertz`, as machine.SPI; most boards of ours run it at 2 MHz."""

    def __init__(self, watch, part, hertz=2_000_000):
        super().__init__(watch, part)
        self._hertz = hertz

    def write(self, out):
        self._transfer(out)
        self._part.write(out)

    def write_readinto(self, out, into):
        self._transfer(out)
        self._part.write_readinto(out, into)

    def readinto(self, into, write=0):
        self._transfer(into)
        self._part.readinto(into, write)

    def _transfer(self, data):
        self._watch.pass_us(CALL_US + len(data) * 8_000_000 // self._hertz)


class I2c(Part):
    """A bus, as machine.I2C. `stretch_us`: how long the chip holds the clock in each transfer."""

    def __init__(self, watch, part, hertz=100_000, timeout_us=I2C_TIMEOUT_US):
        super().__init__(watch, part)
        self.stretch_us = 0
        self._hertz = hertz
        self._timeout_us = timeout_us

    def writeto(self, address, data):
        self._transfer(data)
        return self._part.writeto(address, data)

    def readfrom_into(self, address, into):
        self._transfer(into)
        self._part.readfrom_into(address, into)

    def _transfer(self, data):
        self._watch.pass_us(CALL_US + _PROBE_US + min(self.stretch_us, self._timeout_us))
        if self.stretch_us > self._timeout_us:
            raise OSError(_TIMED_OUT)
        self._watch.pass_us((len(data) + 1) * 9_000_000 // self._hertz)


class Uart(Part):
    """A port of `baud`, as machine.UART; `bits` of a character with start, parity and stop."""

    def __init__(self, watch, part, baud, bits=10, timeout_ms=0):
        super().__init__(watch, part)
        self._bits = bits
        self._byte_us = bits * 1_000_000 // baud
        self._timeout_ms = timeout_ms
        self._sent_us = 0

    def init(self, baud, bits, parity, stop):
        """Another speed; the ESP32's port waits until all is sent."""
        self._wait_until(self._sent_us)
        self._byte_us = self._bits * 1_000_000 // baud
        if hasattr(self._part, "init"):
            self._part.init(baud, bits, parity, stop)

    def write(self, data):
        self._watch.pass_us(CALL_US)
        self._sent_us = max(self._sent_us, self._watch.us) + len(data) * self._byte_us
        self._wait_until(self._sent_us - _TX_BUFFER * self._byte_us)
        return self._part.write(data)

    def flush(self):
        self._wait_until(self._sent_us)

    def txdone(self):
        self._watch.pass_us(CALL_US)
        return self._watch.us >= self._sent_us and self._part.txdone()

    def readinto(self, into, count=None):
        self._watch.pass_us(CALL_US)
        wanted = len(into) if count is None else count
        if self._part.any() < wanted:
            self._watch.sleep_ms(self._timeout_ms)
        return self._part.readinto(into) if count is None else self._part.readinto(into, count)

    def read(self, count=None):
        self._watch.pass_us(CALL_US)
        self._watch.sleep_ms(self._timeout_ms)
        return self._part.read(count)

    def _wait_until(self, moment_us):
        self._watch.pass_us(max(0, moment_us - self._watch.us))


class OneWire(Part):
    """A line, as onewire.OneWire."""

    def reset(self, required=False):
        self._watch.pass_us(CALL_US + _RESET_US)
        return self._part.reset(required)

    def writebyte(self, value):
        self._watch.pass_us(CALL_US + _WRITE_US)
        self._part.writebyte(value)

    def write(self, data):
        for value in data:
            self.writebyte(value)

    def readbyte(self):
        self._watch.pass_us(CALL_US + _READ_US)
        return self._part.readbyte()

    def readinto(self, view):
        self._watch.pass_us(len(view) * (CALL_US + _READ_US))
        self._part.readinto(view)


class Rig:
    """A chip, its driver under `watch`, and the time between the ticks.

    A subclass sets `chip` and calls `put`. `events` are what the ticks answered.
    """

    def __init__(self, step_ms=10):
        self.watch = Watch()
        self.step_ms = step_ms
        self.events = []

    def put(self, driver):
        """`driver` is tested: `measured` is the same under the watch."""
        self.driver = driver
        self.measured = self.watch.measure(driver)

    def step(self):
        """Once in `step_ms`: let chip and driver go on."""
        if hasattr(self.chip, "step"):
            self.chip.step()
        return self.measured.tick(self.watch.ticks_ms())

    def run(self, duration_ms):
        """Let the world go on."""
        for _ in range(duration_ms // self.step_ms):
            event = self.step()
            if event:
                self.events.append(event)
            self.watch.sleep_ms(self.step_ms)

    def stall(self, duration_ms):
        """Let the world go on without the driver, as while something else blocks."""
        for _ in range(duration_ms // self.step_ms):
            if hasattr(self.chip, "step"):
                self.chip.step()
            self.watch.sleep_ms(self.step_ms)

    def silence(self, duration_ms):
        """Let the chip say nothing for so long, as one that was pulled."""
        self.chip.silent = True
        self.run(duration_ms)
        self.chip.silent = False

    def live(self, troubles):
        """Live through each of `troubles`, (name, function(rig)); returns what broke the limit."""
        broken = []
        for name, happen in troubles:
            self.watch.longest_us = 0
            before = self.watch.calls
            happen(self)
            if self.watch.longest_us > LIMIT_US:
                broken.append("%s: %s %d us" % (name, self.watch.longest, self.watch.longest_us))
            if self.watch.calls == before:
                broken.append("%s: nothing was called" % name)
        return broken

    def misses(self, owner, name, troubles):
        """Plant a wait of 11 ms into the method `name` of `owner`; True if that breaks no limit,
        as a method that is never called would not."""
        inner = getattr(owner, name)

        def slow(*arguments):
            self.watch.sleep_ms(11)
            return inner(*arguments)

        setattr(owner, name, slow)
        return not self.live(troubles)


def at_moments(moments_ms, trouble, calm_ms, before=None):
    """Return what happens, function(rig), when `trouble(rig)` comes so long after `before(rig)`,
    at one moment after the other, with `calm_ms` in between."""

    def happen(rig):
        for moment_ms in moments_ms:
            if before:
                before(rig)
            rig.run(moment_ms)
            trouble(rig)
            rig.run(calm_ms)

    return happen
