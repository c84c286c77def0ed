"""How connectors share what the ChargePointMaxProfile leaves (OCPP 1.6 3.13.1: it is the total).

Equal parts for those with a transaction; what one may not take, the others get. A part that is
below 6 A, or below the minChargingRate of the connector's profile, is of no use: then the
transaction that began last waits at 0, and the others share again. One connector alone follows its
limits as they are: minChargingRate is advice, not a limit.
"""

from firmware.evse.limiter import CURRENT_MA_MIN, PROFILE


def share(connectors, limits, maximum):
    """Set the limit PROFILE of every connector.

    limits: the Limit by its own profiles, or None; maximum: the Limit for all, or None.
    """
    for index, connector in enumerate(connectors):
        own_ma = None if limits[index] is None else limits[index].ma
        if maximum is not None and (own_ma is None or maximum.ma < own_ma):
            own_ma = maximum.ma
        connector.limiter.set(PROFILE, own_ma)
    if maximum is None:
        return
    active = []
    for index, connector in enumerate(connectors):
        ask_ma = connector.limiter.minimum_ma()
        if connector.transaction is not None and ask_ma:
            floor_ma = limits[index].floor_ma if limits[index] else 0
            floor_ma = min(max(CURRENT_MA_MIN, floor_ma), ask_ma)
            active.append((connector.transaction.number, connector, ask_ma, floor_ma))
    if len(active) > 1:
        active.sort(key=_first)
        _divide(active, maximum.ma)


def _first(row):
    return row[0]


def _divide(active, maximum_ma):
    while True:
        parts_ma = _parts(active, maximum_ma)
        enough = [part for part, row in zip(parts_ma, active) if part >= row[3]]
        if len(enough) == len(active) or len(active) == 1:
            break
        active.pop()[1].limiter.set(PROFILE, 0)
    for part_ma, row in zip(parts_ma, active):
        row[1].limiter.set(PROFILE, part_ma)


def _parts(active, left_ma):
    """Return the part of each: equal ones, but nobody gets more than they ask for."""
    parts_ma = [0] * len(active)
    order = sorted(range(len(active)), key=lambda index: active[index][2])
    for place, index in enumerate(order):
        parts_ma[index] = min(active[index][2], left_ma // (len(active) - place))
        left_ma -= parts_ma[index]
    return parts_ma
