"""Damaged frames into a connection: never an exception, never a growing heap."""

import gc
import json
import unittest

from ocppj import frame
from ocppj.rpc import Rpc


class FuzzTest(unittest.TestCase):
    _SEEDS = (
        '[2,"theirs","Reset",{"type":"Soft"}]',
        '[2,"a1","RemoteStartTransaction",{"idTag":"04A1","connectorId":1}]',
        '[2,"\\u00e9","GetConfiguration",{"key":["\\ud83d\\ude00","\u20ac"]}]',
        '[3,"1",{"idTagInfo":{"status":"Accepted"},"transactionId":-7}]',
        '[4,"1","GenericError","",{"detail":[1.5e3,true,null]}]',
    )
    _PIECES = ("[", "]", "{", "}", '"', "\\", "\\ud83d", ",", ":", "9" * 45, "null", "\u20ac", "2")

    def test_mutated_frames_never_raise(self):
        # Whatever arrives: an event or None, and an answer for each that is owed one.
        for seed in (1, 20_261_121, 777):
            self._run(seed, 1500)

    def test_mutated_frames_do_not_grow_the_heap(self):
        # Neither open calls nor interned strings stay behind. CPython has no such figure.
        if not hasattr(gc, "mem_alloc"):
            return
        self._run(5, 300)
        gc.collect()
        before = gc.mem_alloc()
        self._run(6, 1500)
        gc.collect()
        self.assertTrue(gc.mem_alloc() - before < 256, gc.mem_alloc() - before)

    def _run(self, seed, count):
        rpc = Rpc(timeout_ms=50)
        random = _XorShift(seed)
        for now in range(count):
            rpc.tick(now)
            if rpc.idle:
                rpc.call(now, "Heartbeat", {}, "1")
            event = rpc.receive(now, self._mutated(random))
            if event is not None and event[0] == "call":
                self.assertEqual(json.loads(rpc.answer(event[1], {}))[1], event[1])
            elif event is not None and event[0] == "refused":
                self.assertEqual(json.loads(event[1])[0], frame.ERROR)
        rpc.reset()

    def _mutated(self, random):
        text = self._SEEDS[random.below(len(self._SEEDS))]
        for _ in range(random.below(4)):
            at = random.below(len(text) + 1)
            kind = random.below(3)
            if kind == 0:
                text = text[:at] + text[at + 1 + random.below(3) :]
            elif kind == 1:
                text = text[:at] + self._PIECES[random.below(len(self._PIECES))] + text[at:]
            else:
                text = text[:at] + _character(random.below(0x3000)) + text[at + 1 :]
        return text


def _character(code):
    """As chr(), which on MicroPython keeps its result for ever and would look like a leak."""
    if code < 0x80:
        return bytes((code,)).decode()
    if code < 0x800:
        return bytes((0xC0 | code >> 6, 0x80 | code & 0x3F)).decode()
    return bytes((0xE0 | code >> 12, 0x80 | code >> 6 & 0x3F, 0x80 | code & 0x3F)).decode()


class _XorShift:
    """Marsaglia's xorshift32: the same numbers on both interpreters."""

    def __init__(self, seed):
        self._state = seed

    def below(self, limit):
        """Return a number 0 .. limit - 1."""
        state = self._state
        state = (state ^ (state << 13)) & 0xFFFFFFFF
        state ^= state >> 17
        state = (state ^ (state << 5)) & 0xFFFFFFFF
        self._state = state
        return state % limit
