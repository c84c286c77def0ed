"""The rig of the tests of transactions: one charge point on a fresh flash, and its books."""

import unittest

from tests.sim.books import FIRST_NOW, Books, Box, Settings
from tests.sim.scratch import Image


class OneBoxTest(unittest.TestCase):
    """`box` is the boot that runs, `books` are the central system's."""

    def setUp(self):
        self.image = Image(32)
        self.settings = Settings()
        self.books = Books()
        self.box = Box(self.image, 1, FIRST_NOW, self.settings)
        self.box.set_clock()

    def tearDown(self):
        self.image.remove()

    def reboot(self, boot=2):
        self.box = Box(self.image, boot, 5000, self.settings)
        return self.box

    def actions(self):
        return [action for action, _ in self.books.entries]
