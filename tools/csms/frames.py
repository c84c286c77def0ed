"""One OCPP-J frame against the rules that need no memory: JSON, arity, ids, schemas, codes.

Follows OCPP-J 1.6 section 4 and the JSON schemas of the `ocpp` package. What needs memory, such as
which CALL an answer belongs to, is in `conversation`.
"""

import datetime
import decimal
import json
import re
from dataclasses import dataclass, field

from jsonschema import Draft4Validator, FormatChecker
from ocpp.messages import MessageType, get_validator

CALL = int(MessageType.Call)
RESULT = int(MessageType.CallResult)
ERROR = int(MessageType.CallError)

CHARGE_POINT = "cp"
CENTRAL_SYSTEM = "cs"

CHARGE_POINT_ACTIONS = frozenset(
    """Authorize BootNotification DataTransfer DiagnosticsStatusNotification
    FirmwareStatusNotification Heartbeat LogStatusNotification MeterValues
    SecurityEventNotification SignCertificate SignedFirmwareStatusNotification StartTransaction
    StatusNotification StopTransaction""".split()
)
CENTRAL_SYSTEM_ACTIONS = frozenset(
    """CancelReservation CertificateSigned ChangeAvailability ChangeConfiguration ClearCache
    ClearChargingProfile DataTransfer DeleteCertificate ExtendedTriggerMessage
    GetCompositeSchedule GetConfiguration GetDiagnostics GetInstalledCertificateIds
    GetLocalListVersion GetLog InstallCertificate RemoteStartTransaction RemoteStopTransaction
    ReserveNow Reset SendLocalList SetChargingProfile SignedUpdateFirmware TriggerMessage
    UnlockConnector UpdateFirmware""".split()
)

# OCPP-J 1.6 table 7, with the spelling of the specification.
ERROR_CODES = frozenset(
    """NotImplemented NotSupported InternalError ProtocolError SecurityError FormationViolation
    PropertyConstraintViolation OccurenceConstraintViolation TypeConstraintViolation
    GenericError""".split()
)

# The `ocpp` package compares these with decimal numbers, because 21.4 as a binary float is no
# multiple of 0.1. Schema and payload must be parsed the same way.
_DECIMAL = {
    (CALL, "SetChargingProfile"),
    (CALL, "RemoteStartTransaction"),
    (RESULT, "GetCompositeSchedule"),
}

_ARITY = {CALL: 4, RESULT: 3, ERROR: 5}
_ID_LENGTH_MAX = 36  # OCPP-J 1.6 4.1.4, as limited by the errata
_DESCRIPTION_LENGTH_MAX = 255  # OCPP-J 1.6 4.2.3
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)", flags=re.ASCII
)
_formats = FormatChecker(formats=())


@dataclass
class Frame:
    """A frame as it came, what could be read of it, and what is wrong with it."""

    sender: str
    text: str
    kind: int | None = None
    id: str | None = None
    action: str | None = None
    payload: object = None
    code: str | None = None
    description: str | None = None
    problems: list[str] = field(default_factory=list)
    cp: str = ""
    time_s: float = 0.0
    settled: bool = True  # False until its answer, if there is one at once, has been sent


def parse_time(text):
    """The moment of an RFC 3339 text. Raises ValueError, also where the zone is missing."""
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        raise ValueError(f"'{text}' is no RFC 3339 time with a zone")
    return datetime.datetime.fromisoformat(text.upper())


@_formats.checks("date-time", raises=ValueError)
def _is_time(value):
    return not isinstance(value, str) or bool(parse_time(value))


def read(sender, text):
    """Parse a frame and check what can be checked without its payload's schema."""
    frame = Frame(sender, text)
    try:
        message = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        frame.problems.append(f"no JSON: {error}")
        return frame
    if not isinstance(message, list) or not message or message[0] not in (CALL, RESULT, ERROR):
        frame.problems.append("no array that begins with 2, 3 or 4")
        return frame
    frame.kind = message[0]
    if type(frame.kind) is not int:
        frame.problems.append("the message type is no integer")
    if len(message) != _ARITY[frame.kind]:
        frame.problems.append(f"{len(message)} elements instead of {_ARITY[frame.kind]}")
    _take_id(frame, message)
    if len(message) == _ARITY[frame.kind]:
        _take_rest(frame, message)
    return frame


def check_payload(frame, action):
    """Add to `frame.problems` what the schema of `action` says about the payload."""
    frame.action = action
    asker = frame.sender
    if frame.kind != CALL:
        asker = CENTRAL_SYSTEM if frame.sender == CHARGE_POINT else CHARGE_POINT
    # Also keeps names that nobody checked away from the schema files.
    if action not in (CHARGE_POINT_ACTIONS if asker == CHARGE_POINT else CENTRAL_SYSTEM_ACTIONS):
        frame.problems.append(f"{action[:60]} is no action of the {asker}")
        return
    payload = frame.payload
    number = float
    if (frame.kind, action) in _DECIMAL:
        number = decimal.Decimal
        payload = json.loads(json.dumps(payload), parse_float=number)
    schema = get_validator(frame.kind, action, "1.6", parse_float=number).schema
    validator = Draft4Validator(schema, format_checker=_formats)
    for error in validator.iter_errors(payload):
        place = "/".join(str(part) for part in error.absolute_path)
        frame.problems.append(f"{action} {place}: {error.message}"[:300])


def _take_id(frame, message):
    if len(message) < 2 or not isinstance(message[1], str):
        frame.problems.append("the message id is no text")
        return
    frame.id = message[1]
    # An answer echoes the id that it was given, whatever its length.
    if frame.kind == CALL and not 1 <= len(frame.id) <= _ID_LENGTH_MAX:
        frame.problems.append(f"a message id of {len(frame.id)} characters")


def _take_rest(frame, message):
    if frame.kind == ERROR:
        _take_error(frame, *message[2:])
        return
    frame.payload = message[-1]
    if frame.kind == CALL:
        if isinstance(message[2], str):
            frame.action = message[2]
        else:
            frame.problems.append("the action is no text")


def _take_error(frame, code, description, details):
    if isinstance(code, str):
        frame.code = code
    if not isinstance(code, str) or code not in ERROR_CODES:
        frame.problems.append(f"{code} is no error code of OCPP 1.6")
    if not isinstance(description, str) or len(description) > _DESCRIPTION_LENGTH_MAX:
        frame.problems.append("the error description is no text of up to 255 characters")
    else:
        frame.description = description
    if not isinstance(details, dict):
        frame.problems.append("the error details are no object")
    frame.payload = details


def _unique(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_constant(name):
    raise ValueError(f"{name} is not JSON")
