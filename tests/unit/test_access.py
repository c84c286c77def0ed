"""The settings of the connection: kept, on trial, reverted; old or new after any power cut."""

import unittest

from firmware.access import Access
from firmware.config import Config
from kvstore import KvStore

from boards.sim.flash import mount
from tests.sim.ram_store import RamStore
from tests.sim.scratch import Image

_NOW = 0x3FFFFFFF - 50_000
_OTHERS = """
First int rw 1 0 9
Second bool rw false
ContactorWelded int rw? 0 0 3
StorageLost bool rw? false
Third int r 7
"""


class Given:
    """What a board brings."""

    url = "ws://old/ocpp"
    identity = "BOX"
    password = None
    ca = None
    profile = 0


class Box:
    """One boot on two stores."""

    def __init__(self, settings, others, given=Given):
        self.others = Config(others, (_OTHERS,))
        self.others.load()
        self.access = Access(settings, self.others, given)

    def values(self):
        """Return what a power cut must leave old or new as a whole."""
        return (
            self.others.get("First"), self.others.get("Second"), self.access.url,
            self.access.password,
        )  # fmt: skip


class AccessTest(unittest.TestCase):
    def setUp(self):
        self.settings = RamStore()
        self.others = RamStore()

    def boot(self, given=Given):
        """Start anew on the same stores."""
        return Box(self.settings, self.others, given)

    def test_given_when_nothing_was_set_then_in_force(self):
        # The board's own settings count until somebody sets others.
        access = self.boot().access
        self.assertEqual((access.url, access.identity), ("ws://old/ocpp", "BOX"))
        self.assertIsNone(access.password)
        self.assertEqual(self.settings.records, {})

    def test_ca_when_the_board_brings_none_then_it_is_what_provision_has_left(self):
        # One place for every board: the store of the settings, read when it is asked for.
        access = self.boot().access
        self.assertIsNone(access.ca)
        self.settings.set("ca", b"-----BEGIN")
        self.assertEqual(access.ca, b"-----BEGIN")
        self.assertEqual(self.boot(None).access.ca, b"-----BEGIN")

    def test_ca_when_the_board_brings_one_then_it_counts(self):
        # The simulator's --ca, which is what a board brings from the factory.
        class Brings(Given):
            ca = b"own"

        self.settings.set("ca", b"left")
        self.assertEqual(self.boot(Brings).access.ca, b"own")

    def test_change_without_an_address_before_then_kept_at_once(self):
        # There is nothing to be cut off from.
        box = self.boot(None)
        pairs = [("OcppUrl", "ws://new"), ("OcppKey", "k"), ("SecurityProfile", "1")]
        self.assertTrue(box.access.change(_NOW, pairs))
        self.assertFalse(box.access.trial.running)
        again = self.boot(None).access
        self.assertEqual((again.url, again.password), ("ws://new", "k"))
        self.assertEqual(list(self.settings.records), ["access"])

    def test_change_with_an_address_then_in_force_but_not_kept(self):
        # A restart in the middle of the trial brings the old settings back, and says so.
        access = self.boot().access
        access.change(_NOW, [("OcppUrl", "ws://new")])
        self.assertEqual(access.url, "ws://new")
        self.assertEqual(access.trial.left(_NOW), 120_000)
        access = self.boot().access
        self.assertEqual(access.url, "ws://old/ocpp")
        self.assertIn("restart", access.ended)
        self.assertIsNone(self.boot().access.ended)

    def test_trial_when_somebody_answers_then_kept(self):
        # What was tried is what the next boot has.
        access = self.boot().access
        access.change(_NOW, [("OcppUrl", "ws://new")])
        self.assertFalse(access.tick(_NOW + 100, True))
        self.assertFalse(access.trial.running)
        self.assertEqual(self.boot().access.url, "ws://new")
        self.assertEqual(list(self.settings.records), ["access"])

    def test_trial_when_time_is_over_then_the_old_settings(self):
        # Not a millisecond before.
        access = self.boot().access
        access.change(_NOW, [("OcppUrl", "ws://new")])
        self.assertFalse(access.tick((_NOW + 119_999) % (1 << 30), False))
        self.assertEqual(access.url, "ws://new")
        self.assertTrue(access.tick((_NOW + 120_000) % (1 << 30), False))
        self.assertEqual(access.url, "ws://old/ocpp")
        self.assertIn("nobody", access.ended)
        self.assertEqual(self.settings.records, {})

    def test_trial_when_changed_again_then_both_go_back(self):
        # The second change joins the trial; its time begins anew.
        access = self.boot().access
        access.change(_NOW, [("OcppUrl", "ws://new")])
        access.change(_NOW + 1000, [("WifiSsid", "Net")])
        self.assertEqual((access.url, access.config.get("WifiSsid")), ("ws://new", "Net"))
        self.assertEqual(access.trial.left(_NOW + 1000), 120_000)
        access.revert("by hand")
        self.assertEqual((access.url, access.config.get("WifiSsid")), ("ws://old/ocpp", ""))

    def test_trial_when_another_key_is_set_then_it_is_no_part_of_it(self):
        # What cannot cut the box off stays, and is not done again after a restart.
        box = self.boot()
        box.access.change(_NOW, [("OcppUrl", "ws://new")])
        self.assertFalse(box.access.change(_NOW, [("First", "5")]))
        self.assertTrue(box.access.trial.running)
        box.others.set("First", "6")
        again = self.boot()
        self.assertEqual((again.others.get("First"), again.access.url), (6, "ws://old/ocpp"))

    def test_reset_then_defaults_but_for_states_and_what_was_read_only(self):
        # A weld stays known; the limits are gone, so StorageLost keeps it from charging.
        box = self.boot()
        box.others.set("ContactorWelded", "2")
        box.access.change(_NOW, [("First", "5")])
        box.access.change(_NOW, [("WifiSsid", "Net")])
        box.access.keep()
        box.access.change(_NOW, (), True)
        again = self.boot()
        self.assertEqual(again.others.get("First"), 1)
        self.assertEqual(again.others.get("ContactorWelded"), 2)
        self.assertIs(again.others.get("StorageLost"), True)
        self.assertEqual(again.access.config.get("WifiSsid"), "")

    def test_key_when_asked_for_then_never_told(self):
        # Write-only: neither as text nor in the list.
        access = self.boot(None).access
        access.change(_NOW, [("OcppKey", "secret!"), ("WifiPassword", "secret!")])
        self.assertIsNone(access.config.text("OcppKey"))
        self.assertNotIn("secret!", repr(access.config.page()))


class CutTest(unittest.TestCase):
    """Power cuts at every flash operation of a change, on a real littlefs."""

    def setUp(self):
        self.image = Image()
        self.boot(self.image.open(), None)
        self.image.keep()

    def tearDown(self):
        self.image.remove()

    def boot(self, flash, given):
        """Mount and start."""
        fs = mount(flash)
        return Box(KvStore(fs, "/settings"), KvStore(fs, "/config"), given)

    def sweep(self, given, change, allowed):
        """Cut at every operation; what the next boot finds must be one of `allowed`."""
        seen = []
        for torn in ("none", "half", "short"):
            position = 1
            cut = True
            while cut:
                self.image.reset()
                flash = self.image.open()
                box = self.boot(flash, given)
                flash.cut_after(position, torn)
                try:
                    change(box)
                except OSError:
                    pass
                cut = flash.dead
                values = self.boot(self.image.open(), given).values()
                self.assertIn(values, allowed)
                if values not in seen:
                    seen.append(values)
                position += 1
        self.assertEqual(len(seen), len(allowed))

    def test_change_cut_anywhere_then_all_or_nothing(self):
        # Keys of both registries belong to one import.
        def change(box):
            box.access.change(_NOW, [
                ("First", "5"), ("OcppUrl", "ws://new"), ("Second", "true"), ("OcppKey", "k"),
                ("SecurityProfile", "1"),
            ])  # fmt: skip

        self.sweep(None, change, [(1, False, "", None), (5, True, "ws://new", "k")])

    def test_keeping_cut_anywhere_then_all_or_nothing(self):
        # The end of a trial.
        def change(box):
            box.access.change(_NOW, [
                ("OcppUrl", "ws://new"), ("OcppKey", "k"), ("SecurityProfile", "1"),
            ])  # fmt: skip
            box.access.keep()

        old, new = (1, False, "ws://old/ocpp", None), (1, False, "ws://new", "k")
        self.sweep(Given, change, [old, new])
