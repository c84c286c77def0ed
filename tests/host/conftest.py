"""Fixtures of the tests on CPython."""

import pytest

from tests.host import provisioning
from tests.host.harness import Bench
from tests.host.wire import Wire
from tools.csms.background import BackgroundCentral


@pytest.fixture
def background():
    """A central system in a thread."""
    with BackgroundCentral() as running:
        yield running


@pytest.fixture
def wire(background):
    """A registered charge point that sends what a test tells it to."""
    with Wire(background.central.url) as connected:
        connected.boot()
        yield connected


@pytest.fixture
def bench_module():
    """What `python -m` starts as the simulator; a test file may override it."""
    return "tools.sim"


@pytest.fixture
def bench(tmp_path, bench_module):
    """A charger with a central system; see `harness`."""
    made = Bench(tmp_path, bench_module)
    yield made
    made.finish()  # did so already if the test ran to its end


@pytest.fixture(scope="session")
def flashed(tmp_path_factory):
    """The flash of a board with the firmware on it."""
    return provisioning.flash(tmp_path_factory.mktemp("flashed"))


@pytest.fixture
def site(tmp_path):
    """A site file."""
    path = tmp_path / "site.toml"
    path.write_text(provisioning.SITE)
    return path


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    """Judge the bench as part of the test, so that the test itself fails and not its teardown."""
    result = yield
    bench = pyfuncitem.funcargs.get("bench")
    if bench is not None:
        bench.finish()
    return result
