"""Checks of received payloads: each kind, each code of the error, each path."""

import unittest

import ocpp16
import shape
from ocpp16 import core
from ocppj import errors

_FIELDS = (
    ("text", True, "string", 3),
    ("id", False, "cistring", 2),
    ("any", False, "string", None),
    ("choice", False, "enum", ("One", "Two")),
    ("count", False, "integer", (0, 9)),
    ("least", False, "integer", (-5, None)),
    ("whole", False, "integer", None),
    ("share", False, "decimal", (0, 100)),
    ("flag", False, "boolean", None),
    ("when", False, "time", None),
    ("since", False, "time", "any year"),
    ("list", False, "array", (1, 2, "string", 2)),
    ("inner", False, "object", (("deep", True, "integer", None),)),
    ("rows", False, "array", (0, None, "object", (("deep", True, "integer", None),))),
)

_SHARED = """
Inner
 deep! integer *
"""

_TABLE = """
Empty
Fields
 text! string 3
 id? cistring 2
 any? string *
 choice? enum One|Two
 count? integer 0..9
 least? integer -5..
 whole? integer *
 share? decimal 0..100
 flag? boolean *
 when? time *
 since? time any
 list? array 1..2 string 2
 inner? object { deep! integer * }
 rows? array 0.. object Inner
Last
 least? integer ..3
"""


def _with(name, value):
    payload = {"text": "abc"}
    payload[name] = value
    return payload


class AcceptTest(unittest.TestCase):
    def test_check_good_values_passes(self):
        # At the edges of each range and with each spelling.
        for name, values in (
            ("text", ("", "abc", "\u20ac\u20ac\u20ac", "\U0001f600\U0001f600")),
            ("id", ("", "aB")),
            ("any", ("x" * 2000,)),
            ("choice", ("One", "Two")),
            ("count", (0, 9)),
            ("least", (-5, 0x7FFFFFFF)),
            ("whole", (-0x80000000, 0x7FFFFFFF)),
            ("share", (0, 100, 6.000000, 1e1, 0.1)),
            ("flag", (True, False)),
            ("when", ("2026-11-21T07:42:52Z", "2026-11-21T07:42:52.1234567+01:00")),
            ("since", ("2026-11-21T07:42:52Z", "0001-01-01T00:00:00Z")),
            ("list", (["a"], ["a", "bb"])),
            ("inner", ({"deep": 1},)),
            ("rows", ([], [{"deep": 1}] * 50)),
        ):
            for value in values:
                self.assertIsNone(shape.check(_FIELDS, _with(name, value)))

    def test_check_null_in_optional_field_passes(self):
        # Several central systems write null for "absent".
        for field in _FIELDS[1:]:
            self.assertIsNone(shape.check(_FIELDS, _with(field[0], None)))

    def test_check_unknown_field_passes_when_extra_is_tolerated(self):
        # For confirmations: to lose a transaction id over a vendor's field would be worse.
        payload = {"text": "a", "more": 1, "inner": {"deep": 1, "x": 2}}
        self.assertIsNone(shape.check(_FIELDS, payload, True))


class RefuseTest(unittest.TestCase):
    def test_check_payload_that_is_no_object_is_formation(self):
        # OCPP-J 4.2.3: not conform to the structure.
        for payload in ([], "x", 1, None, True):
            self._refused(payload, errors.FORMATION, "payload: object expected")

    def test_check_missing_field_is_formation(self):
        # At both levels, with the path.
        self._refused({}, errors.FORMATION, "text: missing")
        self._refused(_with("inner", {}), errors.FORMATION, "inner.deep: missing")
        self._refused(_with("rows", [{"deep": 1}, {}]), errors.FORMATION, "rows[1].deep: missing")

    def test_check_unknown_field_is_formation(self):
        # additionalProperties is false in the schemas; names are case-sensitive.
        self._refused(_with("more", 1), errors.FORMATION, "more: unknown")
        self._refused(_with("Flag", True), errors.FORMATION, "Flag: unknown")
        self._refused(_with("inner", {"deep": 1, "x": 2}), errors.FORMATION, "inner.x: unknown")

    def test_check_key_that_is_no_string_is_formation(self):
        # MicroPython's JSON parser lets {1:2} pass.
        for key in (1, None, 2.5, True):
            self._refused(_with(key, 1), errors.FORMATION, str(key) + ": unknown")

    def test_check_other_json_type_is_type(self):
        # A bool is no integer, a whole float neither, and a number no string.
        for name, values in (
            ("text", (None, 1, True, [], {})),
            ("id", (1, ["a"])),
            ("choice", (1, True, ["One"])),
            ("count", ("1", True, False, 1.5, 1.0, [], {})),
            ("share", ("1", True, [], {})),
            ("flag", (0, 1, "true")),
            ("when", (0, 1.5, [])),
            ("list", ("a", {}, 1)),
            ("inner", ([], "a", 1, True)),
            ("rows", ({}, "a")),
        ):
            for value in values:
                self._refused(_with(name, value), errors.TYPE, name + ": ")
        self._refused(_with("list", ["a", None]), errors.TYPE, "list[1]: string expected")
        self._refused(_with("rows", [None]), errors.TYPE, "rows[0]: object expected")

    def test_check_value_out_of_bounds_is_property(self):
        # Length, literal, range, finiteness, form of a date.
        for name, values in (
            ("text", ("abcd", "\u20ac\u20ac\u20ac\u20ac")),
            ("id", ("abc",)),
            ("choice", ("one", "Three", "")),
            ("count", (-1, 10, 10**30)),
            ("least", (-6,)),
            ("whole", (-0x80000001, 0x80000000)),
            ("share", (-0.1, 100.5, float("inf"), float("nan"))),
            ("when", ("", "soon", "1999-12-31T23:59:59Z", "2026-02-30T00:00:00Z")),
            ("since", ("0001-13-01T00:00:00Z",)),
        ):
            for value in values:
                self._refused(_with(name, value), errors.PROPERTY, name + ": ")

    def test_check_number_of_items_is_occurrence(self):
        # With the spelling of 1.6: one r.
        self.assertEqual(errors.OCCURRENCE, "OccurenceConstraintViolation")
        self._refused(_with("list", []), errors.OCCURRENCE, "list: less than 1 items")
        self._refused(_with("list", ["a"] * 3), errors.OCCURRENCE, "list: more than 2 items")

    def test_check_long_unknown_name_gives_short_description(self):
        # errorDescription holds 255 characters, whatever the peer sends.
        error = self._refused(_with("x" * 5000, 1), errors.FORMATION, "x")
        self.assertTrue(len(error.description) <= 255)

    def test_check_extra_still_finds_what_is_wrong(self):
        # Tolerance for unknown fields is no tolerance for wrong ones.
        for payload in ({"more": 1}, {"text": 1, "more": 1}):
            with self.assertRaises(errors.OcppError):
                shape.check(_FIELDS, payload, True)

    def _refused(self, payload, code, beginning):
        with self.assertRaises(errors.OcppError) as raised:
            shape.check(_FIELDS, payload)
            self.fail("%r was accepted" % (payload,))
        error = raised.exception
        self.assertEqual(error.code, code)
        self.assertTrue(error.description.startswith(beginning), error.description)
        return error


def _shared(name):
    return shape.find(_SHARED, name)


class FindTest(unittest.TestCase):
    def test_find_reads_every_kind(self):
        # The text below says what _FIELDS says, with the innermost object kept apart.
        self.assertEqual(shape.find(_TABLE, "Fields", _shared), _FIELDS)
        self.assertEqual(shape.find(_TABLE, "Empty", _shared), ())
        self.assertEqual(shape.find(_TABLE, "Last"), (("least", False, "integer", (None, 3)),))

    def test_find_for_a_payload_asks_only_for_what_it_has(self):
        # Most remote starts come without a charging profile, whose description is the longest.
        asked = []
        table = "\nStart\n tag! string 20\n profile? object Profile\n"
        for payload, wanted in (({"tag": "A"}, []), ({"profile": None}, ["Profile"])):
            fields = shape.find(table, "Start", asked.append, payload)
            self.assertEqual([field[:3] for field in fields], [
                ("tag", True, "string"), ("profile", False, "object")])
            self.assertEqual(asked, wanted)


class CoreTest(unittest.TestCase):
    def test_find_gives_description_or_none(self):
        # Names are case-sensitive, and what a peer sends cannot match a field or two lines.
        self.assertEqual(ocpp16.find(core.REQUESTS, "ClearCache"), ())
        self.assertIsNone(ocpp16.find(core.REQUESTS, "clearCache"))
        self.assertIsNone(ocpp16.find(core.REQUESTS, "Authorize"))
        self.assertIsNone(ocpp16.find(core.RESULTS, "Reset"))
        for action in ("", " type! enum Hard|Soft", "ClearCache\nDataTransfer", "MeterValues\n"):
            self.assertIsNone(ocpp16.find(core.REQUESTS, action))

    def test_not_handled_tells_known_from_unknown(self):
        # NotSupported for 1.6 actions, NotImplemented for anything else.
        self.assertEqual(ocpp16.not_handled("SendLocalList").code, "NotSupported")
        self.assertEqual(ocpp16.not_handled("GetLog").code, "NotSupported")
        for action in ("getLog", "", "GetVariables"):
            self.assertEqual(ocpp16.not_handled(action).code, "NotImplemented")

    def test_remote_start_with_profile_names_the_path(self):
        # The deepest payload of Core.
        payload = {"idTag": "04A1", "connectorId": 1, "chargingProfile": _profile(16.1)}
        description = ocpp16.find(core.REQUESTS, "RemoteStartTransaction", payload)
        self.assertIsNone(shape.check(description, payload))
        payload["chargingProfile"] = _profile("16")
        with self.assertRaises(errors.OcppError) as raised:
            shape.check(description, payload)
        self.assertEqual(
            raised.exception.description,
            "chargingProfile.chargingSchedule.chargingSchedulePeriod[0].limit: number expected",
        )

    def test_results_with_null_and_old_dates_pass(self):
        # As sent by central systems written in C# and Java.
        payload = {
            "idTagInfo": {
                "status": "Accepted",
                "parentIdTag": None,
                "expiryDate": "0001-01-01T00:00:00Z",
            },
            "transactionId": 0,
        }
        self.assertIsNone(shape.check(ocpp16.find(core.RESULTS, "StartTransaction"), payload))

    def test_boot_time_before_2000_is_refused(self):
        # It would set the clock to nonsense.
        payload = {"status": "Accepted", "interval": 300, "currentTime": "1970-01-01T00:00:00Z"}
        with self.assertRaises(errors.OcppError):
            shape.check(ocpp16.find(core.RESULTS, "BootNotification"), payload)


def _profile(limit):
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
        },
    }
