"""Fixtures of the tests on CPython."""

import pytest

from tests.host.wire import Wire
from tools.csms.background import BackgroundCentral


@pytest.fixture
def background():
    """A central system in a thread."""
    with BackgroundCentral() as running:
        yield running


@pytest.fixture
def wire(background):
    """A registered charge point."""
    with Wire(background.central.url) as connected:
        connected.boot()
        yield connected
