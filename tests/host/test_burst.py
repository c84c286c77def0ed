"""Many calls in one segment of TCP: the standard wants one at a time, not every peer waits."""

import json

import pytest

from tests.sim import mutate
from tools.bench.peer import Peer
from tools.sim.client import Simulator

_CALLS = 30


@pytest.fixture
def peer():
    """A central system on bare sockets."""
    made = Peer()
    yield made
    made.close()


def test_calls_when_thirty_arrive_at_once_then_thirty_answers_in_order(peer):
    """None is lost, none is refused, and the connection stays."""
    sim = Simulator(["--csms", peer.url, "--heap", "160K"])
    try:
        connection = peer.accept()
        connection.quiet(1.5)
        burst = b"".join(
            mutate.frame(0x81, b'[2,"b%d","ClearCache",{}]' % number) for number in range(_CALLS))
        connection.send(burst)
        answers = [json.loads(connection.next_text()) for _ in range(_CALLS)]
        connection.close()
    finally:
        sim.stop()
    assert [answer[:2] for answer in answers] == [[3, "b%d" % n] for n in range(_CALLS)]
    assert not [line for line in sim.log if "Traceback" in line]
