"""The control pilot as physics: generator, EV circuit, analogue front end, noise.

The firmware's driver runs against it as it runs against the ADC and the PWM unit of a board.
Circuit and tolerances: IEC 61851-1:2017 Annex A.2, Table A.2 and A.3. Integers only, one seed:
the same samples on every interpreter.
"""

# Resistance of the EV between CP (behind its diode) and PE.
OHM_B = 2740
OHM_C = 882  # 2740 || 1300
OHM_D = 246  # 2740 || 270
OHM_SHORT_TEST = 80  # the conformance test's CP-PE short

_SOURCE_MV = 12000
_SOURCE_US = 1000  # conductance of the 1 kOhm in microsiemens
_DIODE_MV = 700
_PERIOD = 65536  # 1 ms
_EDGE = 1311  # 20 us: the line settles through 1 kOhm into up to 5.5 nF
_ADC_TOP_MV = 3300  # 12 bits
_X1 = 65535


class PilotCircuit:
    """One pilot line with what hangs on it.

    Set by the test or the EV model: ev_ohm (None = unplugged), has_diode, short_ohm (None, or the
    CP-PE resistance of a fault), is_connected (the CP relay of the EVSE), source_mv and sink_mv
    (rails).
    Driven by the firmware: duty. noise_mv is the amplitude at the ADC pin.
    """

    def __init__(self, seed=1, noise_mv=8, offset_mv=1334, gain_permyriad=1022):
        """The default front end gives 1334 mV + 102.2 mV per volt of the line."""
        self.ev_ohm = None
        self.has_diode = True
        self.short_ohm = None
        self.is_connected = True
        self.source_mv = _SOURCE_MV
        self.sink_mv = -_SOURCE_MV
        self.noise_mv = noise_mv
        self.duty = _X1
        self.reads = 0
        self._offset_mv = offset_mv
        self._gain = gain_permyriad
        self._random = seed % 65521 or 1
        self._phase = 0

    def high_mv(self):
        """Level of the line while the generator gives +12 V."""
        return self._level_mv(self.source_mv)

    def low_mv(self):
        """Level of the line while the generator gives -12 V."""
        return self._level_mv(self.sink_mv)

    def line_mv(self, phase):
        """Level of the line at `phase` (0..65535 of the period, the high half comes first)."""
        if self.duty >= _X1:
            return self.high_mv()
        if self.duty <= 0:
            return self.low_mv()
        if phase < self.duty:
            since, before, after = phase, -1, 1
        else:
            since, before, after = phase - self.duty, 1, -1
        after_mv = self.high_mv() if after > 0 else self.low_mv()
        if since >= _EDGE:
            return after_mv
        # Nearly exponential: half of the time is enough for 94 % of the way.
        left = (_EDGE - since) * 1024 // _EDGE
        left = left * left // 1024
        before_mv = self.high_mv() if before > 0 else self.low_mv()
        return after_mv + (before_mv - after_mv) * left // 1024 * left // 1024

    def adc_u16(self, line_mv, noise_mv=0):
        """What `ADC.read_u16()` gives for a level of the line: 12 bits, spread over 16."""
        pin_mv = self._offset_mv + line_mv * self._gain // 10000 + noise_mv
        raw = pin_mv * 4095 // _ADC_TOP_MV
        raw = min(max(raw, 0), 4095)
        return raw << 4 | raw >> 8

    def adc_read_u16(self):
        """One conversion, 40 us and a bit after the last: its phase is not synchronised."""
        self.reads += 1
        # 40 us apart, with a jitter of 0..31 us as interpreted code has.
        self._phase = (self._phase + 2621 + (self._next() & 2047)) & 0xFFFF
        noise_mv = 0
        if self.noise_mv:
            noise_mv = self._next() % (2 * self.noise_mv + 1) - self.noise_mv
        return self.adc_u16(self.line_mv(self._phase), noise_mv)

    def wait_ms(self, time_ms):
        """Let the generator run on; where in the period the next read falls is anyone's guess."""
        self._phase = (self._phase + time_ms * 7919 + self._next()) & 0xFFFF

    def calibration(self):
        """The two points a board's calibration would find: (u16 at +12 V, u16 at -12 V)."""
        return (self.adc_u16(_SOURCE_MV), self.adc_u16(-_SOURCE_MV))

    def _level_mv(self, source_mv):
        """Node voltage of generator, short and EV branch; a diode blocks unless it conducts."""
        if not self.is_connected:
            return source_mv
        short_us = 0
        if self.short_ohm is not None:
            if self.short_ohm == 0:
                return 0
            short_us = 1000000 // self.short_ohm
        without_mv = source_mv * _SOURCE_US // (_SOURCE_US + short_us)
        if self.ev_ohm is None:
            return without_mv
        ev_us = 1000000 // self.ev_ohm
        drop_mv = _DIODE_MV if self.has_diode else 0
        if self.has_diode and without_mv <= drop_mv:
            return without_mv
        return (source_mv * _SOURCE_US + drop_mv * ev_us) // (_SOURCE_US + short_us + ev_us)

    def _next(self):
        """The next pseudo-random number, 0..65520; small on every interpreter."""
        self._random = self._random * 16363 % 65521
        return self._random


class SimAdc:
    """The ADC pin of a circuit, in the shape of `machine.ADC`."""

    def __init__(self, circuit):
        self._circuit = circuit

    def read_u16(self):
        """One conversion."""
        return self._circuit.adc_read_u16()


class SimPwm:
    """The PWM pin of a circuit, in the shape of `machine.PWM`; `bits` as the timer has."""

    def __init__(self, circuit, bits=16):
        self._circuit = circuit
        self._shift = 16 - bits

    def duty_u16(self, duty=None):
        """Set, or tell, the duty; 65535 is steady high as on the ESP32."""
        if duty is None:
            return self._circuit.duty
        if duty < _X1:
            duty = duty >> self._shift << self._shift
        self._circuit.duty = duty
        return None
