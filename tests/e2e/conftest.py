"""A browser before a served programme, for a module's tests: a window stands still while no clock runs.

Not for a whole session: while Playwright's driver runs, other tests of the process could start no event loop.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.browser import CHROMIUM, DESK, FLAGS, PHONE, House, Look, serving
from tests.programmes import END, Programme


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def house(programme: Programme, tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Iterator[House]:
    """Return a copy of the small programme, served, at the instant of its end."""
    settings = programme.copy_to(tmp_path_factory.mktemp("house") / "home")
    with serving(settings, lambda: END) as (address, services):
        yield House(address, services, chromium)


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def look(request: pytest.FixtureRequest) -> Look:
    """Return a window; what asks for this runs at a desk's width and at a phone's."""
    found: Look = request.param
    return found
