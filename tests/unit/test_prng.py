"""The numbers of the simulated world are the same on every interpreter."""

import unittest

from tests.sim.prng import Prng


class PrngTest(unittest.TestCase):
    def test_numbers_when_seed_is_1_then_are_those_of_xorshift32(self):
        """The published generator with the shifts 13, 17, 5, worked out by hand for seed 1."""
        prng = Prng(1)
        self.assertEqual([prng.u32() for _ in range(4)], [270369, 67634689, 2647435461, 307599695])

    def test_seed_when_0_then_does_not_stick_at_0(self):
        """0 is the fixed point of the generator."""
        self.assertTrue(Prng(0).u32() != 0)

    def test_child_when_parent_has_drawn_then_is_the_same(self):
        """A component that draws more must not shift the numbers of another one."""
        fresh = Prng(7)
        drawn = Prng(7)
        drawn.u32()
        self.assertEqual(fresh.child("net").u32(), drawn.child("net").u32())

    def test_child_when_names_differ_then_streams_differ(self):
        """Two components must not act in step."""
        prng = Prng(7)
        self.assertTrue(prng.child("net").u32() != prng.child("flash").u32())

    def test_between_when_drawn_often_then_reaches_both_ends_and_no_further(self):
        """Both bounds are included."""
        prng = Prng(3)
        drawn = [prng.between(-1, 1) for _ in range(100)]
        self.assertEqual((min(drawn), max(drawn)), (-1, 1))

    def test_chance_when_certain_or_impossible_then_always_or_never(self):
        """The ends of the scale are exact."""
        prng = Prng(5)
        self.assertTrue(all(prng.chance(1000) for _ in range(50)))
        self.assertFalse(any(prng.chance(0) for _ in range(50)))

    def test_octets_when_asked_then_gives_that_many(self):
        """Used for nonces and payloads."""
        self.assertEqual(len(Prng(9).octets(5)), 5)

    def test_choice_when_drawn_often_then_every_item_comes(self):
        """No item is out of reach."""
        prng = Prng(11)
        self.assertEqual(sorted({prng.choice("abc") for _ in range(60)}), ["a", "b", "c"])
