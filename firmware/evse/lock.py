"""The lock of a socket: brings the bolt to where it is wished, proves it, gives up in the end.

A try is one pulse to the motor and a look at its feedback; after five tries it is a fault
(OCPP 1.6 ConnectorLockFailure). The bolt never opens while the contactor may be closed, whoever
wishes it. Knows no session: `socket_side.py` says what is wished.
"""

from micropython import const

from fsm import Machine
from ticks import Deadline

# States.
OPEN = const(0)
LOCKING = const(1)
LOCKED = const(2)  # Proven by the feedback: only now may the contactor close.
UNLOCKING = const(3)
LOCK_FAILED = const(4)
UNLOCK_FAILED = const(5)
STATES = "open locking locked unlocking lock_failed unlock_failed"

# Events.
LOCK = const(0)  # wished
UNLOCK = const(1)  # wished, and the contactor is open
ARRIVED = const(2)  # the feedback says so
GAVE_UP = const(3)  # no try is left
SLIPPED = const(4)  # the feedback takes back what it said
AGAIN = const(5)  # UnlockConnector, or time for another round
EVENTS = "lock unlock arrived gave_up slipped again"

TABLE = bytes([
    OPEN, LOCK, LOCKING,
    OPEN, SLIPPED, UNLOCKING,
    OPEN, AGAIN, UNLOCKING,
    LOCKING, UNLOCK, UNLOCKING,
    LOCKING, ARRIVED, LOCKED,
    LOCKING, GAVE_UP, LOCK_FAILED,
    LOCKED, UNLOCK, UNLOCKING,
    LOCKED, SLIPPED, LOCKING,
    UNLOCKING, LOCK, LOCKING,
    UNLOCKING, ARRIVED, OPEN,
    UNLOCKING, GAVE_UP, UNLOCK_FAILED,
    LOCK_FAILED, UNLOCK, UNLOCKING,
    UNLOCK_FAILED, LOCK, LOCKING,
    UNLOCK_FAILED, ARRIVED, OPEN,
    UNLOCK_FAILED, AGAIN, UNLOCKING,
])  # fmt: skip

TRIES = const(5)
TRAVEL_MS = const(800)  # from the beginning of the pulse until the feedback is judged
PAUSE_MS = const(1000)  # 5 x (800 + 1000) ms: at most 10 s to the fault
_SURE_MS = const(100)  # so long the feedback must say the same before it is believed
_SLIP_MS = const(200)
_ROUND_MS = const(60_000)


class Lock(Machine):
    """One lock. `tick(now, wants_lock, live)` every 50 ms.

    motor: start(now, lock: bool) begins a pulse, tick(now) ends it, is_locked() is the feedback.
    `result`: outcome of the last `prove_open`, None while it is under way.
    """

    def __init__(self, motor):
        super().__init__(TABLE, OPEN)
        self.result = None
        self._motor = motor
        self._proving = False
        self._tries = 0
        self._check = Deadline()
        self._pause = Deadline()
        self._since = Deadline()  # the feedback has been what it is for long enough
        self._feedback = None

    @property
    def confirmed(self):
        """True while the bolt is proven to be locked."""
        return self.state == LOCKED

    @property
    def moving(self):
        """True while the motor may be driven, which somebody has to end."""
        return self.state in (LOCKING, UNLOCKING)

    def prove_open(self):
        """UnlockConnector: move the motor even if the bolt seems open, and tell in `result`."""
        self.result = None
        self._proving = True

    def tick(self, now, wants_lock, live):
        """One step. live: the contactor is, or may be about to be, closed."""
        self._motor.tick(now)
        self._read(now)
        before = self.state
        self._wish(now, wants_lock, live)
        self._follow(now, live)
        if self.state != before:
            self._enter(now)
        elif self.state in (LOCKING, UNLOCKING):
            self._try(now)
        self._tell()

    def _read(self, now):
        is_locked = self._motor.is_locked()
        if is_locked is not self._feedback:
            self._feedback = is_locked
            at_work = self.state in (LOCKING, UNLOCKING)
            self._since.start(now, _SURE_MS if at_work else _SLIP_MS)

    def _wish(self, now, wants_lock, live):
        if live:
            # What is on its way to open goes back; nothing else moves under load.
            if self.state == UNLOCKING:
                self.handle(LOCK)
            return
        event = LOCK if wants_lock else UNLOCK
        if self.accepts(event):
            self.handle(event)
        elif not wants_lock and self.accepts(AGAIN):
            if self._proving or self._pause.expired(now):
                self.handle(AGAIN)

    def _follow(self, now, live):
        """Take in what the feedback has been saying for long enough."""
        if not self._since.expired(now) or (live and self.state == OPEN):
            return
        target = self.state in (LOCKING, LOCKED)
        if self.state in (OPEN, LOCKED):
            if self._feedback is not target:
                self.handle(SLIPPED)
        elif self._feedback is target and self._moved() and self.accepts(ARRIVED):
            self.handle(ARRIVED)

    def _moved(self):
        # A command must have moved the motor before the feedback counts as its proof.
        return self.state == UNLOCK_FAILED or self._tries > 0

    def _enter(self, now):
        """A new state: begin its work."""
        self._check.stop()
        self._pause.stop()
        self._tries = 0
        if self.state in (LOCKING, UNLOCKING):
            self._start(now)
        elif self.state == UNLOCK_FAILED:
            self._pause.start(now, _ROUND_MS)

    def _start(self, now):
        self._tries += 1
        self._pause.stop()
        self._check.start(now, TRAVEL_MS)
        self._motor.start(now, self.state == LOCKING)
        self._since.start(now, _SURE_MS)

    def _try(self, now):
        if self._check.expired(now):
            self._check.stop()
            if self._tries >= TRIES:
                self.handle(GAVE_UP)
                self._enter(now)
            else:
                self._pause.start(now, PAUSE_MS)
        elif self._pause.expired(now):
            self._start(now)

    def _tell(self):
        if not self._proving:
            return
        if self.state in (OPEN, UNLOCK_FAILED):
            self._proving = False
            self.result = "Unlocked" if self.state == OPEN else "UnlockFailed"
