"""Fixtures of the specification tests, and the table of cases at the end of the run."""

import contextlib

import pytest

from tests.host.harness import Bench
from tests.spec import states
from tests.spec.catalogue import CASES, KINDS, TETHERED, case_id
from tests.spec.script import Script
from tests.spec.user import User
from tools.sim.staging import StagingError, prepare


def pytest_configure(config):
    """Compile the firmware once, before the workers of xdist start."""
    config.addinivalue_line("markers", "options(*texts): options of the simulator")
    config.addinivalue_line("markers", "kinds(*names): the kinds of wallbox to run on")
    if not hasattr(config, "workerinput"):
        with contextlib.suppress(StagingError):  # each test will say what is missing
            prepare("micropython32", "full")


def pytest_generate_tests(metafunc):
    """A case runs on each kind of wallbox that it applies to; any other test on a tethered one."""
    if "kind" not in metafunc.fixturenames:
        return
    case = case_id(metafunc.function.__name__)
    kinds = CASES[case][1] if case else (TETHERED,)
    marker = metafunc.definition.get_closest_marker("kinds")
    if marker:
        kinds = marker.args
    metafunc.parametrize("kind", kinds)


@pytest.fixture
def bench(tmp_path):
    """A charger with a central system; see `tests.host.harness`."""
    made = Bench(tmp_path)
    yield made
    made.finish()  # did so already if the test ran to its end


@pytest.fixture
def options(request):
    """Options of the simulator, from `@pytest.mark.options(...)`."""
    marker = request.node.get_closest_marker("options")
    return marker.args if marker else ()


@pytest.fixture
def user(bench, kind, options):
    """The person in front of the charger."""
    return User(bench, kind, options)


@pytest.fixture
def cold(bench, options):
    """The script of the central system, before the charger has any power."""
    connectors = 2 if "2" in options else 1
    script = Script(bench.start_central(connectors=connectors))
    script.connectors = connectors
    return script


@pytest.fixture
def cs(cold, user):
    """The script of the central system, with the general preconditions of all cases met."""
    states.booted(cold, user)
    return cold


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    """Judge the bench as part of the test, so that the test itself fails and not its teardown."""
    result = yield
    bench = pyfuncitem.funcargs.get("bench")
    if bench is not None:
        bench.finish()
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Note case and kind with the result, for the table; it must pass through xdist."""
    report = yield
    case = case_id(item.originalname) if hasattr(item, "originalname") else None
    if case:
        report.user_properties.append(("case", case))
        report.user_properties.append(("kind", item.callspec.params.get("kind", "")))
    return report


def pytest_terminal_summary(terminalreporter):
    """Print id, title and result of every case that this run could have answered for."""
    results = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            _note(results, report)
    if not results:
        return
    terminalreporter.section("cases of the certification catalogue")
    line = terminalreporter.write_line
    line(f"{'':12} {KINDS[0]:9} {KINDS[1]:9}")
    for case in sorted(CASES):
        title, kinds, reason = CASES[case]
        shown = []
        for kind in KINDS:
            result = results.get((case, kind))
            if result is None:
                result = "NOT RUN" if kind in kinds else "-"
            elif result.startswith("-"):
                result, reason = result[0], result[1:]
            shown.append(result)
        why = f" (-: {reason})" if "-" in shown else ""
        line(f"{case:12} {shown[0]:9} {shown[1]:9} {title}{why}")


def _note(results, report):
    properties = dict(getattr(report, "user_properties", ()))
    if "case" not in properties:
        return
    key = properties["case"], properties["kind"]
    if report.failed:
        results[key] = "FAILED"
    elif report.skipped:
        results.setdefault(key, "-" + report.longrepr[2].removeprefix("Skipped: "))
    elif report.when == "call":
        results.setdefault(key, "passed")
