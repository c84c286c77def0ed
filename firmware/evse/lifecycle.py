"""From plug to unplug: drives a connector's session and keeps its transaction in the ledger.

The record comes first: energy may flow only after the start record is complete on flash, and a
session is over only after the stop record is (OCPP 1.6 3.7). When the flash refuses, nothing
starts, and what has to stop is tried again.
"""

from micropython import const

from firmware.evse import availability
from firmware.evse import session as sessions
from firmware.evse.admission import withdraw

# A silent meter must not keep the last transaction open for ever.
_RECOVER_MS = const(3000)
# A jump that no power cut explains: somebody has put another meter in.
_JUMP_WH = const(10000)


class Lifecycle:
    """`step` once per tick and connector. `storage_failed`: the flash refused the last record."""

    def __init__(self, config, ledger):
        self.storage_failed = False
        # Called with (now, connector number) before a stop record: the last meter values.
        self.on_end = None
        # Called with the reservationId that a transaction has begun with.
        self.on_reservation_used = None
        self._config = config
        self._ledger = ledger
        self._plugs = 0

    def step(self, now, connector):
        """Take plug and unplug to the session, and what follows from its state."""
        session = connector.session
        if session.state == sessions.AUTHORISED and not connector.operative:
            withdraw(connector)
        if not connector.plugged:
            self._unplugged(connector)
        elif session.accepts(sessions.PLUG):
            session.handle(sessions.PLUG)
            self._plugs += 1
            connector.plug_number = self._plugs
        # Behind the plug: a tick that comes late may find the EV and believe in it at once.
        if connector.interrupted:
            self._close_interrupted(now, connector)
        if session.state == sessions.STARTING:
            # A fault may go away in time; nobody is billed for waiting. A plug that cannot be
            # locked, or told, carries nothing (TC_024_CS), nor does an RCD that was not tested.
            held = connector.socket is None or connector.socket.ready
            held = held and connector.protection.rcd_ok
            if held and not connector.interrupted and not connector.faults:
                self._begin(now, connector)
        elif session.state == sessions.RUNNING:
            self._ledger.update(now, connector.transaction, connector.energy.register_wh)
            self._cap(connector)
        elif session.state == sessions.STOPPING and connector.final_reading(now):
            self._end(now, connector)
        if session.state in (sessions.AUTHORISED, sessions.STARTING):
            # ConnectionTimeOut (TC_004_2_CS): nobody came with a plug. Or OCPP 1.6 5.2: no
            # transaction runs, so the connector is inoperative at once.
            if connector.connect.expired(now) or not connector.operative:
                withdraw(connector)

    def _unplugged(self, connector):
        session = connector.session
        socket = connector.socket
        in_socket = socket is not None and socket.present
        if session.state == sessions.RUNNING:
            # A plug that has left the socket as well cannot come back to this transaction.
            gone = socket is not None and not in_socket
            if gone or self._config.get("StopTransactionOnEVSideDisconnect"):
                session.stop("EVDisconnected", None)
        elif session.state == sessions.FINISHING and in_socket:
            pass  # The user's part ends with the plug in the socket, not with the EV's end.
        elif session.accepts(sessions.UNPLUG):
            session.handle(sessions.UNPLUG)
            if session.state == sessions.IDLE:
                session.forget()

    def _begin(self, now, connector):
        session = connector.session
        connector.connect.stop()
        try:
            transaction = self._ledger.begin(
                now,
                connector.id,
                session.id_token,
                connector.energy.register_wh,
                session.reservation_id,
            )
        except OSError:
            self.storage_failed = True
            session.handle(sessions.REFUSED)
            session.forget()
            return
        self.storage_failed = False
        connector.begin(now, transaction)
        if session.reservation_id is not None:
            self.on_reservation_used(session.reservation_id)

    def refused(self, connector):
        """The id token of the running transaction was not Accepted after all."""
        allowance_wh = self._config.get("MaxEnergyOnInvalidId")
        connector.energy_cap_wh = connector.energy.register_wh + allowance_wh

    def _cap(self, connector):
        """OCPP 1.6 9.1 MaxEnergyOnInvalidId: so much, then StopTransactionOnInvalidId decides."""
        cap_wh = connector.energy_cap_wh
        if cap_wh is None or connector.energy.register_wh < cap_wh:
            return
        connector.energy_cap_wh = None
        if self._config.get("StopTransactionOnInvalidId"):
            connector.session.stop("DeAuthorized", None)
        else:
            connector.paused = True

    def _end(self, now, connector):
        session = connector.session
        if self.on_end:
            self.on_end(now, connector.id)
        ended = self._record_end(
            now,
            connector.transaction,
            connector.energy.register_wh,
            session.stop_reason,
            session.stop_token,
        )
        if ended:
            self._keep_plug(connector)
            connector.ended()
            availability.settle(connector)
            if not connector.plugged:
                self._unplugged(connector)

    def _keep_plug(self, connector):
        """The EV's end was pulled: is the station's end free as well? (OCPP 1.6 9.1)"""
        if connector.socket is None or connector.session.stop_reason != "EVDisconnected":
            return
        if not self._config.get("UnlockConnectorOnEVSideDisconnect"):
            connector.socket.hold(connector)

    def _record_end(self, now, transaction, stop_wh, reason, id_token=None):
        try:
            self._ledger.end(now, transaction, stop_wh, reason, id_token)
        except OSError:
            self.storage_failed = True
            return False
        self.storage_failed = False
        return True

    # What a power cut left.

    def interrupted(self, now, connector, transaction, reason):
        """The last run left `transaction` open; it is closed as soon as the meter has spoken."""
        energy = connector.energy
        energy.register_wh = max(energy.register_wh, transaction.energy_wh)
        connector.interrupted = (transaction, reason, now)
        connector.recover.start(now, _RECOVER_MS)

    def _close_interrupted(self, now, connector):
        # What the meter counted up to the cut belongs to the session: nobody else is behind it.
        transaction, reason, since = connector.interrupted
        heard = connector.read_since(since) and connector.pilot_known
        if not heard and not connector.recover.expired(now):
            return
        stop_wh = connector.energy.register_wh
        if stop_wh - transaction.energy_wh > _JUMP_WH:
            stop_wh = transaction.energy_wh
        if not self._record_end(now, transaction, stop_wh, reason):
            return
        connector.interrupted = None
        if connector.session.state == sessions.PLUGGED:
            connector.session.handle(sessions.ENDED)
