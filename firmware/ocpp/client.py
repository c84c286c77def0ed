"""The OCPP 1.6 client: registration rules, who may send next, who answers a call.

No socket and no clock: the network shell hands in texts and moments and takes texts out. Nothing
waits here to be sent but answers. When the line is free, the client asks its sources in their
order for a call, so a payload exists only while it is under way. A source has

    next_call(now) -> (action, payload, message id or None), or None
    on_result(now, payload)             the confirmation, its shape checked
    on_error(now, code, description)    a CALLERROR, or a confirmation of the wrong shape
    on_lost(now)                        no answer in time, or the connection went down

and is told exactly one of the last three for each call. A profile is a module with HANDLERS
(action -> handler, see ocpp/core.py), REQUESTS and RESULTS (the shapes, see lib/ocpp16).
"""

from micropython import const

import ocpp16
import shape
import ticks
from ocppj.errors import INTERNAL, SECURITY, OcppError

_ANSWERS_MAX = const(8)
_DEFERRED_MAX = const(4)
# Longer than a lock motor with its repetitions, shorter than what a central system waits.
_DEFERRED_MS = const(20_000)
_SILENT_CALLS_MAX = const(3)

# OCPP 1.6 4.2: not before the registration is accepted; the answer is then Rejected.
_ACCEPTED_ONLY = ("RemoteStartTransaction", "RemoteStopTransaction")


class Client:
    """One charge point towards one central system, over any number of connections."""

    def __init__(self, ctx, rpc, profiles, sources, triggered=None):
        """`ctx`: config, station, status, boot, and what the handlers of `profiles` need.

        `sources` in order of priority, without `ctx.boot`; `triggered`: a source that may speak
        while the registration is pending, for TriggerMessage.
        """
        self._ctx = ctx
        self._rpc = rpc
        self._profiles = profiles
        self._sources = sources
        self._triggered = triggered
        self._answers = []
        self._deferred = []  # (message id, object with poll and expired, deadline)
        self._calling = None  # the source and the action of the call under way
        self._overflow = False
        self.connected = False
        self.silent_calls = 0  # calls in a row that were not answered
        self.crashes = 0  # handlers that failed by our own mistake
        self.last_crash = None
        self.bad_results = 0  # confirmations of the wrong shape

    @property
    def registration(self):
        """Empty before the first answer, then "Accepted", "Pending" or "Rejected"."""
        return self._ctx.boot.registration

    @property
    def online(self):
        """True when connected and accepted."""
        return self.connected and self._ctx.boot.registration == "Accepted"

    @property
    def has_answers(self):
        """True while answers wait to be sent: whoever can should not ask for more."""
        return len(self._answers) > 0

    @property
    def wants_close(self):
        """True when the connection is of no use any more and should be made anew."""
        return self._overflow or self.silent_calls >= _SILENT_CALLS_MAX

    def on_connected(self, _now):
        """A connection is open."""
        self.connected = True
        self.silent_calls = 0
        self._ctx.boot.on_connected()

    def on_disconnected(self, now):
        """The connection is gone, and with it all answers."""
        self.connected = False
        self.silent_calls = 0
        self._overflow = False
        self._answers = []
        self._deferred = []
        self._ctx.station.online = False
        self._ctx.status.forget_history()
        if self._rpc.reset():
            self._take_source().on_lost(now)

    def receive(self, now, text):
        """Take one text from the central system."""
        self.handle(now, self.read(now, text))

    def read(self, now, text):
        """Return for `handle` what a text from the central system says; nobody needs the text, or
        what reads it, any longer then."""
        return self._rpc.receive(now, text)

    def handle(self, now, message):
        """Take what `read` has returned."""
        if message is None:
            return
        kind = message[0]
        if kind == "call":
            self._on_call(now, message[1], message[2], message[3])
        elif kind == "refused":
            if self.registration != "Rejected":
                self._put(message[1])
        else:
            self.silent_calls = 0
            source, action = self._calling
            self._calling = None
            if kind == "error":
                source.on_error(now, message[1], message[2])
                return
            # What checks it need not be in the heap while it is worked on (stock tier).
            mistake = self._mistake(action, message[1])
            if mistake is None:
                source.on_result(now, message[1])
            else:
                source.on_error(now, mistake.code, mistake.description)

    def tick(self, now):
        """Let time pass; call it after each tick of the station."""
        if self._rpc.tick(now) is not None:
            self.silent_calls += 1
            self._take_source().on_lost(now)
        self._poll_deferred(now)
        self._ctx.status.observe(now, self._ctx.station.online)

    def next_text(self, now):
        """Return the next text to send, which may come in Parts (ocppj.frame), or None. Answers
        come before calls."""
        if not self.connected or self.wants_close:
            return None
        if self._answers:
            return self._answers.pop(0)
        if not self._rpc.idle:
            return None
        return self._next_call(now)

    def answer(self, message_id, payload):
        """Answer a call of the central system."""
        self._put(self._rpc.answer(message_id, payload))

    def _next_call(self, now):
        boot = self._ctx.boot
        text = self._ask(now, boot)
        # OCPP 1.6 4.2: nothing else before an answer, nothing by ourselves before "Accepted".
        if text is None and self._triggered and boot.registration in ("Pending", "Accepted"):
            text = self._ask(now, self._triggered)
        # After a reconnect what is told is what the station's next tick finds, not what was true
        # before: an offline start shows Charging, not its Preparing as well (TC_037_1_CS).
        if boot.registration == "Accepted" and self._ctx.station.online:
            for source in self._sources:
                if text is not None:
                    break
                # What an answer still to come has caused already is told after it (TC_018_1_CS);
                # a person with a card does not wait for that.
                if not self._deferred or source is self._ctx.authorize:
                    text = self._ask(now, source)
        return text

    def _ask(self, now, source):
        call = source.next_call(now)
        if call is None:
            return None
        action, payload, message_id = call
        self._calling = source, action
        self._rpc.timeout_ms = self._ctx.config.get("MessageTimeout", 30) * 1000
        return self._rpc.call(now, action, payload, message_id)

    def _take_source(self):
        source = self._calling[0]
        self._calling = None
        return source

    def _mistake(self, action, payload):
        """Return the OcppError in a confirmation, or None."""
        try:
            # Unknown fields do no harm in a confirmation; some central systems add their own.
            description = self._result_shape(action)
            shape.check(description, payload, True)
        except OcppError as error:
            self.bad_results += 1
            return error
        return None

    def _result_shape(self, action):
        for profile in self._profiles:
            description = ocpp16.find(profile.RESULTS, action)
            if description is not None:
                return description
        raise AssertionError(action)

    def _on_call(self, now, message_id, action, payload):
        if self.registration == "Rejected":
            # OCPP 1.6 4.2: no answer at all. The text that closes the call is thrown away.
            self._rpc.refuse(message_id, OcppError(SECURITY))
            return
        try:
            handler = self._handler(action, payload)
            answer = handler(self._ctx, now, payload) if handler else {"status": "Rejected"}
            # A payload that has decimals comes as text, a long one in parts (ocppj.frame).
            if isinstance(answer, (dict, str)) or callable(answer):
                self.answer(message_id, answer)
            else:
                self._defer(now, message_id, answer)
        except OcppError as error:
            self._put(self._rpc.refuse(message_id, error))
        # Broad, and the only place where it is: a mistake in one handler must neither leave the
        # central system without an answer nor take the other connector's session down.
        except Exception as error:  # noqa: BLE001
            self.crashes += 1
            self.last_crash = error
            self._put(self._rpc.refuse(message_id, OcppError(INTERNAL)))

    def _handler(self, action, payload):
        """Return who answers a call, whose payload is checked; None: it is to be rejected."""
        for profile in self._profiles:
            # In this order: of a profile in flash only one copy, and none of what finds the
            # description when it is compared.
            if action not in profile.HANDLERS:
                continue
            description = ocpp16.find(profile.REQUESTS, action, payload)
            shape.check(description, payload)
            if action in _ACCEPTED_ONLY and self.registration != "Accepted":
                return None
            return profile.HANDLERS[action]
        # OCPP 1.6 5.13: a station without reservations refuses them by a normal answer.
        if action == "ReserveNow":
            return None
        raise ocpp16.not_handled(action)

    def _defer(self, now, message_id, pending):
        if len(self._deferred) >= _DEFERRED_MAX:
            self.answer(message_id, pending.expired())
            return
        deadline = ticks.Deadline()
        deadline.start(now, _DEFERRED_MS)
        self._deferred.append((message_id, pending, deadline))

    def _poll_deferred(self, now):
        for entry in self._deferred:
            message_id, pending, deadline = entry
            payload = pending.poll(now)
            if payload is None and deadline.expired(now):
                payload = pending.expired()
            if payload is not None:
                self._deferred.remove(entry)
                self.answer(message_id, payload)
                return  # the list has changed; the others are asked on the next tick

    def _put(self, text):
        # A peer that asks without reading: an answer must not be lost alone, so all goes.
        if len(self._answers) >= _ANSWERS_MAX:
            self._overflow = True
            return
        self._answers.append(text)
