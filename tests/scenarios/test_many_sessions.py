"""The same thing over and over: nothing may grow, nothing may wear."""

import gc
import sys

from tests.sim.scenario import CARD, Scenario

_MICROPYTHON = sys.implementation.name == "micropython"
_GROWTH_MAX = 1024


class ManySessionsTest(Scenario):
    def session(self):
        """One whole session; what the test itself keeps is thrown away."""
        plant = self.plant
        self.charge(run_ms=2000)
        self.finish()
        plant.do("unplug")
        self.wait("Available")
        plant.run(1000)
        csms = plant.csms
        books = csms.books()
        self.assertEqual(len(books), 1)
        plant.events = []
        csms.log.clear()
        csms.transactions.clear()
        csms._seen.clear()
        csms._results.clear()

    def test_sessions_then_the_heap_does_not_grow(self):
        # Less than 1 KB over 20 sessions after the first five.
        plant = self.begin()
        for _ in range(5):
            self.session()
        gc.collect()
        before = gc.mem_alloc() if _MICROPYTHON else 0
        for _ in range(20):
            self.session()
        gc.collect()
        after = gc.mem_alloc() if _MICROPYTHON else 0
        self.assertTrue(after - before < _GROWTH_MAX, (before, after))
        self.assertEqual(plant.app.transactions.pending, 0)

    def test_sessions_then_the_flash_lasts_twenty_years(self):
        # Ten sessions a day on 1 MB: 73,000 sessions, 100,000 erases of 256 blocks.
        plant = self.begin()
        self.session()
        erases = plant.flash.erases
        for _ in range(20):
            self.session()
        per_session = (plant.flash.erases - erases) / 20
        self.assertTrue(per_session * 73_000 < 100_000 * 256 / 4, per_session)

    def test_cards_in_quick_succession_then_one_transaction_at_a_time(self):
        # A child at the reader.
        plant = self.begin()
        plant.do("plug")
        for _ in range(12):
            plant.do("card", id=CARD, hold_ms=300)
            plant.run(1300)
        self.settle_or_stop()
        for row in plant.csms.books():
            self.assertEqual(row[3], "Local")

    def settle_or_stop(self):
        plant = self.plant
        if plant.connector().transaction is not None:
            if plant.status() != "Finishing":
                plant.do("card", id=CARD)
        self.settle()
