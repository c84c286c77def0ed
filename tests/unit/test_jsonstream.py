"""The diverter: items go out one by one, the rest is the message with an empty array."""

import json
import unittest

from jsonstream import Diverter
from websock.frames import ProtocolError
from websock.long_text import LongTextCollector


class Sink:
    """Writes everything down."""

    def __init__(self, wants=True):
        self.wants = wants
        self.heads = []
        self.items = []

    def begin(self, head):
        """Take what came before the array."""
        self.heads.append(head)
        return self.wants

    def item(self, data):
        """Take an item."""
        self.items.append(data)


def divert(text, step, wants=True, envelope_max=300):
    """Return (envelope or None, heads, items) of a text that comes in portions of `step` bytes."""
    sink = Sink(wants)
    diverter = Diverter("list", sink, envelope_max)
    data = text.encode()
    for start in range(0, len(data), step):
        diverter.feed(memoryview(data)[start : start + step])
    envelope = diverter.envelope
    return None if envelope is None else bytes(envelope).decode(), sink.heads, sink.items


_STEPS = (1, 2, 3, 5, 7, 11, 1000)


class DiverterTest(unittest.TestCase):
    def _same_in_all_portions(self, text, wanted):
        for step in _STEPS:
            self.assertEqual(divert(text, step), wanted)

    def test_items_go_out_and_the_rest_stays(self):
        # Whatever the portions are.
        self._same_in_all_portions(
            '[2,"a","X",{"v":1,"list":[{"t":"q"},{"t":[1,{"u":2}]} , 3],"w":[7]}]',
            (
                '[2,"a","X",{"v":1,"list":[],"w":[7]}]',
                [b'[2,"a","X",{"v":1,"list":[]}]'],
                [b'{"t":"q"}', b'{"t":[1,{"u":2}]} ', b" 3"],
            ),
        )

    def test_blanks_and_escapes_do_not_confuse(self):
        # Brackets, commas and quotes in strings are text; the name may have blanks around it.
        self._same_in_all_portions(
            '[2,"\\"[{","X",{ "list" : [ "a,]}\\\\" , "\\"" ] , "z":"list"}]',
            (
                '[2,"\\"[{","X",{ "list" : [] , "z":"list"}]',
                [b'[2,"\\"[{","X",{ "list" : []}]'],
                [b' "a,]}\\\\" ', b' "\\"" '],
            ),
        )

    def test_same_name_elsewhere_is_left_alone(self):
        # As a value, deeper or higher, with something else than an array, as part of a name.
        for text in (
            '[2,"a","list",[1,2]]',
            '{"list":[1,2]}',
            '[2,"a","X",{"q":{"list":[1]}}]',
            '[2,"a","X",{"list":{"x":[1]}}]',
            '[2,"a","X",{"list":"list","x":[1]}]',
            '[2,"a","X",{"\\"list":[1],"alist":[2]}]',
            '[2,"a","X",{"list",[1]}]',
        ):
            for step in _STEPS:
                self.assertEqual(divert(text, step), (text, [], []))

    def test_sink_that_does_not_want_it_gets_no_items(self):
        # The message stays whole.
        text = '[2,"a","Y",{"list":[1,2]}]'
        for step in _STEPS:
            self.assertEqual(divert(text, step, False), (text, [b'[2,"a","Y",{"list":[]}]'], []))

    def test_empty_array_has_no_items(self):
        # Blanks are none either; behind a comma something is missing, and the sink is told.
        for text, items in (("[]", 0), ("[ \n]", 0), ("[1,]", 2), ("[,]", 2)):
            _, _, found = divert('[2,"a","X",{"list":%s}]' % text, 1)
            self.assertEqual(len(found), items)

    def test_item_too_long_is_told_as_none(self):
        # The next one is fine again; exactly 512 bytes are fine too.
        long, longer = '"%s"' % ("x" * 510), '"%s"' % ("x" * 511)
        text = '[2,"a","X",{"list":[1,%s,%s,2]}]' % (long, longer)
        for step in _STEPS:
            envelope, _, items = divert(text, step)
            self.assertEqual(items, [b"1", long.encode(), None, b"2"])
            self.assertEqual(envelope, '[2,"a","X",{"list":[]}]')

    def test_envelope_too_long_is_none(self):
        # Before the array, behind it, or without one.
        blanks = " " * 300
        for text in ('[2,"a","X",{%s"list":[1]}]', '[2,"a","X",{"list":[1]%s}]', "[%s]"):
            for step in _STEPS:
                self.assertIsNone(divert(text % blanks, step)[0])

    def test_text_that_ends_early_stays_open(self):
        # Then the envelope is no JSON, and nobody takes it for a message.
        whole = '[2,"a","X",{"list":[{"t":"q"},2]}]'
        for size in range(1, len(whole)):
            envelope, _, _ = divert(whole[:size], 4)
            self.assertTrue(envelope.count("[") > envelope.count("]"))

    def test_thousand_items_cost_the_heap_of_one(self):
        # 100 KB pass through buffers of some hundred bytes.
        counter = Counter()
        diverter = Diverter("list", counter, 300)
        diverter.feed(b'[2,"a","X",{"list":[')
        for number in range(1000):
            diverter.feed(b'%s{"tag":"%s"}' % (b"," if number else b"", b"x" * 90))
        diverter.feed(b"]}]")
        self.assertEqual(counter.count, 1000)
        self.assertEqual(bytes(diverter.envelope), b'[2,"a","X",{"list":[]}]')


class Counter:
    """A sink that only counts."""

    def __init__(self):
        self.count = 0

    def begin(self, head):
        """Want it."""
        return True

    def item(self, data):
        """Count."""
        self.count += 1


class LongTextTest(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.collector = LongTextCollector(Diverter("list", self.sink, 4096))

    def _take(self, data, frames=1, step=100):
        # The message in so many frames, each in small portions.
        size = (len(data) + frames - 1) // frames
        for start in range(0, len(data), size):
            frame = data[start : start + size]
            self.collector.reserve(len(frame))
            for position in range(0, len(frame), step):
                self.collector.write(memoryview(frame)[position : position + step])
        return self.collector.take()

    def test_short_text_is_taken_as_it_is(self):
        # Items included: the diverter is not asked. Twice, as the buffer is used again.
        text = '[2,"a","X",{"list":[1,2]}]'
        self.assertEqual(self._take(text.encode(), 3), text)
        self.assertEqual(self._take(text.encode()), text)
        self.assertEqual(self.sink.heads, [])

    def test_long_text_is_diverted_in_one_frame_or_in_many(self):
        # Also when the first frames alone were short.
        items = ",".join(['"%04d"' % number for number in range(500)])
        text = '[2,"a","X",{"list":[%s]}]' % items
        for frames in (1, 2, 7, 50):
            del self.sink.items[:]
            self.assertEqual(self._take(text.encode(), frames), '[2,"a","X",{"list":[]}]')
            self.assertEqual(len(self.sink.items), 500)
            self.assertEqual(self._take(b"[1]"), "[1]")

    def test_long_text_without_the_array_comes_whole(self):
        # Up to the size of the envelope, with all its characters.
        text = '[2,"a","X",{"q":"%s"}]' % ("\u00e4" * 1500)
        self.assertEqual(self._take(text.encode(), 2), text)

    def test_text_too_long_becomes_its_begin_and_no_json(self):
        # The id is still there for an answer; what is not ASCII is not.
        text = '[2,"id","X\u00e4",{"q":"%s"}]' % ("x" * 5000)
        taken = self._take(text.encode(), 2)
        self.assertTrue(taken.startswith('[2,"id","X??",{"q":"xx'))
        self.assertTrue(len(taken) < 300)
        # Blanks behind a short message do not make it a valid one.
        taken = self._take(b'[2,"id","X",{}]' + b" " * 5000)
        with self.assertRaises(ValueError):
            json.loads(taken)

    def test_text_not_utf8_is_a_protocol_error(self):
        # As for a short one.
        with self.assertRaises(ProtocolError):
            self._take(b'[2,"a","X",{"q":"\xff%s"}]' % (b"x" * 2500))
