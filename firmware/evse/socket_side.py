"""The station's side of a detachable cable: proximity, lock, and what they mean for a session.

A connector with a socket has one of these; a tethered cable has none. When to lock:

- nobody authorised: open, whoever is plugged in may leave;
- authorised and plugged: locked, before the start record and before anything is offered;
- transaction over: open as soon as the contactor is. But when the EV's end was unplugged and
  UnlockConnectorOnEVSideDisconnect is false, the plug stays locked until its owner shows the card
  again or the central system unlocks (OCPP 1.6 9.1, the key's description);
- UnlockConnector: ends the transaction first, then opens.
"""

from micropython import const

from firmware.evse import proximity
from firmware.evse import session as sessions
from firmware.evse.limiter import CABLE
from firmware.evse.lock import LOCK_FAILED, UNLOCK_FAILED, Lock
from ticks import Deadline

# 1 << row of faults.TABLE.
_LOCK_JAMMED = const(1 << 17)
_PP_SHORT = const(1 << 18)
_PP_OPEN = const(1 << 19)
_PP_CHANGED = const(1 << 20)
_LOCK_STUCK = const(1 << 27)

# EV on the control pilot, but no resistor yet: the plug is still on its way in.
_PLUG_MS = const(1500)
_UNTIL_A = const(_LOCK_JAMMED | _PP_SHORT | _PP_OPEN | _PP_CHANGED)


class SocketSide:
    """`tick(now, connector)` before the connector decides about power."""

    def __init__(self, port):
        """port: pp_mv(), pp_supply_mv, pp_pull_ohm, and what lock.Lock wants of a motor."""
        self.lock = Lock(port)
        self.proximity = proximity.Proximity(port.pp_supply_mv, port.pp_pull_ohm)
        # Who may have the plug of an ended session; None: everybody.
        self.owner = None
        # Bits of faults.py.
        self.faults = 0
        self._released = False
        self._port = port
        self._empty = Deadline()
        self._plugged_ma = 0

    @property
    def present(self):
        """True while a plug is in the socket, with or without an EV at the other end."""
        return self.proximity.present

    @property
    def ready(self):
        """True when the cable is known and proven to be locked: energy may flow."""
        return self.lock.confirmed and self.proximity.cable_ma > 0

    def tick(self, now, connector):
        """Read, find what is wrong, move the lock."""
        self.proximity.update(now, self._port.pp_mv())
        guard = connector.guard
        live = guard.closed or guard.close or guard.request_close
        self.lock.tick(now, self._wants_lock(connector), live)
        self._find_faults(now, connector)
        connector.limiter.set(CABLE, self.proximity.cable_ma)

    def unlock(self):
        """UnlockConnector, or the owner's card: the plug is free to go."""
        self.owner = None
        self._released = True
        self.lock.prove_open()

    def hold(self, connector):
        """The EV's end was unplugged: keep the plug for the owner of the ended session."""
        if self.present and not self._released:
            self.owner = connector.session.id_token

    def _wants_lock(self, connector):
        session = connector.session
        if not self.present:
            self.owner = None
        if session.state == sessions.STARTING:
            self.owner = None
            self._released = False
            return connector.plugged and not connector.faults
        if session.state == sessions.RUNNING:
            return True
        if session.state == sessions.STOPPING:
            return session.stop_reason == "EVDisconnected" and not self._released
        return self.owner is not None

    def _find_faults(self, now, connector):
        reading = self.proximity.reading
        # The latches of the EV's own faults go when it does.
        faults = self.faults & _UNTIL_A if connector.plugged else 0
        if reading == proximity.SHORT:
            faults |= _PP_SHORT
        if self.lock.state == UNLOCK_FAILED:
            faults |= _LOCK_STUCK
        if not connector.plugged:
            self._plugged_ma = 0
            self._empty.stop()
        else:
            if self.lock.state == LOCK_FAILED:
                faults |= _LOCK_JAMMED
            faults |= self._watch_cable(now, reading)
        self.faults = faults

    def _watch_cable(self, now, reading):
        if reading is not None and reading > 0:
            self._empty.stop()
            before_ma = self._plugged_ma
            self._plugged_ma = reading
            return _PP_CHANGED if before_ma not in (0, reading) else 0
        if not self._empty.running:
            self._empty.start(now, 0 if self._plugged_ma else _PLUG_MS)
        elif self._empty.expired(now) and reading != proximity.SHORT:
            return _PP_OPEN
        return 0
