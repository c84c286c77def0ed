"""A stand-in for the firmware that really talks OCPP, for tests of demo and harness (CPython).

One connector, one session at a time, energy by the clock; it answers no CALL of the central
system.
"""

import json
import os
import time

from websockets.sync.client import connect

from tests.host.fake_vm import FakeCharger, emit, main

_POWER_W = 7360


class OcppCharger(FakeCharger):
    """`PILOTWIRE_FAKE_FLAW` names what it does wrong: `greedy` charges without permission,
    `forgetful` bills less than the meter counts."""

    def __init__(self, options):
        super().__init__(options)
        self._flaw = os.environ.get("PILOTWIRE_FAKE_FLAW")
        self._tag = self._transaction = self._since = None
        self._energy_wh = 12340.0
        self._factor = 1
        self._number = 0
        self._link = None
        if options["csms"]:
            self._link = connect(f"{options['csms']}/{options['id']}", subprotocols=["ocpp1.6"])
            self._link.__enter__()
            vendor = {"chargePointVendor": "Pilotwire", "chargePointModel": "Stand-in"}
            self._call("BootNotification", vendor)
            self._status("Available")

    def do_plug(self, command):
        """Plug in."""
        super().do_plug(command)
        self._status("Preparing")

    def do_card(self, command):
        """Start or stop."""
        if self._transaction is not None:
            self._stop("Local")
            return
        answer = self._call("Authorize", {"idTag": command["id"]})
        if answer["idTagInfo"]["status"] == "Accepted" or self._flaw == "greedy":
            self._tag, self._since = command["id"], time.monotonic()
            start = {"connectorId": 1, "idTag": self._tag, "meterStart": self._meter()}
            answer = self._call("StartTransaction", dict(start, timestamp=_now()))
            self._transaction = answer["transactionId"]
            self._status("Charging")

    def do_unplug(self, command):
        """Pull the plug."""
        if self._transaction is not None:
            self._stop("EVDisconnected")
        self._plugged = False
        self._status("Available")

    def do_energy_speed(self, command):
        """Make energy flow faster than time."""
        self._factor = command["factor"]

    def do_bad_frame(self, command):
        """Break the schemas."""
        self._call("StatusNotification", {"connectorId": 1, "status": "Sleeping"})

    def do_leap(self, command):
        """Report a change that OCPP 1.6 4.9 does not know."""
        self._status("Charging")
        self._status("Preparing")

    def do_state(self, command):
        """The connector."""
        charging = self._transaction is not None
        connector = {"connector": 1, "energy_wh": self._meter(), "contactor": charging}
        connector["status"] = "Charging" if charging else self._last_status
        connector["why"] = [] if charging else ["not authorised"]
        return {"ok": True, "online": True, "queue": 0, "connectors": [connector]}

    def _meter(self):
        now = time.monotonic()
        if self._since is not None:
            self._energy_wh += (now - self._since) * self._factor * _POWER_W / 3600
            self._since = now
        return int(self._energy_wh)

    def _stop(self, reason):
        meter_stop = self._meter() - (7 if self._flaw == "forgetful" else 0)
        self._since = None
        stop = {"transactionId": self._transaction, "meterStop": meter_stop, "reason": reason}
        self._call("StopTransaction", dict(stop, timestamp=_now(), idTag=self._tag))
        self._transaction = None
        self._status("Finishing")

    def _status(self, status):
        self._last_status = status
        self._call(
            "StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": status}
        )

    def _call(self, action, payload):
        if self._link is None:
            return {"idTagInfo": {"status": "Accepted"}, "transactionId": -1}
        self._number += 1
        text = json.dumps([2, f"{os.getpid()}-{self._number}", action, payload])
        emit({"event": "frame", "t_ms": 0, "dir": "out", "text": text})
        self._link.send(text)
        answer = self._link.recv(10)
        emit({"event": "frame", "t_ms": 0, "dir": "in", "text": answer})
        return json.loads(answer)[2]


def _now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


if __name__ == "__main__":
    main(OcppCharger)
