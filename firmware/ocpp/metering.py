"""Meter values of running transactions: when to sample, and what goes to the ledger.

Sampled values come every MeterValueSampleInterval from the start of the transaction, clock-aligned
ones at multiples of ClockAlignedDataInterval since midnight UTC (OCPP 1.6 edition 2, 3.16).
Neither depends on a connection: the ledger keeps and sends them. An idle connector is not sampled.
"""

from micropython import const

import ticks
from firmware.ocpp.measurands import sampled_values

_DAY_S = const(86_400)
# A clock that was set past an aligned instant by more than this has skipped it.
_ALIGNED_LATE_S = const(2)


class _Channel:
    """Sampling of one connector."""

    def __init__(self, connector):
        self.connector = connector
        self.transaction = None
        self.interval_s = 0
        self.due = ticks.Deadline()


class Metering:
    """Takes the samples of all connectors."""

    def __init__(self, ctx):
        """`ctx`: station, config, clock, transactions."""
        self._ctx = ctx
        self._channels = [_Channel(connector) for connector in ctx.station.connectors]
        self._instant_s = None

    def tick(self, now):
        """Take what is due. Call it after each tick of the station."""
        interval_s = self._ctx.config.get("MeterValueSampleInterval")
        for channel in self._channels:
            if _is_due(now, channel, interval_s):
                stamp = self._ctx.clock.stamp(now)
                self._sample(now, channel.connector, stamp, "Sampled", "Sample.Periodic")
        if self._ctx.config.get("ClockAlignedDataInterval"):
            self._tick_aligned(now)
        else:
            self._instant_s = None

    def _tick_aligned(self, now):
        wall = self._ctx.clock.wall(now)
        if wall is None:
            return
        # 2000-01-01 began at midnight, so days since then begin at midnight as well.
        second_of_day = wall[0] % _DAY_S
        late_s = second_of_day % self._ctx.config.get("ClockAlignedDataInterval")
        instant_s = wall[0] - late_s
        if instant_s == self._instant_s:
            return
        first = self._instant_s is None
        self._instant_s = instant_s
        if late_s > _ALIGNED_LATE_S or (first and late_s > 0):
            return
        for channel in self._channels:
            # The stamp is the nominal instant: the peers expect exact multiples (TC_071_CS).
            self._sample(now, channel.connector, (0, instant_s, 0), "Aligned", "Sample.Clock")

    def _sample(self, now, connector, stamp, kind, context):
        # A silent meter gives no value: an old one with a new time would be a lie.
        if connector.transaction is None or not connector.meter.online:
            return
        config = self._ctx.config
        values = sampled_values(connector, config.get("MeterValues%sData" % kind), context)
        stop_names = config.get("StopTxn%sData" % kind)
        stop_values = sampled_values(connector, stop_names, context) if stop_names else None
        self._ctx.transactions.sample(now, connector.transaction, stamp, values, stop_values)


def _is_due(now, channel, interval_s):
    transaction = channel.connector.transaction
    if transaction is not channel.transaction or interval_s != channel.interval_s:
        channel.transaction = transaction
        channel.interval_s = interval_s
        if transaction is None or interval_s == 0:
            channel.due.stop()
        else:
            channel.due.start(now, interval_s * 1000)
        return False
    if not channel.due.expired(now):
        return False
    # From the moment it was due, so that the period does not drift.
    late_ms = ticks.diff(now, channel.due.moment)
    channel.due.start(now, interval_s * 1000 - late_ms % (interval_s * 1000))
    return True
