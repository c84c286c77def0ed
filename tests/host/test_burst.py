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
    sim = Simulator(["--csms", peer.url, "--heap", "96K"])
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


def test_call_when_a_broken_frame_follows_in_the_segment_then_connects_again(peer):
    """The answer finds no open socket any more; the end must be noticed all the same (a frame of
    the fuzzer: the charger kept a dead connection and was deaf for ever)."""
    sim = Simulator(["--csms", peer.url, "--heap", "96K"])
    try:
        connection = peer.accept()
        connection.quiet(1.5)
        connection.send(mutate.frame(0x81, b'[2,"b","ClearCache",{}]') + b"\x8f\x00")
        again = peer.accept()
        again.quiet(0.5)
        assert again.call("ClearCache", {})[1] == {"status": "Accepted"}
        connection.close()
        again.close()
    finally:
        sim.stop()
