"""Power cuts while charging profiles are replaced and cleared, on a real littlefs."""

import unittest

from kvstore import KvStore

from boards.sim.flash import mount
from tests.sim.charging_profiles import NOW, maximum, profile
from tests.sim.schedule_sets import Rig
from tests.sim.scratch import Image

_LIMITS = [(index * 60, 7) for index in range(30)]


class CutTest(unittest.TestCase):
    def setUp(self):
        self.image = Image()
        rig = self._rig(self.image.open())
        rig.set(1, profile(1, stack=0, limits=((0, 8),)))
        rig.set(1, profile(2, stack=1, limits=((0, 9),)))
        rig.set(0, maximum(3, limits=((0, 31),)))
        self.image.keep()

    def tearDown(self):
        self.image.remove()

    def _rig(self, flash):
        return Rig(NOW, records=KvStore(mount(flash), "/profiles"))

    def _sweep(self, change, allowed_ma):
        """Cut at every flash operation of `change`; the limit must be one of `allowed_ma`."""
        seen = []
        for torn in ("none", "half", "short"):
            position = 1
            cut = True
            while cut:
                self.image.reset()
                flash = self.image.open()
                rig = self._rig(flash)
                flash.cut_after(position, torn)
                try:
                    change(rig)
                except OSError:
                    pass
                cut = flash.dead
                rig = self._rig(self.image.open())
                self.assertIn(rig.limit_ma(), allowed_ma)
                if rig.limit_ma() not in seen:
                    seen.append(rig.limit_ma())
                # What is left can be used and taken away as if nothing had been.
                self.assertTrue(rig.set(1, profile(9, stack=5, limits=((0, 6),))))
                self.assertEqual(rig.limit_ma(), 6000)
                self.assertTrue(rig.smart.clear(None, None, None, None) > 1)
                rig.run(1)
                self.assertIsNone(rig.limit_ma())
                position += 1
        self.assertEqual(sorted(seen), sorted(allowed_ma))

    def test_replacement_cut_anywhere_leaves_the_old_or_the_new_profile(self):
        # The new one takes the place of two, by id and by stack level.
        def change(rig):
            rig.set(1, profile(2, stack=0, limits=_LIMITS))

        self._sweep(change, [9000, 7000])

    def test_clearing_cut_anywhere_leaves_whole_profiles(self):
        # One after the other goes, the prevailing ones with the rest.
        def change(rig):
            rig.smart.clear(None, 1, None, None)

        self._sweep(change, [9000, 8000, 31_000])
