"""The resolver against packets built by RFC 1035, and against those that want to harm it."""

import unittest

import dns
from tests.sim.prng import Prng

_START = 0x3FFFFFFF - 1000
_A, _CNAME, _AAAA = 1, 5, 28


def wire(name):
    """A name as RFC 1035 3.1 writes it, with the root's label."""
    return b"".join(bytes([len(label)]) + label for label in name.split(b".")) + b"\0"


def record(owner, kind, data, ttl_s=300):
    """A resource record, RFC 1035 3.2.1; `owner` and `data` are written as they are."""
    head = bytes([0, kind, 0, 1]) + (ttl_s & 0xFFFFFFFF).to_bytes(4, "big")
    return owner + head + len(data).to_bytes(2, "big") + data


class DnsTest(unittest.TestCase):
    def setUp(self):
        self.now = _START
        self.random = Prng(3)

    def lookup(self, name="csms.example.com", servers=("one", "two")):
        return dns.Lookup(name, servers, self.bytes)

    def bytes(self, count):
        return bytes([self.random.below(256) for _ in range(count)])

    def ask(self, lookup):
        """Return (server, packet) of the next transmission, letting time pass."""
        for _ in range(100):
            sending = lookup.tick(self.now)
            if sending:
                return sending
            self.now = (self.now + 100) & 0x3FFFFFFF
        raise AssertionError("nothing is sent")

    def reply(self, query, records=(), code=0, flags=0x80, question=None):
        """A packet that answers `query`."""
        head = query[:2] + bytes([0x01 | flags, 0x80 | code]) + b"\0\1"
        head += len(records).to_bytes(2, "big") + b"\0\0\0\0"
        return head + (query[12:] if question is None else question) + b"".join(records)

    def test_query_is_what_rfc_1035_writes(self):
        """Header with recursion desired, one question, type A, class IN."""
        server, packet = self.ask(self.lookup("CSMS.example.com."))
        self.assertEqual(server, "one")
        self.assertEqual(packet[2:12], bytes([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
        self.assertEqual(packet[12:], b"\x04csms\x07example\x03com\0\0\1\0\1")

    def test_answer_then_address_and_ttl(self):
        """The plain case, with the owner's name compressed, in other letters."""
        lookup = self.lookup()
        query = self.ask(lookup)[1]
        question = query[12:16].upper() + query[16:]
        answer = record(b"\xc0\x0c", _A, bytes([192, 0, 2, 7]), 77)
        lookup.receive(self.reply(query, (answer,), question=question))
        self.assertEqual((lookup.address, lookup.ttl_s, lookup.error), ("192.0.2.7", 77, None))
        self.assertIsNone(lookup.tick(self.now))

    def test_chain_of_aliases_in_any_order_then_address_and_least_ttl(self):
        """Servers need not send the chain in order; what belongs to other names is left out."""
        lookup = self.lookup()
        query = self.ask(lookup)[1]
        last = wire(b"host.cloud.example")
        records = (
            record(wire(b"other.example"), _A, bytes([9, 9, 9, 9])),
            record(last, _A, bytes([10, 0, 0, 1]), 900),
            record(b"\xc0\x0c", _CNAME, wire(b"mid.example"), 60),
            record(wire(b"mid.example"), _AAAA, bytes(16)),
            record(wire(b"MID.example"), _CNAME, last, 500),
        )
        lookup.receive(self.reply(query, records))
        self.assertEqual((lookup.address, lookup.ttl_s), ("10.0.0.1", 60))

    def test_chain_that_leads_out_of_the_answer_then_asks_for_its_end(self):
        """A server that does not follow by itself."""
        lookup = self.lookup()
        query = self.ask(lookup)[1]
        lookup.receive(self.reply(query, (record(b"\xc0\x0c", _CNAME, wire(b"b.example")),)))
        self.assertIsNone(lookup.address)
        second = self.ask(lookup)[1]
        self.assertEqual(second[12:], wire(b"b.example") + b"\0\1\0\1")
        lookup.receive(self.reply(second, (record(b"\xc0\x0c", _A, bytes([1, 2, 3, 4])),)))
        self.assertEqual(lookup.address, "1.2.3.4")

    def test_aliases_in_a_circle_then_not_found_soon(self):
        """Within one answer, and from answer to answer."""
        lookup = self.lookup("a.example")
        query = self.ask(lookup)[1]
        circle = (
            record(wire(b"a.example"), _CNAME, wire(b"b.example")),
            record(wire(b"b.example"), _CNAME, wire(b"a.example")),
        )
        lookup.receive(self.reply(query, circle))
        self.assertEqual(lookup.error, dns.NOT_FOUND)
        lookup = self.lookup("n0.example")
        asked = 0
        while lookup.error is None:
            query = self.ask(lookup)[1]
            asked += 1
            next_name = wire(b"n%d.example" % asked)
            lookup.receive(self.reply(query, (record(b"\xc0\x0c", _CNAME, next_name),)))
        self.assertEqual((lookup.error, asked), (dns.NOT_FOUND, 9))

    def test_silence_then_each_server_twice_then_no_answer(self):
        """Three servers at most, 2 s each, over the wrap of the counter; no address appears."""
        lookup = self.lookup(servers=("a", "b", "c", "d"))
        order, numbers = "", []
        while lookup.error is None:
            sending = lookup.tick(self.now)
            if sending:
                order += sending[0]
                numbers.append(sending[1][:2])
            self.now = (self.now + 100) & 0x3FFFFFFF
        self.assertEqual((order, lookup.error), ("abcabc", dns.NO_ANSWER))
        self.assertEqual(len(set(numbers)), 6)
        self.assertEqual((self.now - _START) & 0x3FFFFFFF, 12_100)

    def test_no_server_then_no_answer_at_once(self):
        """The network has told of none."""
        lookup = self.lookup(servers=())
        self.assertIsNone(lookup.tick(self.now))
        self.assertEqual(lookup.error, dns.NO_ANSWER)

    def test_refusal_then_the_next_server_at_once(self):
        """SERVFAIL and REFUSED are about the server; its time need not run out."""
        for code in (2, 4, 5):
            lookup = self.lookup()
            query = self.ask(lookup)[1]
            lookup.receive(self.reply(query, code=code))
            self.assertIsNone(lookup.error)
            self.assertEqual(lookup.tick(self.now)[0], "two")

    def test_name_error_and_name_without_address_then_not_found(self):
        """Both are final: another server would say the same."""
        soa = record(b"\xc0\x0c", 6, bytes(20))
        for code, records in ((3, ()), (0, ()), (0, (soa,))):
            lookup = self.lookup()
            query = self.ask(lookup)[1]
            lookup.receive(self.reply(query, records, code))
            self.assertEqual((lookup.address, lookup.error), (None, dns.NOT_FOUND))

    def test_answer_cut_short_then_used_if_it_suffices_else_next_server(self):
        """TC: the records that came count (RFC 2181 9); there is no TCP."""
        good = record(b"\xc0\x0c", _A, bytes([10, 1, 2, 3]))
        for records, address in (((good,), "10.1.2.3"), ((), None)):
            lookup = self.lookup()
            query = self.ask(lookup)[1]
            lookup.receive(self.reply(query, records, flags=0x82))
            self.assertIsNone(lookup.error)
            self.assertEqual(lookup.address, address)
            if address is None:
                self.assertEqual(lookup.tick(self.now)[0], "two")

    def test_packets_of_strangers_change_nothing(self):
        """Wrong number, a query, another opcode, another question, type, class, two questions."""
        good = record(b"\xc0\x0c", _A, bytes([6, 6, 6, 6]))
        lookup = self.lookup()
        query = self.ask(lookup)[1]
        right = self.reply(query, (good,))
        other = wire(b"evil.example.com") + b"\0\1\0\1"
        wrong = [
            bytes([right[0] ^ 1]) + right[1:],
            right[:2] + bytes([right[2] & 0x7F]) + right[3:],
            right[:2] + bytes([right[2] | 0x08]) + right[3:],
            self.reply(query, (good,), question=other),
            self.reply(query, (good,), question=query[12:-4] + b"\0\x1c\0\1"),
            self.reply(query, (good,), question=query[12:-4] + b"\0\1\0\3"),
            right[:5] + b"\2" + right[6:],
        ]
        for packet in wrong:
            lookup.receive(packet)
            self.assertEqual((lookup.address, lookup.error), (None, None))
        lookup.receive(right)
        self.assertEqual(lookup.address, "6.6.6.6")

    def test_answer_that_comes_again_or_late_is_nobodys(self):
        """A number is good for one answer, and for the last question only."""
        lookup = self.lookup()
        old = self.ask(lookup)[1]
        lookup.receive(self.reply(old, code=2))
        new = self.ask(lookup)[1]
        lookup.receive(self.reply(old, (record(b"\xc0\x0c", _A, bytes([6, 6, 6, 6])),)))
        self.assertIsNone(lookup.address)
        lookup.receive(self.reply(new, (record(b"\xc0\x0c", _A, bytes([1, 1, 1, 1])),)))
        self.assertEqual(lookup.address, "1.1.1.1")

    def test_pointers_that_harm_are_junk(self):
        """To itself, forwards, round, out of the packet; labels too long; a name too long."""
        lookup = self.lookup("a.b")
        query = self.ask(lookup)[1]
        at = len(query)
        evil = (
            bytes([0xC0, at]),
            bytes([0xC0, at + 2, 0xC0, at]),
            b"\xff\xff",
            b"\x80aa",
            b"\x3f" * 10,
            (b"\x3f" + b"x" * 63) * 4 + b"\0",
            b"",
        )
        for owner in evil:
            lookup.receive(self.reply(query, (record(owner, _A, bytes([6, 6, 6, 6])),)))
            alias = record(b"\xc0\x0c", _CNAME, owner)
            lookup.receive(self.reply(query, (alias, record(b"\xc0\x0c", _A, b"\6\6\6\6"))))
            self.assertEqual(lookup.error, None)
        self.assertIn(lookup.address, (None, "6.6.6.6"))

    def test_many_records_then_only_so_many_are_read(self):
        """A hostile server may send 65535 of them, or say so."""
        lookup = self.lookup("a.b")
        query = self.ask(lookup)[1]
        junk = record(b"\0", _A, bytes([6, 6, 6, 6]))
        wanted = record(b"\xc0\x0c", _A, bytes([1, 1, 1, 1]))
        lookup.receive(self.reply(query, (junk,) * 24 + (wanted,)))
        self.assertEqual(lookup.error, dns.NOT_FOUND)
        lookup = self.lookup("a.b")
        query = self.ask(lookup)[1]
        packet = self.reply(query, (wanted,))
        lookup.receive(packet[:6] + b"\xff\xff" + packet[8:])
        self.assertEqual((lookup.address, lookup.error), (None, None))

    def test_ttl_beyond_reason_is_cut_and_with_top_bit_is_none(self):
        """RFC 2181 8; and a number that fits the board's integers."""
        for ttl_s, kept_s in ((65535, 65535), (65536, 65535), (0x7FFFFFFF, 65535),
                              (0x80000000, 0), (0, 0)):
            lookup = self.lookup()
            query = self.ask(lookup)[1]
            lookup.receive(self.reply(query, (record(b"\xc0\x0c", _A, b"\1\1\1\1", ttl_s),)))
            self.assertEqual(lookup.ttl_s, kept_s)

    def test_names_that_are_none_are_refused(self):
        """Nothing goes out for them."""
        wrong = ("", ".", "a..b", "x" * 64, "a b", "b\u00fccher.org", ".".join(["abcdefg"] * 33))
        for name in wrong:
            self.assertRaises(ValueError, self.lookup, name)
        self.assertEqual(len(dns.encode(".".join(["abcdefg"] * 31))), 248)

    def test_packets_mutated_at_random_never_raise_and_never_hang(self):
        """Seed 3: flipped, cut and doubled bytes of a good answer."""
        address_of = record(wire(b"b.example"), _A, bytes([10, 0, 0, 1]))
        alias = record(b"\xc0\x0c", _CNAME, wire(b"b.example"))
        for _ in range(400):
            lookup = self.lookup("a.example")
            query = self.ask(lookup)[1]
            packet = bytearray(self.reply(query, (alias, address_of)))
            for _ in range(1 + self.random.below(4)):
                packet[2 + self.random.below(len(packet) - 2)] = self.random.below(256)
            if self.random.below(4) == 0:
                packet = packet[: self.random.below(len(packet))]
            lookup.receive(bytes(packet))
            self.assertIn(lookup.error, (None, dns.NOT_FOUND))
