"""What five certified stations are configured with runs on ours, and our limits are no smaller."""

import json
from pathlib import Path

import pytest

from tests.spec import states
from tests.spec.catalogue import SOCKET
from tests.spec.script import ACCEPTED, REJECTED, Script
from tests.spec.stations import STATIONS
from tests.spec.user import User

_BOARD = Path("boards/sim/board.json")
# No source on an AC charger without sensors: to be refused, not to be invented.
_WITHOUT_SOURCE = {"SoC", "Temperature"}


@pytest.fixture(params=STATIONS, ids=[station.certificate for station in STATIONS])
def station(request):
    """One of the five."""
    return request.param


@pytest.fixture
def options(station, tmp_path):
    """A simulated charger with the station's connectors and its own keys."""
    board = json.loads(_BOARD.read_text())
    board["keys"] = station.keys
    path = tmp_path / "board.json"
    path.write_text(json.dumps(board))
    return ("--connectors", str(station.connectors), "--board", str(path))


@pytest.fixture
def ours(bench, station, options):
    """The script of the central system, our charger being up."""
    script = Script(bench.start_central(connectors=station.connectors))
    script.connectors = station.connectors
    script.ignore("Heartbeat")
    states.booted(script, User(bench, station.kind, options))
    return script


def _set(cs, key, value):
    return cs.call("ChangeConfiguration", key=key, value=value)


def _measurable(cs, key, value):
    """The part of a list that can be measured here; what cannot is refused, as is the whole."""
    items = value.split(",")
    refused = [item for item in items if _set(cs, key, item) == REJECTED]
    assert set(refused) <= _WITHOUT_SOURCE
    if refused:
        assert _set(cs, key, value) == REJECTED
    return ",".join(item for item in items if item not in refused)


def test_configuration_of_a_certified_station_when_loaded_then_reads_back(ours, station):
    """ChangeConfiguration of each key, then GetConfiguration of as many as the station allows."""
    wanted = {}
    for key, values in station.values.items():
        for value in values.split(" "):
            if key.endswith("Data") and value:
                value = _measurable(ours, key, value)
            assert _set(ours, key, value) == ACCEPTED, f"{key}={value}"
            wanted[key] = value
    everything = list(ours.configuration())
    filler = [key for key in everything if key not in wanted]
    count = min(len(everything), station.limits["GetConfigurationMaxKeys"])
    asked = [*wanted, *filler][: max(count, len(wanted))]
    read = ours.configuration(*asked)
    assert {key: read[key][0] for key in wanted} == wanted
    for key, least in station.limits.items():
        assert int(ours.value(key)) >= least, key


def test_configuration_of_a_certified_station_when_cold_started_then_is_kept(
    ours, station, bench, options
):
    """And it is all there after a power cut."""
    key = "CCOAuthorizationAmount" if station.keys[2:] else "MeterValueSampleInterval"
    assert _set(ours, key, "123") == ACCEPTED
    bench.power_cut(*options, *(["--socket"] if station.kind == SOCKET else []))
    ours.wait_for("BootNotification", within=30)
    states.all_available(ours)
    assert ours.value(key) == "123"


def test_keys_of_a_board_when_out_of_range_then_are_refused(ours, station):
    """Type and range of a declared key hold."""
    for row in station.keys:
        wrong = {"bool": "maybe", "int": "-1", "text": "Euros"}[row["type"]]
        assert _set(ours, row["key"], wrong) == REJECTED
        assert ours.configuration(row["key"])[row["key"]][1] is False
