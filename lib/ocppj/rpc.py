"""Who owes whom an answer on one OCPP-J 1.6 connection (4.1): no sockets, no payloads.

Texts and `now` (ticks in ms) go in; texts and events come out. One own CALL is outstanding at a
time; CALLs of the peer may cross it and are answered meanwhile. An AssertionError is a mistake of
the caller; a mistake of the peer never raises.
"""

from micropython import const

import ticks
from ocppj import errors, frame

# The peer should have one CALL open (4.1.1); some do not wait. More than this are refused.
_OPEN_MAX = const(4)
_PREFIX_MAX = const(25)


class Rpc:
    """State of one connection, to be reset when it is lost.

    timeout_ms: how long an own CALL may stay unanswered, and may be set anew for the next.
    max_bytes: longest text that is read.
    id_prefix: up to 25 characters that no other boot of this station has used or will use.
    Counters for diagnosis: `garbage` texts that could not be read nor answered, `late` answers
    to something that is not (any longer) asked.
    """

    def __init__(self, timeout_ms=30_000, max_bytes=16_384, id_prefix=""):
        if len(id_prefix) > _PREFIX_MAX:
            raise AssertionError("id_prefix is too long")
        self.garbage = 0
        self.late = 0
        self.timeout_ms = timeout_ms
        self._max_bytes = max_bytes
        self._id_prefix = id_prefix
        self._ids = 0
        self._awaited = None
        self._deadline = ticks.Deadline()
        self._open = []

    @property
    def idle(self):
        """True when no own CALL is outstanding."""
        return self._awaited is None

    @property
    def newest(self):
        """Id of the peer's latest CALL that is not answered yet; None if all are."""
        return self._open[-1] if self._open else None

    def new_id(self):
        """Return a message id, at most 36 characters, that was not used before.

        OCPP-J 1.6 errata 2025-04: unique over all connections of the same identity.
        """
        self._ids += 1
        return "%s%d" % (self._id_prefix, self._ids)

    def call(self, now, action, payload, message_id=None):
        """Return the text of a CALL and wait for its answer from `now` on.

        message_id: the one of an earlier attempt if this is a repetition. Raises AssertionError
        while another CALL is outstanding (see `idle`).
        """
        if self._awaited is not None:
            raise AssertionError("a CALL is outstanding")
        if message_id is None:
            message_id = self.new_id()
        text = frame.call(message_id, action, payload)
        self._awaited = message_id
        self._deadline.start(now, self.timeout_ms)
        return text

    def receive(self, now, text):
        """Take a text of the peer; return an event, or None if there is nothing to do.

        ("result", payload), ("error", code, description): the outstanding CALL is finished.
        ("call", message_id, action, payload): to be answered once, with `answer` or `refuse`.
        ("refused", text): a malformed CALL; the text is to be sent.
        An answer counts until `tick` has reported the time-out, even if it came a little late:
        to repeat a transaction message that is answered would do more harm.
        """
        try:
            parsed = frame.parse(text, self._max_bytes)
        except frame.FrameError as error:
            return self._malformed(error)
        if parsed is None:
            return None
        if parsed[0] == frame.CALL:
            return self._called(parsed[1], parsed[2], parsed[3])
        if parsed[1] != self._awaited:
            self.late += 1
            return None
        self._finish()
        if parsed[0] == frame.RESULT:
            return ("result", parsed[2])
        return ("error", parsed[2], parsed[3])

    def is_open(self, message_id):
        """True if that CALL of the peer still waits for our answer on this connection."""
        return message_id in self._open

    def answer(self, message_id, payload):
        """Return the text of the CALLRESULT. Raises AssertionError unless `is_open`."""
        # The text first: if memory does not suffice for it, the CALL can still be refused.
        text = frame.result(message_id, payload)
        self._close(message_id)
        return text

    def refuse(self, message_id, error):
        """Return the text of the CALLERROR that an OcppError asks for; else like `answer`."""
        self._close(message_id)
        return frame.error(message_id, error.code, error.description)

    def tick(self, now):
        """Return ("timeout",) when the outstanding CALL is given up at `now`, else None."""
        if not self._deadline.expired(now):
            return None
        self._finish()
        return ("timeout",)

    def next_deadline(self):
        """Return the moment when `tick` has to be called at the latest, or None."""
        return self._deadline.moment

    def reset(self):
        """Forget everything that is open, the connection is lost. True if an own CALL was."""
        outstanding = self._awaited is not None
        self._finish()
        self._open.clear()
        return outstanding

    def _finish(self):
        self._awaited = None
        self._deadline.stop()

    def _called(self, message_id, action, payload):
        if message_id in self._open:
            # Errata 2025-04: an id must not be used again. The first CALL keeps its own answer.
            return self._refused(message_id, errors.GENERIC, "message id is in use")
        if len(self._open) >= _OPEN_MAX:
            return self._refused(message_id, errors.GENERIC, "too many calls are open")
        self._open.append(message_id)
        return ("call", message_id, action, payload)

    def _malformed(self, error):
        if error.message_type == frame.CALL:
            return self._refused(error.message_id, error.code, error.description)
        if error.message_id is not None and error.message_id == self._awaited:
            # The answer we wait for, unreadable: as good as a CALLERROR, and no need to time out.
            self._finish()
            return ("error", error.code, error.description)
        self.garbage += 1
        return None

    def _refused(self, message_id, code, description):
        return ("refused", frame.error(message_id, code, description))

    def _close(self, message_id):
        if message_id not in self._open:
            raise AssertionError("nothing to answer")
        self._open.remove(message_id)
