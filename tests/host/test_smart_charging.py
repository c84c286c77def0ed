"""Smart charging at its largest on a board's heap, and a charger that has none."""

import os
import subprocess
import sys

import rfc3339
from tests.host.harness import CP
from tests.run import ROOT
from tests.sim.charging_profiles import maximum, profile, tx

HEAP = ("--heap", "96K")

_WITHOUT = """
from tests.sim.charging_profiles import profile, tx
from tests.sim.plant import Plant
plant = Plant(features=())
plant.run_until(lambda: plant.app.client.online)
names = plant.call("GetConfiguration", {"key": ["SupportedFeatureProfiles", "NominalVoltage"]})
assert "SmartCharging" not in names["configurationKey"][0]["value"].split(","), names
assert names["unknownKey"] == ["NominalVoltage"], names
for action, payload in (
    ("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile(1)}),
    ("ClearChargingProfile", {}),
    ("GetCompositeSchedule", {"connectorId": 1, "duration": 60}),
):
    message_id, text = plant.csms.call(action, payload)
    plant.app.client.receive(plant.time.now, text)
    answer = plant.app.client.next_text(plant.time.now)
    assert '"NotSupported"' in answer and message_id in answer, answer
plant.do("plug")
plant.run(2000)
start = {"connectorId": 1, "idTag": "04A1B2C3", "chargingProfile": tx(1, limits=((0, 7),))}
assert plant.call("RemoteStartTransaction", start) == {"status": "Accepted"}
plant.run_until(lambda: plant.state()["status"] == "Charging")
assert plant.state()["limit_ma"] == 32000
plant.close()
"""


def test_fifty_profiles_of_thirty_periods_in_a_board_s_heap(bench):
    """Installed over the wire, asked for a day, kept over a power cut; all in real time."""
    bench.start(*HEAP)
    bench.wait_until(lambda state: state["registration"] == "Accepted")
    sim, cs = bench.sim, bench.cs
    sim.do("plug")
    bench.wait_connector(lambda connector: connector["status"] == "Preparing")
    started = cs.call(CP, "RemoteStartTransaction", {"connectorId": 1, "idTag": "04A1B2C3"})
    assert started["status"] == "Accepted"
    bench.wait_connector(lambda connector: connector["status"] == "Charging")
    limits = [(index * 1800, 6.5 + index % 20) for index in range(30)]
    everything = [(0, maximum), (0, profile), (1, profile), (1, tx)]
    installed = 0
    for connector, purpose in everything:
        for stack in range(11):
            payload = purpose(installed, stack=stack, limits=limits, kind="Recurring",
                              recurrencyKind="Daily", start=-86_400 * stack)
            _install(cs, connector, payload)
            installed += 1
    bench.wait_connector(lambda connector: 6500 <= connector["limit_ma"] <= 25_500)
    schedule = _schedule(cs, 86_400)
    assert len(schedule["chargingSchedulePeriod"]) >= 20
    bench.power_cut(*HEAP)
    bench.wait_until(lambda state: state["registration"] == "Accepted")
    assert len(_schedule(cs, 86_400)["chargingSchedulePeriod"]) >= 20
    assert cs.call(CP, "ClearChargingProfile", {}) == {"status": "Accepted"}
    assert _schedule(cs, 60)["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 32}]


def _install(cs, connector, payload):
    question = {"connectorId": connector, "csChargingProfiles": payload}
    assert cs.call(CP, "SetChargingProfile", question) == {"status": "Accepted"}


def _schedule(cs, duration):
    question = {"connectorId": 1, "duration": duration, "chargingRateUnit": "A"}
    answer = cs.call(CP, "GetCompositeSchedule", question)
    assert answer["status"] == "Accepted"
    assert rfc3339.parse(answer["scheduleStart"])
    return answer["chargingSchedule"]


def test_charger_without_the_modules_says_so():
    """Not announced, calls are NotSupported, a profile in a remote start is ignored (5.11)."""
    paths = os.pathsep.join([".", "lib", "tests/compat"])
    done = subprocess.run([sys.executable, "-c", _WITHOUT], cwd=ROOT, capture_output=True,
                          text=True, check=False, env=dict(os.environ, PYTHONPATH=paths))
    assert done.returncode == 0, done.stderr
