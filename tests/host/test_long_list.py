"""A list that is larger than the heap, over a real connection, on 32-bit MicroPython."""

import json

from tests.host.harness import CP

HEAP = ("--heap", "140K")


def entries(count, parent="PARENT"):
    """Return AuthorizationData as long as they are in the field, some 110 bytes each."""
    info = {"status": "Accepted", "expiryDate": "2029-12-31T00:00:00.000Z", "parentIdTag": parent}
    return [{"idTag": f"TAG{number:011d}", "idTagInfo": info} for number in range(count)]


def send(bench, version, entries, update_type="Full"):
    """Send a list; returns the status."""
    payload = {"listVersion": version, "updateType": update_type}
    payload["localAuthorizationList"] = entries
    return bench.cs.call(CP, "SendLocalList", payload, timeout_s=30)["status"]


def test_list_of_400_when_heap_is_96k_then_accepted_in_one_frame(bench):
    """44 KB in one message; the answer, the version, and a heap that has not grown."""
    bench.start(*HEAP)
    bench.wait_until(lambda state: state["registration"] == "Accepted")
    assert len(json.dumps(entries(400))) > 44_000
    assert send(bench, 5, entries(400)) == "Accepted"
    assert bench.cs.call(CP, "GetLocalListVersion", {})["listVersion"] == 5
    used = bench.sim.do("state")["heap"]
    assert send(bench, 6, entries(400, "OTHER"), "Differential") == "Accepted"
    assert bench.cs.call(CP, "GetLocalListVersion", {})["listVersion"] == 6
    print(used, bench.sim.do("state")["heap"])
