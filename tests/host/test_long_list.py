"""A list that is larger than the free heap, over a real connection, on 32-bit MicroPython."""

import json

from tests.host.harness import CP

HEAP = ("--heap", "96K")


def entries(first, behind, parent="PARENT"):
    """Return AuthorizationData as long as they are in the field, some 110 bytes each."""
    info = {"status": "Accepted", "expiryDate": "2029-12-31T00:00:00.000Z", "parentIdTag": parent}
    return [{"idTag": f"TAG{number:011d}", "idTagInfo": info} for number in range(first, behind)]


def send(bench, version, entries, update_type="Full"):
    """Send a list; returns the status."""
    payload = {"listVersion": version, "updateType": update_type}
    payload["localAuthorizationList"] = entries
    return bench.cs.call(CP, "SendLocalList", payload)["status"]


def version(bench):
    """Return what GetLocalListVersion answers."""
    return bench.cs.call(CP, "GetLocalListVersion", {})["listVersion"]


def test_1000_entries_when_a_frame_is_larger_than_the_heap_then_all_are_taken(bench):
    """Three frames of 400, 400 and 200; a fourth would be one too many and changes nothing."""
    bench.start(*HEAP)
    state = bench.wait_until(lambda state: state["registration"] == "Accepted")
    frame = len(json.dumps(entries(0, 400)))
    assert frame > 44_000
    assert frame > state["heap"]["free"]
    assert send(bench, 5, entries(0, 400)) == "Accepted"
    assert send(bench, 6, entries(400, 800), "Differential") == "Accepted"
    assert send(bench, 7, entries(800, 1000), "Differential") == "Accepted"
    assert version(bench) == 7
    assert send(bench, 8, entries(1000, 1001), "Differential") == "Failed"
    assert send(bench, 8, entries(0, 400, "OTHER"), "Differential") == "Accepted"
    assert version(bench) == 8
