"""What every session on the heap of a plain board has: list, configuration, charging, triggers."""

from tests.host.harness import CP

CARD = "04A1B2C3D4E5F6"


def call(bench, action, **payload):
    """Call the charger; returns the status that it answers."""
    return bench.cs.call(CP, action, payload).get("status")


def send_list(bench, others):
    """Send a local list of `others` cards and ours."""
    tags = [f"TAG{number:011d}" for number in range(others)] + [CARD]
    entries = [{"idTag": tag, "idTagInfo": {"status": "Accepted"}} for tag in tags]
    assert call(bench, "SendLocalList", listVersion=1, updateType="Full",
                localAuthorizationList=entries) == "Accepted"


def features(bench):
    """Ask for the whole configuration; returns the profiles that it announces."""
    names = bench.cs.call(CP, "GetConfiguration", {})["configurationKey"]
    return {row["key"]: row["value"] for row in names}["SupportedFeatureProfiles"].split(",")


def plug(bench):
    """Plug in, and wait until the charger has seen it."""
    bench.sim.do("plug")
    bench.wait_connector(lambda connector: connector["cp"] == "B1")


def unplug(bench):
    """Unplug when the session is over, deliver all; returns the state then."""
    bench.wait_connector(lambda connector: connector["status"] == "Finishing")
    bench.sim.do("unplug")
    bench.wait_connector(lambda connector: connector["status"] == "Available")
    return bench.wait_until(lambda state: not state["queue"])


def begin(bench):
    """Plug in, show the card, charge, and trigger every message."""
    plug(bench)
    bench.present(CARD)
    bench.wait_connector(lambda connector: connector["status"] == "Charging")
    for message in ("StatusNotification", "MeterValues", "Heartbeat", "BootNotification"):
        assert call(bench, "TriggerMessage", requestedMessage=message) == "Accepted"


def end(bench):
    """Ask for the whole configuration while it charges, stop by card, unplug, deliver all."""
    bench.cs.call(CP, "GetConfiguration", {})
    bench.present(CARD)
    state = unplug(bench)
    assert state["connectors"][0]["transaction"] in (None, 1)
