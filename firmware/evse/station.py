"""The charging station: owns the connectors, takes requests, drives every tick.

Requests from outside (CSMS, console, card) are recorded and carried out on the next `tick`, so an
answer always leaves before what it causes.
"""

from firmware.evse import latches
from firmware.evse import session as sessions
from firmware.evse import status as statuses
from firmware.evse import tap
from firmware.evse.admission import Admission, withdraw
from firmware.evse.availability import Availability
from firmware.evse.faults import OF_STATION
from firmware.evse.lifecycle import Lifecycle



class Station:
    """All connectors together. `tick(now)` every 50 ms; everything else only records."""

    between = staticmethod(statuses.between)

    def __init__(self, connectors, parts):
        """parts: config, clock, log, settings (a key/value store), transactions, authorizer."""
        self.connectors = connectors
        self.online = False
        self.reader_silent = False
        self.status0 = statuses.AVAILABLE
        self.status0_at = None
        self.error_code0 = "NoError"
        self.reset_wanted = None
        self.on_change = None
        self.reservations = None
        self.admission = Admission(connectors, parts)
        self.lifecycle = Lifecycle(parts.config, parts.transactions)
        self.availability = Availability(connectors, parts.settings)
        self._config = parts.config
        self._clock = parts.clock
        self._authorizer = parts.authorizer
        self._log = parts.log
        self._intents = []

    def keep_reservations(self, reservations):
        """From here on `reservations` (firmware.evse.reservations) has a say."""
        self.reservations = reservations
        self.admission.reservations = reservations
        self.lifecycle.on_reservation_used = reservations.used

    # Requests.

    def card(self, now, id_token):
        """A card was presented. Carried out on the next tick."""
        self._intents.append((self.admission.card, (id_token,)))

    def remote_start(self, now, connector_id, id_token, authorize):
        """RemoteStartTransaction: True if a connector can take it (OCPP 1.6 5.11)."""
        if self.admission.closed:
            return False
        is_open = connector_id is None
        wanted = self.connectors if is_open else [self.connectors[connector_id - 1]]
        connector, standing = self.admission.place(now, wanted, id_token)
        if connector is None:
            return False
        # Only the central system can tell whether the token belongs to the reservation's group.
        authorize = authorize or standing == tap.MAYBE
        action = self.admission.start_remote
        self._intents.append((action, (connector, id_token, authorize, is_open)))
        return True

    def remote_stop(self, now, transaction_id):
        """RemoteStopTransaction: True if that transaction runs here."""
        for connector in self.connectors:
            transaction = connector.transaction
            if transaction is None or connector.session.state != sessions.RUNNING:
                continue
            if transaction.transaction_id == transaction_id:
                self._intents.append((self._stop, (connector, "Remote")))
                return True
        return False

    def unlock(self, now, connector_id):
        """UnlockConnector: None, the lock will tell in `unlock_result`; or why it cannot."""
        socket = self._socket(connector_id)
        if socket is None:
            # A tethered cable has no lock to open (TC_017_2_CS, TC_031_CS).
            return "NotSupported"
        socket.unlock()
        self._intents.append((self._release, (self.connectors[connector_id - 1],)))
        return None

    def unlock_result(self, connector_id):
        """Return the outcome of an unlocking under way; None while it is not known."""
        socket = self._socket(connector_id)
        return "NotSupported" if socket is None else socket.lock.result

    def _socket(self, connector_id):
        known = 0 < connector_id <= len(self.connectors)
        return self.connectors[connector_id - 1].socket if known else None

    def _release(self, _now, connector):
        """The plug is to be freed: whoever uses the connector has ended (TC_018_1_CS)."""
        if connector.session.state == sessions.RUNNING:
            connector.session.stop("UnlockCommand", None)
        elif connector.session.state == sessions.STARTING:
            withdraw(connector)

    def reset(self, now, hard, reason=None):
        """Reset: sessions end first, then `reset_wanted` tells the application.

        reason: of the StopTransactions (OCPP 1.6 7.35) when it was not the central system.
        """
        self.admission.closed = True
        reason = reason or ("HardReset" if hard else "SoftReset")
        self._intents.append((self._reset, (reason,)))
        return True

    def change_availability(self, now, connector_id, operative):
        """ChangeAvailability: returns the OCPP status; 0 means everything."""
        return self.availability.change(connector_id, operative)

    def interrupted(self, now, transaction, reason):
        """The last run left `transaction` open."""
        if self.reservations:
            self.reservations.used(transaction.reservation_id)
        index = min(transaction.connector_id, len(self.connectors)) - 1
        self.lifecycle.interrupted(now, self.connectors[index], transaction, reason)

    def on_start_answer(self, now, transaction, id_tag_info):
        """StartTransaction.conf: a token that is not Accepted loses its right (OCPP 1.6 3.7)."""
        for connector in self.connectors:
            if connector.transaction is not transaction:
                continue
            connector.session.parent = id_tag_info.get("parentIdTag") or connector.session.parent
            if id_tag_info.get("status") == "Accepted":
                return
            self.lifecycle.refused(connector)

    # What stalls the VM.

    def quiet(self, mode):
        """Return True when something may begin that can stall the VM; asked until it is.

        mode: BlockingWhileClosed. "allow": always. "pause": charging is stopped for it, softly.
        "defer": when nobody charges. Nothing closes from then on until `resume`. Never while a
        lock moves: its motor would be driven until the stall is over.
        """
        for connector in self.connectors:
            if connector.socket and connector.socket.lock.moving:
                return False
        if mode == "allow":
            return True
        is_quiet = not [1 for connector in self.connectors if connector.guard.close]
        for connector in self.connectors:
            connector.held_off = mode == "pause" or is_quiet
        return is_quiet

    def resume(self):
        """It is over: whoever was paused may charge again."""
        for connector in self.connectors:
            connector.held_off = False

    # Facts.

    @property
    def settled(self):
        """True once the pilots are known and nothing of the last run is open any more."""
        for connector in self.connectors:
            if connector.interrupted or not connector.pilot_known:
                return False
        return True

    @property
    def at_rest(self):
        """True when no transaction is open on any connector."""
        for connector in self.connectors:
            if connector.transaction is not None or connector.interrupted:
                return False
        return True

    # The tick.

    def tick(self, now):
        """Carry out what was asked for, step every connector, derive every status."""
        self.admission.online = self.online
        self.admission.tick(now)
        intents = self._intents
        if intents:
            self._intents = []
            for action, details in intents:
                action(now, *details)
        if self.reservations:
            self.reservations.tick(now)
        for connector in self.connectors:
            connector.tick(now)
            latches.tick(now, connector, self._config, self._log)
            self.lifecycle.step(now, connector)
            self.admission.follow(now, connector)
            self._derive(now, connector)
            # Last: an application that fails on the way to here each time must not look alive.
            connector.guard.requested_at = now
        self._derive0(now)

    def _stop(self, now, connector, reason):
        if connector.session.state == sessions.RUNNING:
            connector.session.stop(reason, None)

    def _reset(self, now, reason):
        for connector in self.connectors:
            self._stop(now, connector, reason)
            if connector.session.state == sessions.AUTHORISED:
                withdraw(connector)
        self.reset_wanted = reason

    # Status.

    def _derive(self, now, connector):
        status = statuses.derive(connector, connector.status)
        errors = _errors(connector)
        if status == statuses.SUSPENDED_EVSE and not errors[2]:
            # The reason of the moment; one that changes later is no news to a central system.
            info = connector.info if status == connector.status else (connector.why() or [""])[0]
            errors = ("NoError", "", info)
        known = (connector.error_code, connector.vendor_error_code, connector.info)
        if connector.status_at is None:
            connector.status_at = self._clock.stamp(now)
        if status == connector.status and errors == known:
            return
        between = statuses.between(connector.status, status)
        if between:
            self._set_status(now, connector, between, ("NoError", "", ""))
        self._set_status(now, connector, status, errors)

    def _set_status(self, now, connector, status, errors):
        connector.status = status
        connector.error_code, connector.vendor_error_code, connector.info = errors
        connector.status_at = self._clock.stamp(now)
        if self.on_change:
            self.on_change(now, connector)

    def _derive0(self, now):
        operative = self.availability.operative
        status = statuses.AVAILABLE if operative else statuses.UNAVAILABLE
        error_code = "ReaderFailure" if self.reader_silent else "NoError"
        fault = self._fault0()
        if fault:
            status, error_code = statuses.FAULTED, fault.error_code
        if self._authorizer.list_conflict:
            # OCPP 1.6 7.6: tells the central system to send its list again.
            error_code = "LocalListConflict"
        known = (self.status0, self.error_code0)
        if (status, error_code) != known or self.status0_at is None:
            self.status0, self.error_code0 = status, error_code
            self.status0_at = self._clock.stamp(now)

    def _fault0(self):
        """Return a fault of the whole charge point: every connector has one; else None."""
        fault = None
        for connector in self.connectors:
            for fault in connector.faults:
                if fault.bit & OF_STATION:
                    break
            else:
                return None
        return fault


def _errors(connector):
    """Return (errorCode, vendorErrorCode, info) that go with the connector's status."""
    worst = connector.faults or connector.warnings
    if worst:
        return worst[0].error_code, worst[0].vendor_error_code, worst[0].text
    session = connector.session
    gone = session.state == sessions.RUNNING
    if session.state in (sessions.STOPPING, sessions.FINISHING):
        gone = session.stop_reason == "EVDisconnected"
    if gone and not connector.plugged:
        # TC_005_3_CS compares this text literally.
        return "NoError", "", "EV side disconnected"
    return "NoError", "", ""
