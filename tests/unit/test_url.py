"""Addresses of central systems, good and bad."""

import unittest

from firmware.net.url import UrlError, quote, split, station_path


class UrlTest(unittest.TestCase):
    def test_parts_of_an_address(self):
        # Scheme, host, port and path; default ports.
        self.assertEqual(split("ws://host/ocpp"), (False, "host", 80, "/ocpp"))
        self.assertEqual(split("wss://host"), (True, "host", 443, ""))
        self.assertEqual(split("WS://h:9000/a/b/"), (False, "h", 9000, "/a/b/"))
        self.assertEqual(split("ws://[::1]:8080/x"), (False, "::1", 8080, "/x"))

    def test_bad_addresses_are_refused_with_a_reason(self):
        # Each gives a sentence, none a crash or a guess.
        for url in ("", "host", "http://h", "ws://", "ws://h:0", "ws://h:99999", "ws://h:x",
                    "ws://user:pw@h/", "ws://h/?a=b", "ws:///path", "ws://h/#x", "ws://:80/"):
            self.assertRaises(UrlError, split, url)

    def test_identity_is_percent_encoded(self):
        # OCPP-J 1.6, 3.1.1: the identity may hold any character.
        self.assertEqual(station_path("/ocpp/", "CP 1/ä"), "/ocpp/CP%201%2F%C3%A4")
        self.assertEqual(station_path("", "a-b_c.d~e"), "/a-b_c.d~e")
        self.assertEqual(quote("%"), "%25")
