"""The power cut at every flash operation of an update: the old list or the new, never a mix."""

import unittest

from boards.sim.flash import mount
from firmware.auth.local_list import LocalList
from tests.sim.scratch import Image

# Enough for two runs on the flash and one in RAM.
_COUNT = 60


def _entry(number, version):
    return "TAG%03d" % (number * 37 % 100), ("Accepted", "V%d" % version, None)


def _change(local_list, full, version, first):
    """Tags from `first` on become entries of `version`; the outcome of the update."""
    update = local_list.update()
    for number in range(first, first + _COUNT):
        update.add(*_entry(number, version))
    update.commit(version, full)
    done = None
    while done is None:
        done = update.step(100)
    return done


def _is_list(local_list, full, version):
    """Is it exactly the list of version 1, or that of version 2?"""
    count = _COUNT if full or version == 1 else _COUNT + 30
    if (local_list.version, local_list.count) != (version, count):
        return False
    for number in range(100):
        id_token, info = _entry(number, version)
        if version == 1:
            wanted = info if number < _COUNT else None
        elif 30 <= number < 30 + _COUNT:
            wanted = info
        else:
            wanted = None if full or number >= _COUNT else _entry(number, 1)[1]
        if local_list.find(id_token) != wanted:
            return False
    return True


class LocalListCutTest(unittest.TestCase):
    def setUp(self):
        self.image = Image(32)
        fs = mount(self.image.open())
        # Something else has been on this flash before.
        with fs.open("/other", "wb") as file:
            file.write(bytes(5000))
        self.assertTrue(_change(LocalList(fs), True, 1, 0))
        self.image.keep()

    def tearDown(self):
        self.image.remove()

    def _run(self, full, operation, torn):
        """Cut at `operation`; returns the version found afterwards, and whether it was cut."""
        self.image.reset()
        flash = self.image.open()
        local_list = LocalList(mount(flash))
        flash.cut_after(operation, torn)
        _change(local_list, full, 2, 30)
        cut = flash.dead
        fs = mount(self.image.open())
        local_list = LocalList(fs)
        found = local_list.version
        self.assertTrue(found in (1, 2))
        self.assertTrue(_is_list(local_list, full, found))
        if cut:
            # It is not stuck: the central system sends the same update again.
            self.assertTrue(_change(local_list, full, 2, 30))
            self.assertTrue(_is_list(local_list, full, 2))
        self.assertEqual(len([e for e in fs.ilistdir("/list") if e[3] > 0]), 2)
        return found, cut

    def _sweep(self, full, torn):
        operation = 0
        found, cut = 1, True
        seen = []
        while cut:
            operation += 1
            found, cut = self._run(full, operation, torn)
            seen.append(found)
        self.assertTrue(operation > 20)
        self.assertEqual(seen[-1], 2)
        # Once it is the new one, it stays the new one.
        self.assertEqual(sorted(seen), seen)

    def test_full_update_cut_before_any_operation_is_old_or_new(self):
        # The operation is not done at all.
        self._sweep(True, "none")

    def test_full_update_cut_inside_any_operation_is_old_or_new(self):
        # Half of it is done, or all but the last byte.
        self._sweep(True, "half")
        self._sweep(True, "short")

    def test_differential_update_cut_before_any_operation_is_old_or_new(self):
        # The operation is not done at all.
        self._sweep(False, "none")

    def test_differential_update_cut_inside_any_operation_is_old_or_new(self):
        # Half of it is done, or all but the last byte.
        self._sweep(False, "half")
        self._sweep(False, "short")
