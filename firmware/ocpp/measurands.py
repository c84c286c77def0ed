"""From the readings of an energy meter to `sampledValue` elements of OCPP 1.6 (7.43).

Integers with units come in, decimal texts with OCPP's units go out; no float is involved.
"""

from csl import split
from firmware.ocpp.config_keys import ENERGY, INTERVAL, measurand

_NOMINAL_MV = 230_000
_PHASES = ("L1", "L2", "L3")
_TO_NEUTRAL = ("L1-N", "L2-N", "L3-N")


def sampled_values(connector, names, context, interval_wh=None):
    """Return the sampledValue list for one connector.

    names: comma separated, as in MeterValuesSampledData; empty means the energy register, which
    is what the certification tool expects (TC_070_CS). context: a ReadingContext of OCPP 1.6.
    interval_wh: what flowed since the last sample of this kind; None leaves the measurand out.
    """
    values = []
    for item in split(names) or (ENERGY,):
        name, phase = measurand(item)
        if name == INTERVAL:
            _append(values, context, name, _whole(interval_wh), "Wh")
            continue
        if phase is None and name not in _BY_PHASE:
            read, unit = _TOTAL[name]
            _append(values, context, name, read(connector), unit)
            continue
        read_phase, unit, labels = _BY_PHASE.get(name) or _POWER_BY_PHASE
        for index in range(connector.phases) if phase is None else (phase,):
            text = read_phase(connector, index)
            _append(values, context, name, text, unit, labels[index])
    return values


def decimal(value, scale, digits):
    """Return `value`, counted in 10**-scale, as a text with `digits` (< scale) decimals.

    decimal(16049, 3, 1) is "16.0". Halves are rounded away from zero. None stays None: the meter
    has no such value.
    """
    if value is None:
        return None
    step = 10 ** (scale - digits)
    rounded = (abs(value) + step // 2) // step
    fraction = str(rounded % 10**digits)
    sign = "-" if value < 0 and rounded else ""
    return sign + str(rounded // 10**digits) + "." + "0" * (digits - len(fraction)) + fraction


def _append(values, context, name, text, unit, phase=None):
    if text is None:
        # The meter has no such value: nothing is said, and certainly no "None" and no 0.
        return
    # Every field is written out, defaults too: central systems have been seen to guess wrong.
    value = {"value": text, "context": context, "measurand": name}
    if unit is not None:
        value["unit"] = unit
    if phase is not None:
        value["phase"] = phase
    values.append(value)


def _whole(value):
    return None if value is None else str(value)


def _energy(connector):
    # The connector's own register: the meter's may fall when it is swapped.
    return str(connector.energy.register_wh)


def _power(connector):
    return _whole(connector.meter.power_w)


def _power_of_phase(connector, index):
    return _whole(connector.meter.power_phase_w[index])


def _current(connector, index):
    return decimal(connector.meter.current_ma[index], 3, 1)


def _voltage(connector, index):
    return decimal(connector.meter.voltage_mv[index], 3, 1)


def _power_factor(connector, index):
    return decimal(connector.meter.power_factor_permille[index], 3, 2)


def _current_offered(connector):
    return decimal(connector.limit_ma, 3, 1)


def _power_offered(connector):
    total = 0
    for index in range(connector.phases):
        voltage_mv = connector.meter.voltage_mv[index] or _NOMINAL_MV
        # In steps of 10 mA and 0.1 V, to stay a small integer.
        total += (connector.limit_ma // 10) * (voltage_mv // 100)
    return str(total // 1000)


def _frequency(connector):
    return decimal(connector.meter.frequency_mhz, 3, 2)


# Frequency and Power.Factor have no unit in OCPP 1.6 7.45; Hz is understood.
_TOTAL = {
    ENERGY: (_energy, "Wh"),
    "Power.Active.Import": (_power, "W"),
    "Current.Offered": (_current_offered, "A"),
    "Power.Offered": (_power_offered, "W"),
    "Frequency": (_frequency, None),
}
_BY_PHASE = {
    "Current.Import": (_current, "A", _PHASES),
    "Voltage": (_voltage, "V", _TO_NEUTRAL),
    "Power.Factor": (_power_factor, None, _PHASES),
}
_POWER_BY_PHASE = (_power_of_phase, "W", _PHASES)
