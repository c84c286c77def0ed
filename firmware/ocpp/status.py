"""StatusNotification: tells the central system each state of each connector that lasted.

Reads the station, writes nothing to it. Rules: OCPP 1.6 edition 2, 4.9 and 9.1.17, and errata 4.0:
each change is reported, in the order of the changes, with the time of the change. While there is
no connection only the newest state counts.
"""

from micropython import const

import ticks

_HISTORY_MAX = const(4)
_INFO_CHARACTERS_MAX = const(50)
# A notification that stays unanswered twice is dropped, or it would hold up everything behind it.
_LOSSES_MAX = const(2)

# A change: (sequence, status, error code, info, vendor error code, stamp).
_SEQUENCE = const(0)
_STATUS = const(1)
_ERROR = const(2)
_INFO = const(3)
_VENDOR = const(4)
_STAMP = const(5)


class _Channel:
    """What one connector has shown and what of it was reported."""

    def __init__(self, connector_id):
        self.connector_id = connector_id
        self.reported = None  # the change that the central system knows
        self.changes = []  # not reported yet, oldest first
        self.hold = ticks.Deadline()  # runs while the newest change has not lasted long enough

    def next_change(self):
        """Return the change that may be sent now, or None. Whatever was followed did last."""
        if len(self.changes) > 1 or (self.changes and not self.hold.running):
            return self.changes[0]
        return None


class Status:
    """Source of StatusNotification calls for connector 0 and all connectors."""

    def __init__(self, ctx):
        """`ctx`: station, config, clock, identity."""
        self._ctx = ctx
        self._channels = [_Channel(number) for number in range(len(ctx.station.connectors) + 1)]
        self._sequence = 0
        self._sent = None
        self._losses = 0

    @property
    def told(self):
        """True when the central system has heard of every connector since the boot."""
        for channel in self._channels:
            if channel.reported is None:
                return False
        return True

    def waits(self, status):
        """Return True if a change to `status` may be sent now."""
        for channel in self._channels:
            change = channel.next_change()
            if change and change[_STATUS] == status:
                return True
        return False

    def report_all(self, now):
        """Report the current status of everything, as after a boot (OCPP 1.6 4.2)."""
        for channel in self._channels:
            self.report(now, channel.connector_id)

    def report(self, now, connector_id):
        """Report the current status of one connector, whether it was reported before or not."""
        channel = self._channels[connector_id]
        channel.reported = None
        channel.changes = []
        self._note(now, channel, True)

    def forget_history(self):
        """The connection is lost: of what was not reported only the newest still counts."""
        self._losses = 0
        for channel in self._channels:
            channel.changes = channel.changes[-1:]

    def observe(self, now, online):
        """Look at the station; call it on each tick, and after anything that changes a status."""
        for channel in self._channels:
            if channel.hold.expired(now):
                channel.hold.stop()
            last = channel.changes[-1] if channel.changes else channel.reported
            if last is None or not self._is_current(channel.connector_id, last):
                self._note(now, channel, online)

    def next_call(self, _now):
        """Return the oldest change that lasted long enough, else None."""
        oldest = None
        for channel in self._channels:
            change = channel.next_change()
            if change and (oldest is None or change[_SEQUENCE] < oldest[1][_SEQUENCE]):
                oldest = channel, change
        if oldest is None:
            return None
        self._sent = oldest
        return "StatusNotification", self._payload(oldest[0].connector_id, oldest[1]), None

    def on_result(self, _now, _payload):
        """The change is known to the central system."""
        self._done()

    def on_error(self, _now, _code, _description):
        """The central system does not want it: it will not want it a second time either."""
        self._done()

    def on_lost(self, _now):
        """No answer: try once more, then give way to the rest."""
        # It may have arrived all the same, so nobody knows what the central system believes.
        self._sent[0].reported = None
        self._losses += 1
        if self._losses >= _LOSSES_MAX:
            self._done()

    def payload(self, connector_id):
        """Return the StatusNotification.req of the current status."""
        return self._payload(connector_id, self._change(connector_id))

    def _done(self):
        channel, change = self._sent
        self._losses = 0
        # Between call and answer the history may have been cut or begun anew.
        if channel.changes and channel.changes[0] is change:
            channel.reported = change
            channel.changes.pop(0)

    def _note(self, now, channel, online):
        changes = channel.changes
        # The state before this one did not last, or nobody was there to be told about it.
        skipped = None
        if changes and (channel.hold.running or not online):
            skipped = changes.pop()
        channel.hold.stop()
        last = changes[-1] if changes else channel.reported
        if skipped and online and last is not None:
            # Short as it was: without it the change would be none of 4.9.
            following = self._change(channel.connector_id)[_STATUS]
            if self._ctx.station.between(last[_STATUS], following):
                changes.append(skipped)
                last = skipped
        if last is not None and self._is_current(channel.connector_id, last):
            return  # back to what is known
        if len(changes) >= _HISTORY_MAX:
            changes.pop(0)
        changes.append(self._change(channel.connector_id))
        hold_s = self._ctx.config.get("MinimumStatusDuration", 0)
        # A fault does not wait, and neither does the first report after a boot.
        if hold_s and last is not None and changes[-1][_STATUS] != "Faulted":
            channel.hold.start(now, hold_s * 1000)

    def _is_current(self, connector_id, change):
        station = self._ctx.station
        if connector_id == 0:
            return station.status0 == change[_STATUS] and station.error_code0 == change[_ERROR]
        connector = station.connectors[connector_id - 1]
        return (
            connector.status == change[_STATUS]
            and connector.error_code == change[_ERROR]
            and connector.info == change[_INFO]
            and connector.vendor_error_code == change[_VENDOR]
        )

    def _change(self, connector_id):
        self._sequence += 1
        station = self._ctx.station
        if connector_id == 0:
            return self._sequence, station.status0, station.error_code0, "", "", station.status0_at
        connector = station.connectors[connector_id - 1]
        return (
            self._sequence,
            connector.status,
            connector.error_code,
            connector.info,
            connector.vendor_error_code,
            connector.status_at,
        )

    def _payload(self, connector_id, change):
        payload = {
            "connectorId": connector_id,
            "errorCode": change[_ERROR],
            "status": change[_STATUS],
        }
        if change[_INFO]:
            payload["info"] = change[_INFO][:_INFO_CHARACTERS_MAX]
        if change[_VENDOR]:
            payload["vendorErrorCode"] = change[_VENDOR][:_INFO_CHARACTERS_MAX]
            payload["vendorId"] = self._ctx.identity["chargePointVendor"]
        timestamp = self._ctx.clock.text(change[_STAMP])
        if timestamp is not None:
            payload["timestamp"] = timestamp
        return payload
