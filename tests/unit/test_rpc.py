"""Calls and answers of one connection: one outstanding, crossing, late, malformed."""

import json
import unittest

from ocppj import errors
from ocppj.rpc import Rpc

_LAST = 0x3FFFFFFF
_RESET = '[2,"theirs","Reset",{"type":"Soft"}]'


class OwnCallTest(unittest.TestCase):
    def setUp(self):
        self.rpc = Rpc(timeout_ms=30_000, id_prefix="b7-")

    def test_call_then_result_finishes_it(self):
        # The plain case.
        text = self.rpc.call(0, "Heartbeat", {})
        self.assertEqual(text, '[2,"b7-1","Heartbeat",{}]')
        self.assertFalse(self.rpc.idle)
        event = self.rpc.receive(5, '[3,"b7-1",{"currentTime":"x"}]')
        self.assertEqual(event, ("result", {"currentTime": "x"}))
        self.assertTrue(self.rpc.idle)
        self.assertIsNone(self.rpc.next_deadline())

    def test_call_then_error_finishes_it(self):
        # A CALLERROR is an answer.
        self.rpc.call(0, "Heartbeat", {})
        event = self.rpc.receive(5, '[4,"b7-1","InternalError","broken",{}]')
        self.assertEqual(event, ("error", "InternalError", "broken"))
        self.assertTrue(self.rpc.idle)

    def test_call_while_one_is_outstanding_raises(self):
        # OCPP-J 4.1.1: one CALL per direction. The outstanding one is untouched.
        self.rpc.call(0, "Heartbeat", {})
        with self.assertRaises(AssertionError):
            self.rpc.call(1, "Heartbeat", {})
        self.assertEqual(self.rpc.receive(2, '[3,"b7-1",{}]'), ("result", {}))

    def test_call_with_given_id_uses_it(self):
        # The repetition of a transaction message may keep its id.
        self.assertEqual(self.rpc.call(0, "A", {}, "old-9"), '[2,"old-9","A",{}]')
        self.assertEqual(self.rpc.receive(1, '[3,"old-9",{}]'), ("result", {}))

    def test_call_whose_payload_cannot_be_written_leaves_idle(self):
        # A mistake of the caller must not block the connection until the time-out.
        with self.assertRaises(TypeError):
            self.rpc.call(0, "A", {"k": _Unwritable()})
        self.assertTrue(self.rpc.idle)

    def test_new_id_is_unique_and_short(self):
        # At most 36 characters with the longest prefix, never twice.
        rpc = Rpc(id_prefix="p" * 25)
        seen = {rpc.new_id() for _ in range(200)}
        self.assertEqual(len(seen), 200)
        self.assertTrue(max([len(message_id) for message_id in seen]) <= 36 - 7)
        with self.assertRaises(AssertionError):
            Rpc(id_prefix="p" * 26)

    def test_answer_with_other_id_is_dropped_and_counted(self):
        # Late or invented answers finish nothing.
        self.assertIsNone(self.rpc.receive(0, '[3,"b7-1",{}]'))
        self.rpc.call(0, "Heartbeat", {})
        for text in ('[3,"b7-0",{}]', '[4,"b7-2","X","",{}]', '[3,"",{}]', '[3,"B7-1",{}]'):
            self.assertIsNone(self.rpc.receive(1, text))
        self.assertEqual(self.rpc.late, 5)
        self.assertFalse(self.rpc.idle)

    def test_answer_twice_counts_once(self):
        # The second copy is late.
        self.rpc.call(0, "Heartbeat", {})
        self.assertIsNotNone(self.rpc.receive(1, '[3,"b7-1",{}]'))
        self.assertIsNone(self.rpc.receive(1, '[3,"b7-1",{}]'))
        self.assertEqual(self.rpc.late, 1)

    def test_malformed_answer_to_outstanding_call_is_an_error(self):
        # No need to wait for the time-out; one for another id is garbage.
        self.rpc.call(0, "Heartbeat", {})
        self.assertIsNone(self.rpc.receive(1, '[3,"b7-9",[]]'))
        self.assertEqual(self.rpc.garbage, 1)
        event = self.rpc.receive(1, '[3,"b7-1",[]]')
        self.assertEqual(event[:2], ("error", errors.FORMATION))
        self.assertTrue(self.rpc.idle)


class _Unwritable:
    """JSON has no form for it: CPython refuses it at once, MicroPython through its __str__."""

    def __repr__(self):
        raise TypeError("unwritable")

    __str__ = __repr__


class TimeoutTest(unittest.TestCase):
    def setUp(self):
        self.rpc = Rpc(timeout_ms=30_000)

    def test_tick_before_deadline_does_nothing(self):
        # Also across the wrap of the ticks.
        self.rpc.call(_LAST - 10_000, "A", {})
        self.assertEqual(self.rpc.next_deadline(), 19_999)
        self.assertIsNone(self.rpc.tick(19_998))
        self.assertFalse(self.rpc.idle)

    def test_tick_at_deadline_reports_timeout_once(self):
        # The CALL is finished; the next may go out.
        self.rpc.call(0, "A", {})
        self.assertEqual(self.rpc.tick(30_000), ("timeout",))
        self.assertTrue(self.rpc.idle)
        self.assertIsNone(self.rpc.tick(30_001))
        self.assertIsNone(self.rpc.next_deadline())

    def test_answer_after_timeout_is_late(self):
        # It does not finish the CALL that came after.
        self.rpc.call(0, "A", {})
        self.rpc.tick(30_000)
        self.rpc.call(30_001, "A", {})
        self.assertIsNone(self.rpc.receive(30_002, '[3,"1",{}]'))
        self.assertEqual(self.rpc.late, 1)
        self.assertEqual(self.rpc.receive(30_003, '[3,"2",{}]'), ("result", {}))

    def test_answer_before_timeout_is_noticed_counts(self):
        # Not yet reported, not yet too late: repeating would be worse.
        self.rpc.call(0, "A", {})
        self.assertEqual(self.rpc.receive(30_500, '[3,"1",{}]'), ("result", {}))
        self.assertIsNone(self.rpc.tick(30_500))

    def test_reset_tells_whether_a_call_was_lost(self):
        # After it nothing is outstanding and an answer of the old connection is late.
        self.assertFalse(self.rpc.reset())
        self.rpc.call(0, "A", {})
        self.assertTrue(self.rpc.reset())
        self.assertTrue(self.rpc.idle)
        self.assertIsNone(self.rpc.next_deadline())
        self.assertIsNone(self.rpc.receive(1, '[3,"1",{}]'))


class TheirCallTest(unittest.TestCase):
    def setUp(self):
        self.rpc = Rpc()

    def test_call_is_answered_exactly_once(self):
        # Invariant: one answer to each CALL; a second one is our bug.
        event = self.rpc.receive(0, _RESET)
        self.assertEqual(event, ("call", "theirs", "Reset", {"type": "Soft"}))
        self.assertTrue(self.rpc.is_open("theirs"))
        text = self.rpc.answer("theirs", {"status": "Accepted"})
        self.assertEqual(text, '[3,"theirs",{"status":"Accepted"}]')
        self.assertFalse(self.rpc.is_open("theirs"))
        for second in (
            lambda: self.rpc.answer("theirs", {}),
            lambda: self.rpc.refuse("theirs", errors.OcppError(errors.INTERNAL)),
        ):
            with self.assertRaises(AssertionError):
                second()

    def test_answer_to_unknown_id_raises(self):
        # Nobody asked.
        with self.assertRaises(AssertionError):
            self.rpc.answer("x", {})

    def test_refuse_gives_callerror(self):
        # Code and description come from the exception.
        self.rpc.receive(0, _RESET)
        text = self.rpc.refuse("theirs", errors.OcppError(errors.PROPERTY, 'type: "Mild"'))
        self.assertEqual(
            json.loads(text), [4, "theirs", "PropertyConstraintViolation", 'type: "Mild"', {}]
        )

    def test_calls_cross_without_harm(self):
        # While we wait, theirs is answered; ids of the two directions are independent.
        self.rpc.call(0, "Heartbeat", {})
        self.assertEqual(self.rpc.receive(1, '[2,"1","ClearCache",{}]')[1], "1")
        self.assertEqual(self.rpc.answer("1", {}), '[3,"1",{}]')
        self.assertEqual(self.rpc.receive(2, '[3,"1",{}]'), ("result", {}))

    def test_call_with_id_in_use_is_refused(self):
        # The first keeps its own answer.
        self.rpc.receive(0, _RESET)
        kind, text = self.rpc.receive(1, _RESET)
        self.assertEqual(kind, "refused")
        self.assertEqual(json.loads(text)[:3], [4, "theirs", "GenericError"])
        self.assertEqual(self.rpc.answer("theirs", {}), '[3,"theirs",{}]')

    def test_call_with_id_of_finished_call_is_taken(self):
        # Ids are not remembered for ever.
        self.rpc.receive(0, _RESET)
        self.rpc.answer("theirs", {})
        self.assertEqual(self.rpc.receive(1, _RESET)[0], "call")

    def test_too_many_open_calls_are_refused(self):
        # The list of open ones has a limit; an answer makes room.
        for number in range(4):
            self.assertEqual(self.rpc.receive(0, '[2,"%d","A",{}]' % number)[0], "call")
        self.assertEqual(self.rpc.receive(0, '[2,"4","A",{}]')[0], "refused")
        self.rpc.answer("2", {})
        self.assertEqual(self.rpc.receive(0, '[2,"5","A",{}]')[0], "call")

    def test_malformed_call_is_refused_with_its_id(self):
        # And leaves nothing open.
        kind, text = self.rpc.receive(0, '[2,"i","Reset"]')
        self.assertEqual(kind, "refused")
        self.assertEqual(json.loads(text)[:3], [4, "i", "ProtocolError"])
        self.assertFalse(self.rpc.is_open("i"))

    def test_reset_forgets_open_calls(self):
        # The new connection must not see answers to calls of the old one.
        self.rpc.receive(0, _RESET)
        self.rpc.reset()
        self.assertFalse(self.rpc.is_open("theirs"))
        self.assertEqual(self.rpc.receive(0, _RESET)[0], "call")

    def test_awkward_ids_are_echoed(self):
        # Long, numeric looking, empty, with quotes: the same string goes back.
        for message_id in ("x" * 255, "0012", "", 'a"b\\c', "\u00e9\U0001f600"):
            self.rpc.receive(0, json.dumps([2, message_id, "A", {}]))
            self.assertEqual(json.loads(self.rpc.answer(message_id, {}))[1], message_id)

    def test_garbage_is_counted(self):
        # Neither answered nor fatal.
        for text in ("", "[", "null", '[2,5,"A",{}]', "\u00e9", '{"a":1}'):
            self.assertIsNone(self.rpc.receive(0, text))
        self.assertEqual(self.rpc.garbage, 6)

    def test_unknown_message_type_is_ignored(self):
        # Not even counted: a newer peer may send it on purpose.
        self.assertIsNone(self.rpc.receive(0, '[6,"i","A",{}]'))
        self.assertEqual(self.rpc.garbage, 0)

    def test_too_long_text_is_not_read(self):
        # But its caller is told, as far as the beginning tells who it is.
        rpc = Rpc(max_bytes=100)
        self.assertIsNone(rpc.receive(0, "[" * 101))
        kind, text = rpc.receive(0, '[2,"i","A",{"k":"' + "x" * 100 + '"}]')
        self.assertEqual(kind, "refused")
        self.assertEqual(json.loads(text)[1], "i")
