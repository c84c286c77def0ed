"""The composite schedule: what the station would allow over a time to come (OCPP 1.6 5.7).

Per connector: the smallest of its own profiles, the ChargePointMaxProfile and the hardware. For
the station (connector 0): the sum of the connectors' own limits, at most the
ChargePointMaxProfile. How two connectors will share the maximum is not foreseen.
"""

from micropython import const

from firmware.evse.schedule import hardware, smaller
from ocpp16.charging_profile import FOREVER

# More would not fit into a frame beside a busy heap: the schedule then ends earlier and says so.
_PERIODS_MAX = const(100)
_STEPS_MAX = const(2000)


class Composite:
    """periods: list of (start, tenths of the unit, numberPhases or 0); `unit`; `duration_s`, which
    is shorter than asked for if there would be too many periods."""

    def __init__(self, supply, unit):
        """unit: AMPERES or WATTS, None for that of the first limit."""
        self.unit = unit
        self.periods = []
        self.duration_s = 0
        self._supply = supply

    def fill(self, views, hardware_ma, begin, duration_s):
        """Compute it from second `begin` on. views: of the connectors concerned, with their
        `hardware_ma`; several are summed up."""
        end = begin + duration_s
        now = begin
        steps = 0
        while True:
            for view in views:
                view.until = FOREVER
            row = self._row(views, hardware_ma, now)
            if not self.periods or row != self.periods[-1][1:]:
                self.periods.append((now - begin,) + row)
            steps += 1
            now = min([view.until for view in views])
            if now >= end:
                break
            if len(self.periods) >= _PERIODS_MAX or steps >= _STEPS_MAX:
                end = now
                break
        self.duration_s = end - begin

    def _row(self, views, hardware_ma, now):
        maximum = views[0].maximum(now)
        if len(views) > 1:
            return self._sum(views, hardware_ma, maximum, now)
        limit = smaller(smaller(views[0].own(now), maximum), hardware(hardware_ma[0]))
        if self.unit is None:
            self.unit = limit.unit
        return self._supply.tenths(limit, self.unit), limit.phases

    def _sum(self, views, hardware_ma, maximum, now):
        limits = []
        for index, view in enumerate(views):
            limits.append(smaller(view.own(now), hardware(hardware_ma[index])))
        if self.unit is None:
            self.unit = (maximum or limits[0]).unit
        total = 0
        for limit in limits:
            total += self._supply.tenths(limit, self.unit)
        if maximum is not None:
            total = min(total, self._supply.tenths(maximum, self.unit))
        return total, 0
