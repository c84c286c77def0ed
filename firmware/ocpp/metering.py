"""Meter values: when to sample, and what goes to the ledger.

Sampled values come every MeterValueSampleInterval from the start of the transaction, clock-aligned
ones at multiples of ClockAlignedDataInterval since midnight UTC (OCPP 1.6 edition 2, 3.16).
Neither depends on a connection: the ledger keeps and sends them. A connector at rest has
clock-aligned values only. What StopTransaction.req carries along is kept on the way, with the
values of the begin and the end.
"""

from micropython import const

import ticks
from firmware.ocpp.measurands import sampled_values

_DAY_S = const(86_400)
# A clock that was set past an aligned instant by more than this has skipped it.
_ALIGNED_LATE_S = const(2)

_KEYS = (
    "MeterValuesSampledData",
    "MeterValuesAlignedData",
    "StopTxnSampledData",
    "StopTxnAlignedData",
)


class _Channel:
    """Sampling of one connector."""

    def __init__(self, connector):
        self.connector = connector
        self.transaction = None
        self.interval_s = 0
        self.due = ticks.Deadline()
        # The register at the last sample of each kind, by configuration key.
        self.since_wh = {}

    def interval_wh(self, key):
        """Return what flowed since the last sample for `key`, and begin the next interval. None
        for the first one of a connector at rest: nobody knows when that interval began."""
        register_wh = self.connector.energy.register_wh
        before_wh = self.since_wh.get(key)
        self.since_wh[key] = register_wh
        return None if before_wh is None else register_wh - before_wh

    def begin(self):
        """A transaction begins or has ended: all intervals begin here."""
        for key in _KEYS:
            self.since_wh[key] = self.connector.energy.register_wh


class Metering:
    """Takes the samples of all connectors."""

    def __init__(self, ctx):
        """`ctx`: station, config, clock, transactions."""
        self._ctx = ctx
        self._channels = [_Channel(connector) for connector in ctx.station.connectors]
        self._instant_s = None

    def tick(self, now):
        """Take what is due. Call it after each tick of the station."""
        config = self._ctx.config
        # First what has the earlier time: the instant is over, the other values are from now.
        if config.get("ClockAlignedDataInterval"):
            self._tick_aligned(now)
        else:
            self._instant_s = None
        interval_s = config.get("MeterValueSampleInterval")
        for channel in self._channels:
            connector = channel.connector
            if connector.transaction is not channel.transaction:
                channel.transaction = connector.transaction
                channel.interval_s = 0
                channel.due.stop()
                channel.begin()
                self._keep(now, channel, "StopTxnSampledData", "Transaction.Begin", None)
            if _is_due(now, channel, interval_s):
                self._send(now, channel, "MeterValuesSampledData", "Sample.Periodic", None)
                self._keep(now, channel, "StopTxnSampledData", "Sample.Periodic", None)

    def on_end(self, now, connector_id):
        """Take the last values; call it just before the transaction of the connector ends."""
        channel = self._channels[connector_id - 1]
        self._keep(now, channel, "StopTxnSampledData", "Transaction.End", None)

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
        # The stamp is the nominal instant: the peers expect exact multiples (TC_071_CS).
        stamp = (0, instant_s, 0)
        for channel in self._channels:
            self._send(now, channel, "MeterValuesAlignedData", "Sample.Clock", stamp)
            if channel.connector.transaction is channel.transaction:
                self._keep(now, channel, "StopTxnAlignedData", "Sample.Clock", stamp)

    def _send(self, now, channel, key, context, stamp):
        connector = channel.connector
        # A silent meter gives no value: an old one with a new time would be a lie.
        if connector.meter.online:
            names = self._ctx.config.get(key)
            values = sampled_values(connector, names, context, channel.interval_wh(key))
            transaction = connector.transaction
            if transaction is not channel.transaction:
                transaction = None  # It has begun since the instant.
            self._ctx.transactions.sample(now, connector.id, transaction, values, stamp)

    def _keep(self, now, channel, key, context, stamp):
        connector = channel.connector
        names = self._ctx.config.get(key)
        # OCPP 1.6 9.1: an empty list of these keeps nothing at all.
        if names and connector.transaction is not None and connector.meter.online:
            values = sampled_values(connector, names, context, channel.interval_wh(key))
            self._ctx.transactions.keep_for_stop(now, connector.transaction, values, stamp)


def _is_due(now, channel, interval_s):
    if interval_s != channel.interval_s:
        channel.interval_s = interval_s
        channel.due.stop()
        if interval_s and channel.transaction is not None:
            channel.due.start(now, interval_s * 1000)
        return False
    if not channel.due.expired(now):
        return False
    # From the moment it was due, so that the period does not drift.
    late_ms = ticks.diff(now, channel.due.moment)
    channel.due.start(now, interval_s * 1000 - late_ms % (interval_s * 1000))
    return True
