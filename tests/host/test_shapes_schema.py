"""Our descriptions of payloads against the JSON schemas that the `ocpp` package ships.

Two ways: field by field, and by payloads that hypothesis draws, good ones and damaged ones. What
differs on purpose is listed in ocpp16/core.py and, one by one, in `_RANGES` and `_deviates`.
"""

import json
import math
import pathlib

import jsonschema
import ocpp.v16
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ocpp16
import rfc3339
import shape
from ocpp16 import core, local_auth_list, remote_trigger, reservation, smart_charging
from ocppj.errors import OcppError

_SCHEMAS = pathlib.Path(ocpp.v16.__file__).parent / "schemas"
_DATE_TIME = "2026-11-21T07:42:52Z"
_INT_MIN, _INT_MAX = -0x80000000, 0x7FFFFFFF

# (least, greatest) that we add to a "number" or "integer" of the schemas, by name of the field.
_RANGES = {
    ("ChangeAvailability", "connectorId"): (0, None),
    ("ClearChargingProfile", "stackLevel"): None,
    "stackLevel": (0, None),
    "startPeriod": (0, None),
    "numberPhases": (1, 3),
    "duration": (0, None),
    "limit": (0, 1_000_000),
    "minChargingRate": (0, 1_000_000),
}
# (least, greatest) number of items that we add.
_COUNTS = {
    "key": (0, 128),
    "chargingSchedulePeriod": (1, 64),
    "localAuthorizationList": (0, None),
}
# Where a moment before 2000 means "long ago"; elsewhere it is refused.
_ANY_YEAR = {"expiryDate", "validFrom", "validTo", "startSchedule"}


_OPTIONAL = (local_auth_list, remote_trigger, reservation)


def _schema(name):
    schema = json.loads((_SCHEMAS / f"{name}.json").read_text(encoding="utf-8-sig"))
    if name == "SendLocalList":
        # Where an early set of schemas had these two.
        entry = schema["properties"]["localAuthorizationList"]["items"]["properties"]
        for field in ("expiryDate", "parentIdTag"):
            entry[field] = entry["idTagInfo"]["properties"][field]
    return schema


def _pairs():
    requests = [(profile.REQUESTS, "") for profile in (core, smart_charging, *_OPTIONAL)]
    for table, suffix in (*requests, (core.RESULTS, "Response")):
        for action in _actions(table):
            yield action, ocpp16.find(table, action), _schema(action + suffix), suffix


def _actions(table):
    assert table[0] == table[-1] == "\n"
    return tuple(line for line in table.splitlines() if line and line[0] != " ")


_PAIRS = list(_pairs())
_IDS = [action + suffix for action, _, _, suffix in _PAIRS]


def test_actions_are_those_of_the_schemas():
    """ACTIONS holds every message of OCPP 1.6 with its security extension, and nothing else."""
    names = {path.stem for path in _SCHEMAS.glob("*.json")}
    assert {name for name in names if not name.endswith("Response")} == set(ocpp16.ACTIONS.split())
    assert len(set(ocpp16.ACTIONS.split())) == len(ocpp16.ACTIONS.split())


def test_tables_hold_the_core_messages():
    """Nine requests and eight confirmations reach a charge point (OCPP 1.6 chapters 4 and 5)."""
    assert _actions(core.REQUESTS) == (
        "ChangeAvailability",
        "ChangeConfiguration",
        "ClearCache",
        "DataTransfer",
        "GetConfiguration",
        "RemoteStartTransaction",
        "RemoteStopTransaction",
        "Reset",
        "UnlockConnector",
    )
    assert _actions(core.RESULTS) == (
        "Authorize",
        "BootNotification",
        "DataTransfer",
        "Heartbeat",
        "MeterValues",
        "StartTransaction",
        "StatusNotification",
        "StopTransaction",
    )


def test_optional_profiles_send_nothing_of_their_own():
    """Five more requests reach us; what a trigger lets us send are messages of Core."""
    found = [_actions(profile.REQUESTS) for profile in _OPTIONAL]
    assert found == [
        ("GetLocalListVersion", "SendLocalList"),
        ("TriggerMessage",),
        ("CancelReservation", "ReserveNow"),
    ]
    assert not any(profile.RESULTS for profile in _OPTIONAL)


def test_tables_hold_the_smart_charging_messages():
    """Three requests of its own, and the remote start with its profile."""
    assert _actions(smart_charging.REQUESTS) == (
        "ClearChargingProfile",
        "GetCompositeSchedule",
        "RemoteStartTransaction",
        "SetChargingProfile",
    )
    assert _actions(smart_charging.RESULTS) == ()


def test_profile_is_shared():
    """The Smart Charging profile gets the very description that RemoteStartTransaction uses."""
    fields = {field[0]: field for field in ocpp16.find(core.REQUESTS, "RemoteStartTransaction")}
    assert fields["chargingProfile"][3] == ocpp16.shared("ChargingProfile")


@pytest.mark.parametrize(("action", "description", "schema", "suffix"), _PAIRS, ids=_IDS)
def test_description_equals_schema(action, description, schema, suffix):
    """Same fields, required, types, literals and lengths at every level."""
    _compare_object(action, description, schema)


def _compare_object(action, fields, schema):
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    names = [field[0] for field in fields]
    assert len(set(names)) == len(names)
    assert set(names) == set(schema["properties"])
    assert {field[0] for field in fields if field[1]} == set(schema.get("required", []))
    for name, required, kind, detail in fields:
        assert required in (True, False)
        _compare(action, name, kind, detail, schema["properties"][name])


def _compare(action, name, kind, detail, schema):
    if "enum" in schema:
        assert kind == "enum"
        assert set(detail) == set(schema["enum"])
    elif schema.get("format") == "date-time":
        assert kind == "time"
        assert detail == ("any year" if name in _ANY_YEAR else None)
    elif schema["type"] == "string":
        assert kind in ("string", "cistring")
        assert detail == schema.get("maxLength")
    elif schema["type"] in ("integer", "number"):
        assert kind == {"integer": "integer", "number": "decimal"}[schema["type"]]
        assert detail == _RANGES.get((action, name), _RANGES.get(name))
    elif schema["type"] == "array":
        assert kind == "array"
        assert detail[:2] == _COUNTS[name]
        _compare(action, name, detail[2], detail[3], schema["items"])
    else:
        assert kind == "object"
        _compare_object(action, detail, schema)


_WILD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 70),
    st.integers(),
    st.floats(),
    st.text(max_size=60),
    st.just(_DATE_TIME),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


def _good(schema):
    """Payloads that fit the schema, mostly."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("format") == "date-time":
        return st.sampled_from([_DATE_TIME, "0001-01-01T00:00:00Z", "2026-11-21T07:42:52.5+01:00"])
    kind = schema["type"]
    if kind == "string":
        return st.text(max_size=min(schema.get("maxLength", 60), 60))
    if kind == "integer":
        return st.one_of(st.integers(0, 3), st.integers(-1, 1 << 33))
    if kind == "number":
        return st.one_of(st.integers(0, 32), st.floats(0, 100))
    if kind == "array":
        return st.lists(_good(schema["items"]), max_size=4)
    required = set(schema.get("required", []))
    fields = {name: _good(value) for name, value in schema["properties"].items()}
    return st.fixed_dictionaries(
        {name: value for name, value in fields.items() if name in required},
        optional={name: value for name, value in fields.items() if name not in required},
    )


@st.composite
def _payloads(draw, schema):
    """A payload with up to two damages: a field dropped, added or changed, at any depth."""
    payload = draw(_good(schema))
    for _ in range(draw(st.integers(0, 2))):
        target = draw(st.sampled_from(_objects(payload)))
        damage = draw(st.sampled_from(["drop", "add", "wild", "long"]))
        names = sorted(target)
        if damage == "add":
            name = draw(st.sampled_from(["extra", "Type", "idtag", "status", "value"]))
            target[name] = draw(_WILD)
        elif not names:
            continue
        elif damage == "drop":
            del target[draw(st.sampled_from(names))]
        elif damage == "wild":
            target[draw(st.sampled_from(names))] = draw(_WILD)
        else:
            target[draw(st.sampled_from(names))] = "x" * draw(
                st.sampled_from([20, 21, 50, 51, 255, 256, 500, 501])
            )
    return payload


def _objects(value):
    if isinstance(value, dict):
        return [value] + [found for item in value.values() for found in _objects(item)]
    if isinstance(value, list):
        return [found for item in value for found in _objects(item)]
    return []


def _relaxed(schema):
    """The schema without what fails on rounding (16.1 is no multiple of the float 0.1)."""
    if isinstance(schema, dict):
        return {key: _relaxed(value) for key, value in schema.items() if key != "multipleOf"}
    return schema


def _deviates(action, name, value, schema):
    """True if we refuse, on purpose, something inside `value` that the schema accepts."""
    if schema.get("format") == "date-time":
        try:
            rfc3339.parse(value)
        except rfc3339.TooEarly:
            return name not in _ANY_YEAR
        except ValueError:
            return True
        return False
    if schema.get("type") in ("integer", "number"):
        low, high = _RANGES.get((action, name), _RANGES.get(name)) or (None, None)
        if schema["type"] == "integer":
            low = _INT_MIN if low is None else low
            high = _INT_MAX if high is None else high
        finite = math.isfinite(value) if isinstance(value, float) else True
        return not (finite and low <= value <= high)
    if schema.get("type") == "array":
        low, high = _COUNTS[name]
        high = len(value) if high is None else high
        return not low <= len(value) <= high or any(
            _deviates(action, name, item, schema["items"]) for item in value
        )
    if schema.get("type") == "object":
        return any(
            _deviates(action, key, item, schema["properties"][key]) for key, item in value.items()
        )
    return False


def _without_null(value, schema):
    """The payload without the optional nulls that we read as absent."""
    if isinstance(value, dict) and schema.get("type") == "object":
        required = schema.get("required", [])
        properties = schema["properties"]
        return {
            key: _without_null(item, properties.get(key, {}))
            for key, item in value.items()
            if item is not None or key in required or key not in properties
        }
    if isinstance(value, list) and schema.get("type") == "array":
        return [_without_null(item, schema["items"]) for item in value]
    return value


def _accepts(description, payload, extra=False):
    try:
        shape.check(description, payload, extra)
    except OcppError as error:
        assert 0 < len(error.description) <= 255
        return False
    return True


@pytest.mark.parametrize(("action", "description", "schema", "suffix"), _PAIRS, ids=_IDS)
def test_check_accepts_what_the_schema_accepts(action, description, schema, suffix):
    """For any payload: accepted by both or by none, but for the listed deviations."""
    schema = _relaxed(schema)
    validator = jsonschema.Draft4Validator(schema)

    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    @given(_payloads(schema))
    def both_agree(payload):
        plain = _without_null(payload, schema)
        expected = validator.is_valid(plain) and not _deviates(action, "", plain, schema)
        assert _accepts(description, payload) == expected
        if expected:
            payload["some vendor's"] = {"field": [1]}
            assert not _accepts(description, payload)
            assert _accepts(description, payload, extra=True)

    both_agree()
