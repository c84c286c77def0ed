"""OCPP-J frames: what we write, what we read, what is refused, and with which id."""

import gc
import json
import unittest

from ocppj import errors, frame

_CALL = '[2,"id-1","Reset",{"type":"Soft"}]'


class WriteTest(unittest.TestCase):
    def test_call_is_a_frame_of_four(self):
        # The exact text: compact, and the same on both interpreters.
        self.assertEqual(frame.call("id-1", "Reset", {"type": "Soft"}), _CALL)

    def test_result_without_fields_is_empty_object(self):
        # OCPP-J 4.2.2: never null.
        self.assertEqual(frame.result("id-1", {}), '[3,"id-1",{}]')

    def test_error_has_empty_details(self):
        # OCPP-J 4.2.3: errorDetails is always an object.
        text = frame.error("id-1", errors.OCCURRENCE, "too many")
        self.assertEqual(text, '[4,"id-1","OccurenceConstraintViolation","too many",{}]')

    def test_error_with_long_description_is_cut(self):
        # The limit of OCPP-J 4.2.3 is 255 characters.
        items = json.loads(frame.error("i", errors.GENERIC, "\u00e9" * 300))
        self.assertEqual(items[3], "\u00e9" * 255)

    def test_payload_with_awkward_strings_is_valid_json(self):
        # Quotes, control characters, other scripts and booleans come back as they were.
        payload = {
            "a": 'q"\\/\n\r\t\x00\x1f\x7f',
            "b": "\u00e9\u20ac\U0001f600",
            "c": [True, None, -5],
        }
        items = json.loads(frame.call('i"\\', "A", payload))
        self.assertEqual(items, [2, 'i"\\', "A", payload])

    def test_payload_as_text_is_inserted(self):
        # Decimals are sent as prepared text: no float is rounded on the way.
        text = frame.result("i", '{"limit":16.1}')
        self.assertEqual(text, '[3,"i",{"limit":16.1}]')


class ReadTest(unittest.TestCase):
    def test_parse_call_gives_its_parts(self):
        # The tuple that rpc.py works on.
        self.assertEqual(frame.parse(_CALL), (2, "id-1", "Reset", {"type": "Soft"}))

    def test_parse_null_payload_gives_empty_object(self):
        # Some peers send null where {} is meant.
        self.assertEqual(frame.parse('[2,"i","ClearCache",null]')[3], {})
        self.assertEqual(frame.parse('[3,"i",null]'), (3, "i", {}))

    def test_parse_error_without_details_is_read(self):
        # A CALLERROR is one, however little it says.
        self.assertEqual(frame.parse('[4,"i"]'), (4, "i", "GenericError", ""))
        self.assertEqual(frame.parse('[4,"i",5,null,null]'), (4, "i", "GenericError", ""))
        self.assertEqual(frame.parse('[4,"i","X","why",{}]'), (4, "i", "X", "why"))

    def test_parse_numbers_with_fraction_or_exponent_are_numbers(self):
        # 6.000000 and 1e1 are limits that central systems send.
        payload = frame.parse('[2,"i","A",{"a":6.000000,"b":1e1,"c":-1.5E+1,"d":0}]')[3]
        self.assertEqual(payload, {"a": 6, "b": 10, "c": -15, "d": 0})

    def test_parse_unknown_message_type_is_ignored(self):
        # OCPP-J 4.2: to be ignored, not an error.
        for text in ('[1,"i"]', '[5,"i",{}]', "[0,0]", '[-2,"i","A",{}]', '[20,"i","A",{}]'):
            self.assertIsNone(frame.parse(text))

    def test_parse_long_id_is_kept(self):
        # Echoed byte for byte, also beyond the 36 characters of the standard.
        for message_id in ("x" * 255, "12", "", " a ", "\u00e9", "a\\b"):
            text = json.dumps([2, message_id, "A", {}])
            self.assertEqual(frame.parse(text)[1], message_id)

    def test_parse_white_space_is_skipped(self):
        # Pretty-printed JSON is JSON.
        self.assertEqual(frame.parse(' [ 2 ,\r\n"i",\t"A" , { } ]\n'), (2, "i", "A", {}))


class SurrogateTest(unittest.TestCase):
    def test_parse_escaped_pair_gives_one_character(self):
        # MicroPython's parser keeps two halves; sent back they would be invalid UTF-8.
        for text in ('[3,"i",{"k":"a\\ud83d\\ude00b"}]', '[3,"i",{"k":"a\\uD83D\\uDE00b"}]'):
            value = frame.parse(text)[2]["k"]
            self.assertEqual(value, "a\U0001f600b")
            self.assertEqual(value.encode(), b"a\xf0\x9f\x98\x80b")

    def test_parse_single_half_gives_replacement_character(self):
        # Nothing that cannot be written as UTF-8 gets in.
        for half in ("\\ud83d", "\\ude00", "\\ud83dx", "\\ude00\\ud83d", "\\ud83d\\ud83d"):
            value = frame.parse('[3,"i",{"k":"' + half + '"}]')[2]["k"]
            self.assertIn("\ufffd", value)
            self.assertNotIn(b"\xed", value.encode())

    def test_parse_raw_half_is_refused(self):
        # Not UTF-8 (RFC 3629 3), although MicroPython's decoder lets it pass.
        for half in (0xD800, 0xDFFF):
            with self.assertRaises(frame.FrameError):
                frame.parse('[3,"i",{"k":"' + chr(half) + '"}]')
        self.assertEqual(frame.parse('[3,"i",{"k":"\ud7ff"}]')[2]["k"], "\ud7ff")

    def test_parse_escaped_backslash_before_u_is_text(self):
        # "\\ud83d" is a backslash and five letters, not a half.
        self.assertEqual(frame.parse('[3,"i",{"k":"\\\\ud83d"}]')[2]["k"], "\\ud83d")

    def test_parse_other_escapes_are_left_alone(self):
        # A pair in the same text does not change them.
        value = frame.parse('[3,"i",{"k":"\\u00e9\\n\\"\\\\\\ud83d\\ude00\\u20ac\\/"}]')[2]["k"]
        self.assertEqual(value, '\u00e9\n"\\\U0001f600\u20ac/')

    def test_parse_many_different_pairs_does_not_grow_the_heap(self):
        # MicroPython interns the result of chr(): each new emoji would stay for ever.
        if not hasattr(gc, "mem_alloc"):
            return
        self._parse_pairs(0xDC00)
        gc.collect()
        before = gc.mem_alloc()
        self._parse_pairs(0xDD00)
        gc.collect()
        self.assertTrue(gc.mem_alloc() - before < 256, gc.mem_alloc() - before)

    def _parse_pairs(self, first):
        for low in range(first, first + 200):
            frame.parse('[3,"i",{"k":"\\ud83d\\u%04x"}]' % low)


class RefuseTest(unittest.TestCase):
    def test_parse_garbage_has_no_id(self):
        # Nobody can be answered.
        for text in _GARBAGE:
            error = self._error(text)
            self.assertIsNone(error.message_id, text)

    def test_parse_malformed_call_has_its_id(self):
        # The peer gets a CALLERROR instead of waiting for its time-out.
        for text, code in (
            ('[2,"i","A"]', errors.PROTOCOL),
            ('[2,"i"]', errors.FORMATION),
            ('[2,"i","A",{},{}]', errors.FORMATION),
            ('[2,"i",5,{}]', errors.FORMATION),
            ('[2,"i","A",[]]', errors.FORMATION),
            ('[2,"i","A","{}"]', errors.FORMATION),
            ('[2,"i","A",{"k":"v', errors.FORMATION),
            ('[2,"i","A",{}', errors.FORMATION),
            ('[ 2 , "i", "A", {]', errors.FORMATION),
            ('[2,"i","A",{"k":' + "[" * 20 + "]" * 20 + "}]", errors.FORMATION),
            ('[2,"i","A",{"k":' + "9" * 50 + "}]", errors.FORMATION),
        ):
            error = self._error(text)
            self.assertEqual((error.message_type, error.message_id), (2, "i"), text)
            self.assertEqual(error.code, code, text)

    def test_parse_malformed_answer_has_its_id(self):
        # Rpc can end the CALL that it belongs to.
        for text in ('[3,"i"]', '[3,"i",[]]', '[3,"i",{},{}]', '[3,"i",5]'):
            error = self._error(text)
            self.assertEqual((error.message_type, error.message_id), (3, "i"), text)

    def test_parse_too_long_text_is_not_parsed(self):
        # The limit counts bytes, not characters.
        text = '[2,"i","A",{"k":"' + "\u20ac" * 100 + '"}]'
        self.assertEqual(frame.parse(text, 320)[1], "i")
        with self.assertRaises(frame.FrameError):
            frame.parse(text, 319)

    def test_parse_hundred_thousand_brackets_is_refused(self):
        # MicroPython's parser would take all the memory for them.
        for opening in ("[", '{"a":', "[{", '[2,"'):
            with self.assertRaises(frame.FrameError):
                frame.parse(opening * 10_000, 100_000)

    def test_parse_backslashes_only_ends_in_time(self):
        # Escapes are walked over once, not once per quote.
        text = '[3,"i",{"k":"' + "\\\\" * 8_000 + '"}]'
        self.assertEqual(len(frame.parse(text)[2]["k"]), 8_000)

    def test_parse_brackets_in_strings_do_not_count(self):
        # Only structure is limited, not text.
        value = "[" * 50 + '"' + "}" * 50
        text = json.dumps([3, "i", {"k": value}])
        self.assertEqual(frame.parse(text)[2]["k"], value)

    def _error(self, text):
        with self.assertRaises(frame.FrameError) as raised:
            frame.parse(text)
            self.fail(text)
        return raised.exception


_GARBAGE = (
    "",
    " ",
    "hello",
    "{}",
    "null",
    "2",
    '"[2]"',
    "[",
    "[]",
    "[2]",
    "]",
    "[}",
    '["2","i","A",{}]',
    '[2.0,"i","A",{}]',
    '[true,"i","A",{}]',
    "[null,null]",
    '[2,7,"A",{}]',
    '[2,null,"A",{}]',
    '[2,["i"],"A",{}]',
    '[3,{"i":1},{}]',
    '[3,"i",{}',
    '[3,"i",{"k":"v"}]]',
    '[2,"' + "x" * 256 + '","A",{}]',
    '[2,"' + "x" * 300,
    '[2,"a\\u00e9","A",{',
)
