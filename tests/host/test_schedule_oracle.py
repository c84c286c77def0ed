"""Thousands of generated sets of charging profiles: firmware against oracle, and VM against VM."""

import os
import subprocess

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.run import ROOT
from tests.sim.prng import Prng
from tests.sim.schedule_sets import Question, digest
from tools import micropython

_SETS = 5000
_SECOND_BY_SECOND = 1500
_STEPS_S = (1, 49, 50, 100, 300, 3000, 86_000)
_DIGEST = """
from tests.sim.schedule_sets import digest
print(digest(%d))
"""


class _Drawn:
    """The interface of Prng, with numbers that hypothesis can make smaller."""

    def __init__(self, draw):
        self._draw = draw

    def between(self, low, high):
        return self._draw(st.integers(low, high))

    def choice(self, items):
        return items[self._draw(st.integers(0, len(items) - 1))]

    def chance(self, permille):
        return self._draw(st.integers(0, 999)) < permille


@settings(max_examples=_SETS, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_set_gives_the_schedule_of_the_oracle(data):
    """All borders of the schedule and some seconds between; a small example if it fails."""
    question = Question(_Drawn(data.draw))
    assert question.disagreement(False) is None
    assert question.disagreement_live(_STEPS_S[:4]) is None


def test_seeded_sets_agree_second_by_second():
    """Of the sets that the next test replays; every second of those up to ten minutes."""
    for seed in range(1, _SECOND_BY_SECOND + 1):
        question = Question(Prng(seed))
        assert question.disagreement(True) is None, seed
        assert question.disagreement_live(_STEPS_S) is None, seed


def test_both_interpreters_give_the_same_schedules():
    """The same 5,000 sets on 32-bit MicroPython: one checksum over all composite schedules."""
    command = micropython.find("micropython32")
    done = subprocess.run(
        [*command, "-X", "heapsize=%d" % micropython.heap_bytes("micropython32", 256 * 1024),
         "-c", _DIGEST % _SETS],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
        env=dict(os.environ, MICROPYPATH=".:lib:tests/compat_mpy:.frozen"))
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == digest(_SETS)
