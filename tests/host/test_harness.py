"""The test bench itself: it lets a good run pass and fails every bad one."""

import os
import subprocess
import sys
import textwrap
import xml.etree.ElementTree
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHARGER = "tests/host/fake_charger.py"

PREAMBLE = """
import pytest

@pytest.fixture
def bench_module():
    return "tests.host.fake_sim"
"""

GOOD = {
    "session": """
        sim.do("plug")
        sim.do("card", id="04A1B2C3")
        bench.wait_connector(lambda connector: connector["contactor"])
        bench.cs.wait_for_action("StartTransaction")
        sim.do("unplug")
        assert bench.cs.wait_for_action("StopTransaction").payload["reason"] == "EVDisconnected"
        assert len(bench.events("frame")) > 4
        sim = bench.power_cut("--vm", "cpython")
        bench.wait_until(lambda state: state["queue"] == 0)
        assert sim.do("quit")["ok"]
        """,
    "expected_flaw": """
        sim.do("bad_frame")
        bench.expect("Sleeping|errorCode")
        """,
}

# What goes wrong in a test that does not look, and what the bench must say about it.
BAD = {
    "bad_frame": ('sim.do("bad_frame")', ["violation: ", "trace: out ", "Sleeping"]),
    "traceback": ('sim.do("emit", text="Traceback (most recent call last):")', ["log: "]),
    "crash": ('sim.control.ask({"do": "crash"}); sim.wait()', ["end: status 1", "on purpose"]),
    "books": (
        """
        bench.cs.wait_for_connection("PW-TEST")
        bench.cs.central.books.stop("PW-TEST", "x", {"transactionId": 99})
        """,
        ["books: stop-without-start"],
    ),
    "missing": ('bench.expect("never seen")', ["did not come: never seen"]),
    "trace": (
        """
        import json
        frame = {"event": "frame", "dir": "out", "text": '[2,"1","Sleep",{}]'}
        sim.do("emit", text=json.dumps(frame))
        """,
        ["trace: out Sleep is no action"],
    ),
    "status_wire": (
        """
        bench.cs.wait_for_connection("PW-TEST")
        sim.do("leap")
        """,
        ["violation: ", "status Preparing after Charging at connector 1"],
    ),
    "status_trace": (
        """
        import json
        for status in ("Available", "Reserved", "Charging"):
            event = {"event": "status", "connector": 1, "status": status}
            sim.do("emit", text=json.dumps(event))
        """,
        ["trace: status Charging after Reserved at connector 1"],
    ),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Runs all the bodies above in a pytest of its own: name -> text of the failure, or None."""
    folder = tmp_path_factory.mktemp("nested")
    bodies = {**GOOD, **{name: body for name, (body, _found) in BAD.items()}}
    text = PREAMBLE
    for name, body in bodies.items():
        lines = 'sim = bench.start("--vm", "cpython")\n' + textwrap.dedent(body)
        text += f"\n\ndef test_{name}(bench):\n" + textwrap.indent(lines, "    ")
    (folder / "test_nested.py").write_text(text, encoding="utf-8")
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.host.conftest"]
    command += ["-p", "no:cacheprovider", "--rootdir", str(folder), "-c", os.devnull]
    result = subprocess.run(
        [*command, f"--junitxml={report}", str(folder / "test_nested.py")],
        cwd=ROOT,
        env=dict(os.environ, PILOTWIRE_FAKE_VM=CHARGER, PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 1, result.stdout + result.stderr
    cases = xml.etree.ElementTree.parse(report).iter("testcase")
    return {case.get("name").removeprefix("test_"): _failure(case) for case in cases}


def _failure(case):
    assert case.find("error") is None, "the test must fail, not its teardown"
    failure = case.find("failure")
    return None if failure is None else failure.get("message") + (failure.text or "")


@pytest.mark.parametrize("name", GOOD)
def test_bench_when_all_is_well_or_announced_then_passes(outcomes, name):
    """A clean session passes, and so does a flaw that the test announced."""
    assert outcomes[name] is None


@pytest.mark.parametrize("name", BAD)
def test_bench_when_something_is_wrong_then_the_test_fails(outcomes, name):
    """One bad frame, one traceback, one contradiction: the test that looked away fails."""
    assert outcomes[name] is not None
    assert "the bench found" in outcomes[name]
    for text in BAD[name][1]:
        assert text in outcomes[name]
