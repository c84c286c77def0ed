"""The three frames of OCPP-J 1.6 (4.2): text from them, and them from text.

Nothing is remembered here; who waits for what is in rpc.py.
"""

import json

from micropython import const

from ocppj import errors, jsontext

CALL = const(2)
RESULT = const(3)
ERROR = const(4)

# OCPP-J 4.1.4 allows 36. Longer ones have been seen in the field and are echoed all the same.
_ID_MAX = const(255)


class FrameError(Exception):
    """A text that is no frame.

    message_type and message_id tell what it seems to be and are None if that cannot be said;
    code and description are for the CALLERROR, if it was a CALL.
    """

    def __init__(self, code, description, message_type=None, message_id=None):
        super().__init__(description)
        self.code = code
        self.description = description
        self.message_type = message_type
        self.message_id = message_id


class Parts:
    """A long text that exists only bit by bit: iterate to get its parts, as often as needed."""

    def __init__(self, head, make):
        self._head = head
        self._make = make

    def __iter__(self):
        yield self._head
        for text in self._make():
            yield text
        yield "]"


def call(message_id, action, payload):
    """Return the text of a CALL. `payload`: a dict, or a str that is the JSON of an object."""
    if isinstance(payload, str):
        return "[2,%s,%s,%s]" % (_dumps(message_id), _dumps(action), payload)
    return _dumps((CALL, message_id, action, payload))


def result(message_id, payload):
    """Return the text of a CALLRESULT; `payload` as in `call`.

    Or a function that yields texts which are its JSON one after the other, each time it is called:
    then it is the text that comes in Parts.
    """
    if isinstance(payload, str):
        return "[3,%s,%s]" % (_dumps(message_id), payload)
    if callable(payload):
        return Parts("[3,%s," % _dumps(message_id), payload)
    # In one piece: a long payload is written once, not copied into its frame.
    return _dumps((RESULT, message_id, payload))


def error(message_id, code, description):
    """Return the text of a CALLERROR; errorDetails is always the empty object."""
    return "[4,%s,%s,%s,{}]" % (_dumps(message_id), _dumps(code), _dumps(errors.clip(description)))


def parse(text, max_bytes=16384):
    """Return (CALL, id, action, payload), (RESULT, id, payload), (ERROR, id, code, description).

    Returns None for a message type that OCPP-J 1.6 does not know: 4.2 wants it ignored. A null
    payload becomes {}. The id is a string of at most 255 characters; a frame with any other
    has no id to answer to. Raises FrameError for everything else.
    """
    items = _loads(text, max_bytes)
    if not isinstance(items, list) or len(items) < 2:
        raise FrameError(errors.FORMATION, "not a frame")
    message_type, message_id = items[0], items[1]
    if not isinstance(message_type, int) or isinstance(message_type, bool):
        raise FrameError(errors.FORMATION, "not a frame")
    if message_type not in (CALL, RESULT, ERROR):
        return None
    if not isinstance(message_id, str) or len(message_id) > _ID_MAX:
        raise FrameError(errors.FORMATION, "message id is no string of up to 255 characters")
    if message_type == CALL:
        return _parse_call(items, message_id)
    if message_type == RESULT:
        return _parse_result(items, message_id)
    return _parse_error(items, message_id)


def _loads(text, max_bytes):
    try:
        return jsontext.loads(text, max_bytes)
    except ValueError:
        code, description = errors.FORMATION, "not JSON, too long or nested too deeply"
    except MemoryError:
        code, description = errors.INTERNAL, "out of memory"
    raise _unreadable(text, code, description)


def _parse_call(items, message_id):
    if len(items) == 3:
        # OCPP-J 4.2.3: ProtocolError is "payload for action is incomplete".
        raise FrameError(errors.PROTOCOL, "payload is missing", CALL, message_id)
    if len(items) != 4:
        raise FrameError(errors.FORMATION, "a CALL has four elements", CALL, message_id)
    action = items[2]
    if not isinstance(action, str):
        raise FrameError(errors.FORMATION, "action is no string", CALL, message_id)
    return CALL, message_id, action, _payload(items[3], CALL, message_id)


def _parse_result(items, message_id):
    if len(items) != 3:
        raise FrameError(errors.FORMATION, "a CALLRESULT has three elements", RESULT, message_id)
    return RESULT, message_id, _payload(items[2], RESULT, message_id)


def _parse_error(items, message_id):
    """Tolerant: that the CALL failed is clear, and what is missing would only be logged."""
    code = items[2] if len(items) > 2 and isinstance(items[2], str) else errors.GENERIC
    description = items[3] if len(items) > 3 and isinstance(items[3], str) else ""
    return ERROR, message_id, errors.clip(code), errors.clip(description)


def _payload(value, message_type, message_id):
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise FrameError(errors.FORMATION, "payload is no object", message_type, message_id)
    return value


def _unreadable(text, code, description):
    """A FrameError; with the id if the text begins like a CALL, so that the peer need not wait."""
    pieces = text[: _ID_MAX + 20].split('"', 2)
    if len(pieces) == 3 and "".join(pieces[0].split()) == "[2," and _is_plain(pieces[1]):
        return FrameError(code, description, CALL, pieces[1])
    return FrameError(code, description)


def _is_plain(message_id):
    """True for ASCII without escapes: what may be echoed although nobody has parsed it."""
    try:
        return "\\" not in message_id and len(message_id.encode()) == len(message_id)
    except ValueError:
        return False


def _dumps(value):
    return json.dumps(value, separators=(",", ":"))
