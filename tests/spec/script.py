"""A scripted central system: what a case of the catalogue says, in the words of the catalogue.

    cs.expect("Authorize", idTag=VALID)                 CP> Authorize
    cs.respond("Authorize", idTagInfo=INVALID)          CS= ... to the next one, said beforehand
    assert cs.call("Reset", type="Hard") == ACCEPTED    CS> Reset, CP= Accepted
    cs.any_order(message(...), message(...))            "may swap"
    cs.expect(..., within=3)                            in that many seconds
    cs.nothing_for(3)                                   and no message at all in that many

The order is strict: the next message of the charger must be the expected one. Only what `ignore`
names may come at any time.
"""

import statistics
import time

from tests.host.harness import CP
from tools.csms.answers import NO_ANSWER, CallError, Delayed
from tools.csms.frames import CALL, CHARGE_POINT, parse_time

ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}

_WITHIN_S = 10
_POLL_S = 0.01


class Message:
    """What a message must look like. A field that must be absent has the value None."""

    def __init__(self, action, fields):
        self.action = action
        self.fields = fields

    def fits(self, frame):
        """Whether a frame is this message."""
        if frame.action != self.action:
            return False
        for name, value in self.fields.items():
            given = frame.payload.get(name)
            if not (value(given) if callable(value) else given == value):
                return False
        return True

    def __str__(self):
        fields = [f"{name}={value}" for name, value in self.fields.items()]
        return f"{self.action}({', '.join(fields)})"


def message(action, **fields):
    """A message for `any_order`. A field may be a function of its value."""
    return Message(action, fields)


def status(name, connector=1, **fields):
    """The StatusNotification of a connector."""
    return Message("StatusNotification", {"connectorId": connector, "status": name, **fields})


class Script:
    """The central system's part of a case. `central` is the BackgroundCentral of the bench."""

    def __init__(self, central):
        self._central = central
        self._place = 0
        self._ignored = ()

    # CP>

    def expect(self, action, within=_WITHIN_S, **fields):
        """The next message of the charger; returns its payload."""
        return self.any_order(Message(action, fields), within=within)[0]

    def expect_status(self, name, connector=1, within=_WITHIN_S, **fields):
        """The next message is this StatusNotification; returns its payload."""
        return self.any_order(status(name, connector, **fields), within=within)[0]

    def any_order(self, *messages, within=_WITHIN_S):
        """The next messages of the charger, whatever their order; returns their payloads."""
        deadline = time.monotonic() + within
        payloads = [None] * len(messages)
        missing = dict(enumerate(messages))
        while missing:
            frame = self._take(deadline)
            wanted = " and ".join(str(wanted) for wanted in missing.values())
            assert frame is not None, f"{wanted} did not come in {within} s"
            for index, wanted_message in missing.items():
                if wanted_message.fits(frame):
                    payloads[index] = frame.payload
                    del missing[index]
                    break
            else:
                raise AssertionError(f"expected {wanted}, came {frame.text}")
        return payloads

    def wait_for(self, action, within=_WITHIN_S, **fields):
        """Skip messages up to this one; returns its payload. For tests that are no case."""
        wanted = Message(action, fields)
        deadline = time.monotonic() + within
        while True:
            frame = self._take(deadline)
            assert frame is not None, f"{wanted} did not come in {within} s"
            if wanted.fits(frame):
                return frame.payload

    def nothing_for(self, seconds):
        """No message at all for so long."""
        frame = self._take(time.monotonic() + seconds)
        assert frame is None, f"came {frame.text}"

    def nothing_yet(self):
        """No message came since the last expected one."""
        self.nothing_for(0)

    def ignore(self, *actions):
        """From now on these messages may come at any time."""
        self._ignored = actions

    def settle(self):
        """The charger has taken in every answer so far: it has answered something since."""
        self.value("HeartbeatInterval")

    def forget(self):
        """What came so far is of no interest."""
        self._place = len(self._frames())

    # CS=

    def respond(self, action, answer=None, times=1, **fields):
        """Decide the answer to the next message (or the next `times`, None: to all).

        fields replace those of the ordinary answer; or answer: NEVER, `error(code)`, `late(s)`.
        """
        self._central.answer(action, answer if answer is not None else fields, times)

    # CS>

    def call(self, action, timeout_s=_WITHIN_S, **payload):
        """Ask the charger, return its answer. No message may go before the answer."""
        before = len(self._frames())
        answer = self._central.call(CP, action, payload, timeout_s)
        pushed = self._between(before, answer)
        assert not pushed, f"before the answer to {action} came {pushed}"
        return answer

    def error_of(self, action, **payload):
        """Ask for something that is refused; returns the code of the CALLERROR."""
        try:
            answer = self._central.call(CP, action, payload)
        except CallError as error:
            return error.code
        raise AssertionError(f"{action} was answered with {answer}")

    def configure(self, **keys):
        """Set configuration keys; each must be accepted, at once."""
        for key, value in keys.items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            answer = self.call("ChangeConfiguration", key=key, value=text)
            assert answer == ACCEPTED, f"{key}={text}: {answer}"

    def configuration(self, *keys):
        """The values of some keys, or of all: {key: (value, readonly)}."""
        answer = self.call("GetConfiguration", **({"key": list(keys)} if keys else {}))
        assert not answer.get("unknownKey"), answer
        return {
            row["key"]: (row.get("value"), row["readonly"]) for row in answer["configurationKey"]
        }

    def value(self, key):
        """The value of one key as text."""
        return self.configuration(key)[key][0]

    # Others.

    @property
    def books(self):
        """Transactions as the central system has booked them."""
        return self._central.central.books

    @property
    def tags(self):
        """The id tags that are known; see `tools.csms.answers.Tags`."""
        return self._central.central.tags

    def frames(self, action):
        """All messages `action` of the charger since the start of the test."""
        return [
            frame for frame in self._frames() if _is_message(frame) and frame.action == action
        ]

    def answered(self):
        """All answers of the charger since the start of the test."""
        return [
            frame
            for frame in self._frames()
            if frame.sender == CHARGE_POINT and frame.kind not in (None, CALL)
        ]

    def wait_connection(self, timeout_s=30):
        """Wait until the charger is connected."""
        self._central.wait_for_connection(CP, timeout_s)

    def is_connected(self):
        """Whether the charger is connected."""
        return bool(self._central.central.connected(CP))

    def drop(self):
        """Break the connection from this side, without a word."""
        self._central.drop(CP)

    def refuse_connections(self, http_status):
        """Answer each handshake with this status; None: let the charger in again."""
        self._central.central.refuse_with = http_status

    def send_raw(self, text):
        """Send any text."""
        self._central.send_raw(CP, text)

    def send_bytes(self, data, text=False):
        """Send bytes as a binary message, or as a text message that is no UTF-8."""
        self._central.send_bytes(CP, data, text)

    def answers_to(self, message_id, text):
        """Send a text and return what is answered with that id: payloads and error codes.

        What comes is known when a proper request that follows has been answered.
        """
        before = len(self._frames())
        self.send_raw(text)
        self.call("GetConfiguration", key=["HeartbeatInterval"])
        return [
            frame.code or frame.payload
            for frame in self._frames()[before:]
            if frame.sender == CHARGE_POINT and frame.kind != CALL and frame.id == message_id
        ]

    def _frames(self):
        return self._central.central.frames

    def _take(self, deadline):
        while True:
            frames = self._frames()
            while self._place < len(frames):
                frame = frames[self._place]
                if not _is_message(frame) or frame.action in self._ignored:
                    self._place += 1
                elif frame.settled:
                    self._place += 1
                    return frame
                else:
                    break
            if time.monotonic() >= deadline:
                return None
            time.sleep(_POLL_S)

    def _between(self, before, answer):
        """Messages that came after our CALL and before its answer."""
        pushed = []
        asked = False
        for frame in self._frames()[before:]:
            if frame.sender != CHARGE_POINT:
                asked = asked or frame.kind == CALL
            elif asked and frame.kind != CALL and frame.payload == answer:
                break
            elif asked and _is_message(frame) and frame.action not in self._ignored:
                pushed.append(frame.text)
        return pushed


NEVER = NO_ANSWER


def error(code):
    """The answer is a CALLERROR."""
    return CallError(code)


def late(seconds):
    """The ordinary answer, later."""
    return Delayed(seconds)


def seconds(text):
    """A timestamp as seconds since 1970."""
    return parse_time(text).timestamp()


def rhythm(times):
    """The seconds from one moment to the next, by the median.

    A machine that stands still for a moment makes one of them late, and the steps to both sides of
    it wrong. That none of them drifts is shown to the millisecond in virtual time.
    """
    pairs = zip(times, times[1:], strict=False)
    return statistics.median(after - before for before, after in pairs)


def _is_message(frame):
    return frame.sender == CHARGE_POINT and frame.kind == CALL
