"""Every float's integer against exact fractions."""

import struct
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from meters.float32 import float32_scaled


def _expected(word, scale):
    value = struct.unpack(">f", struct.pack(">I", word))[0]
    if value != value or value in (float("inf"), float("-inf")):
        return None
    magnitude = int(abs(Fraction(value)) * scale + Fraction(1, 2))
    if magnitude > 0x3FFFFFFF:
        return None
    return -magnitude if word >> 31 else magnitude


@given(st.integers(0, 0xFFFFFFFF), st.sampled_from((1, 10, 1000, 1_000_000)))
def test_float32_scaled_any_word_is_the_rounded_fraction(word, scale):
    # No float of the meter is off by the least bit, not even at halves.
    assert float32_scaled(struct.pack(">I", word), 0, scale) == _expected(word, scale)


@given(st.integers(0, 2_000_000), st.sampled_from((1, 1000)))
def test_float32_scaled_halves_round_away_from_zero(twice, scale):
    # Values with one binary place meet the half exactly.
    word = struct.unpack(">I", struct.pack(">f", -twice / 2))[0]
    assert float32_scaled(struct.pack(">I", word), 0, scale) == _expected(word, scale)
