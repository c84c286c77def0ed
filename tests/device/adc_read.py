"""How long an ADC read and a burst take. The guard has 10 ms for all of its step.

Holds: a burst at 6 A within 8 ms, and the levels of a line with nobody plugged in.
"""

import probe
import time

_READS = 1000
_6_A = 6553

box = probe.board()
port = box.connectors[0]
read = probe.pilot_read_uv()
levels = [0, 0]


def burst(duty):
    """Time a burst at a duty, after the generator has settled."""
    port.set_duty(duty)
    time.sleep_ms(20)
    return max(probe.timed_us(lambda: port.read_pilot(levels)) for _ in range(20)), list(levels)


def reads():
    for _ in range(_READS):
        read()


read_us = probe.timed_us(reads) / _READS
steady_us, steady_mv = burst(65535)
short_us, short_mv = burst(_6_A)
port.set_duty(65535)
probe.report(
    "adc_read", read_us=round(read_us, 1), burst_steady_us=steady_us, burst_6a_us=short_us,
    steady_mv=steady_mv, pwm_mv=short_mv, holds=short_us <= 8000,
)  # fmt: skip
