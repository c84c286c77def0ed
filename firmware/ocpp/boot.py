"""Registration at the central system: BootNotification, and Heartbeat once accepted.

Both are sources of calls for `ocpp/client.py`. Rules: OCPP 1.6 edition 2, 4.2 and 4.6.
"""

from micropython import const

import rfc3339
import ticks

# The wait when the central system names none (interval 0, no answer, or an error).
_RETRY_S = const(60)
_WAIT_S_MAX = const(86_400)
_HEARTBEAT_S_MAX = const(500_000)  # as milliseconds still within half of the tick range

# Field and the length that OCPP 1.6 6.3 allows; a longer text is cut.
_IDENTITY = """
chargePointVendor 20
chargePointModel 20
chargePointSerialNumber 25
chargeBoxSerialNumber 25
firmwareVersion 50
iccid 20
imsi 20
meterType 25
meterSerialNumber 25
"""


class Boot:
    """Sends BootNotification until it is accepted, and knows how far that is.

    `registration` is "" before the first answer, then "Accepted", "Pending" or "Rejected". It
    lasts until the next boot: a new connection alone needs no new registration.
    """

    def __init__(self, ctx):
        """`ctx`: identity, config, clock, status, heartbeat."""
        self._ctx = ctx
        self._wait = ticks.Deadline()
        self._wanted = False
        self.registration = ""

    def on_connected(self):
        """A registration that was never answered is tried again at once."""
        if self.registration == "":
            self._wait.stop()

    def request(self):
        """Send a BootNotification as soon as possible, whatever the registration says."""
        self._wanted = True

    def next_call(self, now):
        """Return the BootNotification when it is due, else None."""
        if not self._wanted:
            if self.registration == "Accepted":
                return None
            # More left than was ever asked for: the moment passed long ago, without connection.
            if 0 < (self._wait.left(now) or 0) <= _WAIT_S_MAX * 1000:
                return None
        self._wanted = False
        self._wait.stop()
        return "BootNotification", self._identity(), None

    def on_result(self, now, payload):
        """Take the registration status, the interval and, unless rejected, the time."""
        interval_s = payload["interval"]
        self.registration = payload["status"]
        ctx = self._ctx
        if self.registration != "Rejected":
            # While pending as well: triggered meter values need a time.
            _set_clock(ctx.clock, now, payload["currentTime"])
        if self.registration != "Accepted":
            self._retry(now, interval_s)
            return
        if interval_s > 0:
            # OCPP 1.6 4.2: the interval is the heartbeat interval, and the key shows it.
            ctx.config.set("HeartbeatInterval", str(min(interval_s, _HEARTBEAT_S_MAX)))
        ctx.heartbeat.restart(now)
        ctx.status.report_all(now)

    def on_error(self, now, _code, _description):
        """An error is no registration: wait, then ask again."""
        self._retry(now, 0)

    def on_lost(self, now):
        """No answer: wait, then ask again."""
        self._retry(now, 0)

    def _retry(self, now, interval_s):
        if interval_s <= 0:
            interval_s = _RETRY_S
        self._wait.start(now, min(interval_s, _WAIT_S_MAX) * 1000)

    def _identity(self):
        payload = {}
        words = _IDENTITY.split()
        for name, length in zip(words[::2], words[1::2]):
            text = self._ctx.identity.get(name)
            if text:
                payload[name] = text[: int(length)]
        return payload


class Heartbeat:
    """Sends a Heartbeat every HeartbeatInterval, other traffic or not, and sets the clock by it.

    OCPP 1.6 4.6 allows to leave it out after other traffic; the strict period is what the
    certification tool measures (TC_001_CS) and keeps the clock right.
    """

    def __init__(self, ctx):
        """`ctx`: config, clock."""
        self._ctx = ctx
        self._due = ticks.Deadline()
        self._interval_s = 0

    def restart(self, now):
        """Begin a new period now."""
        self._interval_s = self._ctx.config.get("HeartbeatInterval")
        self._due.start(now, self._interval_s * 1000)

    def request(self, now):
        """Make the next Heartbeat due at once."""
        self._due.start(now, 0)

    def next_call(self, now):
        """Return the Heartbeat when it is due, else None."""
        if self._interval_s != self._ctx.config.get("HeartbeatInterval"):
            self.restart(now)
        period_ms = self._interval_s * 1000
        # More left than a period: the moment passed long ago, without connection.
        if 0 < self._due.left(now) <= period_ms:
            return None
        # From the moment it was due, not from now: the period does not drift with the traffic.
        late_ms = max(0, ticks.diff(now, self._due.moment))
        self._due.start(now, period_ms - late_ms % period_ms)
        return "Heartbeat", {}, None

    def on_result(self, now, payload):
        """Set the clock."""
        _set_clock(self._ctx.clock, now, payload["currentTime"])

    def on_error(self, _now, _code, _description):
        """The next one comes with the next period."""

    def on_lost(self, _now):
        """The next one comes with the next period."""


def _set_clock(clock, now, text):
    seconds, millis = rfc3339.parse(text)
    clock.set(now, seconds, millis)
